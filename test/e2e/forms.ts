/** The forms: from the palette to a saved node, and what they say meanwhile. */
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';
import { says, type Editor } from './editor.js';
import { connection, inject, send, shown, TAB } from './flows.js';
import type { Stage } from './stage.js';

export function theForms(stage: () => Stage): void {
  describe('a node from the palette', () => {
    let editor: Editor;
    before(() =>
      stage().prepare(async () => {
        await stage().deploy([TAB]);
        editor = await stage().open();
        await editor.dragFromPalette('smpp-send', 300, 200);
      }),
    );

    it('stands on the workspace, and needs a connection', async () => {
      await editor.nodeSaying('smpp send').waitFor();
      assert.deepEqual(validityOf(await editor.nodes()), { 'smpp-send': false });
    });

    it('is valid with a new connection to the simulator', async () => {
      await editor.edit(editor.nodeSaying('smpp send'));
      await editor.openConfigNode('connection', 'add');
      await editor.configField('gateway').selectOption('simulator');
      await editor.closeConfigNode();
      await editor.closeForm();
      assert.deepEqual(validityOf(await editor.nodes()), { 'smpp-send': true, 'inmobile-connection': true });
    });
  });

  describe('the form of smpp-send', () => {
    let editor: Editor;
    const counter = () => editor.page.locator('#smpp-send-counter');
    before(() =>
      stage().prepare(async () => {
        await stage().deploy([TAB, connection(), send(), shown('payload')]);
        editor = await stage().open();
      }),
    );
    beforeEach(async () => editor.edit(editor.node('send')));
    afterEach(async () => editor.cancelForms());

    it('counts a text as it is typed', async () => {
      const text = await fixedText(editor);
      await text.fill('');
      await text.pressSequentially('Level is low');
      await says(counter(), 'GSM7, segments: 1, characters left: 148 of 160');
    });

    it('counts a text that it tries out only', async () => {
      await editor.page.locator('#smpp-send-trial').pressSequentially('x'.repeat(161));
      await says(counter(), 'GSM7, segments: 2');
    });

    it('says that a text takes more segments than the form allows', async () => {
      await (await fixedText(editor)).fill('x'.repeat(161));
      await editor.page.locator('#node-input-maxSegments').fill('1');
      await says(counter(), /segments: 2.*\s*More segments than the 1 that are allowed below/);
    });

    it('says what makes a text UTF-16, and where', async () => {
      await (await fixedText(editor)).fill('Pump 3 ✓');
      await says(counter(), /UTF-16, segments: 1, characters left: 62 of 70\s*UTF-16 because of ✓ at 8/);
      await stage().keepPicture('send', editor, editor.dialog());
    });

    it('says what is replaced so that a text stays GSM7', async () => {
      await (await fixedText(editor)).fill('Pump “3”');
      await says(counter(), /GSM7, segments: 1.*\s*Replaced so that it stays GSM7: “ at 6 → ", ” at 8 → "/);
    });

    it('names its typed inputs for those who do not see the labels', async () => {
      for (const name of ['To', 'From', 'Text'])
        await editor.dialog().getByRole('textbox', { name, exact: true }).waitFor();
    });

    it('takes markup for text', async () => {
      await editor.page.locator('#smpp-send-trial').fill('✓<img src=x id=markup>');
      await says(counter(), 'UTF-16');
      assert.equal(await editor.page.locator('#markup').count(), 0);
    });
  });

  describe('an expression that is none', () => {
    it('makes its node invalid, whichever property it stands in', async () => {
      const fields = ['to', 'from', 'text'];
      const nodes = fields.map((id) => send({ id, [id]: '$sum(', [`${id}Type`]: 'jsonata' }));
      await stage().deploy([TAB, connection(), ...nodes]);
      const found = await (await stage().open()).nodes();
      const errors = fields.map((field) => found.find(({ id }) => id === field)?.validationErrors);
      assert.deepEqual(errors, Array(3).fill(['This is no valid property, name or expression']));
    });
  });

  describe('the form of the connection', () => {
    let editor: Editor;
    before(() =>
      stage().prepare(async () => {
        await stage().deploy([TAB, connection(), send()]);
        editor = await stage().open();
      }),
    );
    beforeEach(async () => {
      await editor.edit(editor.node('send'));
      await editor.openConfigNode('connection', 'edit');
    });
    afterEach(async () => editor.cancelForms());

    it('asks for no account while the simulator is chosen', async () => {
      assert.equal(await editor.configField('systemId').isVisible(), false);
    });

    it('asks for hosts and account when other hosts are chosen', async () => {
      await editor.configField('gateway').selectOption('custom');
      await editor.configField('hosts').waitFor();
      await editor.configField('systemId').waitFor();
    });

    it('says that a password is too long for SMPP', async () => {
      await editor.configField('gateway').selectOption('inmobile');
      await editor.configField('password').fill('123456789');
      await says(editor.page.locator('#inmobile-connection-password-long:visible'), '8 characters');
    });
  });

  describe('a Danish browser', () => {
    it('has the forms in Danish', async () => {
      await stage().deploy([TAB, connection(), send(), inject('4512345678')]);
      const editor = await stage().open('da-DK');
      await editor.edit(editor.node('send'));
      await says(editor.page.locator('.form-row label'), 'Forbindelse');
      await (await fixedText(editor)).fill('Pumpe ✓');
      await says(editor.page.locator('#smpp-send-counter'), 'UTF-16 på grund af ✓ på plads 7');
    });
  });
}

/** Where a text is typed that is the same for every msg: an area of the form, or the field of the property. */
async function fixedText(editor: Editor): Promise<Locator> {
  const field = await editor.chooseType('text', 'str');
  return editor.page.locator('#smpp-send-fixed').or(field).locator('visible=true');
}

function validityOf(
  nodes: readonly { readonly type: string; readonly valid: boolean }[],
): Record<string, boolean> {
  return Object.fromEntries(
    nodes.filter(({ type }) => type !== 'global-config').map(({ type, valid }) => [type, valid]),
  );
}
