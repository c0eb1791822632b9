import assert from 'node:assert/strict';

import { DamagedRecordError, SmppError } from '../../../lib/errors.js';
import type { InboundSms } from '../../../lib/message.js';
import { trackedSms } from '../receipt/builders.js';
import { bench, type Bench } from './bench.js';
import { partsOf, PHONE, smsDelivery } from './builders.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const OTHER_PHONE = '4587654321';

/** Reads of correlations, the oldest first, which end when the test says so. */
interface HeldReads {
  /** Ends the one that has waited longest. */
  readonly answer: (correlation?: unknown) => Promise<void>;
  readonly fail: (error?: Error) => Promise<void>;
  readonly waiting: () => number;
  /** Every read that waits ends, the newest first, and every later one ends at once. */
  readonly release: () => Promise<void>;
}

/** Both phones were sent an SMS; what came with it is read when the test says so. */
async function heldReads(on: Bench): Promise<HeldReads> {
  for (const to of [PHONE, OTHER_PHONE]) await sendTo(on, to);
  const reads: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];
  let isReleased = false;
  on.tracker.correlationOf = () =>
    isReleased
      ? Promise.resolve(undefined)
      : new Promise((resolve, reject) => reads.push({ resolve, reject }));
  return {
    answer: (correlation) => {
      reads.shift()!.resolve(correlation);
      return on.clock.advance(0);
    },
    fail: (error = new SmppError('SMPP_STORAGE', 'not now')) => {
      reads.shift()!.reject(error);
      return on.clock.advance(0);
    },
    waiting: () => reads.length,
    release: () => {
      isReleased = true;
      for (const { resolve } of reads.splice(0).reverse()) resolve(undefined);
      return on.clock.advance(0);
    },
  };
}

async function sendTo(on: Bench, to: string): Promise<void> {
  const sms = trackedSms({ id: `to ${to}`, messageIds: [`id ${to}`], to, acceptedAt: on.clock.wall() });
  await on.storage.write(on.tracker.tracking(sms));
}

const texts = (list: readonly InboundSms[]) => list.map(({ text }) => text);
const from = (phone: string, ...list: readonly string[]) =>
  list.map((text) => smsDelivery(text, { from: phone }));

/** Hands on every SMS as it comes, and notes those whose text is not in `refused`. */
function collectBut(on: Bench, refused: Set<string>): string[] {
  const list: string[] = [];
  on.inbox.onSms(({ text }) => {
    if (refused.has(text)) throw new Error('the flow failed');
    list.push(text);
  });
  return list;
}

describe('Inbox, of several SMS from one phone', () => {
  it('hands them on in the order of arrival, however long a correlation takes to read', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept(from(PHONE, 'STOP', 'START'));
    const before = list.length;
    await reads.release();
    assert.deepEqual([before, texts(list)], [0, ['STOP', 'START']]);
  });

  it('reads for each what it answers', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept(from(PHONE, 'a', 'b'));
    for (const order of [1, 2]) await reads.answer({ order });
    assert.deepEqual(
      list.map(({ text, inReplyTo }) => [text, inReplyTo?.correlation]),
      [
        ['a', { order: 1 }],
        ['b', { order: 2 }],
      ],
    );
  });

  it('has one with nothing to read wait for the one before it', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept(from(PHONE, 'STOP'));
    on.tracker.lastSmsTo = () => undefined;
    await on.accept(from(PHONE, 'START'));
    await reads.answer();
    assert.deepEqual(texts(list), ['STOP', 'START']);
  });

  it('counts a long one from when it was whole', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    const [first, second] = partsOf('long', 2);
    await on.accept([first!, smsDelivery('STOP'), second!, smsDelivery('START')]);
    await reads.release();
    assert.deepEqual(texts(list), ['STOP', 'long', 'START']);
  });

  it('hands on what waited for a listener in the order of arrival, also after a restart', async () => {
    const on = await bench();
    const twelve = Array.from({ length: 12 }, (_, index) => `${index + 1}`);
    await heldReads(on);
    await on.accept(from(PHONE, ...twelve.slice(0, 10)));
    await on.restart();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept(from(PHONE, ...twelve.slice(10)));
    await reads.release();
    assert.deepEqual(texts(list), twelve);
  });

  it('hands all of them in order to each who listens when their turn comes', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const first = on.collect();
    await on.accept(from(PHONE, 'a', 'b'));
    const second = on.collect();
    await on.accept(from(PHONE, 'c'));
    await reads.release();
    const all = ['a', 'b', 'c'];
    assert.deepEqual([texts(first), texts(second)], [all, all]);
  });

  it('has none wait for a listener that takes its time over one', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const seen: string[] = [];
    on.inbox.onSms(({ text }) => (seen.push(text), new Promise<void>(() => undefined)));
    const quick = on.collect();
    await on.accept(from(PHONE, 'a', 'b'));
    await reads.release();
    assert.deepEqual(
      [seen, texts(quick)],
      [
        ['a', 'b'],
        ['a', 'b'],
      ],
    );
  });

  it('holds up none for one that a listener rejected', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const refused = new Set(['a']);
    const list = collectBut(on, refused);
    await on.accept(from(PHONE, 'a'));
    await reads.answer();
    refused.clear();
    await on.clock.advance(5 * SECOND); // it comes again, and is read again
    assert.equal(reads.waiting(), 1);
    on.tracker.correlationOf = () => Promise.resolve(undefined);
    await on.accept(from(PHONE, 'b'));
    assert.deepEqual(list, ['b']);
    await reads.answer();
    assert.deepEqual(list, ['b', 'a']);
  });

  it('has no other phone wait for any of it', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept(from(PHONE, 'slow'));
    on.tracker.lastSmsTo = () => undefined;
    await on.accept(from(OTHER_PHONE, 'quick'));
    assert.deepEqual([texts(list), reads.waiting()], [['quick'], 1]);
  });
});

