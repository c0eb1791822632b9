/**
 * The example for FlowFuse Dashboard 2, as far as it can be run without that module: its page is described in
 * full, and the flow does with its widgets what it should when helper nodes stand in their places.
 *
 * Source of the types and properties: @flowfuse/node-red-dashboard 1.31.0, `nodes/config` and `nodes/widgets`.
 */
import assert from 'node:assert/strict';
import { next, nodeOf, startFlows, useNodeRed, type FlowNode } from '../support/node-red-flows.js';
import { DASHBOARD_NAMES, readExample } from './example.js';

/** What each config node and widget must name, and of what type that is. */
const NAMES_A: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'ui-base': {},
  'ui-theme': {},
  'ui-page': { ui: 'ui-base', theme: 'ui-theme' },
  'ui-group': { page: 'ui-page' },
  'ui-form': { group: 'ui-group' },
  'ui-text': { group: 'ui-group' },
  'ui-table': { group: 'ui-group' },
};

const flow = DASHBOARD_NAMES.flatMap(readExample);
const ofDashboard = flow.filter(({ type }) => type.startsWith('ui-'));

function idOf(type: string, name: string): string {
  const node = flow.find((candidate) => candidate.type === type && candidate.name === name);
  assert.ok(node, `${type} ${name}`);
  return node.id;
}

describe('The example for Dashboard 2', () => {
  it('names the module that it needs, as Node-RED 4.1 exports it', () => {
    const [config, ...others] = flow.filter(({ type }) => type === 'global-config');
    assert.deepEqual(others, []);
    const modules = config?.modules as Readonly<Record<string, string>>;
    assert.deepEqual(Object.keys(modules), ['@flowfuse/node-red-dashboard']);
    assert.match(modules['@flowfuse/node-red-dashboard'] ?? '', /^\d+\.\d+\.\d+$/);
  });

  it('has every page, group and theme that its widgets name', () => {
    for (const node of ofDashboard) {
      const named = NAMES_A[node.type];
      assert.ok(named, node.type);
      for (const [property, type] of Object.entries(named)) {
        const found = flow.find(({ id }) => id === node[property]);
        assert.equal(found?.type, type, `${node.type} ${property}`);
      }
    }
  });

  it('asks in its form for what smpp-send takes', () => {
    const form = flow.find(({ type }) => type === 'ui-form');
    const keys = (form?.options as readonly { readonly key: string }[]).map(({ key }) => key);
    assert.deepEqual(keys, ['to', 'text']);
  });

  describe('with helper nodes for its widgets', () => {
    useNodeRed();

    beforeEach(async () => {
      const standIn = (node: FlowNode): FlowNode =>
        node.type.startsWith('ui-') ? { ...node, type: 'helper' } : node;
      const placed = flow.filter(({ type, z }) => !type.startsWith('ui-') || z !== undefined);
      await startFlows(placed.filter(({ type }) => type !== 'global-config').map(standIn));
    });

    function submit(to: string): void {
      nodeOf(idOf('ui-form', 'Send an SMS')).send({ payload: { to, text: 'Hello' } });
    }

    async function shown(name: string): Promise<string> {
      return (await next(idOf('ui-text', name))).payload as unknown as string;
    }

    it('shows what the gateway says, then what the phone says', async () => {
      submit('12 34 56 78');
      assert.deepEqual([await shown('gateway says'), await shown('gateway says')], ['…', 'accepted']);
      assert.deepEqual([await shown('phone says'), await shown('phone says')], ['…', 'DELIVRD']);
    });

    it('shows why an SMS is not sent', async () => {
      submit('12 34');
      assert.equal(await shown('gateway says'), '…');
      assert.match(await shown('gateway says'), /to: .* has 4 digits/i);
    });

    it('shows nothing of an SMS before the last one', async () => {
      submit('12 34 56 01');
      assert.deepEqual([await shown('gateway says'), await shown('gateway says')], ['…', 'accepted']);
      const before = { _msgid: 'before', payload: { state: 'DELIVRD', delivered: true } };
      nodeOf(idOf('smpp-dlr', '')).send([before, null]);
      assert.deepEqual(
        [await shown('phone says'), await shown('phone says')],
        ['…', 'UNDELIV: Undeliverable message'],
      );
    });

    it('adds an incoming SMS to the table', async () => {
      submit('12 34 56 77');
      const { from, text } = (await next(idOf('ui-table', 'incoming SMS'))).payload;
      assert.deepEqual([from, text], ['4512345677', 'OK']);
    });

    it('shows the state of the connection', async () => {
      submit('12 34 56 78');
      const { payload } = await next(idOf('ui-text', 'connection'));
      assert.equal(payload, 'inmobile-connection.status.simulated');
    });
  });
});
