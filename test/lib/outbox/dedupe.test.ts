import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import type { OutboundSms, SubmitResult } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { accepted, refused } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench, type Bench } from './outbox-bench.js';

const ESME_RINVDSTADR = 0x0b;
const HOUR_MS = 3_600_000;

const FIRST: OutboundSms = {
  to: '4512345678',
  from: 'Pump 3',
  text: 'first',
  dedupeKey: 'pump-3',
  correlation: 'of the first',
};
const SECOND: OutboundSms = {
  to: '4587654321',
  from: 'Pump 4',
  text: '“жук”',
  dedupeKey: 'pump-3',
  correlation: 'of the second',
};

/** How the first SMS ends. */
const ENDS = {
  accepted: async (made: Bench) => (await made.up()).at(0).settle(accepted('m-1')),
  rejected: async (made: Bench) => (await made.up()).at(0).settle(refused(ESME_RINVDSTADR)),
  expired: (made: Bench) => made.clock.advance(2_000),
  cancelled: (made: Bench, id: string) => made.outbox.cancel(id),
} as const;
type End = keyof typeof ENDS;

async function ended(end: End, changes: Partial<OutboundSms> = {}): Promise<Bench> {
  const made = await bench();
  const { id } = await made.outbox.enqueue({ ...FIRST, expiresAfterMs: 1_000, ...changes });
  await ENDS[end](made, id);
  await made.settled();
  assert.equal(made.results[0]?.outcome, end);
  return made;
}

async function restarted({ storage, clock, outbox }: Bench): Promise<Bench> {
  await outbox.close();
  return bench({ storage, clock, newId: () => 'after the restart' });
}

describe('a dedupe key', () => {
  for (const end of ['rejected', 'expired', 'cancelled'] as const) {
    it(`is free after an SMS that was ${end}`, async () => {
      const { outbox, storage } = await ended(end);
      assert.equal(storage.count('dedupe'), 0);
      const { result } = await outbox.enqueue(SECOND);
      assert.equal(result, undefined);
    });

    it(`is free after an SMS that was ${end}, also over a restart`, async () => {
      const { outbox } = await restarted(await ended(end));
      const { id } = await outbox.enqueue(SECOND);
      assert.equal(id, 'after the restart');
    });
  }

  it('is held by an SMS whose outcome nobody knows', async () => {
    const { outbox, up, down, settled, results } = await bench({ onUncertain: 'report' });
    const { id } = await outbox.enqueue(FIRST);
    const link = await up();
    link.at(0).settle({ kind: 'unanswered', written: true });
    await down(link);
    await settled();
    assert.deepEqual([results[0]?.outcome, (await outbox.enqueue(SECOND)).id], ['uncertain', id]);
  });

  it('is not given up by an SMS that had it before', async () => {
    const { outbox, clock, up, settled } = await bench();
    await outbox.enqueue({ ...FIRST, dedupeMs: 1_000 });
    await clock.advance(1_001);
    const { id } = await outbox.enqueue(SECOND);
    (await up()).at(0).settle(refused(ESME_RINVDSTADR));
    await settled();
    assert.equal((await outbox.enqueue(SECOND)).id, id);
  });

  it('is held until it is safe that its SMS was not sent', async () => {
    const storage = heldStorage();
    const { outbox, up, settled } = await bench({ storage });
    const { id } = await outbox.enqueue(FIRST);
    const link = await up();
    storage.hold();
    link.at(0).settle(refused(ESME_RINVDSTADR));
    await settled();
    const second = outbox.send(SECOND);
    storage.release();
    await settled();
    const { outcome, id: given, repeated } = await second;
    assert.deepEqual([outcome, given, repeated], ['rejected', id, true]);
    assert.notEqual((await outbox.enqueue(SECOND)).id, id);
  });

  it('is given up when it is the oldest of too many, in storage too', async () => {
    const bounds = { ...DEFAULT_BOUNDS, dedupeKeys: 2 };
    const { outbox, storage } = await bench({ bounds });
    for (const dedupeKey of ['a', 'b', 'c']) await outbox.enqueue({ ...FIRST, dedupeKey });
    assert.equal(storage.count('dedupe'), 2);
    assert.equal((await outbox.enqueue({ ...FIRST, dedupeKey: 'a' })).result, undefined);
  });
});

