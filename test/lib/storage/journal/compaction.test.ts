/** What is erased from the files, and that nothing else is. */
import assert from 'node:assert/strict';
import type { Change, Storage, Table } from '../../../../lib/storage/storage.js';
import type { Operation } from '../../../support/simulated-disk.js';
import { JournalMachine, contentsOf, type Contents } from '../../../support/journal-machine.js';

const HOUR_MS = 3_600_000;

const put = (key: string, value: unknown = key, table: Table = 'outbox'): Change => ({ table, key, value });
const remove = (key: string, table: Table = 'outbox'): Change => ({ table, key });

/** Whether any file of the machine has this text in it. */
function isOnDisk(machine: JournalMachine, text: string): boolean {
  return machine.journals.some((path) => machine.disk.contentOf(path).includes(text));
}

function linesOnDisk(machine: JournalMachine): number {
  const content = machine.journals.map((path) => machine.disk.contentOf(path).toString()).join('');
  return content.split('\n').filter((line) => line !== '').length;
}

describe('erasing from a journal', () => {
  let machine: JournalMachine;
  let storage: Storage;

  beforeEach(async () => {
    machine = new JournalMachine();
    storage = await machine.open();
  });

  it('takes a deleted text from the files within an hour', async () => {
    await storage.write([put('a', 'SECRET')]);
    await storage.write([remove('a')]);
    await machine.clock.advance(HOUR_MS);
    assert.equal(isOnDisk(machine, 'SECRET'), false);
  });

  it('takes a replaced text from the files within an hour', async () => {
    await storage.write([put('a', 'SECRET')]);
    await storage.write([put('a', 'other')]);
    await machine.clock.advance(HOUR_MS);
    assert.equal(isOnDisk(machine, 'SECRET'), false);
  });

  it('takes an expired text from the files within an hour', async () => {
    await storage.write([{ ...put('a', 'SECRET'), keepUntil: machine.clock.wall() + HOUR_MS }]);
    await machine.clock.advance(2 * HOUR_MS);
    assert.equal(isOnDisk(machine, 'SECRET'), false);
  });

  it('takes it within an hour even when writes never pause', async () => {
    await storage.write([put('a', 'SECRET')]);
    await storage.write([remove('a')]);
    for (let minute = 0; minute < 60; minute++) {
      await storage.write([put(`k${minute}`)]);
      await machine.clock.advance(60_000);
    }
    assert.equal(isOnDisk(machine, 'SECRET'), false);
  });

  it('takes what was deleted by an earlier run soon after the start', async () => {
    await storage.write([put('a', 'SECRET')]);
    await storage.write([remove('a')]);
    await storage.close();
    await machine.open();
    await machine.clock.advance(120_000);
    assert.equal(isOnDisk(machine, 'SECRET'), false);
  });

  it('leaves exactly the records in force, one line each, between a head and an end', async () => {
    for (let at = 0; at < 40; at++)
      await storage.write([put(`k${at % 10}`, at), remove(`k${(at + 3) % 10}`)]);
    const before = await contentsOf(storage);
    await machine.clock.advance(HOUR_MS);
    assert.deepEqual([await contentsOf(storage), linesOnDisk(machine)], [before, before.length + 2]);
  });

  it('writes nothing when nothing is dead', async () => {
    await storage.write([put('a')]);
    const before = machine.journals;
    await machine.clock.advance(24 * HOUR_MS);
    assert.deepEqual(machine.journals, before);
  });

  it('begins at once when most octets are dead', async () => {
    const large = 'x'.repeat(1_000_000);
    for (let at = 0; at < 40; at++) await storage.write([put('a', large)]);
    await machine.clock.advance(0);
    assert.ok(machine.disk.used < 12_000_000, String(machine.disk.used));
  });

  it('joins the files of many runs', async () => {
    for (let run = 0; run < 18; run++) {
      await storage.write([put(`k${run}`)]);
      await storage.close();
      storage = await machine.open();
    }
    const before = await contentsOf(storage);
    await machine.clock.advance(120_000);
    assert.deepEqual([machine.journals.length, await contentsOf(storage)], [1, before]);
  });

  it('keeps what is written while it goes on', async () => {
    for (let at = 0; at < 2000; at++) void storage.write([put(`k${at}`, 'x'.repeat(200))]);
    await storage.write([remove('k0')]);
    const [first] = machine.journals;
    let copied = 0;
    machine.disk.fail = (operation, path) => {
      if (operation !== 'write' || path === first || copied === 5) return undefined;
      copied++;
      void storage.write([
        remove(`k${copied}`),
        put(`k${1000 + copied}`, 'new'),
        remove(`k${1999 - copied}`),
      ]);
      return undefined;
    };
    await machine.clock.advance(HOUR_MS / 2 + 600_000);
    const before = await contentsOf(storage);
    machine.kill();
    const after = await contentsOf(await machine.open());
    assert.deepEqual([copied, before.length, after], [5, 1989, before]);
    assert.equal(before.filter(([, , value]) => value === 'new').length, 5);
  });

  it('moves over to the copy in turns, between which others write and read', async () => {
    machine = new JournalMachine(undefined, { recordsInTurn: 1 });
    storage = await machine.open();
    for (let at = 0; at < 200; at++) void storage.write([put(`k${at}`, 'x'.repeat(200))]);
    await storage.write([remove('k0')]);
    const [first] = machine.journals;
    await machine.clock.advance(HOUR_MS / 2 - 1);
    const { after } = machine.clock;
    let turns = 0;
    machine.clock.after = (delayMs, run) => {
      if (delayMs > 0) return after.call(machine.clock, delayMs, run);
      turns += 1;
      const writing = storage.write([remove(`k${turns}`), put(`k${200 - turns}`, 'new')]);
      void writing.then(() => storage.read('outbox', 'k100')).then(run);
      return () => undefined;
    };
    await machine.clock.advance(600_000);
    machine.clock.after = after;
    const before = await contentsOf(storage);
    assert.equal(machine.journals.includes(first!), false);
    machine.kill();
    const found = await contentsOf(await machine.open());
    assert.ok(turns > 100, `${turns} turns`);
    assert.deepEqual(found, before);
  });

  it('does not stop a scan that goes on', async () => {
    for (let at = 0; at < 500; at++) void storage.write([put(`k${at}`, 'x'.repeat(200))]);
    await storage.write([remove('k0')]);
    let seen = 0;
    for await (const [key] of storage.scan('outbox')) {
      if (key === 'k100') await machine.clock.advance(HOUR_MS);
      seen++;
    }
    assert.equal(seen, 499);
  });

  it('ends early when the storage is closed, and leaves nothing behind', async () => {
    for (let at = 0; at < 2000; at++) void storage.write([put(`k${at}`, 'x'.repeat(200))]);
    await storage.write([remove('k0')]);
    await storage.close();
    storage = await machine.open();
    const running = storage;
    let closing: Promise<void> | undefined;
    machine.disk.fail = (operation, path) => {
      if (operation === 'write' && path !== machine.journals[0]) closing ??= running.close();
      return undefined;
    };
    await machine.clock.advance(60_000);
    await closing;
    assert.deepEqual(machine.journals.length, 1);
    assert.deepEqual(machine.warnings, []);
    assert.equal((await contentsOf(await machine.open())).length, 1999);
  });

  it('reports that it failed, changes nothing, and is tried again', async () => {
    await storage.write([put('a', 'SECRET'), put('b')]);
    await storage.write([remove('a')]);
    machine.disk.fail = (operation, path) =>
      operation === 'write' && !path.endsWith('000001.ndjson') ? 'EIO' : undefined;
    await machine.clock.advance(HOUR_MS);
    assert.match(machine.warnings[0] ?? '', /Old records could not be erased.*EIO/);
    machine.disk.fail = () => undefined;
    await machine.clock.advance(600_000);
    assert.deepEqual(
      [isOnDisk(machine, 'SECRET'), await contentsOf(storage)],
      [false, [['outbox', 'b', 'b']]],
    );
  });

  it('sets a file aside of which an octet went bad, and keeps the other records', async () => {
    await storage.write([put('a')]);
    await storage.write([put('b'), put('c')]);
    await storage.write([remove('c')]);
    const path = machine.journals[0] ?? '';
    machine.disk.rot(path, machine.disk.contentOf(path).indexOf('"a"') + 1);
    await machine.clock.advance(HOUR_MS);
    assert.deepEqual(await contentsOf(storage), [['outbox', 'b', 'b']]);
    assert.ok(machine.journals.some((name) => name.endsWith('.damaged')));
    assert.match(machine.warnings.join(), /1 records could not be read any more/);
  });

  describe('from files that cannot be removed', () => {
    let locked: (operation: Operation, path: string) => string | undefined;

    beforeEach(async () => {
      locked = (operation, path) =>
        operation === 'remove' && path.includes('journal-') ? 'EBUSY' : undefined;
      await storage.write([put('a', 'SECRET'), put('b')]);
      await storage.write([remove('a')]);
      machine.disk.fail = (operation, path) => locked(operation, path);
    });

    it('takes the texts all the same', async () => {
      await machine.clock.advance(HOUR_MS);
      assert.deepEqual(
        [isOnDisk(machine, 'SECRET'), await contentsOf(storage)],
        [false, [['outbox', 'b', 'b']]],
      );
    });

    it('has them gone soon after that they can be, while it goes on running', async () => {
      locked = (operation, path) =>
        ['remove', 'truncate'].includes(operation) && path.includes('journal-') ? 'EBUSY' : undefined;
      await machine.clock.advance(HOUR_MS);
      assert.equal(isOnDisk(machine, 'SECRET'), true);
      machine.disk.fail = () => undefined;
      await machine.clock.advance(600_000);
      assert.deepEqual([isOnDisk(machine, 'SECRET'), machine.journals.length], [false, 1]);
    });

    it('says so once', async () => {
      await machine.clock.advance(3 * HOUR_MS);
      await storage.write([put('c')]);
      await storage.write([remove('c')]);
      await machine.clock.advance(3 * HOUR_MS);
      assert.deepEqual(
        machine.warnings.map((line) => line.includes('cannot be removed')),
        [true],
      );
    });

    it('can be started all the same, and has them gone when they can be', async () => {
      locked = (operation, path) =>
        ['remove', 'truncate'].includes(operation) && path.includes('journal-') ? 'EBUSY' : undefined;
      await machine.clock.advance(HOUR_MS);
      await storage.close();
      storage = await machine.open();
      assert.deepEqual(await contentsOf(storage), [['outbox', 'b', 'b']]);
      machine.disk.fail = () => undefined;
      await machine.clock.advance(600_000);
      assert.deepEqual(
        [isOnDisk(machine, 'SECRET'), await contentsOf(storage)],
        [false, [['outbox', 'b', 'b']]],
      );
    });

    for (const operation of ['open', 'datasync', 'read'] as const) {
      it(`can be started also when a void one cannot be read any more: ${operation}`, async () => {
        const [first] = machine.journals;
        locked = (current, path) =>
          path === first && ['remove', 'truncate'].includes(current) ? 'EIO' : undefined;
        await machine.clock.advance(HOUR_MS);
        await storage.close();
        locked = (current, path) =>
          path === first && [operation, 'remove', 'rename'].includes(current) ? 'EIO' : undefined;
        storage = await machine.open();
        assert.deepEqual(await contentsOf(storage), [['outbox', 'b', 'b']]);
        await storage.write([put('c')]);
        machine.disk.fail = () => undefined;
        machine.kill();
        assert.deepEqual(await contentsOf(await machine.open()), [
          ['outbox', 'b', 'b'],
          ['outbox', 'c', 'c'],
        ]);
      });
    }

    it('leaves nothing of a copy that failed', async () => {
      locked = (operation, path) =>
        !path.endsWith('000001.ndjson') &&
        path.includes('journal-') &&
        ['datasync', 'remove'].includes(operation)
          ? 'EIO'
          : undefined;
      await machine.clock.advance(HOUR_MS);
      machine.disk.fail = () => undefined;
      await machine.clock.advance(600_000);
      assert.deepEqual([machine.journals.length, await contentsOf(storage)], [1, [['outbox', 'b', 'b']]]);
    });

    it('sets damaged ones aside when that can be had', async () => {
      await storage.write([put('d')]);
      const path = machine.journals[0] ?? '';
      machine.disk.rot(path, machine.disk.contentOf(path).indexOf('"d"') + 1);
      locked = (operation) => (operation === 'rename' ? 'EBUSY' : undefined);
      await machine.clock.advance(HOUR_MS);
      machine.disk.fail = () => undefined;
      await machine.clock.advance(600_000);
      assert.ok(machine.journals.some((name) => name.endsWith('.damaged')));
      assert.ok(machine.warnings.some((line) => line.includes('is kept as')));
    });
  });
});

