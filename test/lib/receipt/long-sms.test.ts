/** Receipts of long SMS from the gateway to the flow, with storage and a restart in between. */
import assert from 'node:assert/strict';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench, HOUR, MINUTE } from './bench.js';
import { receiptFor } from './builders.js';

const words = (receipts: readonly DeliveryReceipt[]) =>
  receipts.map(({ messageId, state, raw }) => [messageId, state, raw]);

const UNDELIVERED = 'id:A-1 sub:001 stat:UNDELIV err:003';

describe('ReceiptTracker', () => {
  for (const [where, makeStorage] of [
    ['storage that lasts', heldStorage],
    ['volatile storage', memoryStorage],
  ] as const) {
    describe(`of a long SMS, with ${where},`, () => {
      for (const [what, correlation] of [
        ['with a correlation', { order: 7 }],
        ['without one', undefined],
      ] as const) {
        it(`gives the failed segment’s own receipt although others came last, ${what}`, async () => {
          const on = await bench(makeStorage);
          const receipts = on.collect();
          await on.accepted({ messageIds: ['a-1', 'a-2'], correlation });
          await on.arrives(receiptFor('A-1', 'UNDELIV', ' err:003'), receiptFor('a-2'));
          assert.deepEqual(words(receipts), [['A-1', 'UNDELIV', UNDELIVERED]]);
        });

        it(`gives it after a restart in between, ${what}`, async () => {
          const on = await bench(makeStorage);
          on.collect();
          await on.accepted({ messageIds: ['a-1', 'a-2', 'a-3'], correlation });
          await on.arrives(receiptFor('A-1', 'UNDELIV', ' err:003'), receiptFor('a-2'));
          await on.restart();
          const receipts = on.collect();
          await on.arrives(receiptFor('a-3'));
          assert.deepEqual(words(receipts), [['A-1', 'UNDELIV', UNDELIVERED]]);
        });
      }

      it('gives no other words for those that had to give way to newer ones', async () => {
        const on = await bench(makeStorage, { failedSegments: 1 });
        const receipts = on.collect();
        await on.accepted({ id: 'sms-1', messageIds: ['a-1', 'a-2'] });
        await on.accepted({ id: 'sms-2', messageIds: ['b-1', 'b-2'] });
        await on.arrives(receiptFor('a-1', 'UNDELIV'), receiptFor('b-1', 'UNDELIV'));
        await on.arrives(receiptFor('a-2'), receiptFor('b-2'));
        assert.deepEqual(words(receipts), [
          ['a-1', 'UNDELIV', ''],
          ['b-1', 'UNDELIV', 'id:b-1 sub:001 stat:UNDELIV err:000'],
        ]);
      });

      it('is not said to lack its receipt once all have come that can', async () => {
        const on = await bench(makeStorage);
        const receipts = on.collect();
        const overdue = on.collectOverdue(2 * MINUTE);
        await on.accepted({ messageIds: ['a-1', '', 'a-3'] });
        await on.arrives(receiptFor('a-1'), receiptFor('a-3', 'EXPIRED'));
        await on.clock.advance(HOUR);
        assert.deepEqual([receipts.map(({ state }) => state), overdue], [['EXPIRED'], []]);
      });

      it('that asked for failures only, tells the first at once and no other after a restart', async () => {
        const on = await bench(makeStorage);
        const before = on.collect();
        await on.accepted({ messageIds: ['a-1', 'a-2', 'a-3'], receipt: 'on-failure' });
        await on.arrives(receiptFor('a-2', 'UNDELIV'));
        await on.restart();
        const after = [on.collect('message'), on.collect('segment')];
        await on.arrives(receiptFor('a-3', 'UNDELIV'), receiptFor('a-2', 'UNDELIV'));
        assert.deepEqual(
          [before, ...after].map((receipts) => receipts.map(({ messageId }) => messageId)),
          [['a-2'], [], ['a-3']],
        );
      });
    });
  }

  for (const [what, bounds] of [
    ['is at hand', {}],
    ['has to be read', { recentCorrelationCharacters: 1 }],
  ] as const) {
    it(`ties a receipt to a long SMS as that is settled, minutes later, where the correlation ${what}`, async () => {
      const on = await bench(heldStorage, bounds);
      const receipts = on.collect();
      on.underWay.add('a-1');
      await on.arrives(receiptFor('a-1'));
      await on.clock.advance(3 * MINUTE);
      await on.accepted({ correlation: { order: 7 } });
      await on.clock.advance(MINUTE);
      assert.deepEqual(
        receipts.map(({ id, correlation }) => [id, correlation]),
        [['sms-1', { order: 7 }]],
      );
    });
  }

  it('reads the record of a long SMS that kept no words', async () => {
    const on = await bench(heldStorage);
    const acceptedAt = on.clock.wall();
    const reports = [{ state: 'UNDELIV', errorNumber: 3, errorRaw: '003' }, null];
    const value = [['a-1', 'a-2'], '4512345678', 'Alarm', acceptedAt, null, { reports }];
    await on.storage.write([{ table: 'tracked', key: 'sms-1', value }]);
    await on.restart();
    const receipts = on.collect();
    await on.arrives(receiptFor('a-2'));
    assert.deepEqual(
      receipts.map(({ messageId, state, errorCode, raw }) => [messageId, state, errorCode, raw]),
      [['a-1', 'UNDELIV', -3, '']],
    );
  });
});
