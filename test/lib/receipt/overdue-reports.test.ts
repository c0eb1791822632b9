import assert from 'node:assert/strict';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { bench, HOUR, MINUTE } from './bench.js';
import { receiptFor } from './builders.js';

describe('ReceiptTracker, when a receipt is missing,', () => {
  const start = async () => {
    const on = await bench();
    on.collect();
    await on.clock.advance(MINUTE);
    return on;
  };

  it('tells when no final receipt came in time', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted({ correlation: 'c' });
    await on.clock.advance(10 * MINUTE);
    assert.deepEqual(
      missing.map(({ id, state, correlation }) => [id, state, correlation]),
      [['sms-1', 'NORECEIPT', 'c']],
    );
  });

  it('does not tell earlier', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(10 * MINUTE - 1);
    assert.deepEqual(missing, []);
  });

  it('does not tell when it came', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.arrives(receiptFor('a-1', 'UNDELIV'));
    await on.clock.advance(HOUR);
    assert.deepEqual(missing, []);
  });

  it('tells when one came that is not final', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.arrives(receiptFor('a-1', 'ENROUTE'));
    await on.clock.advance(HOUR);
    assert.equal(missing.length, 1);
  });

  it('tells when a segment’s did not come, with what is known of the others', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted({ messageIds: ['a-1', 'a-2'] });
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(HOUR);
    assert.deepEqual(missing[0]?.segments, { total: 2, delivered: 1, failed: 0 });
  });

  for (const receipt of ['never', 'on-failure'] as const) {
    it(`does not tell of an SMS that asked for one ${receipt}`, async () => {
      const on = await start();
      const missing = on.collectOverdue(10 * MINUTE);
      await on.accepted({ receipt });
      await on.clock.advance(HOUR);
      assert.deepEqual(missing, []);
    });
  }

  it('tells each wait once', async () => {
    const on = await start();
    const soon = on.collectOverdue(5 * MINUTE);
    const late = on.collectOverdue(30 * MINUTE);
    await on.accepted();
    await on.clock.advance(10 * HOUR);
    assert.deepEqual([soon.length, late.length], [1, 1]);
  });

  it('tells once over a restart', async () => {
    const on = await start();
    on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(10 * MINUTE);
    await on.restart();
    const again = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    assert.deepEqual(again, []);
  });

  it('tells after a restart what was due while it was down, a minute later', async () => {
    const on = await start();
    await on.accepted();
    await on.tracker.close();
    await on.clock.advance(HOUR);
    await on.restart();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(MINUTE - 1);
    const before = missing.length;
    await on.clock.advance(1);
    assert.deepEqual([before, missing.length], [0, 1]);
  });

  it('does not tell after a restart when the receipt comes within that minute', async () => {
    const on = await start();
    await on.accepted();
    await on.tracker.close();
    await on.clock.advance(HOUR);
    await on.restart();
    on.collect();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(HOUR);
    assert.deepEqual(missing, []);
  });

  it('tells again who failed to take it', async () => {
    const on = await start();
    let calls = 0;
    on.tracker.onOverdue(10 * MINUTE, () => {
      calls += 1;
      if (calls === 1) throw new Error('not now');
    });
    await on.accepted();
    await on.clock.advance(HOUR);
    assert.equal(calls, 2);
  });

  it('is not hurried by a clock that is set forward', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    on.clock.shiftWall(HOUR);
    await on.clock.advance(9 * MINUTE);
    assert.deepEqual(missing, []);
  });

  it('tells nobody who left', async () => {
    const on = await start();
    const missing: DeliveryReceipt[] = [];
    on.tracker.onOverdue(10 * MINUTE, (receipt) => void missing.push(receipt))();
    await on.accepted();
    await on.clock.advance(HOUR);
    assert.deepEqual(missing, []);
  });
});
