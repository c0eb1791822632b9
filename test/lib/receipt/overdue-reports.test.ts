import assert from 'node:assert/strict';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { heldStorage } from '../../support/held-storage.js';
import { type Bench, bench, HOUR, MINUTE } from './bench.js';
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

  it('tells in time of an SMS that is accepted while a longer wait for an earlier one goes on', async () => {
    const on = await start();
    const soon = on.collectOverdue(5 * MINUTE);
    on.collectOverdue(60 * MINUTE);
    await on.accepted();
    await on.clock.advance(20 * MINUTE);
    await on.accepted({ id: 'sms-2', messageIds: ['a-2'], acceptedAt: on.clock.wall() });
    await on.clock.advance(5 * MINUTE);
    assert.deepEqual(
      soon.map(({ id }) => id),
      ['sms-1', 'sms-2'],
    );
  });

  it('tells in time of an SMS that is accepted while what one had not taken as it left waits for the next', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    const leave = on.tracker.onOverdue(10 * MINUTE, () => new Promise(() => undefined));
    await on.accepted();
    await on.clock.advance(10 * MINUTE);
    leave();
    await on.clock.advance(MINUTE);
    await on.accepted({ id: 'sms-2', messageIds: ['a-2'], acceptedAt: on.clock.wall() });
    await on.clock.advance(10 * MINUTE);
    assert.deepEqual(
      missing.map(({ id }) => id),
      ['sms-1', 'sms-2'],
    );
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

  describe('to who comes late', () => {
    it('tells what is overdue since an hour at most', async () => {
      const on = await start();
      await on.accepted({ id: 'old', messageIds: ['a-1'] });
      await on.clock.advance(MINUTE);
      await on.accepted({ id: 'new', messageIds: ['a-2'] });
      await on.clock.advance(HOUR + 9.5 * MINUTE);
      const missing = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(3 * HOUR);
      assert.deepEqual(ids(missing), ['new']);
    });

    it('tells what becomes overdue from then on', async () => {
      const on = await start();
      await on.accepted();
      await on.clock.advance(3 * HOUR);
      const missing = on.collectOverdue(4 * HOUR);
      await on.clock.advance(2 * HOUR);
      assert.equal(missing.length, 1);
    });

    it('tells no more when it comes after a restart', async () => {
      const on = await start();
      await on.accepted();
      await on.clock.advance(3 * HOUR);
      await on.restart();
      const missing = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(HOUR);
      assert.deepEqual(missing, []);
    });

    it('tells no more for a wait of its own, whatever the others are', async () => {
      const on = await start();
      on.collectOverdue(10 * MINUTE);
      await on.accepted();
      await on.clock.advance(3 * HOUR);
      const missing = on.collectOverdue(5 * MINUTE);
      const later = on.collectOverdue(20 * MINUTE);
      await on.clock.advance(HOUR);
      assert.deepEqual([missing, later], [[], []]);
    });

    it('tells no more in the place of one that left more than an hour before', async () => {
      const on = await start();
      const leave = on.tracker.onOverdue(10 * MINUTE, () => undefined);
      leave();
      await on.accepted();
      await on.clock.advance(3 * HOUR);
      const missing = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(HOUR);
      assert.deepEqual(missing, []);
    });

    it('tells no more after restarts that follow one another within the hour', async () => {
      const on = await start();
      on.collectOverdue(10 * MINUTE);
      for (let restarts = 0; restarts < 8; restarts += 1) {
        await on.restart();
        if (restarts === 0) await on.accepted();
        await on.clock.advance(30 * MINUTE);
      }
      const missing = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(HOUR);
      assert.deepEqual(missing, []);
    });
  });

  it('tells who asked before what was due in a long stop', async () => {
    const on = await start();
    on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.tracker.close();
    await on.clock.advance(10 * HOUR);
    await on.restart();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    assert.equal(missing.length, 1);
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

  it('tells one that rejects although one with a longer wait has taken it meanwhile', async () => {
    const on = await start();
    let isReady = false;
    const soon = on.collectOverdueWhen(5 * MINUTE, () => isReady);
    const late = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(11 * MINUTE);
    isReady = true;
    await on.clock.advance(HOUR);
    assert.deepEqual([soon.length, late.length], [1, 1]);
  });

  it('tells one that rejects after a restart too, and nobody else again', async () => {
    const on = await start();
    on.collectOverdueWhen(5 * MINUTE, () => false);
    on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(11 * MINUTE);
    await on.restart();
    const soon = on.collectOverdue(5 * MINUTE);
    const late = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    await on.restart();
    const again = [on.collectOverdue(5 * MINUTE), on.collectOverdue(10 * MINUTE)];
    await on.clock.advance(HOUR);
    assert.deepEqual(
      [soon, late, ...again].map(({ length }) => length),
      [1, 0, 0, 0],
    );
  });

  it('tells of two with the same wait only the one again that rejected', async () => {
    const on = await start();
    let refusals = 3;
    const refusing = on.collectOverdueWhen(10 * MINUTE, () => refusals-- <= 0);
    const taking = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(HOUR);
    assert.deepEqual([refusing.length, taking.length, refusals], [1, 1, -1]);
  });

  it('tells who comes what one with the same wait had not taken as it left, and nobody else', async () => {
    const on = await start();
    const leave = on.tracker.onOverdue(10 * MINUTE, () => Promise.reject(new Error('not now')));
    const taking = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(10 * MINUTE);
    leave();
    await on.clock.advance(MINUTE);
    const next = on.collectOverdue(10 * MINUTE);
    const last = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    assert.deepEqual([taking.length, next.length, last.length], [1, 1, 1]);
  });

  it('tells nobody who comes what all had taken', async () => {
    const on = await start();
    const taking = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(10 * MINUTE);
    const next = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    assert.deepEqual([taking.length, next.length], [1, 0]);
  });

  it('takes it as told after an hour in which nobody came for one that left', async () => {
    const on = await start();
    const leave = on.tracker.onOverdue(10 * MINUTE, () => Promise.reject(new Error('not now')));
    const taking = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.clock.advance(10 * MINUTE);
    leave();
    await on.clock.advance(HOUR);
    await on.accepted({ id: 'sms-2', messageIds: ['a-2'] });
    await on.clock.advance(10 * MINUTE);
    await on.restart();
    const again = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    assert.deepEqual([taking.length, again.length], [2, 0]);
  });

  it('keeps for who comes what nobody was left to take', async () => {
    const on = await bench(heldStorage, { recentCorrelations: 1 });
    await on.clock.advance(MINUTE);
    await on.accepted({ id: 'read', messageIds: ['r-1'], correlation: 'c' });
    await on.accepted({ id: 'at-hand', messageIds: ['h-1'], correlation: 'c' });
    const told: unknown[] = [];
    let leave = () => undefined as unknown;
    const once = ({ id }: DeliveryReceipt) => {
      told.push(id);
      leave();
    };
    leave = on.tracker.onOverdue(10 * MINUTE, once);
    await on.clock.advance(11 * MINUTE);
    on.tracker.onOverdue(10 * MINUTE, ({ id }) => void told.push(id));
    await on.clock.advance(MINUTE);
    assert.deepEqual(told, ['at-hand', 'read']);
  });

  describe('to a listener that never answers', () => {
    const hanging = async () => {
      const on = await start();
      const leave = on.tracker.onOverdue(10 * MINUTE, () => new Promise(() => undefined));
      return { on, leave };
    };

    it('holds up no others', async () => {
      const { on } = await hanging();
      const missing = on.collectOverdue(10 * MINUTE);
      const late = on.collectOverdue(20 * MINUTE);
      await on.accepted();
      await on.accepted({ id: 'sms-2', messageIds: ['a-2'] });
      await on.clock.advance(HOUR);
      assert.deepEqual([missing.length, late.length], [2, 2]);
    });

    it('holds up no receipt of the SMS', async () => {
      const { on } = await hanging();
      const receipts = on.collect();
      await on.accepted();
      await on.clock.advance(10 * MINUTE);
      await on.arrives(receiptFor('a-1'));
      assert.equal(receipts.length, 1);
    });

    it('tells the next who comes, once it has left', async () => {
      const { on, leave } = await hanging();
      await on.accepted();
      await on.clock.advance(10 * MINUTE);
      leave();
      const missing = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(MINUTE);
      assert.equal(missing.length, 1);
    });

    it('gives up the oldest of too many, says so, and tells it after a restart', async () => {
      const on = await bench(memoryStorage, { overdueReports: 1 });
      await on.clock.advance(MINUTE);
      on.tracker.onOverdue(10 * MINUTE, () => new Promise(() => undefined));
      await on.accepted();
      await on.accepted({ id: 'sms-2', messageIds: ['a-2'] });
      await on.clock.advance(10 * MINUTE);
      const said = on.lines.filter((line) => line.includes('after the next start'));
      await on.clock.advance(HOUR);
      const closing = on.restart();
      await on.clock.advance(1_000);
      await closing;
      const missing = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(MINUTE);
      assert.deepEqual([said.length, missing.length], [1, 2]);
    });
  });

  it('closes all the same when what is asked for cannot be kept, and says so', async () => {
    const on = await start();
    on.collectOverdue(10 * MINUTE);
    await on.clock.advance(0);
    const write = on.storage.write.bind(on.storage);
    on.storage.write = (changes) =>
      changes.some(({ table }) => table === 'account')
        ? Promise.reject(new Error('disk full'))
        : write(changes);
    await on.tracker.close();
    assert.equal(on.lines.length, 1);
  });

  describe('beside one that never answers and leaves', () => {
    const besideOne = async () => {
      const on = await start();
      const leave = on.tracker.onOverdue(10 * MINUTE, () => new Promise(() => undefined));
      const told = on.collectOverdue(10 * MINUTE);
      await on.accepted();
      await on.clock.advance(14 * MINUTE);
      leave();
      return { on, told };
    };
    const restarted = async (on: Bench) => {
      const restarting = on.restart();
      await on.clock.advance(2_000);
      await restarting;
      const again = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(HOUR);
      return again;
    };

    for (const minutes of [0, 1, 70]) {
      it(`tells nobody again after a restart ${minutes} min later`, async () => {
        const { on, told } = await besideOne();
        await on.clock.advance(minutes * MINUTE);
        assert.deepEqual([await restarted(on), told.length], [[], 1]);
      });
    }

    it('tells the next who comes, once', async () => {
      const { on, told } = await besideOne();
      await on.clock.advance(MINUTE);
      const next = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(MINUTE);
      assert.deepEqual([next.length, told.length, await restarted(on)], [1, 1, []]);
    });

    it('tells nobody who comes after an hour', async () => {
      const { on, told } = await besideOne();
      await on.clock.advance(70 * MINUTE);
      const next = on.collectOverdue(10 * MINUTE);
      await on.clock.advance(MINUTE);
      assert.deepEqual([next, told.length], [[], 1]);
    });
  });

  it('tells nobody again after a restart who had taken it as it closed', async () => {
    const on = await start();
    let take: () => void = () => undefined;
    on.tracker.onOverdue(10 * MINUTE, () => new Promise((resolve) => (take = resolve)));
    await on.accepted();
    await on.clock.advance(10 * MINUTE);
    const closing = on.restart();
    await on.clock.advance(500);
    take();
    await closing;
    const again = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(HOUR);
    assert.deepEqual(again, []);
  });
});

function ids(receipts: readonly DeliveryReceipt[]): readonly unknown[] {
  return receipts.map(({ id }) => id);
}
