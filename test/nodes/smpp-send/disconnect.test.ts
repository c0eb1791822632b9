/** What comes out of a node for what is under way when its connection is disconnected. */
import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../../lib/simulator/simulator.js';
import { next, receive, startFlows, useNodeRed } from '../../support/node-red-flows.js';
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

  async function start(storage: 'memory' | 'disk'): Promise<void> {
    const { nodes, credentials } = connectionTo(simulator, { storage });
    await startFlows([TAB, ...nodes, send(), ...ENDS, ...CATCH], credentials);
  }

  async function counters(): Promise<Record<string, number>> {
    receive('send', { action: 'status' });
    return (await next('accepted')).payload.counters as Record<string, number>;
  }

  async function submitted(): Promise<void> {
    while ((await counters()).submitted !== 1);
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
