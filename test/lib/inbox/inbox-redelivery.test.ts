import assert from 'node:assert/strict';

import type { Delivery } from '../../../lib/message.js';
import { EXAMPLE, EXAMPLE_ID, receiptDelivery, receiptFor, trackedSms } from '../receipt/builders.js';
import { bench, type Bench } from './bench.js';
import { partsOf, PHONE, smsDelivery } from './builders.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const hi = smsDelivery('Hi');
const LONG = 'A text that two parts carry';

const texts = (list: readonly { readonly text: string }[]): string[] => list.map(({ text }) => text);

describe('Inbox, of the same content again', () => {
  it('on the same session, emits it twice', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi, hi], 1);
    await on.accept([hi], 1);
    assert.deepEqual(texts(list), ['Hi', 'Hi', 'Hi']);
  });

  for (const { what, between } of [
    { what: 'a lost session', between: (on: Bench) => on.lose(1) },
    { what: 'a restart', between: (on: Bench) => on.restart() },
    { what: 'a crash', between: (on: Bench) => on.crash() },
  ]) {
    it(`after ${what}, emits it again when the gateway had read our answer`, async () => {
      const on = await bench({ isVolatile: false });
      const before = on.collect();
      await on.accept([hi], 1);
      await on.read(1);
      await between(on);
      const list = what === 'a lost session' ? before : on.collect();
      const outcomes = await on.accept([hi], 2);
      assert.deepEqual([outcomes, list.length], [['kept'], what === 'a lost session' ? 2 : 1]);
    });
  }

  it('of which the gateway had read our answer, remembers nothing in storage either', async () => {
    const on = await bench({ isVolatile: false });
    on.collect();
    await on.accept([hi, smsDelivery('Ho')], 1);
    const before = on.storage.count('seen');
    await on.read(1);
    assert.deepEqual([before, on.storage.count('seen')], [2, 0]);
  });

  it('writes nothing of what is in doubt to storage that ends with the process, before that closes', async () => {
    const on = await bench();
    on.collect();
    await on.accept([hi], 1);
    const before = on.storage.count('seen');
    await on.close();
    assert.deepEqual([before, on.storage.count('seen')], [0, 1]);
  });

  it('is another message when a long one has the same reference, and our answers were read', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept(partsOf(LONG, 20), 1);
    await on.read(1);
    await on.lose(1);
    await on.accept(partsOf(LONG, 20), 2);
    assert.deepEqual(texts(list), [LONG, LONG]);
  });

  it('is erased in storage when that failed at first', async () => {
    const on = await bench({ isVolatile: false });
    on.collect();
    await on.accept([hi], 1);
    const mend = on.breakStorage(({ value }) => value === undefined);
    await on.read(1);
    mend();
    await on.accept([smsDelivery('Ho')], 1);
    await on.read(1);
    assert.equal(on.storage.count('seen'), 0);
  });
});

