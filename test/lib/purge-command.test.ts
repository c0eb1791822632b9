import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemFiles } from '../../lib/storage/journal/file-system.js';
import { requireJournal } from '../../lib/storage/journal/purge.js';
import { journalStorage } from '../../lib/storage/journal-storage.js';
import type { Storage } from '../../lib/storage/storage.js';

const COMMAND = path.join(__dirname, '..', '..', 'lib', 'purge-command.ts');
const TO = '4512345678';
const TEXT = 'a text that nobody is to see';

interface Said {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

function run(...args: string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', COMMAND, ...args], (error, out, err) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

describe('the command inmobile-smpp', function () {
  this.timeout(60_000);
  let parent: string;
  let directory: string;

  beforeEach(() => {
    parent = mkdtempSync(path.join(tmpdir(), 'smpp-purge-'));
    directory = path.join(parent, 'connection');
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  async function filledStore(): Promise<Storage> {
    const storage = journalStorage({ directory });
    await storage.open();
    await storage.write([
      { table: 'outbox', key: '1', value: { to: TO, text: TEXT } },
      { table: 'outbox', key: '2', value: { to: TO, text: TEXT } },
      { table: 'tracked', key: '3', value: { to: TO } },
    ]);
    return storage;
  }

  it('says how much a folder holds of what, and erases nothing until it is confirmed', async () => {
    await (await filledStore()).close();
    const { exitCode, out } = await run('purge', directory);
    assert.equal(exitCode, 0);
    assert.match(out, /^ +2 SMS that wait to be sent\n +1 records of accepted SMS, for their receipts\n/);
    assert.match(out, /Nothing was erased/);
    assert.ok(!out.includes(TO) && !out.includes(TEXT));
    const storage = journalStorage({ directory });
    await storage.open();
    assert.equal(storage.count('outbox'), 2);
    await storage.close();
  });

  it('erases the folder when that is confirmed, with the files that were set aside', async () => {
    await (await filledStore()).close();
    writeFileSync(path.join(directory, 'journal-000000.damaged'), TEXT);
    const { exitCode } = await run('purge', directory, '--yes');
    assert.equal(exitCode, 0);
    assert.equal(existsSync(directory), false);
  });

  it("leaves files that are not the store's", async () => {
    await (await filledStore()).close();
    writeFileSync(path.join(directory, 'notes.txt'), '');
    assert.equal((await run('purge', directory, '--yes')).exitCode, 0);
    assert.deepEqual(readdirSync(directory), ['notes.txt']);
  });

  it('refuses a folder that a running connection uses', async () => {
    const storage = await filledStore();
    const { exitCode, err } = await run('purge', directory, '--yes');
    assert.equal(exitCode, 1);
    assert.match(err, /is in use by process \d+/);
    assert.equal(storage.count('outbox'), 2);
    assert.ok(await storage.read('outbox', '1'));
    await storage.close();
  });

  it('refuses a folder that is no store, and leaves it as it is', async () => {
    mkdirSync(directory);
    writeFileSync(path.join(directory, 'flows.json'), '[]');
    const { exitCode, err } = await run('purge', directory, '--yes');
    assert.equal(exitCode, 1);
    assert.match(err, /holds no SMS store/);
    assert.deepEqual(readdirSync(directory), ['flows.json']);
  });

  it('says of a folder that it may not read that it may not, and not that it holds no store', async () => {
    const refusing = (code: string) => ({
      ...systemFiles,
      list: () => Promise.reject(Object.assign(new Error(code), { code })),
    });
    for (const code of ['EACCES', 'EPERM', 'EIO']) {
      const reading = requireJournal({ directory, files: refusing(code) });
      await assert.rejects(reading, ({ message }: Error) => /cannot be used by|failed \(EIO\)/.test(message));
    }
    for (const code of ['ENOENT', 'ENOTDIR'])
      await assert.rejects(requireJournal({ directory, files: refusing(code) }), /holds no SMS store/);
  });

  it('does not make a folder that is not there', async () => {
    assert.equal((await run('purge', directory, '--yes')).exitCode, 1);
    assert.equal(existsSync(directory), false);
  });

  it('shows its use when it is called in another way', async () => {
    for (const args of [[], ['purge'], ['erase', directory]]) {
      const { exitCode, err } = await run(...args);
      assert.equal(exitCode, 1);
      assert.match(err, /^Usage: inmobile-smpp purge .*\n\nErases /);
    }
    assert.equal((await run('purge', directory, '--force')).exitCode, 1);
    const { exitCode, out } = await run('--help');
    assert.equal(exitCode, 0);
    assert.match(out, /^Usage: inmobile-smpp purge/);
  });
});
