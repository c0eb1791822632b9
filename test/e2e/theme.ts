/** Our texts in the themes of the editor: readable by the measure of WCAG 2.1, 1.4.3 (4.5 to 1). */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { contrastOf } from './contrast.js';
import type { Editor } from './editor.js';
import { connectionTo, send, TAB, tlsConfig } from './flows.js';
import type { Version } from './installed.js';
import type { Stage } from './stage.js';

const CONTRAST_MIN = 4.5;

export function theTheme(stage: () => Stage, { hasDarkTheme }: Version): void {
  for (const theme of hasDarkTheme ? (['light', 'dark'] as const) : (['light'] as const)) {
    describe(`in the ${theme} theme`, () => {
      let editor: Editor;
      let gateway: Simulator;
      before(() =>
        stage().prepare(async () => {
          gateway = await startSimulator();
          await stage().deploy([TAB, connectionTo(gateway), tlsConfig(gateway.ca), send()]);
          editor = await stage().open();
          if (hasDarkTheme) await editor.chooseTheme(theme);
          await editor.edit(editor.node('send'));
        }),
      );
      after(async () => gateway.stop());

      it('the counter can be read', async () => {
        await editor.page.locator('#smpp-send-trial').fill('✓');
        await isReadable(editor.page.locator('#smpp-send-counter div').first());
      });

      it('the labels of the form can be read', async () => {
        await isReadable(editor.page.locator('.form-row label span:visible').first());
      });

      it("the notes of the connection's form can be read", async () => {
        await editor.openConfigNode('connection', 'edit');
        await isReadable(
          editor.page.locator('.inmobile-connection-account:visible', { hasText: 'test binds' }).last(),
        );
      });
    });
  }
}

async function isReadable(place: Locator): Promise<void> {
  await place.waitFor();
  const contrast = await contrastOf(place);
  assert.ok(contrast >= CONTRAST_MIN, `${String(place)} has a contrast of ${contrast.toFixed(2)} to 1`);
}
