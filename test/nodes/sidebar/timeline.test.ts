import assert from 'node:assert/strict';
import type { GatewayStatus } from '../../../lib/message.js';
import { SHOWN_S, Timeline } from '../../../nodes/sidebar/timeline.js';
import { FakeClock } from '../../support/fake-clock.js';

type State = GatewayStatus['state'];

function status(state: State, changes: Partial<GatewayStatus> = {}): GatewayStatus {
  return {
    state,
    since: 0,
    onFirstHost: true,
    links: [],
    queue: { alarm: 0, normal: 0, bulk: 0, scheduled: 0, underWay: 0 },
    counters: { submitted: 0, accepted: 0, receipts: 0 } as GatewayStatus['counters'],
    ...changes,
  };
}
const connected = (host: string): GatewayStatus => status('connected', { host });
const counted = (submitted: number): GatewayStatus =>
  status('connected', { host: 'dk1', counters: { ...status('connected').counters, submitted } });

describe('The timeline of a connection', () => {
  let clock: FakeClock;
  let timeline: Timeline;
  beforeEach(() => {
    clock = new FakeClock();
    timeline = new Timeline(clock);
  });

  const words = (...statuses: readonly GatewayStatus[]): string[] => {
    for (const one of statuses) timeline.note(one);
    return timeline.events.map(({ kind, host }) => (host === undefined ? kind : `${kind} ${host}`));
  };

  it('tells of a start and of the host', () => {
    assert.deepEqual(words(status('stopped'), status('connecting'), connected('dk1'), connected('dk1')), [
      'connecting',
      'connected dk1',
    ]);
  });

  it('tells of a failover with the reason, and of the way back', () => {
    const error = { code: 'SMPP_CONNECT', message: 'dk1 is gone' };
    const lost = status('connecting', { error });
    assert.deepEqual(words(connected('dk1'), lost, connected('dk2'), connected('dk1')), [
      'connected dk1',
      'disconnected',
      'hostChanged dk2',
      'hostChanged dk1',
    ]);
    assert.equal(timeline.events[1]?.reason, 'dk1 is gone');
  });

  it('tells of an outage once, however many attempts it takes', () => {
    const attempts = ['retrying', 'connecting', 'retrying', 'connecting'] as const;
    assert.deepEqual(words(connected('dk1'), ...attempts.map((state) => status(state)), connected('dk1')), [
      'connected dk1',
      'disconnected',
      'connected dk1',
    ]);
  });

  it('tells of one that lasts once more, with the present reason', () => {
    const reason = (message: string) => ({ error: { code: 'SMPP_CONNECT', message } });
    const lost = status('connecting', reason('dk1 closed the connection'));
    const lasting = status('disconnected', reason('no network'));
    assert.deepEqual(words(connected('dk1'), lost, lasting, lasting, connected('dk1')), [
      'connected dk1',
      'disconnected',
      'noConnection',
      'connected dk1',
    ]);
    assert.deepEqual(
      timeline.events.map((event) => event.reason),
      [undefined, 'dk1 closed the connection', 'no network', undefined],
    );
  });

  it('tells of a start that leads nowhere, and of a restart that takes too long', () => {
    const states = ['connecting', 'retrying', 'disconnected', 'maintenance', 'disconnected'] as const;
    assert.deepEqual(words(...states.map((state) => status(state))), [
      'connecting',
      'noConnection',
      'maintenance',
      'noConnection',
    ]);
  });

  it('tells of maintenance and refused logins once, with attempts in between', () => {
    assert.deepEqual(
      words(
        connected('dk1'),
        ...(['maintenance', 'connecting', 'maintenance', 'refused', 'connecting', 'refused'] as const).map(
          (state) => status(state),
        ),
        status('stopped'),
        status('stopped'),
      ),
      ['connected dk1', 'maintenance', 'refused', 'stopped'],
    );
  });

  it('knows when', async () => {
    timeline.note(status('connecting'));
    await clock.advance(5_000);
    timeline.note(connected('dk1'));
    const [first, second] = timeline.events.map(({ at }) => at);
    assert.equal(second! - first!, 5_000);
  });

  it('keeps the last fifty events', () => {
    for (let count = 0; count < 60; count += 1) timeline.note(connected(`dk${count}`));
    assert.deepEqual([timeline.events.length, timeline.events.at(-1)?.host], [50, 'dk59']);
  });

  it('has the rates of two minutes, and holds no more', async () => {
    timeline.note(counted(0));
    for (let half = 1; half <= 4 * SHOWN_S; half += 1) {
      await clock.advance(500);
      timeline.note(counted(half));
    }
    assert.deepEqual(timeline.rates().submitted, new Array(SHOWN_S).fill(2));
  });

  it('loses nothing to changes of the connection between two looks at the counters', async () => {
    timeline.note(counted(0));
    for (let look = 1; look <= 100; look += 1) {
      await clock.advance(20);
      timeline.note(counted(look));
    }
    await clock.advance(2_000);
    const total = timeline.rates().submitted.reduce((sum, rate) => sum + rate, 0);
    assert.equal(Math.round(total), 100);
  });
});
