import assert from 'node:assert/strict';

import { fingerprintOf, RedeliveryGuard } from '../../../lib/inbox/redelivery-guard.js';
import { FakeClock } from '../../support/fake-clock.js';
import { smsDelivery } from './builders.js';

const MINUTE = 60_000;
const kept = Promise.resolve();

/** What `Inbox` makes of it is in `inbox-redelivery.test.ts`; here is how much of it at once. */
function guarded(bounds = { seenDeliveries: 1_000, sweepEvery: 10 }) {
  const clock = new FakeClock();
  const erased: string[][] = [];
  const forget = (keys: readonly string[]): Promise<void> => {
    erased.push([...keys]);
    return kept;
  };
  const guard = new RedeliveryGuard({ clock, bounds, forget });
  /** Deliveries that were answered, the first of them with this number. */
  const note = (count: number, fingerprint: (index: number) => string, sessionId = 1, from = 1): void => {
    for (let index = 0; index < count; index += 1) {
      const doubt = guard.note(guard.takeKey(), fingerprint(index), sessionId, kept);
      guard.answered(doubt, sessionId, from + index);
    }
  };
  return { guard, clock, erased, note };
}

describe('RedeliveryGuard', () => {
  it('forgets what was read so much at a time', async () => {
    const { guard, clock, erased, note } = guarded();
    note(25, (index) => `f${index}`);
    guard.answersRead(1, 25);
    assert.deepEqual([erased.map((keys) => keys.length), guard.size], [[10], 15]);
    await clock.advance(0);
    assert.deepEqual([erased.map((keys) => keys.length), guard.size], [[10, 10, 5], 0]);
  });

  it('takes what was read for no first, though it is not forgotten yet', () => {
    const { guard, note } = guarded();
    note(25, (index) => `f${index % 2}`);
    guard.answersRead(1, 24);
    assert.equal(guard.earlier('f1', 2), undefined);
    assert.equal(guard.earlier('f0', 2)?.answer, 25);
  });

  it('forgets what excuses nothing any more so much at a time', async () => {
    const { guard, clock, erased, note } = guarded();
    note(25, () => 'f');
    guard.sessionOver(1, false);
    guard.bound();
    await clock.advance(2 * MINUTE);
    assert.deepEqual([erased.map((keys) => keys.length), guard.size], [[10, 10, 5], 0]);
  });

  it('leaves to the next process nothing that was read, however much is to be forgotten', () => {
    const { guard, erased, note } = guarded();
    note(25, (index) => `f${index}`);
    guard.answersRead(1, 24);
    assert.deepEqual(
      guard.close().map(({ fingerprint }) => fingerprint),
      ['f24'],
    );
    assert.equal(erased.flat().length, 24);
  });

  it('leaves to the next process nothing that excuses no copy any more', async () => {
    const { guard, clock, note } = guarded();
    note(25, () => 'f');
    guard.sessionOver(1, true);
    // At the end of the excuse some are forgotten, and the rest in the next turn.
    let left: number | undefined;
    clock.after(2 * MINUTE, () => (left = guard.close().length));
    await clock.advance(2 * MINUTE);
    assert.equal(left, 0);
  });

  it('keeps no timer when nothing is in doubt, nor when it is closed', async () => {
    const { guard, clock, note } = guarded();
    note(25, () => 'f');
    guard.sessionOver(1, true);
    await clock.advance(2 * MINUTE);
    const before = clock.pending;
    note(25, () => 'f', 2);
    guard.sessionOver(2, true);
    assert.equal(guard.close().length, 25);
    assert.deepEqual([before, clock.pending], [0, 0]);
  });

  it('takes no longer for each of many that say the same', () => {
    const { guard, clock, note } = guarded({ seenDeliveries: 100_000, sweepEvery: 1_000 });
    const again = { sessionId: 2, cameAt: clock.now() };
    const most = (count: number): number => {
      note(count, () => 'f');
      let steps = 0;
      guard.sessionOver(1, true);
      for (let copy = 0; copy < count; copy += 1) {
        const doubt = guard.earlier('f', 2);
        if (doubt !== undefined) guard.decide(doubt, again, () => (steps += 1));
      }
      return steps;
    };
    assert.equal(most(50_000), 50_000);
  });

  it('holds no more than its bound, over all sessions, and gives up the oldest', () => {
    const { guard, note } = guarded({ seenDeliveries: 20, sweepEvery: 10 });
    note(15, (index) => `a${index}`, 1);
    guard.sessionOver(1, false);
    note(15, (index) => `b${index}`, 2);
    assert.equal(guard.size, 20);
    const isKnown = (fingerprint: string): boolean => guard.earlier(fingerprint, 3) !== undefined;
    assert.deepEqual(['a9', 'a10', 'b0', 'b14'].map(isKnown), [false, true, true, true]);
  });

  it('opens with no more than its bound of what an earlier process left', () => {
    const { guard } = guarded({ seenDeliveries: 1_000, sweepEvery: 1_000 });
    for (let key = 1; key <= 100_000; key += 1) guard.restore(String(key), `f${key}`);
    assert.deepEqual(
      [guard.size, guard.earlier('f99000', 1)?.key, guard.earlier('f99001', 1)?.key, guard.takeKey()],
      [1_000, undefined, '99001', '100001'],
    );
  });
});

describe('fingerprintOf', () => {
  it('is the same for the same content', () => {
    assert.equal(fingerprintOf(smsDelivery('a')), fingerprintOf(smsDelivery('a')));
  });

  for (const [what, delivery] of [
    ['text', smsDelivery('b')],
    ['sender', smsDelivery('a', { from: '1' })],
    ['receiver', smsDelivery('a', { to: '1' })],
    ['data coding', smsDelivery('a', { dataCoding: 3 })],
    ['kind', smsDelivery('a', { kind: 'receipt' })],
    ['header flag', smsDelivery('a', { hasUserDataHeader: true })],
    ['place', smsDelivery('a', { sar: { reference: 1, total: 2, sequence: 1 } })],
    ['receipted id', smsDelivery('a', { receiptedMessageId: 'x' })],
    ['state', smsDelivery('a', { messageState: 2 })],
  ] as const) {
    it(`differs by ${what}`, () => {
      assert.notEqual(fingerprintOf(delivery), fingerprintOf(smsDelivery('a')));
    });
  }
});
