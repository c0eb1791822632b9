/** An incoming SMS whose sender and text are markup: it is shown, and nothing of it is run. */
import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { says, type Editor } from './editor.js';
import { connectionTo, shown, TAB, tlsConfig, type FlowNode } from './flows.js';
import type { Stage } from './stage.js';

/** An address field holds 20 octets. */
const SENDER = '<svg onload=hurt()>';
const TEXT = '<img src=x onerror=hurt()><script>hurt()</script>';

const RECEIVE: FlowNode = {
  id: 'receive',
  type: 'smpp-receive',
  z: 'tab',
  name: '',
  connection: 'connection',
  to: '',
  incomplete: 'emit',
  x: 160,
  y: 120,
  wires: [['text', 'sender']],
};

/** The connection's, for the sidebar. */
const NAME = '<img src=x onerror=hurt()>';

/** What such markup calls. */
const HURT = 'window.isHurt = false; window.hurt = () => { window.isHurt = true; }';

/** Markup of our own, of the same kind and later: once it has run, what came before it would have, too. */
const LATER = `new Promise((resolve) => {
  window.later = resolve;
  document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=later()>');
})`;

export function theHostileSms(stage: () => Stage): void {
  describe('an SMS of markup', () => {
    let gateway: Simulator;
    let editor: Editor;
    before(() =>
      stage().prepare(async () => {
        gateway = await startSimulator();
        const debugNodes = [
          shown('payload.text', { id: 'text', tostatus: true, statusVal: 'payload.text', statusType: 'msg' }),
          shown('topic', { id: 'sender', y: 180 }),
        ];
        await stage().deploy([
          TAB,
          connectionTo(gateway, { name: NAME }),
          tlsConfig(gateway.ca),
          RECEIVE,
          ...debugNodes,
        ]);
        editor = await stage().open();
        await editor.page.evaluate(HURT);
        const messages = await editor.debugMessages();
        await gateway.incoming({ from: SENDER, to: '4551515151', text: TEXT });
        await says(messages, TEXT);
        await says(messages, SENDER);
      }),
    );
    after(async () => gateway.stop());

    it('stands in the status as it is', async () => {
      await says(editor.node('text').locator('.red-ui-flow-node-status-label'), TEXT.slice(0, 20));
    });

    it('stands beside a connection named so in the sidebar', async () => {
      await editor.invoke('inmobile-sidebar:show');
      await says(editor.page.locator('.inmobile-sidebar-name'), NAME);
    });

    it('runs nothing', async () => {
      await editor.page.evaluate(LATER);
      assert.equal(await editor.page.evaluate('window.isHurt'), false);
    });
  });
}
