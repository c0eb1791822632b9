/** Receipts of an SMS that the gateway accepted more than once, since it answered too late. */
import assert from 'node:assert/strict';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench } from './bench.js';
import { receiptFor } from './builders.js';

const states = (receipts: readonly DeliveryReceipt[]) => receipts.map(({ state }) => state);

describe('ReceiptTracker', () => {
  for (const [where, makeStorage] of [
    ['storage that lasts', heldStorage],
    ['volatile storage', memoryStorage],
  ] as const) {
    describe(`of an SMS that was accepted late, with ${where},`, () => {
      const both = { copies: [['c-1']] };

      it('comes by both ids, once', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted(both);
        await on.arrives(receiptFor('C-1'), receiptFor('a-1'));
        assert.deepEqual(
          receipts.map(({ id, messageId, matched }) => [id, messageId, matched]),
          [['sms-1', 'C-1', true]],
        );
      });

      it('comes by the second id that became known after the first', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.accepted({ correlation: 'c' });
        await on.acceptedLate({ messageIds: ['c-1'], correlation: 'c' });
        await on.arrives(receiptFor('c-1'));
        assert.deepEqual(
          receipts.map(({ id, correlation }) => [id, correlation]),
          [['sms-1', 'c']],
        );
      });

      it('comes by its only id when it was settled before', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.acceptedLate({ messageIds: ['c-1'], correlation: 'c' });
        await on.arrives(receiptFor('c-1'));
        assert.deepEqual(
          receipts.map(({ id, correlation }) => [id, correlation]),
          [['sms-1', 'c']],
        );
      });

      it('comes by its only id also when that could not be stored for a while', async () => {
        const on = await bench(makeStorage, { recentCorrelations: 1 });
        const receipts = on.collect();
        const write = on.storage.write.bind(on.storage);
        on.storage.write = () => Promise.reject(new Error('full'));
        await on.acceptedLate({ messageIds: ['c-1'], correlation: 'c' }).catch(() => undefined);
        on.storage.write = write;
        await on.acceptedLate({ id: 'sms-2', messageIds: ['d-1'], correlation: 'd' });
        await on.arrives(receiptFor('c-1'));
        assert.deepEqual(
          receipts.map(({ id, correlation }) => [id, correlation]),
          [['sms-1', 'c']],
        );
      });

      it('comes when it was there before the answer', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        await on.arrives(receiptFor('c-1', 'ENROUTE'), receiptFor('d-1', 'DELIVRD'));
        await on.accepted({ copies: [['c-1']] });
        await on.acceptedLate({ messageIds: ['d-1'] });
        assert.deepEqual(states(receipts), ['ENROUTE', 'DELIVRD']);
      });

      it('comes by all ids after a restart, in whatever order they became known', async () => {
        const on = await bench(makeStorage);
        on.collect();
        await on.accepted({ messageIds: ['a-1', 'a-2'], copies: [['c-1', 'c-2']], correlation: 'c' });
        await on.acceptedLate({ messageIds: ['d-1', 'd-2'], correlation: 'c' });
        await on.arrives(receiptFor('d-1'));
        await on.restart();
        const receipts = on.collect();
        await on.arrives(receiptFor('c-2'), receiptFor('a-1'), receiptFor('d-2'));
        assert.deepEqual(
          receipts.map(({ id, segments, correlation }) => [id, segments, correlation]),
          [['sms-1', { total: 2, delivered: 2, failed: 0 }, 'c']],
        );
      });

      it('is no longer matched by a copy that had to give way to newer ones', async () => {
        const on = await bench(makeStorage, { copyIds: 1 });
        const receipts = on.collect();
        await on.accepted(both);
        await on.accepted({ id: 'sms-2', messageIds: ['a-2'], copies: [['c-2']] });
        await on.arrives(receiptFor('c-2'), receiptFor('c-1'));
        assert.deepEqual(
          receipts.map(({ id }) => id),
          ['sms-2'],
        );
      });
    });
  }
});
