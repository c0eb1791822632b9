/** Receipts of what was sent before a deploy gave the nodes another connection. */
import assert from 'node:assert/strict';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { DeliveryReceipt, GatewayStatus } from '../../../lib/message.js';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import type { Account } from '../../../nodes/inmobile-connection/account.js';
import { originTail, originText } from '../../../nodes/shared/origin.js';
import {
  deploy,
  loggedBy,
  next,
  nodeOf,
  receive,
  startFlows,
  useNodeRed,
  waitingAt,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { CATCH, connection, connectionTo, dlr, ENDS, send, TAB } from '../flow.js';

/** Accepted, and its receipt comes late. */
const LATE_RECEIPT = '4512345655';
const NO_RECEIPT = '4512345650';
const TO = '4512345678';

describe('smpp-dlr, moved to another connection', () => {
  useNodeRed();
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ lateReceiptMs: 1_000 });
  });
  afterEach(() => simulator.stop());

  type Properties = Readonly<Record<string, unknown>>;
  const second = connection({ id: 'second' });
  const moved = { connection: 'second' };

  function flowWith(properties: Properties, ...nodes: readonly FlowNode[]): FlowNode[] {
    return [TAB, ...connectionTo(simulator, properties).nodes, second, ...nodes, ...ENDS, ...CATCH];
  }
  const credentials = (): object => {
    const demo = { systemId: 'demo', password: 'secret' };
    return { ...connectionTo(simulator).credentials, second: demo };
  };

  const accountOf = (id: string): Account => (nodeOf(id) as unknown as { connection: Account }).connection;
  async function stateOf(id: string, state: GatewayStatus['state']): Promise<void> {
    while (accountOf(id).status().state !== state) await new Promise((resolve) => setImmediate(resolve));
  }
  async function sendOne(properties: Properties, to = LATE_RECEIPT): Promise<void> {
    await startFlows(flowWith(properties, send(), dlr()), credentials());
    receive('send', { to, payload: 'Hello', order: 7 });
    await next('accepted');
  }
  const move = (properties: Properties, ...others: FlowNode[]): Promise<void> =>
    deploy(flowWith(properties, send(moved), dlr(moved), ...others), 'nodes', credentials());

  for (const storage of ['memory', 'disk'])
    describe(`storage ${storage}`, () => {
      it('gives the receipts of what was sent before, and lets the connection go with the last', async () => {
        await sendOne({ storage });
        await move({ storage });
        const { payload, order } = await next('receipt');
        assert.deepEqual([payload.state, payload.matched, order], ['DELIVRD', true, 7]);
        await stateOf('connection', 'stopped');
        assert.equal(waitingAt('receipt'), 0);
      });

      it('gives them also after further deploys, and when the connection is edited', async () => {
        await sendOne({ storage });
        await move({ storage });
        await deploy(flowWith({ storage }, send(moved), dlr(moved)), 'full', credentials());
        await move({ storage, window: '5' });
        assert.equal((await next('receipt')).payload.state, 'DELIVRD');
        await stateOf('connection', 'stopped');
      });

      it('gives them of what was in the queue', async () => {
        await startFlows(flowWith({ storage }, send(), dlr()), credentials());
        await stateOf('connection', 'connected');
        await simulator.kill('all');
        receive('send', { to: TO, payload: 'Hello' });
        while (accountOf('connection').status().queue.normal === 0)
          await new Promise((resolve) => setImmediate(resolve));
        await move({ storage });
        await simulator.revive('all');
        assert.equal((await next('receipt')).payload.state, 'DELIVRD');
        await stateOf('connection', 'stopped');
      });
    });

  it('leaves those of nodes that still use the connection', async () => {
    const other = dlr({ id: 'other-dlr', wires: [['incoming']] });
    await startFlows(flowWith({}, send(), dlr(), other), credentials());
    await deploy(flowWith({}, send(), dlr(moved), other), 'nodes', credentials());
    receive('send', { to: TO, payload: 'Hello' });
    await next('incoming');
    assert.equal(waitingAt('receipt'), 0);
  });

  it('leaves the connection to another one that logs in to the same account', async () => {
    await sendOne({}, NO_RECEIPT);
    const [, twin] = connectionTo(simulator, { id: 'second' }).nodes;
    const [tab, tls, first, , ...rest] = flowWith({}, send(moved), dlr(moved));
    await deploy([tab, tls, first, twin, ...rest] as FlowNode[], 'nodes', credentials());
    await stateOf('connection', 'stopped');
  });

  const ends = {
    memory: /receipts of 1 SMS: .*, for good/,
    disk: /receipts of 1 SMS: .*, until a connection/,
  };
  for (const [storage, line] of Object.entries(ends))
    it(`says how many SMS get no receipt as the connection is deleted: storage ${storage}`, async () => {
      await sendOne({ storage }, NO_RECEIPT);
      const [tab, tls, , ...rest] = flowWith({}, send(moved), dlr(moved));
      await deploy([tab, tls, ...rest] as FlowNode[], 'nodes', credentials());
      while (!line.test(loggedBy('connection', 'warn').join()))
        await new Promise((resolve) => setImmediate(resolve));
    });

  describe('listens at the one before', () => {
    const user = (id: string, type: string): readonly [string, object] => [id, { id, type }];
    const staying = user('staying', 'smpp-send');
    const others = user('others', 'smpp-dlr');
    type Report = (receipt: DeliveryReceipt) => unknown;

    /** What a node says that was at `one` as it hears of a receipt there, if it does. */
    async function moveFrom(users: ReadonlyMap<string, object>): Promise<Report | undefined> {
      const reports = new Map<string, Report>();
      const stub = (id: string): FlowNode => ({ id, type: 'test-connection', name: '' });
      const flow = (id: string): FlowNode[] => {
        const node = dlr({ connection: id, from: ['gone'] });
        return [TAB, stub('one'), stub('two'), node, send({ id: 'gone', connection: 'two' }), ...ENDS];
      };
      await startFlows(flow('one'), {}, [stubs(users, reports)]);
      await deploy(flow('two'), 'nodes');
      return reports.get('one');
    }

    it('for SMS without a receipt in time, of nodes that have left with it', async () => {
      const report = await moveFrom(new Map([staying, others]));
      const answers = ['staying', 'gone', 'another'].map((node) => report?.(overdue(node)));
      assert.deepEqual(answers, [undefined, undefined, undefined]);
      assert.equal((await next('overdue')).payload.messageId, 'gone');
      assert.equal(waitingAt('overdue'), 0);
    });

    it('and leaves to a smpp-dlr to come what it does not want', async () => {
      const report = await moveFrom(new Map());
      assert.deepEqual([report?.(overdue('another')), report?.(overdue('gone'))], ['later', undefined]);
    });

    it('but not where one is to come for smpp-send nodes of now', async () => {
      assert.equal(await moveFrom(new Map([staying])), undefined);
    });
  });

  it('lets the connection go at once when no receipt is to come', async () => {
    await sendOne({}, TO);
    await next('receipt');
    await move({});
    await stateOf('connection', 'stopped');
  });
});

function overdue(node: string): DeliveryReceipt {
  return {
    messageId: node,
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
    correlation: originText('k', originTail({ node, msg: '{}' })),
  };
}

/** Minutes are long: these connections let the test say when they are over. */
function stubs(
  users: ReadonlyMap<string, object>,
  reports: Map<string, (receipt: DeliveryReceipt) => unknown>,
): (RED: NodeAPI) => void {
  const nothing = (): void => undefined;
  const connectionOf = (id: string): object => ({
    feed: {
      onReceipt: () => nothing,
      onOverdue: (_afterMs: number, report: (receipt: DeliveryReceipt) => unknown) => {
        reports.set(id, report);
        return () => reports.delete(id);
      },
    },
    join: () => ({ note: nothing, noteSettings: nothing }),
    leave: nothing,
    stay: () => nothing,
    users,
  });
  return (RED) => {
    RED.nodes.registerType('test-connection', function (this: Node, def: NodeDef) {
      RED.nodes.createNode(this, def);
      Object.assign(this, { connection: connectionOf(this.id) });
    });
  };
}
