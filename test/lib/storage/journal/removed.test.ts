import assert from 'node:assert/strict';
import type { Storage } from '../../../../lib/storage/storage.js';
import { contentsOf, JournalMachine } from '../../../support/journal-machine.js';

describe('a journal whose files somebody removed while it was open', () => {
  let machine: JournalMachine;
  let storage: Storage;

  const write = (key: string): Promise<void> => storage.write([{ table: 'outbox', key, value: 1 }]);

  async function contentsAfterCrash(): Promise<unknown> {
    machine.cutPower(() => 0);
    return contentsOf(await machine.open());
  }

  beforeEach(async () => {
    machine = new JournalMachine();
    storage = await machine.open();
    await write('before');
    for (const path of machine.disk.paths) await machine.disk.remove(path);
    await machine.disk.syncDirectory('/journal');
    await write('between');
  });

  it('is written anew within a beat', async () => {
    await machine.clock.advance(5_000);
    assert.deepEqual(await contentsAfterCrash(), [
      ['outbox', 'before', 1],
      ['outbox', 'between', 1],
    ]);
  });

  it('keeps what is written from then on', async () => {
    await machine.clock.advance(5_000);
    await write('after');
    assert.deepEqual(await contentsAfterCrash(), [
      ['outbox', 'before', 1],
      ['outbox', 'between', 1],
      ['outbox', 'after', 1],
    ]);
  });

  it('is written anew at the next check when its lock was left', async () => {
    machine = new JournalMachine();
    storage = await machine.open();
    await write('before');
    const journal = machine.disk.paths.filter((path) => !path.endsWith('/lock'));
    for (const path of journal) await machine.disk.remove(path);
    await machine.disk.syncDirectory('/journal');
    await machine.clock.advance(10 * 60_000);
    assert.deepEqual(await contentsAfterCrash(), [['outbox', 'before', 1]]);
  });

  it('says so', async () => {
    await machine.clock.advance(5_000);
    assert.match(
      machine.warnings.join(),
      /removed from the storage directory "\/journal" while it was in use/,
    );
  });
});
