/** What comes out of a node for what is under way when its connection is disconnected. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { QueuedSms } from '../../../lib/message.js';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import {
  deploy,
  next,
  nodeOf,
  receive,
  startFlows,
  useNodeRed,
  type FlowNode,
} from '../../support/node-red-flows.js';
import type { Account } from '../../../nodes/inmobile-connection/account.js';
import { CATCH, connectionTo, ENDS, send, TAB } from '../flow.js';

/** Answered while the gateway drains. */
const SLOWLY = '4512345668';
/** Not answered at all. */
const NEVER = '4512345667';

describe('smpp-send, disconnected', () => {
  useNodeRed();
  let simulator: Simulator;

  beforeEach(async () => {
    simulator = await startSimulator({ slowResponseMs: 500 });
  });
  afterEach(() => simulator.stop());

  const flow = (nodes: readonly FlowNode[], sender: FlowNode): FlowNode[] => [
    TAB,
    ...nodes,
    sender,
    ...ENDS,
    ...CATCH,
  ];

  async function start(storage: 'memory' | 'disk'): Promise<void> {
    const { nodes, credentials } = connectionTo(simulator, { storage });
    await startFlows(flow(nodes, send()), credentials);
  }

  async function counters(): Promise<Record<string, number>> {
    receive('send', { action: 'status' });
    return (await next('accepted')).payload.counters as Record<string, number>;
  }

  async function submitted(): Promise<void> {
    while ((await counters()).submitted !== 1);
  }

  const account = (): Account => (nodeOf('connection') as unknown as { connection: Account }).connection;

  /** Resolves when the connection's gateway has stopped. */
  async function stopped(): Promise<void> {
    while (account().status().state !== 'stopped') await new Promise((resolve) => setImmediate(resolve));
    await assert.rejects(account().gateway(), { code: 'SMPP_STOPPED' });
  }

  for (const storage of ['memory', 'disk'] as const) {
    for (const dedupeKey of [undefined, 'pump-3']) {
      it(`emits what is answered meanwhile, once: ${storage}, dedupeKey ${dedupeKey ?? 'none'}`, async () => {
        await start(storage);
        receive('send', { to: SLOWLY, payload: { text: 'Hello', dedupeKey } });
        await submitted();
        receive('send', { action: 'disconnect' });
        assert.equal((await next('accepted')).payload.outcome, 'accepted');
        assert.equal((await next('accepted')).payload.state, 'stopped');
        receive('send', { action: 'connect' });
        assert.notEqual((await next('accepted')).payload.state, 'stopped');
        receive('send', { action: 'status' });
        assert.equal((await next('accepted')).payload.outcome, undefined);
      });
    }
  }

  it('still says what is in the queue, also to the sidebar', async () => {
    await start('disk');
    receive('send', { to: SLOWLY, payload: { text: 'Hello', sendAt: Date.now() + 3_600_000 } });
    while ((await counters()).queued !== 1);
    receive('send', { action: 'disconnect' });
    const { state, queue } = (await next('accepted')).payload;
    assert.deepEqual([state, (queue as { scheduled: number }).scheduled], ['stopped', 1]);
    assert.deepEqual(
      (await account().queued(10)).map(({ to }) => to),
      ['45******68'],
    );
  });

  for (const storage of ['memory', 'disk'] as const) {
    it(`lets go of what is in the queue, by a flow and by the sidebar: storage ${storage}`, async () => {
      await start(storage);
      for (const topic of ['by flow', 'by person', 'kept'])
        receive('send', { to: SLOWLY, topic, payload: { text: 'Hello', sendAt: Date.now() + 3_600_000 } });
      while ((await counters()).queued !== 3);
      receive('send', { action: 'disconnect' });
      assert.equal((await next('accepted')).payload.state, 'stopped');
      const [first, second] = (await account().queued(10)) as [QueuedSms, QueuedSms];

      receive('send', { action: 'cancel', id: first.id });
      const outcomes = [await next('other'), await next('accepted')];
      assert.deepEqual(
        outcomes.map(({ topic, cancelled, payload }) => [topic, cancelled, payload.outcome]),
        [
          ['by flow', undefined, 'cancelled'],
          [undefined, true, undefined],
        ],
      );
      assert.equal(await account().cancel(second.id), true);
      assert.equal((await next('other')).topic, 'by person');
      assert.deepEqual([account().status().state, account().status().queue.scheduled], ['stopped', 1]);
    });
  }

  it('says what stays in the store when the connection is deleted then', async () => {
    await start('disk');
    receive('send', { to: SLOWLY, payload: { text: 'Hello', sendAt: Date.now() + 3_600_000 } });
    while ((await counters()).queued !== 1);
    receive('send', { action: 'disconnect' });
    await next('accepted');
    const warned = once(nodeOf('connection'), 'call:warn') as Promise<[{ args: [string] }]>;
    await deploy(flow([], send()), 'full');
    assert.match((await warned)[0].args[0], /ended with 1 SMS in its queue; they stay in .*connection/);
  });

  it('keeps what is answered when its node is gone, until that is back', async () => {
    await start('disk');
    receive('send', { to: SLOWLY, payload: 'Hello', topic: 'door' });
    await submitted();
    const { nodes, credentials } = connectionTo(simulator, { storage: 'disk' });
    await deploy(flow(nodes, send({ d: true })), 'nodes', credentials);
    await stopped();
    await deploy(flow(nodes, send()), 'nodes', credentials);
    const { payload, topic } = await next('accepted');
    assert.deepEqual([payload.outcome, payload.recovered, topic], ['accepted', true, 'door']);
  });

  it('refuses an SMS that waits for another one with its dedupe key, which stays queued', async () => {
    await start('memory');
    const sms = { to: NEVER, payload: { text: 'Hello', dedupeKey: 'pump-3' } };
    receive('send', { ...sms, topic: 'first' });
    receive('send', { ...sms, topic: 'second' });
    await submitted();
    receive('send', { action: 'disconnect' });
    const { error, topic } = await next('caught');
    assert.deepEqual([(error as { code: string }).code, topic], ['SMPP_STOPPED', 'second']);
  });
});
