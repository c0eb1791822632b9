import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import { journalStorage } from '../../../lib/storage/journal-storage.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SimulatedDisk } from '../../support/simulated-disk.js';
import { bench } from './bench.js';
import { partDelivery, smsDelivery } from './builders.js';

const MINUTE = 60_000;
const BOUNDS = { ...DEFAULT_BOUNDS, lineOctets: 64_000, messageOctets: 3_000 };

/** Each octet of it is six as JSON, and two more as hexadecimal digits. */
const CONTROLS = Buffer.alloc(200, 1);

/** A journal whose lines take no more than a few long messages. */
async function shortLines(): Promise<Storage> {
  const [files, clock] = [new SimulatedDisk(), new FakeClock()];
  const storage = journalStorage({ directory: '/journal', files, clock, bounds: BOUNDS });
  await storage.open();
  return storage;
}

describe('Inbox, where one line of the journal does not take all that comes at once', () => {
  it('keeps it in several writes', async () => {
    const storage = await shortLines();
    const on = await bench({ makeStorage: () => storage, bounds: BOUNDS });
    const list = on.collect();
    const sent = Array.from({ length: 100 }, (_, index) =>
      smsDelivery('', { from: `45${String(index).padStart(8, '0')}`, octets: CONTROLS, dataCoding: 3 }),
    );
    assert.deepEqual(new Set(await on.accept(sent)), new Set(['kept']));
    assert.equal(list.length, 100);
    await storage.close();
  });

  it('gives up in several writes what waited for parts until the same moment', async () => {
    const storage = await shortLines();
    const on = await bench({ makeStorage: () => storage, bounds: BOUNDS });
    const list = on.collect();
    for (let reference = 1; reference <= 60; reference += 1) {
      const parts = [1, 2, 3].map((sequence) =>
        partDelivery(CONTROLS, { reference, total: 255, sequence }, { dataCoding: 3 }),
      );
      await on.accept(parts);
    }
    await on.clock.advance(6 * MINUTE);
    await on.clock.advance(0);
    assert.deepEqual([list.length, storage.count('part')], [60, 0]);
    await storage.close();
  });
});
