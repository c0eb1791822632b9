import assert from 'node:assert/strict';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench, HOUR, MINUTE } from './bench.js';
import { PHONE, receiptDelivery, receiptFor } from './builders.js';

const states = (receipts: readonly DeliveryReceipt[]) => receipts.map(({ state }) => state);

describe('ReceiptTracker', () => {
  it('ties a receipt to its SMS', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted({ correlation: { order: 7 } });
    await on.arrives(receiptFor('a-1'));
    assert.deepEqual(
      receipts.map(({ id, matched, correlation }) => ({ id, matched, correlation })),
      [{ id: 'sms-1', matched: true, correlation: { order: 7 } }],
    );
  });

  it('ties it in another letter case', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted({ messageIds: ['aBc'] });
    await on.arrives(receiptFor('AbC'));
    assert.equal(receipts[0]?.id, 'sms-1');
  });

  it('gives it with the id as the gateway wrote it', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted({ messageIds: ['aBc'] });
    await on.arrives(receiptFor('AbC'));
    assert.equal(receipts[0]?.messageId, 'AbC');
  });

  it('takes no SMS that imitates a receipt', async () => {
    const on = await bench();
    assert.equal(on.tracker.take({ ...receiptFor('a-1'), kind: 'sms' }), undefined);
  });

  it('emits a receipt that came twice once', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted();
    await on.arrives(receiptFor('a-1'), receiptFor('a-1'));
    assert.equal(receipts.length, 1);
  });

  it('knows a receipt that comes again days later', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted();
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(71 * HOUR);
    await on.arrives(receiptFor('a-1'));
    assert.equal(receipts.length, 1);
  });

  it('knows an SMS although the wall clock was set on meanwhile', async () => {
    const on = await bench();
    const receipts = on.collect();
    await on.accepted();
    on.clock.shiftWall(400 * 24 * HOUR);
    await on.arrives(receiptFor('a-1'));
    assert.deepEqual(
      receipts.map(({ id, matched }) => ({ id, matched })),
      [{ id: 'sms-1', matched: true }],
    );
  });

  it('stores what has become of more SMS than storage takes in one write', async () => {
    const on = await bench(heldStorage);
    const receipts = on.collect();
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const id of ids) await on.accepted({ id, messageIds: [id] });
    const write = on.storage.write.bind(on.storage);
    on.storage.write = (changes) => {
      const puts = changes.filter(({ table, value }) => table === 'tracked' && value !== undefined);
      return puts.length > 2 ? Promise.reject(new Error('write it in parts')) : write(changes);
    };
    const taken = ids.flatMap((id) => on.tracker.take(receiptFor(id)) ?? []);
    for (const { changes } of taken) await on.storage.write(changes);
    for (const { kept } of taken) kept();
    await on.clock.advance(0);
    assert.deepEqual([receipts.length, on.stored], [6, 0]);
    await on.restart();
    const again = on.collect();
    await on.arrives(...ids.map((id) => receiptFor(id)));
    assert.deepEqual(again, []);
  });

  it('joins segments whose receipts arrive at once', async () => {
    const on = await bench();
    const receipts = on.collect();
    const messageIds = ['a-1', 'a-2', 'a-3', 'a-4'];
    await on.accepted({ messageIds });
    await on.arrives(...messageIds.map((id) => receiptFor(id)));
    assert.deepEqual(
      receipts.map(({ delivered, segments }) => ({ delivered, segments })),
      [{ delivered: true, segments: { total: 4, delivered: 4, failed: 0 } }],
    );
  });

  it('gives segments to those who ask for them', async () => {
    const on = await bench();
    const receipts = on.collect('segment');
    await on.accepted({ messageIds: ['a-1', 'a-2'] });
    await on.arrives(receiptFor('a-2'), receiptFor('a-1'));
    assert.deepEqual(
      receipts.map(({ messageId }) => messageId),
      ['a-2', 'a-1'],
    );
  });

  it('gives what waited to all who subscribe in one turn of the event loop', async () => {
    const on = await bench();
    await on.accepted();
    await on.arrives(receiptFor('a-1'));
    const lists = [on.collect('message'), on.collect('segment')];
    await on.clock.advance(0);
    assert.deepEqual(
      lists.map(({ length }) => length),
      [1, 1],
    );
  });

  it('forgets a receipt once it is emitted', async () => {
    const on = await bench();
    on.collect();
    await on.accepted();
    await on.arrives(receiptFor('a-1'));
    assert.equal(on.stored, 0);
  });

  describe('of a receipt before its submit_sm_resp', () => {
    it('waits for the SMS to become known', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.arrives(receiptFor('a-1'));
      assert.deepEqual(receipts, []);
    });

    it('ties it as soon as it is', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.arrives(receiptFor('A-1'));
      await on.clock.advance(59_000);
      await on.accepted({ messageIds: ['a-1'] });
      assert.deepEqual(
        receipts.map(({ id }) => id),
        ['sms-1'],
      );
    });

    it('emits it unmatched after a minute', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.arrives(receiptFor('a-1'));
      await on.clock.advance(MINUTE);
      assert.deepEqual(
        receipts.map(({ matched, to }) => ({ matched, to })),
        [{ matched: false, to: PHONE }],
      );
    });

    it('emits it once', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.arrives(receiptFor('a-1'));
      await on.clock.advance(HOUR);
      assert.equal(receipts.length, 1);
    });

    it('goes on waiting after a restart, for what is left of the minute', async () => {
      const on = await bench();
      await on.arrives(receiptFor('a-1'));
      await on.clock.advance(40_000);
      await on.restart();
      const receipts = on.collect();
      await on.clock.advance(19_999);
      const before = receipts.length;
      await on.clock.advance(1);
      assert.deepEqual([before, receipts.length], [0, 1]);
    });

    it('ties it when the SMS becomes known after a restart', async () => {
      const on = await bench();
      await on.arrives(receiptFor('a-1'));
      await on.restart();
      const receipts = on.collect();
      await on.accepted();
      assert.equal(receipts[0]?.id, 'sms-1');
    });

    it('waits no longer than a minute when the clock was set back meanwhile', async () => {
      const on = await bench();
      await on.arrives(receiptFor('a-1'));
      on.clock.shiftWall(-10 * HOUR);
      await on.restart();
      const receipts = on.collect();
      await on.clock.advance(MINUTE);
      assert.equal(receipts.length, 1);
    });

    it('ties it whatever the length of its id, which is cut wherever it stands', async () => {
      const on = await bench();
      const receipts = on.collect();
      const messageIds = [1, 64, 65, 66, 255, 256, 60_000].map((length) => `${length}`.padEnd(length, 'x'));
      await on.arrives(...messageIds.map((id) => receiptFor(id)));
      for (const [index, id] of messageIds.entries())
        await on.accepted({ id: `sms-${index}`, messageIds: [id.slice(0, 65)] });
      assert.deepEqual(
        receipts.map(({ id }) => id),
        messageIds.map((_id, index) => `sms-${index}`),
      );
    });

    it('names its id to who looks for an answer that never came', async () => {
      const on = await bench();
      await on.arrives(receiptFor('a-1'));
      assert.deepEqual(
        on.tracker.unknownReceiptsFor(PHONE).map(({ messageId }) => messageId),
        ['a-1'],
      );
    });

    it('names it no more when it is tied', async () => {
      const on = await bench();
      await on.arrives(receiptFor('a-1'));
      await on.accepted();
      assert.deepEqual(on.tracker.unknownReceiptsFor(PHONE), []);
    });
  });

  for (const [what, delivery] of [
    ['without an id', receiptDelivery('stat:DELIVRD')],
    ['without a text', receiptDelivery('')],
  ] as const) {
    it(`emits a receipt ${what} at once`, async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.arrives(delivery);
      assert.deepEqual(
        receipts.map(({ matched }) => matched),
        [false],
      );
    });
  }

  describe('after a restart', () => {
    it('ties receipts to SMS of before', async () => {
      const on = await bench();
      await on.accepted({ correlation: 'c' });
      await on.restart();
      const receipts = on.collect();
      await on.arrives(receiptFor('a-1'));
      assert.deepEqual(
        receipts.map(({ id, correlation }) => [id, correlation]),
        [['sms-1', 'c']],
      );
    });

    it('joins segments with those of before', async () => {
      const on = await bench();
      on.collect();
      await on.accepted({ messageIds: ['a-1', 'a-2'] });
      await on.arrives(receiptFor('a-1'));
      await on.restart();
      const receipts = on.collect();
      await on.arrives(receiptFor('a-2'));
      assert.deepEqual(
        receipts.map(({ delivered }) => delivered),
        [true],
      );
    });

    it('knows what it emitted before', async () => {
      const on = await bench();
      on.collect();
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      await on.restart();
      const receipts = on.collect();
      await on.arrives(receiptFor('a-1'));
      assert.deepEqual(receipts, []);
    });

    it('emits what was not emitted, in its order', async () => {
      const on = await bench();
      await on.accepted();
      await on.arrives(receiptFor('a-1', 'ACCEPTD'), receiptFor('a-1', 'ENROUTE'), receiptFor('a-1'));
      await on.restart();
      const receipts = on.collect();
      await on.clock.advance(0);
      assert.deepEqual(states(receipts), ['ACCEPTD', 'ENROUTE', 'DELIVRD']);
    });

    it('does not take the key of a receipt that is still stored', async () => {
      const on = await bench();
      await on.accepted({ messageIds: ['a-1', 'a-2'] });
      await on.arrives(receiptFor('a-1'));
      await on.restart();
      await on.arrives(receiptFor('a-2'));
      assert.equal(on.stored, 2);
    });

    it('has nobody wait for SMS of more than 72 hours ago', async () => {
      const on = await bench();
      await on.accepted();
      await on.clock.advance(73 * HOUR);
      await on.restart();
      assert.equal(on.lastSmsTo(PHONE), undefined);
    });
  });

  describe('for a listener', () => {
    it('keeps receipts until there is one', async () => {
      const on = await bench();
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      const receipts = on.collect();
      await on.clock.advance(0);
      assert.deepEqual(states(receipts), ['DELIVRD']);
    });

    it('keeps a receipt until its promise resolves', async () => {
      const on = await bench();
      let taken: () => void = () => undefined;
      on.tracker.onReceipt(() => new Promise<void>((resolve) => (taken = resolve)));
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      const before = on.stored;
      taken();
      await on.clock.advance(0);
      assert.deepEqual([before, on.stored], [1, 0]);
    });

    for (const [what, fail] of [
      [
        'throws',
        () => {
          throw new Error('secret');
        },
      ],
      ['rejects', () => Promise.reject(new Error('secret'))],
    ] as const) {
      it(`that ${what}, keeps the receipt and gives it again`, async () => {
        const on = await bench();
        let isFailing = true;
        const receipts: DeliveryReceipt[] = [];
        on.tracker.onReceipt((receipt) => (isFailing ? fail() : void receipts.push(receipt)));
        await on.accepted();
        await on.arrives(receiptFor('a-1'));
        isFailing = false;
        await on.clock.advance(10_000);
        assert.deepEqual([states(receipts), on.stored], [['DELIVRD'], 0]);
      });
    }

    it('that fails, says so without its words', async () => {
      const on = await bench();
      on.tracker.onReceipt(() => Promise.reject(new Error('secret')));
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      assert.deepEqual(on.lines, ['a receipt could not be handed on and is kept: Error']);
    });

    it('gives the next one the receipt that the last one failed on', async () => {
      const on = await bench();
      on.tracker.onReceipt(() => Promise.reject(new Error()))();
      const leave = on.tracker.onReceipt(() => Promise.reject(new Error()));
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      leave();
      const receipts = on.collect();
      await on.clock.advance(0);
      assert.equal(receipts.length, 1);
    });

    it('that left gets nothing more', async () => {
      const on = await bench();
      const receipts: DeliveryReceipt[] = [];
      on.tracker.onReceipt((receipt) => void receipts.push(receipt))();
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      assert.deepEqual([receipts.length, on.stored], [0, 1]);
    });

    it('does not have one SMS wait for another', async () => {
      const on = await bench();
      const receipts: DeliveryReceipt[] = [];
      on.tracker.onReceipt((receipt) =>
        receipt.id === 'sms-1' ? new Promise<void>(() => undefined) : void receipts.push(receipt),
      );
      await on.accepted();
      await on.accepted({ id: 'sms-2', messageIds: ['b-1'] });
      await on.arrives(receiptFor('a-1'), receiptFor('b-1'));
      assert.deepEqual(
        receipts.map(({ id }) => id),
        ['sms-2'],
      );
    });

    it('gives a receipt once when the state of its SMS cannot be stored', async () => {
      const on = await bench();
      const receipts = on.collect();
      await on.accepted();
      const write = on.storage.write.bind(on.storage);
      on.storage.write = (changes) =>
        changes.some(({ table }) => table === 'tracked') ? Promise.reject(new Error('full')) : write(changes);
      await on.arrives(receiptFor('a-1'));
      await on.clock.advance(HOUR);
      assert.equal(receipts.length, 1);
    });
  });

  describe('of an answer', () => {
    it('knows the last SMS to the phone', async () => {
      const on = await bench();
      await on.accepted();
      await on.accepted({ id: 'sms-2', messageIds: ['b-1'] });
      assert.equal(on.lastSmsTo(`+${PHONE}`)?.id, 'sms-2');
    });

    it('knows when that was', async () => {
      const on = await bench();
      const sentAt = on.clock.wall();
      await on.accepted();
      await on.clock.advance(HOUR);
      assert.equal(on.lastSmsTo(PHONE)?.sentAt, sentAt);
    });

    it('knows its correlation', async () => {
      const on = await bench();
      await on.accepted({ correlation: { order: 7 } });
      assert.deepEqual(await on.tracker.correlationOf('sms-1', PHONE), { order: 7 });
    });

    it('ties none to an SMS of more than 72 hours ago', async () => {
      const on = await bench();
      await on.accepted();
      await on.clock.advance(72 * HOUR + 1);
      assert.equal(on.lastSmsTo(PHONE), undefined);
    });
  });

  it('hands nothing on any more once it is closed, whatever a listener answers then', async () => {
    const on = await bench();
    let taken: () => void = () => undefined;
    const handed: string[] = [];
    on.tracker.onReceipt(({ state }) => {
      handed.push(`segment ${state}`);
      return new Promise((resolve) => (taken = resolve));
    }, 'segment');
    on.tracker.onReceipt(({ state }) => void handed.push(`message ${state}`));
    await on.accepted();
    await on.arrives(receiptFor('a-1', 'ENROUTE'), receiptFor('a-1'));
    const closed = on.tracker.close();
    await on.clock.advance(MINUTE);
    await closed;
    taken();
    await on.clock.advance(MINUTE);
    assert.deepEqual(handed, ['segment ENROUTE', 'message ENROUTE', 'segment DELIVRD', 'message DELIVRD']);
  });

  it('sets no timer when a write ends after it was closed', async () => {
    const on = await bench();
    const taken = on.tracker.take(receiptFor('a-1'));
    await on.tracker.close();
    taken?.kept();
    assert.equal(on.clock.pending, 0);
  });

  it('leaves no timer behind', async () => {
    const on = await bench();
    on.collectOverdue(MINUTE);
    await on.accepted();
    await on.arrives(receiptFor('b-1'));
    await on.tracker.close();
    assert.equal(on.clock.pending, 0);
  });
});
