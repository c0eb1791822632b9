/** What a disk that fails or fills up does to the journal. */
import assert from 'node:assert/strict';
import type { SmppError } from '../../../../lib/errors.js';
import type { Change, Storage } from '../../../../lib/storage/storage.js';
import type { Operation } from '../../../support/simulated-disk.js';
import { DIRECTORY, JournalMachine, contentsOf } from '../../../support/journal-machine.js';

const put = (key: string, value: unknown = key): Change => ({ table: 'outbox', key, value });
const result = (key: string): Change => ({ table: 'result', key, value: 'accepted' });

describe('a journal on a failing disk', () => {
  let machine: JournalMachine;
  let storage: Storage;

  beforeEach(async () => {
    machine = new JournalMachine();
    storage = await machine.open();
    await storage.write([put('before', 'old')]);
  });

  /** The next operation of this kind on a journal file fails, once or for good. */
  function fail(operation: Operation, code: string, { once } = { once: true }): void {
    let failed = false;
    machine.disk.fail = (current, path) => {
      if (current !== operation || !path.includes('journal-') || (once && failed)) return undefined;
      failed = true;
      return code;
    };
  }

  async function keys(of = storage): Promise<string[]> {
    return (await contentsOf(of)).map(([, key]) => key);
  }

  for (const operation of ['write', 'datasync'] as const) {
    describe(`at a ${operation}`, () => {
      it('rejects the write with the cause and the remedy', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('k')]), {
          code: 'SMPP_STORAGE',
          field: 'storageDirectory',
          message: /EIO.*check the disk/,
        });
      });

      it('shows what was there before the write', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('before', 'new'), put('k')]));
        assert.deepEqual(await contentsOf(storage), [['outbox', 'before', 'old']]);
      });

      it('counts what was there before the write', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('k'), { table: 'outbox', key: 'before' }, put('l')]));
        assert.equal(storage.count('outbox'), 1);
      });

      it('takes the next write', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('k')]));
        await storage.write([put('next')]);
        assert.deepEqual(await keys(), ['before', 'next']);
      });

      it('takes a write that came while the failing one was under way', async () => {
        fail(operation, 'EIO');
        const failing = assert.rejects(storage.write([put('k')]));
        await Promise.resolve();
        await Promise.resolve();
        await storage.write([put('next')]);
        await failing;
        assert.deepEqual([await keys(), storage.count('outbox')], [['before', 'next'], 2]);
      });

      it('does not have the failed write after a kill', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('k')]));
        machine.kill();
        assert.deepEqual(await keys(await machine.open()), ['before']);
      });

      it('does not have the failed write after a power cut', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('k')]));
        machine.cutPower((max) => max);
        assert.deepEqual(await keys(await machine.open()), ['before']);
      });

      it('has what was acknowledged afterwards, even after a power cut', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('k')]));
        await storage.write([put('next')]);
        machine.cutPower(() => 0);
        assert.deepEqual(await keys(await machine.open()), ['before', 'next']);
      });

      it('copies what is in the file to another one', async () => {
        fail(operation, 'EIO');
        await assert.rejects(storage.write([put('k')]));
        await storage.write([put('next')]);
        await machine.clock.advance(120_000);
        assert.ok(!machine.disk.paths.includes(`${DIRECTORY}/journal-000001.ndjson`));
      });
    });
  }

  describe('that cannot cut off what it has failed to keep', () => {
    let outcome: string;

    beforeEach(async () => {
      machine.disk.fail = (operation, path) =>
        path.includes('journal-') && ['datasync', 'truncate'].includes(operation) ? 'EIO' : undefined;
      outcome = 'undecided';
      storage.write([put('k')]).then(
        () => (outcome = 'kept'),
        (error: unknown) => (outcome = (error as SmppError).code),
      );
      await machine.clock.advance(10_000);
    });

    it('does not say that it refuses the write, since it may come back', () => {
      assert.equal(outcome, 'undecided');
    });

    it('shows what was there before the write', async () => {
      assert.deepEqual([await keys(), storage.count('outbox')], [['before'], 1]);
    });

    it('refuses every other write, of which nothing is in the files', async () => {
      await assert.rejects(storage.write([put('l')]), { code: 'SMPP_STORAGE' });
      machine.kill();
      machine.disk.fail = () => undefined;
      assert.ok(!(await keys(await machine.open())).includes('l'));
    });

    it('refuses it once it is cut off, by itself, and it does not come back', async () => {
      machine.disk.fail = () => undefined;
      await machine.clock.advance(1_000);
      assert.equal(outcome, 'SMPP_STORAGE');
      machine.kill();
      assert.deepEqual(await keys(await machine.open()), ['before']);
    });

    it('refuses it before the next write is taken, and works again', async () => {
      machine.disk.fail = () => undefined;
      await storage.write([put('next')]);
      assert.equal(outcome, 'SMPP_STORAGE');
      machine.kill();
      assert.deepEqual(await keys(await machine.open()), ['before', 'next']);
    });

    it('refuses it once all that is in force lies in another file', async () => {
      machine.disk.fail = (operation, path) =>
        path.endsWith('000001.ndjson') && ['datasync', 'truncate', 'remove'].includes(operation)
          ? 'EIO'
          : undefined;
      await machine.clock.advance(120_000);
      assert.equal(outcome, 'SMPP_STORAGE');
      machine.kill();
      machine.disk.fail = () => undefined;
      assert.deepEqual(await keys(await machine.open()), ['before']);
    });

    it('says that nobody knows as the storage is closed', async () => {
      await storage.close();
      assert.equal(outcome, 'SMPP_STOPPED');
      assert.equal(machine.clock.pending, 0);
    });
  });

  it('has a write of which nobody knows whole or not at all, though a copy that failed is left too', async () => {
    machine.disk.fail = (operation, path) =>
      path.includes('journal-') && ['datasync', 'truncate', 'remove'].includes(operation) ? 'EIO' : undefined;
    void storage.write([{ table: 'outbox', key: 'before' }, put('instead')]).catch(() => undefined);
    await machine.clock.advance(10);
    await storage.close();
    machine.disk.fail = () => undefined;
    assert.deepEqual(await keys(await machine.open()), ['instead']);
  });

  it('says that nobody knows as soon as the run ends', async () => {
    await storage.close();
    const run = new AbortController();
    storage = machine.start();
    await storage.open(run.signal);
    await storage.write([put('here')]);
    machine.disk.fail = (operation) => (['datasync', 'truncate'].includes(operation) ? 'EIO' : undefined);
    const write = assert.rejects(storage.write([put('k')]), { code: 'SMPP_STOPPED' });
    await machine.clock.advance(1_000);
    run.abort();
    await write;
  });

  for (const operation of ['write', 'datasync', 'syncDirectory'] as const) {
    for (const files of [1, 2, 3]) {
      it(`loses nothing that it took between failures at ${operation}, with ${files} files at most`, async () => {
        const small = new JournalMachine(undefined, { files });
        const kept: string[] = [];
        for (let run = 0; run < 4; run += 1) {
          const opened = await small.open();
          for (let write = 0; write < 60; write += 1) {
            const isBad = write % 7 < 4;
            small.disk.fail = (current, path) => {
              const isOne =
                current === operation && (current === 'syncDirectory' || path.includes('journal-'));
              return isBad && (isOne || (write % 3 === 0 && current === 'datasync')) ? 'EIO' : undefined;
            };
            const key = `${run}-${write}`;
            opened.write([put(key)]).then(
              () => kept.push(key),
              () => undefined,
            );
            await small.clock.advance(write % 10 === 0 ? 1_000 : 10);
          }
          small.disk.fail = () => undefined;
          await small.clock.advance(5_000);
          small.kill();
          assert.deepEqual(new Set(await keys(await small.open())), new Set(kept));
          small.kill();
        }
      });
    }
  }

  it('leaves neither a file nor a descriptor behind for each write that it fails', async () => {
    fail('datasync', 'EIO', { once: false });
    for (let write = 0; write < 100; write++) {
      void storage.write([put('k')]).catch(() => undefined);
      await machine.clock.advance(10);
    }
    assert.ok(machine.journals.length <= 2, machine.journals.join());
    assert.ok(machine.disk.descriptors <= 2, String(machine.disk.descriptors));
  });

  for (const [what, isFailing] of [
    ['the first sync of each file', (sync: number) => sync === 1],
    ['every second sync', (_sync: number, all: number) => all % 2 === 0],
    ['every third sync', (_sync: number, all: number) => all % 3 === 0],
  ] as const) {
    it(`has few files and descriptors, whatever fails: ${what}`, async () => {
      const syncs = new Map<string, number>();
      let all = 0;
      machine.disk.fail = (operation, path) => {
        if (!path.includes('journal-') || operation !== 'datasync') return undefined;
        syncs.set(path, (syncs.get(path) ?? 0) + 1);
        return isFailing(syncs.get(path) ?? 0, ++all) ? 'EIO' : undefined;
      };
      const kept: string[] = [];
      for (let write = 0; write < 300; write++) {
        const key = `k${write}`;
        storage.write([put(key)]).then(
          () => kept.push(key),
          () => undefined,
        );
        await machine.clock.advance(write % 10 === 0 ? 1_000 : 10);
      }
      assert.ok(machine.journals.length <= 20, String(machine.journals.length));
      assert.ok(machine.disk.descriptors <= 20, String(machine.disk.descriptors));
      machine.disk.fail = () => undefined;
      await machine.clock.advance(2_000);
      machine.kill();
      assert.deepEqual(await keys(await machine.open()), ['before', ...kept]);
    });
  }

  it('has few files when they can be neither written nor removed', async () => {
    await storage.close();
    storage = await machine.open();
    machine.disk.fail = (operation, path) =>
      path.includes('journal-') && ['write', 'remove'].includes(operation) ? 'EIO' : undefined;
    for (let write = 0; write < 300; write++) {
      void storage.write([put('k')]).catch(() => undefined);
      await machine.clock.advance(10);
    }
    assert.ok(machine.journals.length <= 20, String(machine.journals.length));
    assert.ok(machine.disk.descriptors <= 20, String(machine.disk.descriptors));
    machine.disk.fail = () => undefined;
    await machine.clock.advance(360_000);
    await storage.write([put('next')]);
    assert.deepEqual([await keys(), machine.journals.length <= 3], [['before', 'next'], true]);
  });

  it('keeps everything on a disk that takes seven octets at a time', async () => {
    machine.disk.writeMax = 7;
    await storage.write([put('long', 'x'.repeat(300))]);
    machine.kill();
    assert.equal(await (await machine.open()).read('outbox', 'long'), 'x'.repeat(300));
  });

  it('does not have a batch of a failed write even when a power cut comes right after', async () => {
    machine.disk.writeMax = 50;
    let writes = 0;
    machine.disk.fail = (operation) => (operation === 'write' && ++writes > 3 ? 'EIO' : undefined);
    const both = [storage.write([put('small')]), storage.write([put('long', 'x'.repeat(300))])];
    await Promise.all(both.map((write) => assert.rejects(write)));
    machine.disk.fail = () => undefined;
    machine.cutPower((max) => Math.max(0, max - 1));
    assert.deepEqual(await keys(await machine.open()), ['before']);
  });

  it('has after a power cut what it had after the kill before', async () => {
    machine.disk.fail = (operation, path) => {
      if (operation === 'datasync' && path.includes('journal-')) machine.kill();
      return undefined;
    };
    void storage.write([put('unsynced')]);
    await machine.clock.advance(0);
    machine.disk.fail = () => undefined;
    const afterKill = await keys(await machine.open());
    machine.cutPower(() => 0);
    assert.deepEqual([afterKill, await keys(await machine.open())], [['before', 'unsynced'], afterKill]);
  });

  it('leaves no half of a write that failed in the middle', async () => {
    machine.disk.writeMax = 50;
    let writes = 0;
    machine.disk.fail = (operation) => (operation === 'write' && ++writes > 3 ? 'EIO' : undefined);
    await assert.rejects(storage.write([put('long', 'x'.repeat(300))]));
    machine.disk.fail = () => undefined;
    machine.kill();
    await machine.open();
    assert.deepEqual(machine.warnings, []);
  });

  it('says that a record cannot be read', async () => {
    fail('read', 'EIO');
    await assert.rejects(storage.read('outbox', 'before'), { code: 'SMPP_STORAGE' });
  });

  it('gives no record of which an octet has gone bad since the start', async () => {
    machine.disk.rot(`${DIRECTORY}/journal-000001.ndjson`, 40);
    await assert.rejects(storage.read('outbox', 'before'), /cannot be read any more/);
  });
});

