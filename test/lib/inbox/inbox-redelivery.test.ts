import assert from 'node:assert/strict';

import { EXAMPLE, EXAMPLE_ID, receiptDelivery, receiptFor, trackedSms } from '../receipt/builders.js';
import { bench } from './bench.js';
import { smsDelivery } from './builders.js';

const MINUTE = 60_000;
const hi = smsDelivery('Hi');

describe('Inbox, of a delivery that comes again', () => {
  it('on the next session, emits it once', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi], 1);
    const outcomes = await on.accept([hi], 2);
    assert.deepEqual([outcomes, list.length], [['repeated'], 1]);
  });

  it('on the same session, emits it twice', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi, hi], 1);
    assert.equal(list.length, 2);
  });

  it('after eleven minutes, emits it twice', async () => {
    const on = await bench();
    const list = on.collect();
    await on.accept([hi], 1);
    await on.clock.advance(11 * MINUTE);
    await on.accept([hi], 2);
    assert.equal(list.length, 2);
  });

  it('after a restart, emits it once', async () => {
    const on = await bench();
    on.collect();
    await on.accept([hi], 5);
    await on.restart();
    const list = on.collect();
    await on.accept([hi], 1);
    assert.deepEqual(list, []);
  });

  it('after it could not be kept, emits it', async () => {
    const on = await bench();
    const list = on.collect();
    const mend = on.breakStorage();
    await assert.rejects(on.accepting(hi, 1));
    mend();
    await on.accept([hi], 2);
    assert.equal(list.length, 1);
  });

  it('as the receipt of an SMS that is known, emits it once and remembers no more than the SMS', async () => {
    const on = await bench();
    const receipts = on.collectReceipts();
    await on.storage.write(on.tracker.tracking(trackedSms({ messageIds: [EXAMPLE_ID] })));
    await on.accept([receiptDelivery(EXAMPLE)], 1);
    await on.accept([receiptDelivery(EXAMPLE)], 2);
    assert.deepEqual([receipts.length, on.storage.count('seen')], [1, 0]);
  });

  it('as a receipt that is not final, emits it once, also when another came in between', async () => {
    const on = await bench();
    const receipts = on.collectReceipts();
    await on.storage.write(on.tracker.tracking(trackedSms({ messageIds: ['a-1'] })));
    const [enroute, accepted] = [receiptFor('a-1', 'ENROUTE'), receiptFor('a-1', 'ACCEPTD')];
    await on.accept([enroute, accepted], 1);
    await on.accept([enroute], 2);
    assert.deepEqual(
      receipts.map(({ state }) => state),
      ['ENROUTE', 'ACCEPTD'],
    );
  });

  it('while the first is being stored, is not safe before that one is', async () => {
    const on = await bench();
    on.breakStorage();
    const both = await Promise.allSettled([on.accepting(hi, 1), on.accepting(hi, 2)]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
  });
});
