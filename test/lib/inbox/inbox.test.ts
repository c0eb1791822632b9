import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { InboundSms } from '../../../lib/message.js';
import { heldStorage } from '../../support/held-storage.js';
import { slowScan } from '../../support/slow-scan.js';
import { EXAMPLE, EXAMPLE_ID, receiptDelivery, trackedSms } from '../receipt/builders.js';
import { bench } from './bench.js';
import { partDelivery, partsOf, PHONE, smsDelivery } from './builders.js';

const MINUTE = 60_000;

const texts = (list: readonly InboundSms[]) => list.map(({ text }) => text);
const hi = smsDelivery('Hi');

describe('Inbox', () => {
  it('emits an incoming SMS', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi]);
    assert.deepEqual(texts(list), ['Hi']);
  });

  it('emits in the order of arrival', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept(['a', 'b', 'c', 'd'].map((text) => smsDelivery(text)));
    assert.deepEqual(texts(list), ['a', 'b', 'c', 'd']);
  });

  it('forgets an SMS once it is emitted', async () => {
    const on = await bench();
    on.collect();
    await on.accept([hi]);
    assert.equal(on.storage.count('event'), 0);
  });

  it('has it stored when it says so, and emitted afterwards', async () => {
    const on = await bench();
    const list = on.collect();
    let finish: () => void = () => undefined;
    const write = on.storage.write.bind(on.storage);
    on.storage.write = async (changes) => {
      await new Promise<void>((resolve) => (finish = resolve));
      return write(changes);
    };
    let isKept = false;
    const accepting = on.accepting(hi, 1).then(() => (isKept = true));
    await on.clock.advance(0);
    const before = [isKept, list.length];
    finish();
    await accepting;
    assert.deepEqual([before, isKept], [[false, 0], true]);
  });

  it('keeps what one turn of the event loop brings in one write', async () => {
    const on = await bench();
    let writes = 0;
    const write = on.storage.write.bind(on.storage);
    on.storage.write = (changes) => {
      writes += 1;
      return write(changes);
    };
    await on.accept(['a', 'b', 'c'].map((text) => smsDelivery(text)));
    assert.deepEqual([writes, on.storage.count('event')], [1, 3]);
  });

  it('keeps a copy of the octets, which the socket may use anew', async () => {
    const on = await bench();
    const list = on.collect();
    const octets = Buffer.from('Hi');
    const accepting = on.accepting(smsDelivery('', { octets }));
    octets.fill(0);
    await accepting;
    assert.deepEqual(texts(list), ['Hi']);
  });

  it('takes a text that imitates a receipt for an SMS', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([smsDelivery(EXAMPLE)]);
    assert.deepEqual(texts(list), [EXAMPLE]);
  });

  it('takes a delivery of another kind for an SMS', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([smsDelivery('Hi', { kind: 'other' })]);
    assert.deepEqual(texts(list), ['Hi']);
  });

  it('hands a receipt to the tracker', async () => {
    const on = await bench();
    const list = on.collect();
    const receipts = on.collectReceipts();
    await on.storage.write(on.tracker.tracking(trackedSms({ messageIds: [EXAMPLE_ID] })));
    await on.accept([receiptDelivery(EXAMPLE)]);
    assert.deepEqual([receipts.map(({ id }) => id), list], [['sms-1'], []]);
  });

  it('joins a receipt that was split over parts', async () => {
    const on = await bench();
    const receipts = on.collectReceipts();
    await on.storage.write(on.tracker.tracking(trackedSms({ messageIds: [EXAMPLE_ID] })));
    await on.accept(partsOf(EXAMPLE, 60).map((part) => ({ ...part, kind: 'receipt' as const })));
    assert.deepEqual(
      receipts.map(({ raw }) => raw),
      [EXAMPLE],
    );
  });

  it('survives any delivery', async () => {
    const on = await bench();
    const deliveries = fc.record({
      octets: fc.uint8Array({ maxLength: 60 }),
      dataCoding: fc.nat(255),
      hasUserDataHeader: fc.boolean(),
      kind: fc.constantFrom('sms' as const, 'other' as const, 'receipt' as const, 'notification' as const),
      from: fc.string(),
      to: fc.string(),
    });
    await fc.assert(
      fc.asyncProperty(deliveries, async (delivery) => {
        assert.equal(await on.accepting({ ...hi, ...delivery }, 1), 'kept');
      }),
    );
  });

  describe('of a long SMS', () => {
    const parts = partsOf('abcdef', 2);

    it('emits it once, when it is whole', async () => {
      const on = await bench();
      const list = on.collect();
      await on.accept([parts[2]!, parts[0]!]);
      const before = list.length;
      await on.accept([parts[1]!]);
      assert.deepEqual(
        [before, list.map(({ text, segments, complete }) => ({ text, segments, complete }))],
        [0, [{ text: 'abcdef', segments: 3, complete: true }]],
      );
    });

    it('stores nothing of it any more then', async () => {
      const on = await bench();
      on.collect();
      await on.accept(parts);
      assert.deepEqual([on.storage.count('part'), on.storage.count('event')], [0, 0]);
    });

    it('emits what there is after five minutes', async () => {
      const on = await bench();
      const list = on.collect();
      await on.accept([parts[0]!, parts[2]!]);
      await on.clock.advance(5 * MINUTE);
      assert.deepEqual(
        list.map(({ text, complete }) => ({ text, complete })),
        [{ text: 'abef', complete: false }],
      );
    });

    it('says that it gave it up', async () => {
      const on = await bench();
      await on.accept([parts[0]!, parts[2]!]);
      await on.clock.advance(5 * MINUTE);
      assert.deepEqual(on.lines, ['a long incoming message is given up with 2 of 3 parts']);
    });

    it('emits each of two that end at different times', async () => {
      const on = await bench();
      const list = on.collect();
      await on.accept([parts[0]!]);
      await on.clock.advance(MINUTE);
      await on.accept([partDelivery(Buffer.from('x'), { reference: 9, total: 2, sequence: 1 })]);
      await on.clock.advance(4 * MINUTE);
      const first = texts(list);
      await on.clock.advance(MINUTE);
      assert.deepEqual([first, texts(list)], [['ab'], ['ab', 'x']]);
    });

    it('joins it over a restart', async () => {
      const on = await bench();
      await on.accept([parts[0]!, parts[1]!]);
      await on.restart();
      const list = on.collect();
      await on.accept([parts[2]!]);
      assert.deepEqual(texts(list), ['abcdef']);
    });

    it('emits what there is five minutes after a restart', async () => {
      const on = await bench();
      await on.accept([parts[0]!]);
      await on.restart();
      const list = on.collect();
      await on.clock.advance(5 * MINUTE);
      assert.deepEqual(texts(list), ['ab']);
    });

    it('has the gateway send a part again that could not be kept', async () => {
      const on = await bench();
      const list = on.collect();
      await on.accept([parts[0]!, parts[1]!]);
      const mend = on.breakStorage();
      await assert.rejects(on.accepting(parts[2]!, 1));
      mend();
      await on.accept([parts[2]!]);
      assert.deepEqual(texts(list), ['abcdef']);
    });

    for (const [how, rest] of [
      ['is not kept either', 'failed'],
      ['is kept', 'kept'],
    ] as const) {
      it(`joins it once when a part cannot be kept and the last, that came meanwhile, ${how}`, async () => {
        const on = await bench();
        const list = on.collect();
        await on.accept([parts[0]!]);
        const { ended, mend } = on.holdStorage();
        const outcomes: string[] = [];
        for (const [index, part] of [parts[1]!, parts[2]!].entries()) {
          void on.accepting(part).then(
            (outcome) => (outcomes[index] = outcome),
            () => (outcomes[index] = 'failed'),
          );
          await on.clock.advance(0);
        }
        ended[0]?.(false);
        await on.clock.advance(0);
        ended[1]?.(rest === 'kept');
        await on.clock.advance(0);
        mend();
        await on.accept([parts[1]!, parts[2]!].filter((_, index) => outcomes[index] === 'failed'));
        await on.clock.advance(5 * MINUTE);
        assert.deepEqual([outcomes, texts(list)], [[rest, rest], ['abcdef']]);
      });
    }

    it('gives it up later when that could not be stored', async () => {
      const on = await bench();
      const list = on.collect();
      await on.accept([parts[0]!]);
      const mend = on.breakStorage();
      await on.clock.advance(5 * MINUTE);
      mend();
      await on.clock.advance(MINUTE);
      assert.deepEqual(texts(list), ['ab']);
    });
  });

  describe('of what cannot be handled', () => {
    it('takes the last part of a long SMS again', async () => {
      const on = await bench();
      const list = on.collect();
      const parts = partsOf('abcdef', 3);
      await on.accept(parts.slice(0, 1));
      const { lastSmsTo } = on.tracker;
      on.tracker.lastSmsTo = () => {
        throw new Error('a fault');
      };
      assert.throws(() => on.inbox.accept(parts[1]!, 1, () => assert.fail('it threw')), /a fault/);
      on.tracker.lastSmsTo = lastSmsTo;
      await on.accept(parts.slice(1));
      assert.deepEqual(texts(list), ['abcdef']);
    });

    it('has the gateway send again what cannot be handed on, says so, and goes on with the rest', async () => {
      const on = await bench();
      const list = on.collect();
      const take = on.tracker.take.bind(on.tracker);
      on.tracker.take = (delivery) => {
        const taken = take(delivery);
        const kept = () => {
          throw new TypeError('a fault');
        };
        return taken && { ...taken, kept };
      };
      const receipt = on.accepting(receiptDelivery(EXAMPLE));
      const sms = on.accepting(hi);
      await assert.rejects(receipt, { code: 'SMPP_STORAGE' });
      assert.deepEqual([await sms, texts(list)], ['kept', ['Hi']]);
      assert.match(on.lines[0] ?? '', /^what came is safe and could not be handed on.*: TypeError$/);
      on.tracker.take = take;
      assert.equal(await on.accepting(receiptDelivery(EXAMPLE)), 'kept');
    });
  });

  describe('for a listener', () => {
    it('keeps an SMS until there is one', async () => {
      const on = await bench();
      await on.accept([hi]);
      const list = on.collect();
      await on.clock.advance(0);
      assert.deepEqual(texts(list), ['Hi']);
    });

    it('keeps them in their order over a restart', async () => {
      const on = await bench();
      await on.accept([smsDelivery('a'), smsDelivery('b')]);
      await on.restart();
      await on.accept([smsDelivery('c')]);
      const list = on.collect();
      await on.clock.advance(0);
      assert.deepEqual(texts(list), ['a', 'b', 'c']);
    });

    it('does not take the key of an SMS that is still stored after a restart', async () => {
      const on = await bench();
      await on.accept([smsDelivery('a')]);
      await on.restart();
      await on.accept([smsDelivery('b')]);
      assert.equal(on.storage.count('event'), 2);
    });

    it('gives again after a crash what it had not confirmed', async () => {
      const on = await bench();
      on.inbox.onSms(() => new Promise<void>(() => undefined));
      await on.accept([hi]);
      await on.restart();
      const list = on.collect();
      await on.clock.advance(0);
      assert.deepEqual(texts(list), ['Hi']);
    });

    it('gives again what it failed on', async () => {
      const on = await bench();
      const list: InboundSms[] = [];
      let isFailing = true;
      on.inbox.onSms((sms) => {
        if (isFailing) throw new Error('secret');
        list.push(sms);
      });
      await on.accept([hi]);
      isFailing = false;
      await on.clock.advance(MINUTE);
      assert.deepEqual([texts(list), on.storage.count('event')], [['Hi'], 0]);
    });

    it('gives what one is still taking to nobody again when another comes', async () => {
      const on = await bench();
      let take: () => void = () => undefined;
      on.inbox.onSms(() => new Promise((taken) => (take = taken)));
      const list = on.collect();
      await on.clock.advance(0);
      await on.accept([smsDelivery('STOP')]);
      const later = on.collect();
      await on.clock.advance(60_000);
      take();
      await on.clock.advance(0);
      assert.deepEqual([list.map(({ text }) => text), later, on.storage.count('event')], [['STOP'], [], 0]);
    });

    it('says so without the error’s own words', async () => {
      const on = await bench();
      on.inbox.onSms(() => Promise.reject(new TypeError('secret')));
      await on.accept([hi]);
      assert.deepEqual(on.lines, ['an incoming SMS could not be handed on and is kept: TypeError']);
    });

    it('takes more in when one never answers, who is given no more, and gives others all', async () => {
      const on = await bench({ bounds: { unconfirmed: 2 } });
      let given = 0;
      on.inbox.onSms(() => {
        given += 1;
        return new Promise<void>(() => undefined);
      });
      const list = on.collect();
      const texts = Array.from({ length: 10 }, (_, index) => `${index}`);
      for (const text of texts) await on.accept([smsDelivery(text)], 1);
      await on.clock.advance(60_000);
      assert.deepEqual([given, list.map(({ text }) => text)], [2, texts]);
    });
  });

  it('rejects what it could not keep', async () => {
    const on = await bench();
    on.breakStorage();
    await assert.rejects(on.accepting(hi, 1), { code: 'SMPP_STORAGE' });
  });

  it('ties an answer to our last SMS to that phone', async () => {
    const on = await bench();
    const list = on.collect();
    const acceptedAt = on.clock.wall();
    await on.storage.write(
      on.tracker.tracking(trackedSms({ to: PHONE, acceptedAt, correlation: { order: 7 } })),
    );
    await on.accept([hi]);
    assert.deepEqual(list[0]?.inReplyTo, { id: 'sms-1', sentAt: acceptedAt, correlation: { order: 7 } });
  });

  it('ties it to the last SMS before it came, not before it was emitted', async () => {
    const on = await bench();
    const tracked = { to: PHONE, acceptedAt: on.clock.wall() };
    await on.storage.write(on.tracker.tracking(trackedSms(tracked)));
    await on.accept([hi]);
    await on.storage.write(on.tracker.tracking(trackedSms({ ...tracked, id: 'sms-2', messageIds: ['b-1'] })));
    const list = on.collect();
    await on.clock.advance(0);
    assert.equal(list[0]?.inReplyTo?.id, 'sms-1');
  });

  it('ties nothing when we sent nothing to that phone', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi]);
    assert.equal('inReplyTo' in list[0]!, false);
  });

  it('leaves no timer behind', async () => {
    const on = await bench();
    await on.accept([partsOf('abcdef', 2)[0]!]);
    await on.close();
    assert.equal(on.clock.pending, 0);
  });

  describe('beside a start that reads the SMS of earlier processes', () => {
    const answered = ([sms]: readonly InboundSms[]) => sms?.inReplyTo?.id;

    /** `sms-1` to a phone is one of them, and an answer of it has come, before `sms-2` went to it. */
    const starting = async () => {
      const on = await bench({ makeStorage: heldStorage });
      await on.storage.write(on.tracker.tracking(trackedSms({ acceptedAt: on.clock.wall() })));
      await on.clock.advance(MINUTE);
      const slow = slowScan(on.storage, 'tracked');
      await on.restart();
      const list = on.collect();
      const outcomes = await on.accept([smsDelivery('Yes', { from: PHONE })]);
      await on.clock.advance(1);
      const later = trackedSms({ id: 'sms-2', messageIds: ['b-1'], acceptedAt: on.clock.wall() });
      await on.storage.write(on.tracker.tracking(later));
      return { on, slow, list, outcomes };
    };

    it('answers an SMS, and emits it once it is known what it replies to', async () => {
      const { on, slow, list, outcomes } = await starting();
      const before = [...outcomes, list.length];
      slow.release();
      await on.clock.advance(0);
      assert.deepEqual([before, answered(list)], [['kept', 0], 'sms-1']);
    });

    it('knows it after another start too', async () => {
      const { on, slow, list } = await starting();
      const again = on.restart();
      slow.release();
      await again;
      const anew = on.collect();
      await on.clock.advance(0);
      assert.deepEqual([list.length, answered(anew)], [0, 'sms-1']);
    });
  });
});
