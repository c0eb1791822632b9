import assert from 'node:assert/strict';

import { DamagedRecordError } from '../../../lib/errors.js';
import { TrackedIndex } from '../../../lib/receipt/tracked-index.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench, HOUR, MINUTE } from './bench.js';
import { receiptFor } from './builders.js';

describe('TrackedRecords', () => {
  it('forgets an SMS after 72 hours although nothing is sent any more', async () => {
    const on = await bench();
    await on.accepted({ correlation: 'personal' });
    await on.clock.advance(72 * HOUR + MINUTE);
    await on.tracker.close();
    const kept: unknown[] = [];
    for await (const [, index] of on.storage.scan('tracked')) kept.push(index);
    assert.deepEqual(
      kept.map((index) => index instanceof TrackedIndex && index.oldest === index.end),
      [true],
    );
  });

  it('ties a receipt to an SMS whose record is damaged, without its correlation', async () => {
    const on = await bench(heldStorage, { recentCorrelations: 1 });
    await on.accepted({ correlation: 'lost' });
    await on.accepted({ id: 'sms-2', messageIds: ['b-1'], correlation: 'kept' });
    const { read } = on.storage;
    on.storage.read = (table, key) =>
      table === 'tracked' ? Promise.reject(new DamagedRecordError('check the disk')) : read(table, key);
    const receipts = on.collect();
    await on.arrives(receiptFor('a-1'), receiptFor('b-1'));
    on.storage.read = read;
    assert.deepEqual(receipts.map(({ id, correlation }) => [id, correlation]).sort(), [
      ['sms-1', undefined],
      ['sms-2', 'kept'],
    ]);
    assert.equal(on.stored, 0);
  });

  it('stores nothing more of an SMS that gave way while its receipt was taken', async () => {
    const on = await bench(heldStorage, { trackedSms: 1 });
    let taken: () => void = () => undefined;
    on.tracker.onReceipt(() => new Promise<void>((resolve) => (taken = resolve)));
    await on.accepted();
    await on.arrives(receiptFor('a-1'));
    await on.accepted({ id: 'sms-2', messageIds: ['b-1'] });
    taken();
    await on.clock.advance(0);
    assert.deepEqual([on.stored, await on.storage.read('tracked', 'sms-1')], [0, undefined]);
  });
});
