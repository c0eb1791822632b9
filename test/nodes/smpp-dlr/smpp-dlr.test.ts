import assert from 'node:assert/strict';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { DeliveryReceipt } from '../../../lib/message.js';
import type { Feed } from '../../../nodes/shared/connection.js';
import { originTail, originText } from '../../../nodes/shared/origin.js';
import {
  deploy,
  loggedBy,
  next,
  receive,
  shownBelow,
  startFlows,
  useNodeRed,
  waitingAt,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { connection, dlr, ENDS, ON_TAB, send, sink, TAB } from '../flow.js';

/** What the simulated gateway does with these numbers is in `lib/simulator/scenario.ts`. */
const DELIVERED = '4512345678';
const UNDELIVERABLE = '4512345601';
const THREE_STATES = '4512345654';
const LONG = 'x'.repeat(200);

/** What an SMS of that smpp-send has with it. */
const originFrom = (node: string, msg = '{}'): string => originText('k', originTail({ node, msg }));

function flow(properties: Readonly<Record<string, unknown>> = {}, ...others: FlowNode[]): FlowNode[] {
  return [TAB, connection(), send(), dlr(properties), ...ENDS, ...others];
}

describe('smpp-dlr', () => {
  useNodeRed();

  it('emits the receipt in the msg that the SMS came from', async () => {
    await startFlows(flow());
    receive('send', { _msgid: 'm1', to: DELIVERED, payload: 'Hello', order: { id: 7 } });
    const { payload, order, _msgid } = await next('receipt');
    assert.deepEqual([payload.state, payload.delivered], ['DELIVRD', true]);
    assert.deepEqual([order, _msgid], [{ id: 7 }, 'm1']);
  });

  it('has the number as its topic', async () => {
    await startFlows(flow());
    receive('send', { to: DELIVERED, payload: 'Hello', topic: 'before' });
    assert.equal((await next('receipt')).topic, DELIVERED);
  });

  it('says what to do about an SMS that did not arrive', async () => {
    await startFlows(flow());
    receive('send', { to: UNDELIVERABLE, payload: 'Hello' });
    const { payload } = await next('receipt');
    assert.deepEqual([payload.delivered, payload.errorCode, payload.errorClass], [false, -1, 'recipient']);
  });

  it('has the correlation of the flow, and not its own', async () => {
    await startFlows(flow());
    receive('send', { to: DELIVERED, payload: { text: 'Hello', correlation: 'c' } });
    assert.equal((await next('receipt')).payload.correlation, 'c');
  });

  it('leaves out of the msg what is no JSON', async () => {
    await startFlows(flow());
    receive('send', { to: DELIVERED, payload: 'Hello', tell: () => 'a secret', when: new Date(0) });
    const msg = await next('receipt');
    assert.deepEqual(['tell' in msg, msg.when], [false, '1970-01-01T00:00:00.000Z']);
  });

  it('leaves out what is too large to keep, and it alone, which smpp-send names once', async () => {
    await startFlows(flow());
    const big = new Array<number>(5_001).fill(1);
    const page = 'x'.repeat(70_000);
    for (const id of [7, 8]) {
      receive('send', { to: DELIVERED, payload: 'Hello', big, order: { id }, page });
      const msg = await next('receipt');
      assert.deepEqual([msg.order, 'big' in msg, 'page' in msg], [{ id }, false, false]);
    }
    assert.deepEqual(
      loggedBy('send', 'warn').map((line) => line.split(' ', 1)[0]),
      ['msg.big', 'msg.page'],
    );
  });

  it('emits one receipt for a long SMS', async () => {
    await startFlows(flow());
    receive('send', { to: DELIVERED, payload: LONG });
    const { payload } = await next('receipt');
    assert.deepEqual(payload.segments, { total: 2, delivered: 2, failed: 0 });
  });

  it('gives each node a receipt of its own', async () => {
    await startFlows(flow({}, dlr({ id: 'dlr2', wires: [['receipt2'], []] }), sink('receipt2')));
    receive('send', { to: DELIVERED, payload: 'Hello' });
    const [one, two] = await Promise.all([next('receipt'), next('receipt2')]);
    Object.assign(one.payload.segments as object, { total: 0 });
    assert.deepEqual(two.payload.segments, { total: 1, delivered: 1, failed: 0 });
  });

  it('emits one for each segment when it is set so', async () => {
    await startFlows(flow({ per: 'segment' }));
    receive('send', { to: DELIVERED, payload: LONG });
    const receipts = [await next('receipt'), await next('receipt')];
    assert.equal(new Set(receipts.map(({ payload }) => payload.messageId)).size, 2);
  });

  it('emits final states only', async () => {
    await startFlows(flow());
    receive('send', { to: THREE_STATES, payload: 'Hello' });
    assert.equal((await next('receipt')).payload.state, 'DELIVRD');
  });

  it('emits every state when it is set so', async () => {
    await startFlows(flow({ states: 'all' }));
    receive('send', { to: THREE_STATES, payload: 'Hello' });
    const states = [await next('receipt'), await next('receipt'), await next('receipt')];
    assert.deepEqual(
      states.map(({ payload }) => payload.state),
      ['ACCEPTD', 'ENROUTE', 'DELIVRD'],
    );
  });

  it('emits receipts for the smpp-send nodes that it names only', async () => {
    const all = { ...dlr(), id: 'dlr2', wires: [['receipt2'], []] };
    await startFlows(flow({ from: ['another'] }, all, sink('receipt2')));
    receive('send', { to: DELIVERED, payload: 'Hello' });
    await next('receipt2');
    assert.equal(waitingAt('receipt'), 0);
  });

  it('says that a smpp-send node is gone, as it starts and after a deploy, and serves the others', async () => {
    const second = send({ id: 'second', wires: [[], []] });
    const nodes = (...others: FlowNode[]): FlowNode[] => flow({ from: ['send', 'second'] }, ...others);
    const shows = async (fill: string): Promise<void> => {
      while (shownBelow('dlr')?.fill !== fill) await new Promise((resolve) => setImmediate(resolve));
    };
    const says = (): unknown[] => [shownBelow('dlr')?.fill, loggedBy('dlr', 'error').length];
    await startFlows(nodes());
    assert.deepEqual(says(), ['red', 1]);
    assert.match(loggedBy('dlr', 'error').join(), /label\.from: .* of id second$/);
    receive('send', { to: DELIVERED, payload: 'Hello' });
    await next('receipt');
    await deploy(nodes(second), 'nodes');
    await shows('green');
    await deploy(nodes({ ...second, d: true }), 'nodes');
    assert.deepEqual(says(), ['green', 1]);
    await deploy(nodes(), 'nodes');
    await shows('red');
    assert.deepEqual(says(), ['red', 2]);
  });

  it('knows the smpp-send nodes of a subflow', async () => {
    const subflow = { id: 'subflow', type: 'subflow', name: '', in: [], out: [] };
    const within = [
      subflow,
      send({ id: 'inner', z: 'subflow', wires: [] }),
      dlr({ id: 'own', z: 'subflow', from: ['inner'], wires: [] }),
    ];
    const instance = { id: 'one', ...ON_TAB, type: 'subflow:subflow', wires: [] };
    await startFlows(flow({ from: ['inner'] }, ...within, instance));
    assert.deepEqual([...loggedBy('dlr', 'error'), ...loggedBy('one-own', 'error')], []);
  });

  it('emits receipts for a smpp-send node in a subflow, of every instance or of its own', async () => {
    await startFlows([
      TAB,
      connection(),
      { id: 'subflow', type: 'subflow', name: '', in: [], out: [{ wires: [{ id: 'inner', port: 0 }] }] },
      send({ z: 'subflow', wires: [] }),
      dlr({ id: 'inner', z: 'subflow', from: ['send'], wires: [] }),
      { id: 'one', ...ON_TAB, type: 'subflow:subflow', wires: [['inside']] },
      { id: 'two', ...ON_TAB, type: 'subflow:subflow', wires: [['other']] },
      dlr({ from: ['send'] }),
      ...ENDS,
      sink('inside'),
    ]);
    receive('one-send', { to: DELIVERED, payload: 'Hello' });
    await Promise.all([next('receipt'), next('inside')]);
    assert.equal(waitingAt('other'), 0);
  });

  it('in an instance of a subflow means its own nodes when it names several', async () => {
    const subflow = { type: 'subflow', name: '', in: [] };
    const inner = dlr({ id: 'inner', z: 'subflow', from: ['send', 'second', 'deep'], wires: [] });
    await startFlows([
      TAB,
      connection(),
      { ...subflow, id: 'deeper', out: [] },
      send({ id: 'deep', z: 'deeper', wires: [] }),
      { ...subflow, id: 'subflow', out: [{ wires: [{ id: 'inner', port: 0 }] }] },
      send({ z: 'subflow', wires: [] }),
      send({ id: 'second', z: 'subflow', wires: [] }),
      { id: 'nested', z: 'subflow', x: 0, y: 0, type: 'subflow:deeper', wires: [] },
      inner,
      { id: 'one', ...ON_TAB, type: 'subflow:subflow', wires: [['inside']] },
      { id: 'two', ...ON_TAB, type: 'subflow:subflow', wires: [['other']] },
      dlr({ from: ['send', 'second', 'deep'] }),
      ...ENDS,
      sink('inside'),
    ]);
    for (const sender of ['one-send', 'one-second', 'one-nested-deep']) {
      receive(sender, { to: DELIVERED, payload: 'Hello' });
      await Promise.all([next('receipt'), next('inside')]);
    }
    assert.equal(waitingAt('other'), 0);
  });

  it('emits an SMS without a receipt in time on its second output', async () => {
    const asked = await overdueFlow({ noReceiptAfter: '5' });
    asked.report({ ...OVERDUE, correlation: originFrom('send', '{"order":7}') });
    const { payload, order } = await next('overdue');
    assert.deepEqual([payload.state, order, asked.afterMs], ['NORECEIPT', 7, 300_000]);
  });

  it('does not ask for overdue SMS when it is set to 0', async () => {
    const asked = await overdueFlow({ noReceiptAfter: '0' });
    assert.equal(asked.afterMs, undefined);
  });

  it('takes blanks for the default, and not for 0', async () => {
    const asked = await overdueFlow({ noReceiptAfter: ' ' });
    assert.equal(asked.afterMs, 600_000);
  });

  it('reports overdue SMS of the smpp-send nodes that it names only', async () => {
    const asked = await overdueFlow({ from: ['send'] });
    asked.report({ ...OVERDUE, messageId: 'other', correlation: originFrom('another') });
    asked.report({ ...OVERDUE, messageId: 'own', correlation: originFrom('send') });
    assert.equal((await next('overdue')).payload.messageId, 'own');
  });
});

const OVERDUE: DeliveryReceipt = {
  messageId: 'm',
  state: 'NORECEIPT',
  delivered: false,
  isFinal: false,
  errorCode: 0,
  errorText: '',
  errorClass: 'unknown',
  segments: { total: 1, delivered: 0, failed: 0 },
  receivedAt: 0,
  matched: true,
  raw: '',
};

interface Asked {
  afterMs?: number;
  report: (receipt: DeliveryReceipt) => void;
}

/** Minutes are long: this connection lets the test say when they are over. */
async function overdueFlow(properties: Readonly<Record<string, unknown>>): Promise<Asked> {
  const asked: Asked = { report: () => undefined };
  const feed: Partial<Feed> = {
    onReceipt: () => () => undefined,
    onOverdue: (afterMs, report) => {
      Object.assign(asked, { afterMs, report });
      return () => undefined;
    },
  };
  const activity = { note: () => undefined, noteSettings: () => undefined };
  const connectionOfTest = { feed, join: () => activity, leave: () => undefined };
  const register = (RED: NodeAPI): void => {
    RED.nodes.registerType('test-connection', function (this: Node, def: NodeDef) {
      RED.nodes.createNode(this, def);
      Object.assign(this, { connection: connectionOfTest });
    });
  };
  const config = { id: 'stub', type: 'test-connection', name: '' };
  await startFlows([TAB, config, dlr({ connection: 'stub', ...properties }), ...ENDS], {}, [register]);
  return asked;
}
