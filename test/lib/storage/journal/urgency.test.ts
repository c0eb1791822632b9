/** Writes that may wait: with which sync they reach the disk, and when at the latest. */
import assert from 'node:assert/strict';
import type { Storage } from '../../../../lib/storage/storage.js';
import { JournalMachine } from '../../../support/journal-machine.js';

describe('a write that may wait', () => {
  let machine: JournalMachine;
  let storage: Storage;
  let syncs: number;

  beforeEach(async () => {
    machine = new JournalMachine();
    storage = await machine.open();
    await storage.write([{ table: 'outbox', key: 'first', value: 1 }]);
    syncs = 0;
    machine.disk.fail = (operation) => {
      if (operation === 'datasync') syncs += 1;
      return undefined;
    };
  });

  it('is visible at once', async () => {
    const written = storage.write([{ table: 'event', key: 'e', value: 1 }], 'later');
    assert.deepEqual([await storage.read('event', 'e'), storage.count('event')], [1, 1]);
    await machine.clock.advance(20);
    await written;
  });

  it('shares the one sync of the next that may not', async () => {
    const waiting = storage.write([{ table: 'event', key: 'e', value: 1 }], 'later');
    const urgent = storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
    await Promise.all([waiting, urgent]);
    assert.equal(syncs, 1);
  });

  it('takes effect before one that came after it', async () => {
    void storage.write([{ table: 'event', key: 'e', value: 'old' }], 'later');
    await storage.write([{ table: 'event', key: 'e', value: 'new' }]);
    machine.kill();
    assert.equal(await (await machine.open()).read('event', 'e'), 'new');
  });

  it('reaches the disk by itself soon, with all that may wait', async () => {
    const written = [1, 2, 3].map((value) =>
      storage.write([{ table: 'event', key: `e${value}`, value }], 'later'),
    );
    await machine.clock.advance(20);
    await Promise.all(written);
    machine.kill();
    assert.deepEqual([syncs, (await machine.open()).count('event')], [1, 3]);
  });

  it('reaches the disk when it came while another was under way', async () => {
    const urgent = storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
    await Promise.resolve();
    await Promise.resolve();
    const waiting = storage.write([{ table: 'event', key: 'e', value: 1 }], 'later');
    await urgent;
    await machine.clock.advance(20);
    await waiting;
    assert.equal(syncs, 2);
  });

  it('is completed by a close', async () => {
    const written = storage.write([{ table: 'event', key: 'e', value: 1 }], 'later');
    await storage.close();
    await written;
    assert.equal(await (await machine.open()).read('event', 'e'), 1);
  });

  it('is rejected when the disk fails', async () => {
    machine.disk.fail = (operation) => (operation === 'write' ? 'EIO' : undefined);
    const rejected = assert.rejects(storage.write([{ table: 'event', key: 'e', value: 1 }], 'later'), {
      code: 'SMPP_STORAGE',
    });
    await machine.clock.advance(20);
    await rejected;
    assert.equal(storage.count('event'), 0);
  });
});
