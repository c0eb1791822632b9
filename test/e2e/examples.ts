/** Every example that the package brings, imported as a person does it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Editor } from './editor.js';
import { TAB, type FlowNode } from './flows.js';
import { ROOT } from './installed.js';
import type { Stage } from './stage.js';

const FOLDER = path.join(ROOT, 'examples');
const NAMES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.json'),
);

export function theExamples(stage: () => Stage): void {
  describe('the example', () => {
    let editor: Editor;
    before(() =>
      stage().prepare(async () => {
        await stage().deploy([TAB]);
        editor = await stage().open();
      }),
    );

    for (const name of NAMES.sort()) {
      it(`${path.basename(name, '.json')} has only valid nodes of known types`, async () => {
        const json = readFileSync(path.join(FOLDER, name), 'utf8');
        const ids = new Set((JSON.parse(json) as FlowNode[]).map(({ id }) => id));
        await editor.importFlow(json);
        const nodes = (await editor.nodes()).filter(({ id }) => ids.has(id));
        assert.ok(nodes.some(({ type }) => type.startsWith('smpp-')));
        assert.deepEqual(
          nodes.filter(({ type, valid }) => type === 'unknown' || !valid),
          [],
        );
      });
    }
  });
}
