import assert from 'node:assert/strict';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { storageContract } from '../../contracts/storage.contract.js';
import { FakeClock } from '../../support/fake-clock.js';

storageContract(
  'memoryStorage',
  () => {
    const clock = new FakeClock();
    const storage = memoryStorage(clock);
    return Promise.resolve({ clock, create: () => storage, dispose: () => Promise.resolve() });
  },
  { durable: false },
);

describe('memoryStorage', () => {
  it('gives back the very object that was written', async () => {
    const storage = memoryStorage(new FakeClock());
    const value = { text: 'hej' };
    await storage.write([{ table: 'outbox', key: 'k', value }]);
    assert.equal(await storage.read('outbox', 'k'), value);
  });

  it('makes no promise for a write', () => {
    const storage = memoryStorage(new FakeClock());
    const writes = [1, 2].map((value) => storage.write([{ table: 'outbox', key: 'k', value }]));
    assert.equal(writes[0], writes[1]);
  });

  it('keeps forgetting when the wall clock was set back', async () => {
    const clock = new FakeClock();
    const storage = memoryStorage(clock);
    clock.shiftWall(-86_400_000);
    await storage.write([{ table: 'seen', key: 'k', value: 1, keepUntil: clock.wall() + 1000 }]);
    await clock.advance(3_600_000);
    await storage.write([{ table: 'seen', key: 'other', value: 1 }]);
    assert.equal(storage.count('seen'), 1);
  });
});
