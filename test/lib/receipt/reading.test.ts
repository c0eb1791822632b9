/** A start beside which the SMS of earlier processes are read: some hundred thousand take seconds. */
import assert from 'node:assert/strict';

import { heldStorage } from '../../support/held-storage.js';
import { slowScan } from '../../support/slow-scan.js';
import { bench, HOUR, MINUTE } from './bench.js';
import { PHONE, receiptFor } from './builders.js';

/** An earlier process has sent `sms-1`, and this one has not read that yet. */
async function starting() {
  const on = await bench(heldStorage);
  await on.accepted({ correlation: { order: 7 } });
  await on.tracker.close();
  await on.clock.advance(MINUTE);
  const slow = slowScan(on.storage, 'tracked');
  await on.start();
  const read = async () => {
    slow.release();
    await on.tracker.whenRead();
    await on.clock.advance(0);
  };
  return { on, slow, read };
}

describe('ReceiptTracker that has not read all SMS yet', () => {
  it('is open', async () => {
    const { on } = await starting();
    assert.equal(on.tracker.lastSmsTo(PHONE), 'unread');
  });

  it('keeps a receipt until it has, however long that takes, and ties it to its SMS then', async () => {
    const { on, read } = await starting();
    const receipts = on.collect();
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(2 * MINUTE);
    const before = [receipts.length, on.stored];
    await read();
    assert.deepEqual(before, [0, 1]);
    assert.deepEqual(
      receipts.map(({ id, correlation }) => ({ id, correlation })),
      [{ id: 'sms-1', correlation: { order: 7 } }],
    );
    assert.equal(on.stored, 0);
  });

  it('ties a receipt to the one of two SMS with its id that is not read yet', async () => {
    const on = await bench(heldStorage);
    await on.accepted({ id: 'sms-a', to: '4511111111', messageIds: ['x'] });
    await on.accepted({ id: 'sms-b', to: '4522222222', messageIds: ['x'] });
    await on.tracker.close();
    const slow = slowScan(on.storage, 'tracked', 1);
    await on.start();
    await on.clock.advance(0);
    const receipts = on.collect();
    await on.arrives({ ...receiptFor('x', 'UNDELIV'), from: '4522222222' });
    await on.arrives({ ...receiptFor('x'), from: '4511111111' });
    const before = receipts.length;
    slow.release();
    await on.tracker.whenRead();
    await on.clock.advance(0);
    const given = receipts.map(({ id, state }) => [id, state]);
    assert.deepEqual(
      [before, given],
      [
        0,
        [
          ['sms-b', 'UNDELIV'],
          ['sms-a', 'DELIVRD'],
        ],
      ],
    );
  });

  it('gives the receipts of an SMS in the order in which they came', async () => {
    const { on, read } = await starting();
    const receipts = on.collect();
    await on.arrives(receiptFor('a-1', 'ENROUTE'), receiptFor('a-1', 'UNDELIV'));
    await read();
    assert.deepEqual(
      receipts.map(({ state }) => state),
      ['ENROUTE', 'UNDELIV'],
    );
  });

  it('ties a receipt that an earlier process has kept', async () => {
    const on = await bench(heldStorage);
    await on.accepted();
    await on.arrives(receiptFor('a-1'));
    await on.tracker.close();
    await on.clock.advance(HOUR);
    const slow = slowScan(on.storage, 'tracked');
    await on.start();
    const receipts = on.collect();
    await on.clock.advance(MINUTE);
    const before = receipts.length;
    slow.release();
    await on.tracker.whenRead();
    await on.clock.advance(0);
    assert.deepEqual([before, receipts.map(({ id }) => id)], [0, ['sms-1']]);
  });

  it('has a receipt of no SMS wait for one from when it came', async () => {
    const { on, read } = await starting();
    const receipts = on.collect();
    await on.arrives(receiptFor('nobodys'));
    await on.clock.advance(MINUTE - 1);
    await read();
    const before = receipts.length;
    await on.clock.advance(1);
    assert.deepEqual([before, receipts.map(({ matched }) => matched)], [0, [false]]);
  });

  it('says of none that it is unknown', async () => {
    const { on, read } = await starting();
    await on.arrives(receiptFor('a-1'), receiptFor('nobodys'));
    const before = on.tracker.unknownReceiptsFor(PHONE);
    await read();
    const after = on.tracker.unknownReceiptsFor(PHONE).map(({ messageId }) => messageId);
    assert.deepEqual([before, after], [[], ['nobodys']]);
    assert.deepEqual(on.unknown, [PHONE]);
  });

  it('tracks an SMS that is accepted meanwhile', async () => {
    const { on, read } = await starting();
    const receipts = on.collect();
    await on.accepted({ id: 'sms-2', messageIds: ['b-1'], correlation: 'c' });
    await on.arrives(receiptFor('b-1'));
    await read();
    await on.arrives(receiptFor('a-1'));
    assert.deepEqual(
      receipts.map(({ id, matched }) => [id, matched]),
      [
        ['sms-2', true],
        ['sms-1', true],
      ],
    );
    assert.equal(on.lastSmsTo(PHONE)?.id, 'sms-2');
  });

  it('tracks it after another start too', async () => {
    const { on, slow } = await starting();
    await on.accepted({ id: 'sms-2', messageIds: ['b-1'] });
    const again = on.restart();
    slow.release();
    await again;
    const receipts = on.collect();
    await on.arrives(receiptFor('b-1'), receiptFor('a-1'));
    assert.deepEqual(
      receipts.map(({ id }) => id),
      ['sms-2', 'sms-1'],
    );
  });

  it('finds it by the ids of a submission that was given up too', async () => {
    const { on, read } = await starting();
    const receipts = on.collect();
    await on.accepted({ id: 'sms-2', messageIds: ['b-1'] });
    await on.acceptedLate({ id: 'sms-2', messageIds: ['b-2'] });
    await read();
    await on.arrives(receiptFor('b-2'));
    assert.deepEqual(
      receipts.map(({ id }) => id),
      ['sms-2'],
    );
  });

  it('tells of the last SMS before an instant, once it has', async () => {
    const { on, read } = await starting();
    const before = on.clock.wall();
    await on.clock.advance(1);
    await on.accepted({ id: 'sms-2', messageIds: ['b-1'] });
    await read();
    const last = on.tracker.lastSmsTo(PHONE, before);
    assert.ok(last !== 'unread');
    assert.equal(last?.id, 'sms-1');
  });

  it('tells of no missing receipt', async () => {
    const { on, read } = await starting();
    const missing = on.collectOverdue(MINUTE);
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(HOUR);
    await read();
    on.collect();
    await on.clock.advance(HOUR);
    assert.deepEqual(missing, []);
  });

  it('tells of one a minute after it has', async () => {
    const { on, read } = await starting();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    await read();
    await on.clock.advance(MINUTE - 1);
    const before = missing.length;
    await on.clock.advance(1);
    assert.deepEqual([before, missing.length], [0, 1]);
  });

  it('reads again what could not be read', async () => {
    const { on, slow } = await starting();
    const receipts = on.collect();
    slow.failOnce();
    slow.release();
    await on.accepted({ id: 'sms-2', messageIds: ['b-1'] });
    await on.arrives(receiptFor('a-1'), receiptFor('b-1'));
    const before = receipts.length;
    await on.clock.advance(5_000);
    assert.deepEqual([before, receipts.map(({ id }) => id).sort()], [0, ['sms-1', 'sms-2']]);
    assert.equal(on.lines.length, 1);
  });

  it('hands nothing on when it is closed first', async () => {
    const { on, slow } = await starting();
    const receipts = on.collect();
    await on.arrives(receiptFor('a-1'));
    const closing = on.tracker.close();
    await on.clock.advance(1_000);
    slow.release();
    await closing;
    await on.clock.advance(HOUR);
    assert.deepEqual([receipts.length, on.stored, on.clock.pending], [0, 1, 0]);
  });

  it('counts what waits as under way', async () => {
    const { on, read } = await starting();
    await on.arrives(receiptFor('a-1'), receiptFor('b-1'));
    const before = on.tracker.underWay;
    await read();
    assert.deepEqual([before, on.tracker.underWay], [2, 0]);
  });
});
