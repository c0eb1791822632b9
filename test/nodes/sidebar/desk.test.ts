import assert from 'node:assert/strict';
import type { GatewayStatus } from '../../../lib/message.js';
import {
  cancel,
  overviewOf,
  queueOf,
  simulate,
  type Connections,
  type Watched,
} from '../../../nodes/sidebar/desk.js';

const NO_RATES = { submitted: [], accepted: [], receipts: [] };

/** A connection to a real gateway, whose store cannot be read. */
function connections(changes: Partial<Watched> = {}): Connections {
  const account: Watched = {
    timeline: { events: [], rates: () => NO_RATES },
    simulator: undefined,
    waitingForMs: 0,
    status: () => ({ state: 'connected' }) as GatewayStatus,
    queued: () => Promise.reject(new Error('the disk is gone: 4512345678')),
    cancel: () => Promise.reject(new Error('the disk is gone: 4512345678')),
    ...changes,
  };
  return new Map([['alarms', { node: {}, account }]]);
}

describe('The desk of the sidebar', () => {
  it('has an overview without connections', () => {
    assert.deepEqual(overviewOf(new Map(), 5), { now: 5, connections: [] });
  });

  it('says nothing of a simulator where the gateway is a real one', () => {
    const [view] = overviewOf(connections(), 5).connections;
    assert.deepEqual([view?.name, view !== undefined && 'simulator' in view], ['', false]);
  });

  it('simulates nothing on a real gateway', () => {
    const asked = { connection: 'alarms', action: 'restart', host: 'dk1' };
    assert.deepEqual(simulate(connections(), asked), { status: 404, body: { error: { code: 'unknown' } } });
  });

  it('says that storage fails, and not what failed', async () => {
    const failed = { status: 503, body: { error: { code: 'failed' } } };
    assert.deepEqual(await queueOf(connections(), { connection: 'alarms' }, 5), failed);
    assert.deepEqual(await cancel(connections(), { connection: 'alarms', id: 'sms' }), failed);
  });

  it('refuses a connection and an SMS that are no names', async () => {
    const queued = await queueOf(connections(), { connection: ['alarms'] }, 5);
    const cancelled = await cancel(connections(), { connection: 'alarms', id: { id: 'sms' } });
    assert.deepEqual([queued.status, cancelled.status], [404, 404]);
  });

  it('lists fifty SMS at most', async () => {
    let asked = 0;
    const queued: Watched['queued'] = (max) => {
      asked = max;
      return Promise.resolve([]);
    };
    const answer = await queueOf(connections({ queued }), { connection: 'alarms' }, 5);
    assert.deepEqual([asked, answer], [50, { status: 200, body: { now: 5, entries: [] } }]);
  });
});
