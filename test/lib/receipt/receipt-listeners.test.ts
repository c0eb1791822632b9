import assert from 'node:assert/strict';
import type { DeliveryReceipt } from '../../../lib/message.js';
import type { ReceiptScope } from '../../../lib/receipt/join-receipt.js';
import { settle } from '../../support/fake-clock.js';
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

  it('keep one that waits for its turn when the last of them leaves meanwhile', async () => {
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
    const receipts = on.collect();
    await settle();
    assert.deepEqual(
      receipts.map(({ state }) => state),
      ['DELIVRD'],
    );
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
    // Once more to the one of its scope that failed, and to that of the scope before.
    assert.deepEqual(
      seen.map(({ state, segments, correlation }) => [state, segments.total, correlation]),
      Array.from({ length: 5 }, () => ['DELIVRD', 1, { order: 7 }]),
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
});
