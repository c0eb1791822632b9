import assert from 'node:assert/strict';
import { memoryStorage, type MemoryStorage } from '../../../lib/storage/memory-storage.js';
import { moveRecords } from '../../../lib/storage/move-records.js';
import type { Change, Table } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';

const asItIs = (change: Change): Change[] => [change];

describe('moveRecords', () => {
  let from: MemoryStorage;
  let to: MemoryStorage;

  beforeEach(() => {
    const clock = new FakeClock();
    from = memoryStorage(clock);
    to = memoryStorage(clock);
  });

  const put = (storage: MemoryStorage, table: Table, records: Readonly<Record<string, unknown>>) =>
    storage.write(Object.entries(records).map(([key, value]) => ({ table, key, value, keepUntil: 1e15 })));
  const held = (storage: MemoryStorage, table: Table) =>
    Object.fromEntries(storage.changes(table).map(({ key, value }) => [key, value]));

  it('moves every record, and how long it is kept', async () => {
    await put(from, 'outbox', { a: 1, b: 2 });
    await put(from, 'seen', { c: 3 });
    await moveRecords(from, to, asItIs);
    assert.deepEqual([held(to, 'outbox'), held(to, 'seen')], [{ a: 1, b: 2 }, { c: 3 }]);
    assert.equal(to.changes('seen')[0]?.keepUntil, 1e15);
    assert.equal(from.count('outbox') + from.count('seen'), 0);
  });

  it('moves one record as several', async () => {
    await put(from, 'tracked', { index: [1, 2] });
    await moveRecords(from, to, ({ table, value }) =>
      (value as number[]).map((each) => ({ table, key: `${each}`, value: each })),
    );
    assert.deepEqual(held(to, 'tracked'), { 1: 1, 2: 2 });
  });

  it('leaves what is there already as it is', async () => {
    await put(from, 'unknown', { same: 'moved', other: 'moved' });
    await put(to, 'unknown', { same: 'there' });
    await moveRecords(from, to, asItIs);
    assert.deepEqual(held(to, 'unknown'), { same: 'there', other: 'moved' });
  });

  it('puts events behind those of their kind that are there', async () => {
    await put(from, 'event', { 'sms-1': 'a', 'sms-4': 'b', 'receipt-2': 'c' });
    await put(to, 'event', { 'sms-3': 'there', 'sms-4': 'there' });
    await moveRecords(from, to, asItIs);
    assert.deepEqual(held(to, 'event'), {
      'sms-3': 'there',
      'sms-4': 'there',
      'sms-5': 'a',
      'sms-6': 'b',
      'receipt-1': 'c',
    });
  });

  it('keeps what the other refuses, for the next time', async () => {
    await put(from, 'outbox', { a: 1 });
    await to.close();
    await assert.rejects(moveRecords(from, to, asItIs), { code: 'SMPP_STORAGE' });
    await to.open();
    await moveRecords(from, to, asItIs);
    assert.deepEqual(held(to, 'outbox'), { a: 1 });
  });
});
