import assert from 'node:assert/strict';
import type { DeliveryReceipt } from '../../../lib/message.js';
import type { ReceiptScope } from '../../../lib/receipt/join-receipt.js';
import type { Change } from '../../../lib/storage/storage.js';
import { settle } from '../../support/fake-clock.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench } from './bench.js';
import { receiptFor } from './builders.js';

const SCOPES: readonly ReceiptScope[] = ['message', 'segment'];

describe('Listeners to receipts', () => {
  for (const scope of SCOPES) {
    it(`keep what waits behind the first when one per ${scope} leaves at it`, async () => {
      const on = await bench();
      const ids = ['a', 'b', 'c'];
      for (const id of ids) await on.accepted({ id, messageIds: [id] });
      await on.arrives(...ids.map((id) => receiptFor(id)));
      const seen: (string | undefined)[] = [];
      const leave = on.tracker.onReceipt(({ id }) => {
        leave();
        seen.push(id);
      }, scope);
      await settle();
      on.tracker.onReceipt(({ id }) => void seen.push(id), scope);
      await settle();
      assert.deepEqual([seen, on.storage.count('event'), on.lines], [ids, 0, []]);
    });
  }

  it('have no state again that another has taken the place of when the one that had it leaves', async () => {
    const on = await bench();
    await on.accepted();
    let take: () => void = () => undefined;
    const leave = on.tracker.onReceipt(() => new Promise((taken) => (take = taken)));
    await settle();
    await on.arrives(receiptFor('a-1', 'ENROUTE'), receiptFor('a-1'));
    leave();
    take();
    await settle();
    assert.equal(on.storage.count('event'), 1);
    await on.clock.advance(5_000);
    const receipts = on.collect();
    await settle();
    assert.deepEqual([receipts, on.storage.count('event')], [[], 0]);
  });

  for (const scope of SCOPES) {
    it(`have what one per ${scope} never answered when that one has left`, async () => {
      const on = await bench();
      await on.accepted();
      const leave = on.tracker.onReceipt(() => new Promise(() => undefined), scope);
      await settle();
      await on.arrives(receiptFor('a-1'));
      leave();
      await on.clock.advance(5_000);
      const receipts = on.collect(scope);
      await settle();
      assert.deepEqual([receipts.length, on.storage.count('event'), on.lines], [1, 0, []]);
    });
  }

  for (const count of [1, 2]) {
    it(`have what ${count} never answered that left at it, and it counts over a restart`, async () => {
      const on = await bench(heldStorage);
      await on.accepted();
      for (let number = 0; number < count; number += 1) {
        const leave = on.tracker.onReceipt(() => {
          leave();
          return new Promise(() => undefined);
        });
      }
      await on.arrives(receiptFor('a-1'));
      await on.clock.advance(5_000);
      const receipts = on.collect();
      await on.clock.advance(5_000);
      assert.deepEqual([receipts.length, on.stored, on.lines], [1, 0, []]);
      await on.restart();
      const overdue = on.collectOverdue(60_000);
      await on.clock.advance(600_000);
      assert.deepEqual(overdue, []);
    });
  }

  for (const [how, answer] of [
    ['rejects', () => Promise.reject(new Error('no'))],
    ['never answers', () => new Promise<void>(() => undefined)],
  ] as const) {
    it(`have the whole of a long SMS when one per segment ${how}`, async () => {
      const on = await bench();
      await on.accepted({ messageIds: ['a-1', 'a-2'] });
      on.tracker.onReceipt(answer, 'segment');
      const receipts = on.collect();
      const overdue = on.collectOverdue(60_000);
      await settle();
      await on.arrives(receiptFor('a-1'), receiptFor('a-2'));
      assert.deepEqual(
        receipts.map(({ state, segments }) => [state, segments.delivered]),
        [['DELIVRD', 2]],
      );
      await on.clock.advance(120_000);
      assert.deepEqual([receipts.length, overdue.length, on.stored], [1, 0, 2]);
    });
  }

  for (const isRestarted of [false, true]) {
    it(`have what they rejected again, and no other has${isRestarted ? ', over a restart' : ''}`, async () => {
      const on = await bench();
      await on.accepted({ messageIds: ['a-1', 'a-2'] });
      on.tracker.onReceipt(() => Promise.reject(new Error('no')), 'segment');
      const whole = on.collect();
      await settle();
      await on.arrives(receiptFor('a-1', 'UNDELIV'), receiptFor('a-2'));
      if (isRestarted) await on.restart();
      const again = on.collect();
      const segments = on.collect('segment');
      await on.clock.advance(10_000);
      assert.deepEqual(
        [whole, again, segments].map((list) => list.map(({ messageId, state }) => [messageId, state])),
        [
          [['a-1', 'UNDELIV']],
          [],
          [
            ['a-1', 'UNDELIV'],
            ['a-2', 'DELIVRD'],
          ],
        ],
      );
    });

    it(`have the verdict that they rejected again as it was${isRestarted ? ', over a restart' : ''}`, async () => {
      const on = await bench();
      await on.accepted({ messageIds: ['a-1', 'a-2'] });
      const rejected: DeliveryReceipt[] = [];
      on.tracker.onReceipt((receipt) => {
        rejected.push(receipt);
        return Promise.reject(new Error('no'));
      });
      const segments = on.collect('segment');
      await settle();
      await on.arrives(receiptFor('a-1', 'UNDELIV'), receiptFor('a-2'));
      if (isRestarted) await on.restart();
      const again = on.collect();
      await on.clock.advance(10_000);
      assert.deepEqual([again, segments.length], [[rejected[0]], 2]);
    });
  }

  describe('that come when one has left', () => {
    for (const isRestarted of [false, true]) {
      for (const scope of SCOPES) {
        const other = SCOPES.find((each) => each !== scope)!;
        it(`get what was rejected per ${scope}, although ones per ${other} came first${isRestarted ? ', over a restart' : ''}`, async () => {
          const on = await bench();
          await on.accepted();
          const leave = on.tracker.onReceipt(() => Promise.reject(new Error('no')), scope);
          await settle();
          await on.arrives(receiptFor('a-1', 'UNDELIV'));
          if (isRestarted) await on.restart();
          else leave();
          const others = on.collect(other);
          await on.clock.advance(20_000);
          const again = on.collect(scope);
          await on.clock.advance(10_000);
          assert.deepEqual([again.map(({ state }) => state), others, on.stored], [['UNDELIV'], [], 0]);
        });
      }
    }
  });

  for (const scope of SCOPES) {
    it(`have nothing again that one per ${scope} is still taking when another comes`, async () => {
      const on = await bench();
      await on.accepted();
      let calls = 0;
      let take: () => void = () => undefined;
      on.tracker.onReceipt(() => {
        calls += 1;
        return new Promise((taken) => (take = taken));
      }, scope);
      const receipts = on.collect();
      await settle();
      await on.arrives(receiptFor('a-1'));
      const later = on.collect(scope);
      await on.clock.advance(60_000);
      take();
      await settle();
      assert.deepEqual([calls, receipts.length, later.length, on.storage.count('event')], [1, 1, 0, 0]);
    });
  }

  it('have nothing to do for a receipt that says nothing new', async () => {
    const on = await bench();
    await on.accepted();
    on.collect();
    await on.arrives(receiptFor('a-1'), receiptFor('a-1'));
    assert.deepEqual([on.storage.count('event'), on.lines], [0, []]);
  });

  it('get a receipt each of their own, over both scopes, and again as it was', async () => {
    const on = await bench();
    await on.accepted({ correlation: { order: 7 } });
    const seen: DeliveryReceipt[] = [];
    let isFailing = true;
    const spoil = (receipt: DeliveryReceipt): void => {
      seen.push(structuredClone(receipt));
      Object.assign(receipt, { state: 'UNKNOWN' });
      Object.assign(receipt.segments, { total: 0 });
      Object.assign(receipt.correlation as object, { order: 0 });
    };
    for (const scope of SCOPES) on.tracker.onReceipt(spoil, scope);
    on.tracker.onReceipt((receipt) => {
      spoil(receipt);
      if (isFailing) throw new Error('the flow failed');
    });
    await settle();
    await on.arrives(receiptFor('a-1'));
    isFailing = false;
    await on.clock.advance(5_000);
    // Once more to the one that failed.
    assert.deepEqual(
      seen.map(({ state, segments, correlation }) => [state, segments.total, correlation]),
      Array.from({ length: 4 }, () => ['DELIVRD', 1, { order: 7 }]),
    );
  });

  it('are told by the log how many nobody took within an hour', async () => {
    const on = await bench();
    const ids = ['a', 'b', 'c'];
    for (const id of ids) await on.accepted({ id, messageIds: [id] });
    await on.arrives(...ids.map((id) => receiptFor(id)));
    on.collectOverdue(100 * 60_000); // takes no receipts
    await on.clock.advance(66 * 60_000);
    const receipts = on.collect();
    await settle();
    assert.deepEqual([receipts, on.storage.count('event')], [[], 0]);
    assert.deepEqual(on.lines, [
      'receipts: 3 forgotten, since nobody has been there to take them for an hour',
    ]);
  });

  it('have again what they rejected of one that another scope never answers, and that is not asked again', async () => {
    const on = await bench(heldStorage);
    await on.accepted();
    let [asked, rejected] = [0, 0];
    on.tracker.onReceipt(() => {
      asked += 1;
      return new Promise(() => undefined);
    });
    on.tracker.onReceipt(() => {
      rejected += 1;
      return rejected < 3 ? Promise.reject(new Error('no')) : Promise.resolve();
    }, 'segment');
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(60_000);
    assert.deepEqual([asked, rejected, on.stored], [1, 3, 1]);
  });

  it('hold up nobody when one has too much open, of either scope', async () => {
    const on = await bench(heldStorage, { unconfirmed: 2 });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const id of ids) await on.accepted({ id, messageIds: [id] });
    const takes: (() => void)[] = [];
    const slow: (string | undefined)[] = [];
    on.tracker.onReceipt(({ id }) => {
      slow.push(id);
      return new Promise((taken) => takes.push(taken));
    });
    const [whole, segments] = [on.collect(), on.collect('segment')];
    await on.arrives(...ids.map((id) => receiptFor(id)));
    assert.deepEqual([slow.length, whole.length, segments.length], [2, 5, 5]);
    for (let round = 0; round < 5; round += 1) {
      for (const take of takes.splice(0)) take();
      await on.clock.advance(0);
    }
    assert.deepEqual([slow, whole.length, segments.length, on.stored], [ids, 5, 5, 0]);
  });

  it('have what they had no room for, in whichever turn of the event loop they have some', async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const on = await bench(heldStorage, { unconfirmed: 1 });
      const messageIds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      await on.accepted({ messageIds });
      let take: () => void = () => undefined;
      const seen: string[] = [];
      on.tracker.onReceipt(({ messageId }) => {
        seen.push(messageId);
        return seen.length === 1 ? new Promise((taken) => (take = taken)) : undefined;
      }, 'segment');
      on.collect(); // has room all the time, so that nothing waits
      const taken = messageIds.map((id) => on.tracker.take(receiptFor(id)));
      await on.storage.write(taken.flatMap((each) => each?.changes ?? []));
      for (const each of taken) each?.kept();
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      take();
      await on.clock.advance(10_000);
      assert.deepEqual([seen, on.stored], [messageIds, 0], `after ${turns}`);
    }
  });

  describe('that take their time', () => {
    const takingTime = async () => {
      const on = await bench(heldStorage);
      const written: Change[] = [];
      const write = on.storage.write.bind(on.storage);
      on.storage.write = (changes) => {
        written.push(...changes);
        return write(changes);
      };
      const takes: (() => void)[] = [];
      const seen: string[] = [];
      on.tracker.onReceipt(({ id, state }) => {
        seen.push(`${id} ${state}`);
        return new Promise((taken) => takes.push(taken));
      });
      return { on, written, seen, takes };
    };

    it('cost no write more than those that do not', async () => {
      const { on, written, takes } = await takingTime();
      await on.accepted();
      written.splice(0);
      await on.arrives(receiptFor('a-1'));
      takes[0]?.();
      await on.clock.advance(0);
      const tables = written.map(({ table, value }) => `${table} ${value === undefined ? 'gone' : 'put'}`);
      assert.deepEqual([tables, on.stored], [['event put', 'tracked put', 'event gone'], 0]);
    });

    it('have it again when the process dies over it', async () => {
      const { on } = await takingTime();
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      await on.start(); // the other was not closed
      await on.tracker.whenRead();
      const receipts = on.collect();
      await on.clock.advance(0);
      assert.deepEqual([receipts.map(({ state }) => state), on.stored], [['DELIVRD'], 0]);
    });

    it('have both of an SMS again, in their order, when the process dies over them', async () => {
      const { on, seen } = await takingTime();
      await on.accepted();
      await on.arrives(receiptFor('a-1', 'UNKNOWN'), receiptFor('a-1'));
      await on.start();
      await on.tracker.whenRead();
      const receipts = on.collect('segment');
      const whole = on.collect();
      await on.clock.advance(0);
      assert.deepEqual(seen, ['sms-1 UNKNOWN', 'sms-1 DELIVRD']);
      assert.deepEqual(whole.map(({ state }) => state).at(-1), 'DELIVRD');
      assert.deepEqual([receipts.map(({ state }) => state).at(-1), on.stored], ['DELIVRD', 0]);
    });

    it('have it again after a stop that did not wait for them', async () => {
      const { on } = await takingTime();
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      const restarted = on.restart();
      await on.clock.advance(2_000);
      await restarted;
      const receipts = on.collect();
      await on.clock.advance(0);
      assert.deepEqual([receipts.map(({ state }) => state), on.stored], [['DELIVRD'], 0]);
    });

    it('do not have it again after a stop that they answered in', async () => {
      const { on, takes } = await takingTime();
      await on.accepted();
      await on.arrives(receiptFor('a-1'));
      const restarted = on.restart();
      takes[0]?.();
      await on.clock.advance(2_000);
      await restarted;
      const receipts = on.collect();
      await on.clock.advance(0);
      assert.deepEqual([receipts, on.stored], [[], 0]);
    });

    it('may leave at it', async () => {
      const on = await bench(heldStorage);
      await on.accepted();
      const leave = on.tracker.onReceipt(() => {
        leave();
        return Promise.reject(new Error('no'));
      });
      await on.arrives(receiptFor('a-1'));
      const receipts = on.collect();
      await on.clock.advance(10_000);
      assert.deepEqual([receipts.length, on.stored], [1, 0]);
    });
  });
});