describe('Inbox, of a delivery that comes again because the gateway may not have our answer', () => {
  /** The session on which it came was lost before our answer to it was known to be read. */
  async function inDoubt(deliveries: readonly Delivery[] = [hi]) {
    const on = await bench({ isVolatile: false });
    const list = on.collect();
    await on.accept(deliveries, 1);
    await on.lose(1);
    return { on, list };
  }

  it('emits it once, counts it, and says so', async () => {
    const { on, list } = await inDoubt();
    const outcomes = await on.accept([hi], 2);
    assert.deepEqual([outcomes, list.length], [['repeated'], 1]);
    assert.deepEqual([on.counts.incoming, on.counts.repeatedIncoming], [1, 1]);
    assert.match(on.lines.join(), /came again.*not handed on twice/);
  });

  it('says so once a minute, with how often it was since, without number or text', async () => {
    const { on } = await inDoubt([hi, hi, hi]);
    await on.accept([hi, hi], 2);
    await on.clock.advance(MINUTE);
    await on.accept([hi], 2);
    assert.equal(on.lines.length, 2);
    assert.match(on.lines[1]!, /and 1 times since it was last said/);
    assert.doesNotMatch(on.lines.join(), new RegExp(`${PHONE}|Hi`));
  });

  it('takes as many for copies as were in doubt', async () => {
    const { on, list } = await inDoubt([hi, hi]);
    const outcomes = await on.accept([hi, hi, hi], 2);
    assert.deepEqual([outcomes.filter((outcome) => outcome === 'repeated').length, list.length], [2, 3]);
  });

  it('takes a copy for one each time that the answer to it is lost too', async () => {
    const { on, list } = await inDoubt();
    for (const session of [2, 3, 4]) {
      assert.deepEqual(await on.accept([hi], session), ['repeated']);
      await on.lose(session);
    }
    assert.equal(list.length, 1);
  });

  it('takes none any more for a copy once the answer to one was read', async () => {
    const { on, list } = await inDoubt();
    await on.accept([hi], 2);
    await on.read(2);
    await on.lose(2);
    assert.deepEqual(await on.accept([hi], 3), ['kept']);
    assert.deepEqual([list.length, on.storage.count('seen')], [2, 1]);
  });

  it('takes it for a copy until 2 minutes after the next bind', async () => {
    const { on } = await inDoubt([hi, hi]);
    await on.clock.advance(2 * MINUTE - 1);
    const before = await on.accept([hi], 2);
    await on.clock.advance(1);
    assert.deepEqual([before, await on.accept([hi], 2)], [['repeated'], ['kept']]);
  });

  it('forgets it then, in storage too, whatever becomes of the wall clock', async () => {
    const { on } = await inDoubt();
    on.clock.shiftWall(-90 * MINUTE);
    await on.clock.advance(2 * MINUTE);
    assert.equal(on.storage.count('seen'), 0);
  });

  it('takes it for a copy however late the next bind is', async () => {
    const on = await bench();
    on.collect();
    await on.accept([hi], 1);
    on.inbox.sessionOver(1, false);
    await on.clock.advance(3 * 60 * MINUTE);
    on.inbox.bound();
    assert.deepEqual(await on.accept([hi], 2), ['repeated']);
  });

  it('takes it for a copy for 2 minutes when its session was replaced before it ended', async () => {
    const on = await bench();
    on.collect();
    await on.accept([hi, hi], 1);
    on.inbox.bound();
    on.inbox.sessionOver(1, true);
    const before = await on.accept([hi], 2);
    await on.clock.advance(2 * MINUTE);
    assert.deepEqual([before, await on.accept([hi], 2)], [['repeated'], ['kept']]);
  });

  it('knows each part of a long one, and joins what is left of it', async () => {
    const [first, second] = partsOf(LONG, 20) as [Delivery, Delivery];
    const { on, list } = await inDoubt([first]);
    const outcomes = await on.accept([first, second], 2);
    assert.deepEqual([outcomes, texts(list)], [['repeated', 'kept'], [LONG]]);
  });

  it('knows a receipt of an SMS that is not ours', async () => {
    const { on } = await inDoubt([receiptDelivery(EXAMPLE)]);
    const receipts = on.collectReceipts();
    const outcomes = await on.accept([receiptDelivery(EXAMPLE)], 2);
    await on.clock.advance(MINUTE);
    assert.deepEqual([outcomes, receipts.length], [['repeated'], 1]);
  });

  it('emits it when the first could not be kept', async () => {
    const on = await bench();
    const list = on.collect();
    const mend = on.breakStorage();
    await assert.rejects(on.accepting(hi, 1));
    mend();
    await on.lose(1);
    await on.accept([hi], 2);
    assert.deepEqual([list.length, on.counts.repeatedIncoming], [1, undefined]);
  });

  it('while the first is being stored, is not safe before that one is', async () => {
    const on = await bench();
    on.breakStorage();
    const first = on.accepting(hi, 1);
    on.inbox.sessionOver(1, false);
    const both = await Promise.allSettled([first, on.accepting(hi, 2)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
  });

  it('answers it though listeners take no more', async () => {
    const on = await bench({ bounds: { unconfirmed: 1 } });
    on.inbox.onSms(() => new Promise(() => undefined));
    await on.accept([hi], 1);
    await on.lose(1);
    assert.deepEqual(await on.accept([hi, smsDelivery('Ho')], 2), ['repeated', 'kept']);
  });

  it('forgets the oldest beyond its bound, in storage too', async () => {
    const on = await bench({ isVolatile: false, bounds: { seenDeliveries: 2, sweepEvery: 1 } });
    on.collect();
    const three = ['a', 'b', 'c'].map((text) => smsDelivery(text));
    await on.accept(three, 1);
    const stored = on.storage.count('seen');
    await on.lose(1);
    assert.deepEqual([stored, await on.accept(three.reverse(), 2)], [2, ['repeated', 'repeated', 'kept']]);
  });
});

describe('Inbox, of a delivery that an earlier process took', () => {
  it('emits it once when that process crashed before its answer was read', async () => {
    const on = await bench({ isVolatile: false });
    on.collect();
    await on.accept([hi], 5);
    await on.crash();
    on.inbox.bound();
    const list = on.collect();
    assert.deepEqual([await on.accept([hi, hi], 1), list.length], [['repeated', 'kept'], 1]);
  });

  for (const isVolatile of [true, false]) {
    const storage = isVolatile ? 'memory' : 'disk';
    it(`emits it once when that process stopped before its answer was read (${storage})`, async () => {
      const on = await bench({ isVolatile });
      on.collect();
      await on.accept([hi], 5);
      on.inbox.sessionOver(5, false);
      await on.close();
      await on.crash();
      const list = on.collect();
      assert.deepEqual([await on.accept([hi], 1), list.length], [['repeated'], 0]);
    });
  }

  it('has forgotten it 2 minutes after the first bind', async () => {
    const on = await bench({ isVolatile: false });
    on.collect();
    await on.accept([hi], 5);
    await on.crash();
    await on.clock.advance(10 * MINUTE);
    const before = on.storage.count('seen');
    on.inbox.bound();
    await on.clock.advance(2 * MINUTE);
    assert.deepEqual([before, on.storage.count('seen')], [1, 0]);
  });

  it('knows it by the record of the first versions too', async () => {
    const on = await bench({ isVolatile: false });
    on.collect();
    await on.accept([hi], 5);
    const wall = on.clock.wall();
    for await (const [key, fingerprint] of on.storage.scan('seen'))
      await on.storage.write([
        { table: 'seen', key },
        { table: 'seen', key: String(fingerprint), value: wall, keepUntil: wall + 10 * MINUTE },
      ]);
    await on.crash();
    on.inbox.bound();
    const outcomes = await on.accept([hi, hi], 1);
    await on.read(1);
    assert.deepEqual([outcomes, on.storage.count('seen')], [['repeated', 'kept'], 0]);
  });

  it('does not take another delivery for that one by the key of its record', async () => {
    const on = await bench({ isVolatile: false });
    on.collect();
    await on.accept([hi], 5);
    await on.crash();
    on.inbox.bound();
    await on.accept([smsDelivery('Ho')], 1);
    assert.deepEqual([on.storage.count('seen'), await on.accept([hi], 1)], [2, ['repeated']]);
  });
});

describe('Inbox, of the same content over a session while that of the first lasts', () => {
  /** It has come over 1, and comes over 2. */
  async function overBoth() {
    const on = await bench({ isVolatile: false });
    const list = on.collect();
    await on.accept([hi], 1);
    const outcomes: string[] = [];
    const again = (session = 2): void =>
      void on.accepting(hi, session).then(
        (outcome) => outcomes.push(outcome),
        () => outcomes.push('refused'),
      );
    again();
    await on.clock.advance(0);
    return { on, list, outcomes, again };
  }

  it('waits until the answer to the first is known to be read, and emits it then', async () => {
    const { on, list, outcomes } = await overBoth();
    const before = [...outcomes];
    await on.read(1);
    assert.deepEqual([before, outcomes, texts(list)], [[], ['kept'], ['Hi', 'Hi']]);
    await on.read(2);
    assert.equal(on.storage.count('seen'), 0);
  });

  it('takes it for a copy when the session of the first is lost', async () => {
    const { on, list, outcomes } = await overBoth();
    await on.lose(1);
    assert.deepEqual([outcomes, list.length], [['repeated'], 1]);
  });

  it('takes it for a copy after 5 s', async () => {
    const { on, list, outcomes } = await overBoth();
    await on.clock.advance(5 * SECOND - 1);
    const before = [...outcomes];
    await on.clock.advance(1);
    await on.read(1);
    assert.deepEqual([before, outcomes, list.length], [[], ['repeated'], 1]);
  });

  it('takes one of two for a copy', async () => {
    const { on, list, outcomes, again } = await overBoth();
    again();
    await on.clock.advance(0);
    const before = [...outcomes];
    await on.lose(1);
    assert.deepEqual([before, outcomes.sort(), list.length], [[], ['kept', 'repeated'], 2]);
  });

  it('emits it once when its own session is lost before that is known, and it comes again', async () => {
    const { on, list, outcomes, again } = await overBoth();
    await on.lose(2);
    again(3);
    await on.read(1);
    assert.deepEqual([outcomes, list.length], [['kept'], 2]);
    await on.read(3);
    assert.equal(on.storage.count('seen'), 0);
  });

  it('takes it for a copy of the next that says the same, when the answer to the first was read', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi, hi], 1);
    const again = on.accepting(hi, 2);
    await on.clock.advance(0);
    on.inbox.answersRead(1, 1);
    await on.lose(1);
    assert.deepEqual([await again, list.length], ['repeated', 2]);
  });

  it('keeps a copy of its octets, which the socket may use anew', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi], 1);
    const octets = Buffer.from(hi.octets);
    const again = on.accepting({ ...hi, octets }, 2);
    octets.fill(0);
    await on.read(1);
    await again;
    assert.deepEqual(texts(list), ['Hi', 'Hi']);
  });

  it('emits it when the first, which waits for the disk, could not be kept', async () => {
    const on = await bench();
    const list = on.collect();
    const { write } = on.storage;
    let fail: (error: Error) => void = () => undefined;
    on.storage.write = () => new Promise((_resolve, reject) => (fail = reject));
    const first = on.accepting(hi, 1);
    const again = on.accepting(hi, 2);
    await on.clock.advance(0);
    on.storage.write = write;
    fail(new Error('disk full'));
    await assert.rejects(first);
    assert.deepEqual([await again, list.length], ['kept', 1]);
  });

  it('takes a receipt that waits for its SMS as any other', async () => {
    const on = await bench();
    const receipts = on.collectReceipts();
    await on.accept([receiptDelivery(EXAMPLE)], 1);
    const again = on.accepting(receiptDelivery(EXAMPLE), 2);
    await on.lose(1);
    await again;
    await on.clock.advance(MINUTE);
    assert.equal(receipts.length, 1);
  });

  it('forgets what waits when it is closed', async () => {
    const { on, list, outcomes } = await overBoth();
    await on.close();
    await on.clock.advance(10 * SECOND);
    assert.deepEqual([outcomes, list.length, on.storage.count('seen')], [[], 1, 1]);
  });
});

