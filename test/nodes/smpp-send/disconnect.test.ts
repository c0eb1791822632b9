/** What comes out of a node for what is under way when its connection is disconnected. */
import assert from 'node:assert/strict';
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
import type { Connection } from '../../../nodes/shared/connection.js';
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

  /** Resolves when the connection's gateway has stopped. */
  async function stopped(): Promise<void> {
    const { connection } = nodeOf('connection') as unknown as { connection: Connection };
    await assert.rejects(connection.gateway(), { code: 'SMPP_STOPPED' });
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
    const { connection } = nodeOf('connection') as unknown as { connection: Account };
    assert.deepEqual(
      (await connection.queued(10)).map(({ to }) => to),
      ['45******68'],
    );
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