describe('a journal on a full disk', () => {
  let machine: JournalMachine;
  let storage: Storage;

  beforeEach(async () => {
    machine = new JournalMachine();
    storage = await machine.open();
    await storage.write([put('queued')]);
    machine.disk.capacity = machine.disk.used + 20;
  });

  it('writes into the reserve what does not fit', async () => {
    await storage.write([result('queued')]);
    machine.kill();
    assert.equal(await (await machine.open()).read('result', 'queued'), 'accepted');
  });

  it('takes nothing new into the outbox from then on', async () => {
    await storage.write([result('queued')]);
    await assert.rejects(storage.write([put('new')]), { code: 'SMPP_STORAGE', message: /disk that is full/ });
  });

  it('still records what becomes of the SMS that it has', async () => {
    await storage.write([result('queued')]);
    await storage.write([put('queued', 'changed'), { table: 'progress', key: 'queued', value: 'sent' }]);
    await storage.write([{ table: 'outbox', key: 'queued' }]);
    assert.deepEqual([storage.count('outbox'), storage.count('progress')], [0, 1]);
  });

  it('takes in again by itself when there is room', async () => {
    await storage.write([result('queued')]);
    machine.disk.capacity = Infinity;
    await machine.clock.advance(120_000);
    await assert.doesNotReject(storage.write([put('new')]));
  });

  it('notices soon that there is room, however long it has run', async () => {
    await machine.clock.advance(120_000);
    await storage.write([result('queued')]);
    machine.disk.capacity = Infinity;
    await machine.clock.advance(15_000);
    await assert.doesNotReject(storage.write([put('new')]));
  });

  it('takes in again within a second after it was full for a moment', async () => {
    await storage.write([result('queued')]);
    machine.disk.capacity = Infinity;
    await machine.clock.advance(1_000);
    await assert.doesNotReject(storage.write([put('new')]));
  });

  it('takes in again within a second when it was full at the start', async () => {
    await storage.close();
    machine.disk.capacity = machine.disk.used;
    await machine.disk.remove(`${DIRECTORY}/reserve`);
    storage = await machine.open();
    machine.disk.capacity = Infinity;
    await machine.clock.advance(1_000);
    await assert.doesNotReject(storage.write([put('new')]));
  });

  it('is tried less and less often while it stays full, and soon again the next time', async () => {
    let tries = 0;
    machine.disk.fail = (operation, path) => {
      if (operation === 'open' && path.endsWith('reserve')) tries += 1;
      return undefined;
    };
    await storage.write([result('queued')]);
    await machine.clock.advance(600_000);
    assert.ok(tries <= 50, String(tries));
    machine.disk.capacity = Infinity;
    await machine.clock.advance(60_000);
    tries = 0;
    machine.disk.capacity = machine.disk.used;
    await storage.write([result('queued')]);
    machine.disk.capacity = Infinity;
    await machine.clock.advance(1_000);
    assert.equal(tries, 1);
  });

  it('has its reserve whenever it takes in, also when that was given away while it was being made', async () => {
    await storage.write([result('queued')]);
    machine.disk.hang = (operation, path) => operation === 'datasync' && path.endsWith('reserve');
    machine.disk.capacity = machine.disk.used + 1024 * 1024;
    await machine.clock.advance(1_000);
    await storage.write([{ table: 'result', key: 'other', value: 'x'.repeat(10_000) }]);
    machine.disk.release();
    await machine.clock.advance(0);
    await assert.rejects(storage.write([put('new')]), { code: 'SMPP_STORAGE' });
  });

  it('leaves no timer and no reserve half made when it is closed', async () => {
    await storage.write([result('queued')]);
    await storage.close();
    assert.equal(machine.clock.pending, 0);
  });

  it('rejects what does not fit into the reserve either', async () => {
    const large: Change = { table: 'event', key: 'large', value: 'x'.repeat(2_000_000) };
    await assert.rejects(storage.write([large]), { code: 'SMPP_STORAGE', message: /free some space/ });
  });

  it('does not have what was rejected after a kill', async () => {
    await assert.rejects(storage.write([{ table: 'event', key: 'large', value: 'x'.repeat(2_000_000) }]));
    machine.kill();
    machine.disk.capacity = Infinity;
    const contents = await contentsOf(await machine.open());
    assert.deepEqual([contents, machine.warnings], [[['outbox', 'queued', 'queued']], []]);
  });

  it('can be started, and says what it has', async () => {
    await storage.close();
    machine.disk.capacity = machine.disk.used;
    assert.deepEqual(await contentsOf(await machine.open()), [['outbox', 'queued', 'queued']]);
  });
});

