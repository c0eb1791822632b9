/** A flow from elsewhere with markup in every property of every node: it is imported and looked at, and nothing of it is run. */
import assert from 'node:assert/strict';
import { TYPED_FIELDS } from '../../nodes/smpp-send/form.js';
import type { Editor } from './editor.js';
import { connection, dlr, send, TAB, type FlowNode } from './flows.js';
import type { Stage } from './stage.js';

/** What such markup calls. */
const HURT = 'window.isHurt = false; window.hurt = () => { window.isHurt = true; }';

/** Markup of our own, of the same kind and later: once it has run, what came before it would have, too. */
const LATER = `new Promise((resolve) => {
  window.later = resolve;
  document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=later()>');
})`;

const MARKUP = `"'><img src=x onerror=hurt()><svg onload=hurt()>`;

/** What the editor needs to place a node at all. */
const KEPT: ReadonlySet<string> = new Set(['id', 'type', 'z', 'x', 'y', 'wires', 'connection']);

const RECEIVE: FlowNode = {
  ...dlr({ id: 'receive', type: 'smpp-receive', to: '', incomplete: '', y: 300 }),
  wires: [[]],
};
const MORE = { validity: '', dedupe: '', dedupeType: '', dedupeMinutes: '' };

/** The nodes of a flow with markup in every property, those of `plain` as they are. */
function hostile(plain: Readonly<Record<string, unknown>>): FlowNode[] {
  const nodes = [connection({ sender: '' }), send({ ...MORE }), dlr(), RECEIVE];
  const marked = nodes.map((node) => {
    const names = Object.keys(node).filter((name) => !KEPT.has(name));
    const properties = Object.fromEntries(names.map((name) => [name, MARKUP]));
    return { ...node, ...('z' in node && { z: 'other' }), ...properties, ...plain };
  });
  // With a tab of their own they have their places.
  return [{ ...TAB, id: 'other', label: 'other' }, ...marked];
}

const TYPES = Object.fromEntries(TYPED_FIELDS.map((field) => [`${field}Type`, 'str']));

/** Also where one property decides whether another is looked at, and where a name takes the place of a label. */
const FLOWS: readonly (readonly [what: string, nodes: FlowNode[]])[] = [
  ['every property', hostile({})],
  ['every property but the name', hostile({ name: '' })],
  ['all that is typed, and in the hosts', hostile({ name: '', gateway: 'custom', ...TYPES })],
  [
    'all paths and expressions',
    hostile({ toType: 'msg', fromType: 'flow', textType: 'jsonata', dedupeType: 'env' }),
  ],
];

export function theHostileFlow(stage: () => Stage): void {
  describe('a flow of markup', () => {
    for (const [what, nodes] of FLOWS) {
      it(`in ${what} runs nothing, wherever it is shown`, async () => {
        await stage().deploy([TAB]);
        const editor = await stage().open();
        await editor.page.evaluate(HURT);
        await editor.importFlow(JSON.stringify(nodes));
        await editor.page.locator('#red-ui-workspace-tabs .red-ui-tab', { hasText: 'other' }).first().click();
        await lookEverywhere(editor);
        await editor.page.evaluate(LATER);
        assert.equal(await editor.page.evaluate('window.isHurt'), false);
      });
    }
  });
}

/** What the editor shows of a node: on the workspace, in its form, in the sidebars, and why it is not valid. */
async function lookEverywhere(editor: Editor): Promise<void> {
  const { page } = editor;
  const placed = (await editor.nodes()).filter(
    ({ type }) => type.startsWith('smpp-') || type === 'inmobile-connection',
  );
  assert.equal(placed.length, 4);
  for (const { id, type, valid } of placed.filter((node) => node.type !== 'inmobile-connection')) {
    assert.equal(valid, false, type);
    const node = editor.node(id);
    // As the mouse would, which in Node-RED 5 has the workspace scrolled away.
    for (const part of await node.locator('.red-ui-flow-node-error, .red-ui-flow-port').all())
      await part.dispatchEvent('mouseenter');
    await editor.edit(node);
    await hoverFields(editor);
    if (type === 'smpp-send') {
      await editor.openConfigNode('connection', 'edit');
      await hoverFields(editor);
    }
    await editor.cancelForms();
  }
  for (const sidebar of [
    'core:show-info-tab',
    'core:show-help-tab',
    'inmobile-sidebar:show',
    'core:show-config-tab',
  ])
    await editor.invoke(sidebar);
  await page.locator('.red-ui-palette-node-annotations.red-ui-flow-node-error:visible').first().hover();
  await page.locator('.red-ui-popover:visible').first().waitFor();
}

/** A field that is wrong says why when it is pointed at. */
async function hoverFields(editor: Editor): Promise<void> {
  for (const field of await editor.dialog().locator('.input-error:visible').all()) {
    await field.scrollIntoViewIfNeeded();
    await field.hover({ force: true });
    await editor.page
      .locator('.red-ui-popover:visible')
      .first()
      .waitFor({ timeout: 3_000 })
      .catch(() => undefined);
  }
}
