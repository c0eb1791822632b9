/** The README's picture of the editor: the first example at work, beside the sidebar. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { says } from './editor.js';
import type { FlowNode } from './flows.js';
import { ROOT } from './installed.js';
import type { Stage } from './stage.js';

const EXAMPLE = path.join(ROOT, 'examples', '1 Try it with the simulator.json');

export function thePicture(stage: () => Stage): void {
  describe('the first example, deployed', () => {
    it('is seen at work in the sidebar', async () => {
      const flow = JSON.parse(readFileSync(EXAMPLE, 'utf8')) as FlowNode[];
      await stage().deploy(flow);
      const editor = await stage().open();
      await editor.invoke('inmobile-sidebar:show');
      const part = (name: string) => editor.page.locator(`.inmobile-sidebar-${name}`);
      await says(part('status'), 'connected');
      const flat = (await part('line.inmobile-sidebar-submitted').getAttribute('d')) ?? '';
      for (const { id } of flow.filter(({ type }) => type === 'inject')) await editor.inject(id);
      await says(part('outcome'), /1\s*incoming/);
      await part(`line.inmobile-sidebar-submitted:not([d="${flat}"])`).waitFor({ state: 'attached' });
      await stage().keepPicture('editor', editor);
    });
  });
}
