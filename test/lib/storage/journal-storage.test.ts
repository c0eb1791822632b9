import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalStorage } from '../../../lib/storage/journal-storage.js';
import { storageContract } from '../../contracts/storage.contract.js';
import { FakeClock } from '../../support/fake-clock.js';
import { JournalMachine } from '../../support/journal-machine.js';

storageContract(
  'journalStorage on a simulated disk',
  () => {
    const machine = new JournalMachine();
    return Promise.resolve({
      clock: machine.clock,
      create: () => machine.start(),
      dispose: () => Promise.resolve(),
    });
  },
  { durable: true },
);

storageContract(
  'journalStorage on this machine’s disk',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'journal-'));
    const clock = new FakeClock();
    return {
      clock,
      create: () => journalStorage({ directory, clock }),
      dispose: () => rm(directory, { recursive: true }),
    };
  },
  { durable: true },
);

describe('journalStorage', () => {
  let parent: string;
  let directory: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'journal-'));
    directory = join(parent, 'deep', 'er');
  });

  afterEach(() => rm(parent, { recursive: true }));

  it('makes its directory for its own user only', async () => {
    const storage = journalStorage({ directory });
    await storage.open();
    await storage.close();
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
  });

  it('makes files that only their owner may read', async () => {
    const storage = journalStorage({ directory });
    await storage.open();
    await storage.write([{ table: 'outbox', key: 'k', value: 1 }]);
    const names = await readdir(directory);
    const modes = await Promise.all(
      names.map(async (name) => (await stat(join(directory, name))).mode & 0o777),
    );
    await storage.close();
    assert.deepEqual(new Set(modes), new Set([0o600]));
  });

  it('refuses a path that is a file', async () => {
    const path = join(parent, 'file');
    await writeFile(path, 'not ours');
    await assert.rejects(journalStorage({ directory: path }).open(), {
      code: 'SMPP_STORAGE',
      field: 'storageDirectory',
      message: /is not a directory/,
    });
  });

  it('refuses a path below a file', async () => {
    const path = join(parent, 'file');
    await writeFile(path, 'not ours');
    await assert.rejects(journalStorage({ directory: join(path, 'below') }).open(), /is not a directory/);
  });

  it('refuses a directory that another storage of this process has open', async () => {
    const first = journalStorage({ directory });
    await first.open();
    await assert.rejects(
      journalStorage({ directory }).open(),
      /in use by another connection of this runtime/,
    );
    await first.close();
  });

  it('can be opened again after a refusal', async () => {
    const first = journalStorage({ directory });
    const second = journalStorage({ directory });
    await first.open();
    await assert.rejects(second.open());
    await first.close();
    await second.open();
    await second.close();
  });

  it('refuses a value that is not JSON, and keeps nothing of its batch', async () => {
    const storage = journalStorage({ directory });
    await storage.open();
    const write = storage.write([
      { table: 'outbox', key: 'a', value: 1 },
      { table: 'outbox', key: 'b', value: 1n },
    ]);
    await assert.rejects(write, { code: 'SMPP_STORAGE' });
    const count = storage.count('outbox');
    await storage.close();
    assert.equal(count, 0);
  });

  it('says that it is not open', async () => {
    await assert.rejects(journalStorage({ directory }).read('outbox', 'k'), /is not open/);
  });
});