describe('Inbox, of a correlation that cannot be read', () => {
  it('reads it again, with the SMS after it behind it', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept(from(PHONE, 'a', 'b'));
    await reads.fail();
    await on.clock.advance(5 * SECOND);
    assert.deepEqual(texts(list), []);
    await reads.answer({ order: 1 });
    await reads.release();
    assert.deepEqual([texts(list), list[0]?.inReplyTo?.correlation], [['a', 'b'], { order: 1 }]);
  });

  it('hands the SMS on without it after a minute, and says so', async () => {
    const on = await bench();
    await sendTo(on, PHONE);
    on.tracker.correlationOf = () => Promise.reject(new SmppError('SMPP_STORAGE', 'not now'));
    const list = on.collect();
    await on.accept([smsDelivery('a')]);
    await on.clock.advance(MINUTE - 1);
    assert.equal(list.length, 0);
    await on.clock.advance(1);
    assert.deepEqual(list[0]?.inReplyTo, { id: `to ${PHONE}`, sentAt: Date.UTC(2026, 0, 1) });
    assert.deepEqual(on.lines, [
      'what an incoming SMS answers cannot be read now, and it waits: SMPP_STORAGE not now',
      'what an incoming SMS answers cannot be read: it comes without its correlation: SMPP_STORAGE not now',
    ]);
  });

  it('hands the SMS on without it at once when it is damaged for good', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept([smsDelivery('a')]);
    await reads.fail(new DamagedRecordError('damaged'));
    assert.deepEqual(
      list.map(({ text, inReplyTo }) => [text, inReplyTo?.id, 'correlation' in inReplyTo!]),
      [['a', `to ${PHONE}`, false]],
    );
  });

  it('hands nothing on once it is closed, and keeps it', async () => {
    const on = await bench();
    const reads = await heldReads(on);
    const list = on.collect();
    await on.accept(from(PHONE, 'being read', 'behind it'));
    await on.accept(from(OTHER_PHONE, 'failed'));
    await reads.answer();
    list.length = 0;
    await reads.fail();
    const closing = on.close();
    await reads.release();
    await closing;
    assert.deepEqual([list, on.clock.pending, on.storage.count('event')], [[], 0, 2]);
  });
});

describe('Inbox, of a listener that never answers and leaves', () => {
  it('hands what that one had to the next, in order', async () => {
    const on = await bench();
    const leave = on.inbox.onSms(() => new Promise(() => undefined));
    await on.accept(from(PHONE, 'a', 'b'));
    leave();
    await on.clock.advance(5_000);
    const list = on.collect();
    await on.accept(from(PHONE, 'c'));
    assert.deepEqual([texts(list), on.storage.count('event'), on.lines], [['a', 'b', 'c'], 0, []]);
  });
});

describe('Inbox, of a listener that leaves while an SMS is read', () => {
  it('hands it to the next one, with all that came meanwhile in order', async () => {
    for (const comes of ['before', 'after'] as const) {
      const on = await bench();
      const reads = await heldReads(on);
      const left: string[] = [];
      const leave = on.inbox.onSms(({ text }) => void left.push(text));
      await on.accept(from(PHONE, 'a', 'b'));
      leave();
      await on.accept(from(PHONE, 'c'));
      if (comes === 'after') await reads.release();
      const list = on.collect();
      await on.accept(from(PHONE, 'd'));
      await reads.release();
      assert.deepEqual([left, texts(list), on.lines], [[], ['a', 'b', 'c', 'd'], []]);
    }
  });
});

describe('Inbox, of several listeners', () => {
  it('gives each an object of its own, also again', async () => {
    const on = await bench();
    const acceptedAt = on.clock.wall();
    const correlation = { order: { number: 7 } };
    await on.storage.write(on.tracker.tracking(trackedSms({ to: PHONE, acceptedAt, correlation })));
    const seen: unknown[] = [];
    on.inbox.onSms((sms) => {
      seen.push(structuredClone([sms.text, sms.inReplyTo]));
      Object.assign((sms.inReplyTo!.correlation as { order: object }).order, { number: 0 });
      Object.assign(sms.inReplyTo!, { id: 'spoilt' });
      Object.assign(sms, { text: 'spoilt' });
      if (seen.length === 1) throw new Error('the flow failed');
    });
    on.inbox.onSms(({ text, inReplyTo }) => void seen.push([text, inReplyTo]));
    await on.accept([smsDelivery('a')]);
    await on.clock.advance(5 * SECOND);
    const expected = ['a', { id: 'sms-1', sentAt: acceptedAt, correlation: { order: { number: 7 } } }];
    assert.deepEqual(seen, [expected, expected, expected]);
  });
});
