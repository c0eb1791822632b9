/** What a receipt says of its SMS counts as it comes, whether or not somebody is there to take it. */
import assert from 'node:assert/strict';

import type { Bounds } from '../../../lib/bounds.js';
import type { Clock } from '../../../lib/clock.js';
import { DamagedRecordError } from '../../../lib/errors.js';
import type { DeliveryReceipt } from '../../../lib/message.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { heldStorage } from '../../support/held-storage.js';
import { type Bench, bench, HOUR, MINUTE } from './bench.js';
import { receiptFor } from './builders.js';

const LONG = { messageIds: ['a-1', 'a-2', 'a-3'] };

/** Enough for all that wait to be forgotten. */
const FORGOTTEN_MS = HOUR + 15 * MINUTE;

describe('ReceiptTracker, of receipts that nobody takes,', () => {
  const start = async (
    makeStorage: (clock: Clock) => Storage = heldStorage,
    bounds: Partial<Bounds> = {},
  ) => {
    const on = await bench(makeStorage, bounds);
    await on.clock.advance(MINUTE);
    return on;
  };

  it('reports no SMS as overdue whose receipt is there', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(2 * HOUR);
    assert.deepEqual(missing, []);
  });

  it('reports one as overdue that is only on its way', async () => {
    const on = await start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.accepted();
    await on.arrives(receiptFor('a-1', 'ENROUTE'));
    await on.clock.advance(2 * HOUR);
    assert.equal(missing.length, 1);
  });

  it('reports none to who comes with it, however slowly what waits is read', async () => {
    const on = await start((clock) => slowToRead(heldStorage(clock), clock));
    await on.accepted({ correlation: 'c' });
    await on.arrives(receiptFor('a-1'));
    await on.clock.advance(30 * MINUTE);
    const receipts = on.collect();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(10 * MINUTE);
    assert.deepEqual([missing.length, states(receipts)], [0, ['DELIVRD']]);
  });

  it('reports none after a crash in the turn in which its receipt was kept', async () => {
    const on = await start();
    await on.accepted();
    const taken = on.tracker.take(receiptFor('a-1'));
    await on.storage.write(taken!.changes);
    await on.start();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(20 * MINUTE);
    assert.deepEqual(missing, []);
  });

  it('reports none after a restart, and long after a crash', async () => {
    const on = await start();
    await on.accepted();
    const taken = on.tracker.take(receiptFor('a-1'));
    await on.storage.write(taken!.changes);
    await on.clock.advance(5 * MINUTE);
    await on.start();
    await on.tracker.whenRead();
    await on.restart();
    const missing = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(20 * MINUTE);
    assert.deepEqual(missing, []);
  });

  it('gives who comes all that came, each as it was then', async () => {
    const on = await start();
    await on.accepted(LONG);
    await on.arrives(
      receiptFor('a-1', 'ENROUTE'),
      receiptFor('a-1'),
      receiptFor('a-2', 'UNDELIV', ' err:001'),
    );
    await on.arrives(receiptFor('a-3'));
    const whole = on.collect();
    const segments = on.collect('segment');
    await on.clock.advance(MINUTE);
    assert.deepEqual(
      [whole, segments].map((receipts) =>
        receipts.map(({ state, segments: { delivered, failed } }) => [state, delivered, failed]),
      ),
      [
        [
          ['ENROUTE', 0, 0],
          ['UNDELIV', 2, 1],
        ],
        [
          ['ENROUTE', 0, 0],
          ['DELIVRD', 1, 0],
          ['UNDELIV', 1, 1],
          ['DELIVRD', 2, 1],
        ],
      ],
    );
    assert.deepEqual([whole[1]?.messageId, whole[1]?.raw], ['a-2', 'id:a-2 sub:001 stat:UNDELIV err:001']);
    assert.equal(on.stored, 0);
  });

  it('gives them after a restart too, once', async () => {
    const on = await start();
    await on.accepted({ correlation: 'c' });
    await on.arrives(receiptFor('a-1', 'ENROUTE'), receiptFor('a-1'), receiptFor('a-1'));
    await on.restart();
    await on.clock.advance(MINUTE);
    const receipts = on.collect();
    await on.clock.advance(MINUTE);
    assert.deepEqual(
      receipts.map(({ state, correlation }) => [state, correlation]),
      [
        ['ENROUTE', 'c'],
        ['DELIVRD', 'c'],
      ],
    );
    assert.deepEqual([on.counted('receipts'), on.counted('delivered'), on.stored], [2, 1, 0]);
  });

  it('gives them again to who rejects them, as they were', async () => {
    const on = await start();
    await on.accepted(LONG);
    await on.arrives(receiptFor('a-1'), receiptFor('a-2'), receiptFor('a-3'));
    const receipts: DeliveryReceipt[] = [];
    let refusals = 2;
    on.tracker.onReceipt((receipt) => {
      if (refusals-- > 0) return Promise.reject(new Error('not now'));
      receipts.push(receipt);
      return Promise.resolve();
    }, 'segment');
    await on.clock.advance(MINUTE);
    assert.deepEqual(receipts.map(({ messageId }) => messageId).sort(), LONG.messageIds);
    assert.equal(on.stored, 0);
  });

  const LET_GO: Readonly<Record<string, (on: Bench) => Promise<void>>> = {
    'an hour without a listener': (on) => on.clock.advance(FORGOTTEN_MS),
    'as many that came later': async (on) => {
      await on.accepted({ id: 'other', messageIds: ['b-1', 'b-2'] });
      await on.arrives(receiptFor('b-1', 'ENROUTE'), receiptFor('b-2', 'ENROUTE'));
    },
  };
  for (const [what, letGo] of Object.entries(LET_GO)) {
    describe(`and that are let go for ${what},`, () => {
      const full = () => start(heldStorage, { heldEvents: 2 });

      it('gives the final receipt as the rest comes', async () => {
        const on = await full();
        await on.accepted({ ...LONG, correlation: 'c' });
        await on.arrives(receiptFor('a-1'), receiptFor('a-2', 'UNDELIV', ' err:001'));
        await letGo(on);
        const receipts = on.collect();
        await on.arrives(receiptFor('a-3'));
        const [receipt] = receipts.filter(({ isFinal }) => isFinal);
        assert.deepEqual(
          [receipt?.state, receipt?.errorCode, receipt?.segments, receipt?.correlation],
          ['UNDELIV', -1, { total: 3, delivered: 2, failed: 1 }, 'c'],
        );
      });

      it('gives it after a restart too', async () => {
        const on = await full();
        await on.accepted(LONG);
        await on.arrives(receiptFor('a-1'), receiptFor('a-2'));
        await letGo(on);
        await on.restart();
        const receipts = on.collect();
        await on.arrives(receiptFor('a-3'));
        assert.deepEqual(states(receipts).slice(-1), ['DELIVRD']);
      });

      it('reports no SMS as overdue that they were of', async () => {
        const on = await full();
        await on.accepted();
        await on.arrives(receiptFor('a-1'));
        await letGo(on);
        const missing = on.collectOverdue(75 * MINUTE);
        on.collect();
        await on.clock.advance(2 * HOUR);
        await on.restart();
        const later = on.collectOverdue(75 * MINUTE);
        await on.clock.advance(2 * HOUR);
        assert.deepEqual(
          [...missing, ...later].filter(({ id }) => id === 'sms-1'),
          [],
        );
      });
    });
  }

  it('knows what those said that give way at a start, which finds more than there is room for', async () => {
    const on = await start(heldStorage, { heldEvents: 2 });
    await on.accepted(LONG);
    await on.accepted({ id: 'other', messageIds: ['b-1'] });
    for (const messageId of [...LONG.messageIds, 'b-1']) {
      const taken = on.tracker.take(receiptFor(messageId));
      await on.storage.write(taken!.changes); // it dies before `kept`
    }
    await on.restart();
    await on.clock.advance(0);
    const stored = on.stored;
    const missing = on.collectOverdue(10 * MINUTE);
    await on.clock.advance(2 * HOUR);
    assert.deepEqual([stored, ids(missing)], [2, []]);
  });

  it('gives the final receipt of an SMS although the first of its records is damaged', async () => {
    const damaged = new Set<string>();
    const on = await start((clock) => withDamage(heldStorage(clock), damaged));
    await on.accepted(LONG);
    await on.arrives(receiptFor('a-1'), receiptFor('a-2'));
    damaged.add('receipt-1');
    const receipts = on.collect();
    await on.clock.advance(MINUTE);
    await on.arrives(receiptFor('a-3'));
    assert.deepEqual(
      receipts.map(({ state, segments }) => [state, segments.delivered]),
      [['DELIVRD', 3]],
    );
  });

  it('knows what those said that were being read as the last listener left', async () => {
    const on = await start(heldStorage, { recentCorrelations: 1 });
    await on.accepted({ correlation: 'c' });
    await on.accepted({ id: 'other', messageIds: ['b-1'], correlation: 'c' });
    const missing = on.collectOverdue(10 * MINUTE);
    const leave = on.tracker.onReceipt(() => assert.fail('it has left'));
    await on.clock.advance(0);
    const taken = on.tracker.take(receiptFor('a-1'));
    await on.storage.write(taken!.changes);
    taken!.kept();
    leave();
    await on.clock.advance(2 * HOUR);
    assert.deepEqual(ids(missing), ['other']);
  });

  it('writes nothing more where somebody takes them at once', async () => {
    const on = await start();
    on.collect();
    await on.accepted();
    const { writes } = on.storage as ReturnType<typeof heldStorage>;
    await on.arrives(receiptFor('a-1'));
    const after = (on.storage as ReturnType<typeof heldStorage>).writes;
    assert.equal(after - writes, 2 + 1); // the receipt; its SMS and that it is gone; the gateway's clock
  });
});

function states(receipts: readonly DeliveryReceipt[]): readonly string[] {
  return receipts.map(({ state }) => state);
}

function ids(receipts: readonly DeliveryReceipt[]): readonly unknown[] {
  return receipts.map(({ id }) => id);
}

/** Records of events take two minutes each. */
function slowToRead(storage: Storage, clock: Clock): Storage {
  return Object.assign(Object.create(storage) as Storage, {
    read: (table: Parameters<Storage['read']>[0], key: string) => {
      if (table !== 'event') return storage.read(table, key);
      return new Promise((resolve) => clock.after(2 * MINUTE, () => resolve(storage.read(table, key))));
    },
  });
}

function withDamage(storage: Storage, damaged: ReadonlySet<string>): Storage {
  return Object.assign(Object.create(storage) as Storage, {
    read: (table: Parameters<Storage['read']>[0], key: string) =>
      damaged.has(key) ? Promise.reject(new DamagedRecordError('it is damaged')) : storage.read(table, key),
  });
}
