/** 100 000 SMS on disk: what they cost on the heap. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { journalStorage } from '../../../../lib/storage/journal-storage.js';
import type { Change } from '../../../../lib/storage/storage.js';

const RECORDS = 100_000;

describe('a journal with 100 000 SMS', () => {
  let directory: string;

  before(async function () {
    this.timeout(60_000);
    directory = await mkdtemp(join(tmpdir(), 'journal-'));
    const storage = journalStorage({ directory });
    await storage.open();
    for (let first = 0; first < RECORDS; first += 1000) {
      await storage.write(Array.from({ length: 1000 }, (_, at) => sms(first + at)));
    }
    await storage.close();
  });

  after(() => rm(directory, { recursive: true }));

  it('takes at most 40 MB of heap once it is open, half of what the outbox may take', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    collect();
    const idle = process.memoryUsage().heapUsed;
    const storage = journalStorage({ directory });
    await storage.open();
    collect();
    const octets = process.memoryUsage().heapUsed - idle;
    const count = storage.count('outbox');
    await storage.close();
    assert.equal(count, RECORDS);
    assert.ok(octets < 40e6, `${Math.round(octets / 1e6)} MB`);
  }).timeout(60_000);

  it('gives them all, in order', async () => {
    const storage = journalStorage({ directory });
    await storage.open();
    let next = 0;
    for await (const [key] of storage.scan('outbox')) if (key === keyOf(next)) next++;
    await storage.close();
    assert.equal(next, RECORDS);
  }).timeout(60_000);
});

function keyOf(number: number): string {
  return `0f8fad5b-d9cb-469f-a165-${String(number).padStart(12, '0')}`;
}

function sms(number: number): Change {
  const key = keyOf(number);
  const text = 'Your parcel is at the shop. Show this code to fetch it: 1234.';
  return {
    table: 'outbox',
    key,
    value: { id: key, to: '4512345678', from: 'Shop', text, queuedAt: 1.77e12 },
  };
}
