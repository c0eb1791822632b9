/** An SMS from an inject node to the debug sidebar. */
import assert from 'node:assert/strict';
import { says, type Editor } from './editor.js';
import { connection, dlr, inject, send, shown, TAB } from './flows.js';
import type { Stage } from './stage.js';

export function theFlow(stage: () => Stage): void {
  describe('a flow', () => {
    let editor: Editor;

    async function start(to: string): Promise<void> {
      await stage().deploy([TAB, inject(to), send({ connection: '' }), shown('payload.outcome')]);
      editor = await stage().open();
      await editor.edit(editor.node('send'));
      await editor.openConfigNode('connection', 'add');
      await editor.configField('gateway').selectOption('simulator');
      await editor.closeConfigNode();
      await editor.closeForm();
      await editor.deploy();
    }

    it('says below its node that it is connected to the simulator', async () => {
      await start('4512345678');
      await says(editor.node('send').locator('.red-ui-flow-node-status-label'), 'simulated: connected dk1');
    });

    for (const [to, outcome] of [
      ['4512345678', 'accepted'],
      ['4512345660', 'rejected'],
    ] as const) {
      it(`shows that the SMS to ${to} was ${outcome}`, async () => {
        await start(to);
        const messages = await editor.debugMessages();
        await editor.pressButton('inject');
        await says(messages, outcome);
      });
    }
  });

  describe('the copy of a flow', () => {
    it('gets the receipts of its own SMS, and not those of the flow that it was copied from', async () => {
      await stage().deploy([TAB, connection(), send(), dlr({ from: ['send'] })]);
      const editor = await stage().open();
      await editor.copyAll(500, 400);
      const nodes = await editor.nodes();
      const copies = nodes.filter(({ id }) => id !== 'send' && id !== 'dlr');
      const copiedSend = copies.find(({ type }) => type === 'smpp-send');
      const copiedDlr = copies.find(({ type }) => type === 'smpp-dlr');
      assert.deepEqual(copiedDlr?.from, [copiedSend?.id]);
      assert.deepEqual(nodes.find(({ id }) => id === 'dlr')?.from, ['send']);
    });
  });

  describe('a smpp-dlr node whose only sender is deleted', () => {
    it('keeps it in its form, and does not get the receipts of all instead', async () => {
      await stage().deploy([TAB, connection(), send({ id: 'other' }), dlr({ from: ['deleted'] })]);
      const editor = await stage().open();
      await editor.edit(editor.node('dlr'));
      await says(editor.page.locator('#smpp-dlr-senders label'), 'deleted: is gone, no receipt comes for it');
      await editor.closeForm();
      assert.deepEqual((await editor.nodes()).find(({ id }) => id === 'dlr')?.from, ['deleted']);
    });

    it('gets those of all once that is unticked', async () => {
      const editor = await stage().open();
      await editor.edit(editor.node('dlr'));
      await editor.page.locator('#smpp-dlr-senders input:checked').uncheck();
      await editor.closeForm();
      assert.deepEqual((await editor.nodes()).find(({ id }) => id === 'dlr')?.from, []);
    });
  });
}