describe('Inbox, of a receipt that comes again', () => {
  it('takes it for the same SMS, also where another to that phone has its id', async () => {
    const on = await bench({ isVolatile: false });
    const receipts = on.collectReceipts();
    for (const id of ['sms-1', 'sms-2']) on.tracker.tracking(trackedSms({ id, messageIds: [EXAMPLE_ID] }));
    await on.accept([receiptDelivery(EXAMPLE)], 1);
    await on.lose(1);
    const outcomes = await on.accept([receiptDelivery(EXAMPLE)], 2);
    assert.deepEqual([outcomes, receipts.map(({ id }) => id)], [['repeated'], ['sms-1']]);
  });

  it('for an SMS that is known, emits it once and remembers no more than the SMS', async () => {
    const on = await bench({ isVolatile: false });
    const receipts = on.collectReceipts();
    await on.storage.write(on.tracker.tracking(trackedSms({ messageIds: [EXAMPLE_ID] })));
    await on.accept([receiptDelivery(EXAMPLE)], 1);
    await on.accept([receiptDelivery(EXAMPLE)], 2);
    assert.deepEqual([receipts.length, on.storage.count('seen')], [1, 0]);
  });

  it('that is not final, emits it once, also when another came in between', async () => {
    const on = await bench();
    const receipts = on.collectReceipts();
    await on.storage.write(on.tracker.tracking(trackedSms({ messageIds: ['a-1'] })));
    const [enroute, accepted] = [receiptFor('a-1', 'ENROUTE'), receiptFor('a-1', 'ACCEPTD')];
    await on.accept([enroute, accepted], 1);
    await on.lose(1);
    await on.accept([enroute], 2);
    assert.deepEqual(
      receipts.map(({ state }) => state),
      ['ENROUTE', 'ACCEPTD'],
    );
  });
});
