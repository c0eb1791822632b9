/** A real process on a real disk, killed while it writes. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { journalStorage } from '../../../../lib/storage/journal-storage.js';

const WRITER = join(__dirname, '..', '..', '..', 'support', 'journal-writer.ts');

describe('a runtime that writes a journal', () => {
  let directory: string;
  let writer: ChildProcess | undefined;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'journal-'));
  });

  afterEach(async () => {
    writer?.kill('SIGKILL');
    await rm(directory, { recursive: true });
  });

  /** Starts a writer at `first`; resolves when it has had `count` writes acknowledged. */
  async function writeUntil(first: number, count: number): Promise<{ acknowledged: number[] }> {
    writer = spawn(process.execPath, ['--import', 'tsx', WRITER, directory, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(writer.stdout);
    const acknowledged: number[] = [];
    const lines = createInterface(writer.stdout);
    await new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        if (acknowledged.push(Number(line)) >= count) resolve();
      });
    });
    return { acknowledged };
  }

  async function kill(): Promise<void> {
    assert.ok(writer);
    const closed = once(writer, 'close');
    writer.kill('SIGKILL');
    await closed;
  }

  it('has everything acknowledged after each of three kills', async () => {
    let first = 0;
    for (let round = 0; round < 3; round++) {
      const { acknowledged } = await writeUntil(first, 700);
      await kill();
      const storage = journalStorage({ directory });
      await storage.open();
      const last = Math.max(...acknowledged);
      const recent = acknowledged.filter((number) => number > last - 20);
      const missing: number[] = [];
      for (const number of recent) {
        if ((await storage.read('outbox', String(number))) === undefined) missing.push(number);
      }
      const older = await storage.read('outbox', String(first));
      await storage.close();
      assert.deepEqual([missing, older], [[], undefined]);
      first = last + 1000;
    }
  }).timeout(60_000);

  it('keeps a second one from the directory', async () => {
    await writeUntil(0, 1);
    await assert.rejects(journalStorage({ directory }).open(), /in use by process \d+ on host/);
  }).timeout(60_000);
});