describe('a crash in the middle of erasing', () => {
  /** Two files, records of all fates, and a compaction that is due a minute after the start. */
  async function prepare(): Promise<{ machine: JournalMachine; before: Contents }> {
    const machine = new JournalMachine();
    let storage = await machine.open();
    await storage.write([put('a', 'old'), put('b'), put('gone')]);
    await storage.write([put('c', 'x'.repeat(200)), put('r', 'accepted', 'result')]);
    await storage.close();
    storage = await machine.open();
    await storage.write([remove('gone'), put('a', 'new')]);
    await storage.write([put('d'), { ...put('s', 1, 'seen'), keepUntil: 2 ** 52 }]);
    await storage.close();
    storage = await machine.open();
    return { machine, before: await contentsOf(storage) };
  }

  const ends: readonly (readonly [string, (machine: JournalMachine, step: number) => void])[] = [
    ['a kill', (machine) => machine.kill()],
    ['a power cut that takes all that was not synced', (machine) => machine.cutPower(() => 0)],
    ['a power cut that takes nothing', (machine) => machine.cutPower((max) => max)],
    ['a power cut that takes the first half', (machine) => machine.cutPower((max) => max >> 1, 'backwards')],
    [
      'a power cut that takes the first',
      (machine) => machine.cutPower((max) => Math.max(0, max - 1), 'backwards'),
    ],
    ['a power cut that takes half', (machine) => machine.cutPower((max) => max >> 1)],
    [
      'a power cut that takes a bit',
      (machine, step) => machine.cutPower((max) => Math.max(0, max - (step % 3))),
    ],
  ];
  for (const [name, end] of ends) {
    it(`leaves every record and its place, whatever the step, at ${name}`, async () => {
      let steps = 0;
      for (let finished = false; !finished; steps++) {
        const { machine, before } = await prepare();
        const operations = machine.disk.operations;
        machine.disk.dieAfter(steps);
        await machine.clock.advance(64_000);
        finished = machine.disk.operations - operations < steps;
        end(machine, steps);
        const after = await contentsOf(await machine.open());
        assert.deepEqual(after, before, `step ${steps}`);
        assert.equal(isOnDisk(machine, 'accepted'), true);
      }
      assert.ok(steps > 30, `only ${steps} steps: the compaction did not take place`);
    });
  }
});