describe('a directory that cannot be used', () => {
  const cases: readonly (readonly [Operation, string, RegExp])[] = [
    ['makeDirectory', 'EACCES', /give that user read and write permission/],
    ['makeDirectory', 'EROFS', /read-only/],
    ['makeDirectory', 'ENOTDIR', /is not a directory/],
    ['list', 'EACCES', /permission/],
    ['open', 'EPERM', /permission/],
    ['read', 'EIO', /check the disk/],
  ];
  for (const [operation, code, sentence] of cases) {
    it(`is refused in plain words: ${code} at ${operation}`, async () => {
      const machine = new JournalMachine();
      await (await machine.open()).write([put('k')]);
      machine.kill();
      machine.disk.fail = (current) => (current === operation ? code : undefined);
      await assert.rejects(machine.open(), {
        code: 'SMPP_STORAGE',
        field: 'storageDirectory',
        message: sentence,
      });
    });
  }

  it('is left as it is, and can be used when the fault is gone', async () => {
    const machine = new JournalMachine();
    const storage = await machine.open();
    await storage.write([put('k')]);
    await storage.close();
    const before = machine.disk.contentOf(`${DIRECTORY}/journal-000001.ndjson`);
    machine.disk.fail = (operation, path) =>
      operation === 'read' && path.includes('journal-') ? 'EIO' : undefined;
    await assert.rejects(machine.open());
    machine.disk.fail = () => undefined;
    assert.deepEqual(machine.disk.contentOf(`${DIRECTORY}/journal-000001.ndjson`), before);
    assert.equal(await (await machine.open()).read('outbox', 'k'), 'k');
  });
});
