/** What every storage engine keeps to, whatever it stores on. */
import assert from 'node:assert/strict';
import type { Storage, Table } from '../../lib/storage/storage.js';
import type { FakeClock } from '../support/fake-clock.js';

export interface StorageFixture {
  readonly clock: FakeClock;
  /** A storage over the same records each time, not opened; at most one is open at a time. */
  create(): Storage;
  /** Removes what the fixture made. */
  dispose(): Promise<void>;
}

/** Runs the suite; `make` is called for each test, `durable` engines are reopened as new instances too. */
export function storageContract(
  name: string,
  make: () => Promise<StorageFixture>,
  { durable }: { durable: boolean },
): void {
  describe(`${name}, as a storage`, () => {
    let fixture: StorageFixture;
    let storage: Storage;

    beforeEach(async () => {
      fixture = await make();
      storage = fixture.create();
      await storage.open();
    });

    afterEach(async () => {
      await storage.close();
      await fixture.dispose();
    });

    /** Any engine keeps its records over close and open; a durable one over the loss of the instance too. */
    async function reopen(): Promise<void> {
      await storage.close();
      if (durable) storage = fixture.create();
      await storage.open();
    }

    describe('write', () => {
      it('keeps a value as it was', async () => {
        const value = { text: 'Blåbær\n\t"😀"\u0000\ud800', list: [1, null, true, -0.5], nested: { a: {} } };
        await storage.write([{ table: 'outbox', key: 'k', value }]);
        await reopen();
        assert.deepEqual(await storage.read('outbox', 'k'), value);
      });

      for (const value of [null, false, 0, '', [], {}]) {
        it(`keeps ${JSON.stringify(value)}, which is a value`, async () => {
          await storage.write([{ table: 'seen', key: 'k', value }]);
          await reopen();
          assert.deepEqual(await storage.read('seen', 'k'), value);
        });
      }

      for (const key of ['', 'a b', '\n\t', '__proto__', 'constructor', 'é😀', 'x'.repeat(2000)]) {
        it(`keeps a record under the key ${JSON.stringify(key).slice(0, 20)}`, async () => {
          await storage.write([{ table: 'part', key, value: 1 }]);
          await reopen();
          assert.deepEqual(await list('part'), [[key, 1]]);
        });
      }

      it('is visible before it is durable', async () => {
        const done = storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
        assert.equal(await storage.read('outbox', 'k'), 1);
        await done;
      });

      it('is visible to scan and count before it is durable', async () => {
        const done = storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
        assert.equal(storage.count('outbox'), 1);
        assert.deepEqual(await list('outbox'), [['k', 1]]);
        await done;
      });

      it('replaces a value', async () => {
        await storage.write([{ table: 'outbox', key: 'k', value: 'old' }]);
        await storage.write([{ table: 'outbox', key: 'k', value: 'new' }]);
        await reopen();
        assert.equal(await storage.read('outbox', 'k'), 'new');
      });

      it('deletes a record', async () => {
        await storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
        await storage.write([{ table: 'outbox', key: 'k' }]);
        await reopen();
        assert.equal(await storage.read('outbox', 'k'), undefined);
      });

      it('deletes a record that is not there', async () => {
        await storage.write([{ table: 'outbox', key: 'k' }]);
        assert.equal(storage.count('outbox'), 0);
      });

      it('applies the changes of a batch in their order', async () => {
        await storage.write([
          { table: 'outbox', key: 'a', value: 1 },
          { table: 'outbox', key: 'a' },
          { table: 'outbox', key: 'b', value: 1 },
          { table: 'outbox', key: 'b', value: 2 },
        ]);
        await reopen();
        assert.deepEqual(await list('outbox'), [['b', 2]]);
      });

      it('applies a batch to several tables', async () => {
        await storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
        await storage.write([
          { table: 'outbox', key: 'k' },
          { table: 'result', key: 'k', value: 'accepted' },
        ]);
        await reopen();
        assert.deepEqual([await list('outbox'), await list('result')], [[], [['k', 'accepted']]]);
      });

      it('takes an empty batch', async () => {
        await storage.write([]);
        assert.equal(storage.count('outbox'), 0);
      });

      it('resolves in the order of the calls', async () => {
        const order: number[] = [];
        const calls = Array.from({ length: 20 }, (_, call) =>
          storage.write([{ table: 'outbox', key: String(call), value: call }]).then(() => order.push(call)),
        );
        await Promise.all(calls);
        assert.deepEqual(
          order,
          [...order].sort((one, other) => one - other),
        );
      });

      it('takes effect in the order of the calls', async () => {
        const calls = Array.from({ length: 20 }, (_, call) =>
          storage.write([{ table: 'outbox', key: 'k', value: call }]),
        );
        await Promise.all(calls);
        await reopen();
        assert.equal(await storage.read('outbox', 'k'), 19);
      });

      it('is refused once the storage is closed', async () => {
        await storage.close();
        await assert.rejects(storage.write([{ table: 'outbox', key: 'k', value: 1 }]), {
          code: 'SMPP_STORAGE',
        });
      });
    });

    describe('read', () => {
      it('gives undefined for a record that is not there', async () => {
        assert.equal(await storage.read('outbox', 'k'), undefined);
      });

      it('tells tables apart', async () => {
        await storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
        assert.equal(await storage.read('progress', 'k'), undefined);
      });
    });

    describe('scan', () => {
      it('gives nothing for an empty table', async () => {
        assert.deepEqual(await list('event'), []);
      });

      it('keeps the order in which keys were first written', async () => {
        for (const key of ['c', 'a', '10', 'b', '2'])
          await storage.write([{ table: 'outbox', key, value: key }]);
        await storage.write([{ table: 'outbox', key: 'a', value: 'again' }]);
        await reopen();
        assert.deepEqual(await keys('outbox'), ['c', 'a', '10', 'b', '2']);
      });

      it('puts a key that was deleted and written again at the end', async () => {
        for (const key of ['a', 'b']) await storage.write([{ table: 'outbox', key, value: key }]);
        await storage.write([{ table: 'outbox', key: 'a' }]);
        await storage.write([{ table: 'outbox', key: 'a', value: 'again' }]);
        await reopen();
        assert.deepEqual(await keys('outbox'), ['b', 'a']);
      });

      it('has the same order before and after a write is durable', async () => {
        await storage.write([
          { table: 'outbox', key: 'a', value: 1 },
          { table: 'outbox', key: 'b', value: 1 },
        ]);
        const done = storage.write([
          { table: 'outbox', key: 'a' },
          { table: 'outbox', key: 'c', value: 1 },
          { table: 'outbox', key: 'a', value: 2 },
        ]);
        const before = await keys('outbox');
        await done;
        assert.deepEqual(before, await keys('outbox'));
      });

      it('comes to an end when its reader writes to the same table', async () => {
        await storage.write([{ table: 'outbox', key: '0', value: 0 }]);
        let seen = 0;
        for await (const [key] of storage.scan('outbox')) {
          await storage.write([{ table: 'outbox', key: `${key}.`, value: seen }]);
          seen++;
        }
        assert.equal(seen, 1);
      });

      it('leaves out what was deleted since it began', async () => {
        for (const key of ['a', 'b', 'c']) await storage.write([{ table: 'outbox', key, value: key }]);
        const seen: string[] = [];
        for await (const [key] of storage.scan('outbox')) {
          seen.push(key);
          await storage.write([{ table: 'outbox', key: 'b' }]);
        }
        assert.deepEqual(seen, ['a', 'c']);
      });

      it('gives a thousand records', async () => {
        const written = Array.from({ length: 1000 }, (_, at) => [`k${at}`, 'x'.repeat(at % 300)] as const);
        await Promise.all(written.map(([key, value]) => storage.write([{ table: 'tracked', key, value }])));
        await reopen();
        assert.deepEqual(await list('tracked'), written);
      });
    });

    describe('keys', () => {
      it('gives the key of every record, in the order in which they were first written', async () => {
        for (const key of ['b', 'a', 'c', 'd']) await storage.write([{ table: 'event', key, value: key }]);
        await storage.write([
          { table: 'event', key: 'b', value: 'anew' },
          { table: 'event', key: 'c' },
          { table: 'seen', key: 'other', value: 1 },
        ]);
        assert.deepEqual(await keysOf('event'), ['b', 'a', 'd']);
        await reopen();
        assert.deepEqual(await keysOf('event'), ['b', 'a', 'd']);
      });

      it('gives that of a record that is not durable yet', async () => {
        const done = storage.write([{ table: 'event', key: 'k', value: 1 }]);
        assert.deepEqual(await keysOf('event'), ['k']);
        await done;
      });
    });

    describe('count', () => {
      it('counts a key once, and no longer when it is deleted', async () => {
        await storage.write([{ table: 'outbox', key: 'a', value: 1 }]);
        await storage.write([{ table: 'outbox', key: 'a', value: 2 }]);
        await storage.write([{ table: 'outbox', key: 'b', value: 2 }]);
        const before = storage.count('outbox');
        await storage.write([{ table: 'outbox', key: 'a' }]);
        assert.deepEqual([before, storage.count('outbox')], [2, 1]);
      });

      it('is the same after reopening', async () => {
        await storage.write([
          { table: 'outbox', key: 'a', value: 1 },
          { table: 'outbox', key: 'b', value: 1 },
        ]);
        await reopen();
        assert.equal(storage.count('outbox'), 2);
      });
    });

    describe('keepUntil', () => {
      it('keeps a record up to the instant', async () => {
        const keepUntil = fixture.clock.wall() + 1000;
        await storage.write([{ table: 'seen', key: 'k', value: 1, keepUntil }]);
        await fixture.clock.advance(1000);
        assert.equal(await storage.read('seen', 'k'), 1);
      });

      it('hides a record from read and scan after the instant', async () => {
        const keepUntil = fixture.clock.wall() + 1000;
        await storage.write([{ table: 'seen', key: 'k', value: 1, keepUntil }]);
        await fixture.clock.advance(1001);
        assert.deepEqual([await storage.read('seen', 'k'), await list('seen')], [undefined, []]);
      });

      it('hides a record after reopening', async () => {
        const keepUntil = fixture.clock.wall() + 1000;
        await storage.write([{ table: 'seen', key: 'k', value: 1, keepUntil }]);
        await storage.close();
        await fixture.clock.advance(1001);
        await storage.open();
        assert.equal(await storage.read('seen', 'k'), undefined);
      });

      it('is that of the last write', async () => {
        await storage.write([{ table: 'seen', key: 'k', value: 1, keepUntil: fixture.clock.wall() + 1000 }]);
        await storage.write([{ table: 'seen', key: 'k', value: 2 }]);
        await fixture.clock.advance(2000);
        assert.equal(await storage.read('seen', 'k'), 2);
      });

      it('is done within an hour', async () => {
        await storage.write([{ table: 'seen', key: 'k', value: 1, keepUntil: fixture.clock.wall() }]);
        await fixture.clock.advance(3_600_000);
        await storage.write([{ table: 'seen', key: 'other', value: 1 }]);
        assert.equal(storage.count('seen'), 1);
      });
    });

    describe('close', () => {
      it('completes what was written', async () => {
        const done = storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
        await reopen();
        await done;
        assert.equal(await storage.read('outbox', 'k'), 1);
      });

      it('may be called twice', async () => {
        await Promise.all([storage.close(), storage.close()]);
        await assert.doesNotReject(storage.close());
      });

      it('leaves no timer behind', async () => {
        await storage.close();
        assert.equal(fixture.clock.pending, 0);
      });
    });

    async function keysOf(table: Table): Promise<string[]> {
      const keys: string[] = [];
      for await (const key of storage.keys(table)) keys.push(key);
      return keys;
    }

    async function list(table: Table): Promise<(readonly [string, unknown])[]> {
      const records: (readonly [string, unknown])[] = [];
      for await (const record of storage.scan(table)) records.push(record);
      return records;
    }

    async function keys(table: Table): Promise<string[]> {
      return (await list(table)).map(([key]) => key);
    }
  });
}