describe('the result of an SMS whose dedupe key another has', () => {
  function repeat(first: SubmitResult): SubmitResult {
    return {
      ...first,
      to: '4587654321',
      from: 'Pump 4',
      segments: 1,
      encoding: 'ucs2',
      correlation: 'of the second',
      repeated: true,
    };
  }

  it('is the first one’s, with its own number, sender, segments, encoding and correlation', async () => {
    const { outbox, results } = await ended('accepted');
    assert.deepEqual(await outbox.send(SECOND), repeat(results[0]!));
  });

  it('is the same after a restart', async () => {
    const first = await ended('accepted');
    const { outbox } = await restarted(first);
    assert.deepEqual(await outbox.send(SECOND), repeat(first.results[0]!));
  });

  for (const end of ['accepted', 'rejected', 'expired', 'cancelled'] as const) {
    it(`is the same for one that waited until the first was ${end}`, async () => {
      const { outbox, settled, clock, results, ...made } = await bench();
      const { id } = await outbox.enqueue({ ...FIRST, expiresAfterMs: 1_000 });
      const waiting = outbox.send(SECOND);
      await ENDS[end]({ outbox, settled, clock, results, ...made }, id);
      await settled();
      assert.deepEqual(await waiting, repeat(results[0]!));
      assert.equal(results.length, 1);
    });
  }

  it('shares nothing with another result', async () => {
    const { outbox, results } = await ended('accepted');
    (results[0]!.messageIds as string[]).pop();
    ((await outbox.send(SECOND)).messageIds as string[]).pop();
    assert.deepEqual((await outbox.send(SECOND)).messageIds, ['m-1']);
  });

  it('has what was substituted in its own text', async () => {
    const { outbox } = await ended('accepted');
    const { substituted } = await outbox.send({ ...SECOND, text: '“Hej”' });
    assert.equal(substituted?.length, 2);
  });
});

describe('what is kept of a dedupe key', () => {
  async function keptIn(storage: Storage): Promise<string> {
    const kept: unknown[] = [];
    for await (const record of storage.scan('dedupe')) kept.push(record);
    return JSON.stringify(kept);
  }

  it('has no number, text or correlation of the SMS, and not the key itself', async () => {
    const { storage } = await ended('accepted');
    const kept = await keptIn(storage);
    assert.match(kept, /m-1/);
    assert.doesNotMatch(kept, /4512345678|Pump|pump|first/);
  });

  it('goes when its time is over, though nothing else happens', async () => {
    const { storage, clock } = await ended('accepted');
    await clock.advance(HOUR_MS - 2_000);
    assert.equal(storage.count('dedupe'), 1);
    await clock.advance(16 * 60_000);
    assert.equal(storage.count('dedupe'), 0);
  });

  it('is looked after no more when the outbox is closed', async () => {
    const { outbox, storage, clock } = await ended('accepted');
    await outbox.close();
    await clock.advance(2 * HOUR_MS);
    assert.equal(storage.count('dedupe'), 1);
  });

  describe('by an earlier version', () => {
    const whole = (outcome: SubmitResult['outcome']) => ({
      id: 'sms-0',
      until: new FakeClock().wall() + HOUR_MS,
      dedupeMs: HOUR_MS,
      result: {
        id: 'sms-0',
        outcome,
        messageIds: ['m-0'],
        to: '4512345678',
        from: 'Pump 3',
        segments: 1,
        encoding: 'gsm7',
        possibleDuplicate: false,
        recovered: false,
        queuedAt: 1,
        settledAt: 2,
        attempts: 1,
        correlation: 'a whole msg',
      },
    });

    async function opened(outcome: SubmitResult['outcome']): Promise<Bench> {
      const clock = new FakeClock();
      const storage = memoryStorage(clock);
      await storage.write([{ table: 'dedupe', key: 'pump-3', value: whole(outcome) }]);
      return bench({ storage, clock });
    }

    it('is understood', async () => {
      const { outbox } = await opened('accepted');
      const { id, messageIds, repeated, correlation } = await outbox.send(SECOND);
      assert.deepEqual([id, messageIds, repeated, correlation], ['sms-0', ['m-0'], true, 'of the second']);
    });

    it('loses number and correlation', async () => {
      const { storage } = await opened('accepted');
      assert.doesNotMatch(await keptIn(storage), /4512345678|Pump|pump|whole msg/);
      assert.equal(storage.count('dedupe'), 1);
    });

    it('goes when its SMS was never sent', async () => {
      const { outbox, storage } = await opened('expired');
      assert.equal(storage.count('dedupe'), 0);
      assert.equal((await outbox.enqueue(SECOND)).result, undefined);
    });
  });
});
