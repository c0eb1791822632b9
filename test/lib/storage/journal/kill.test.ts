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

  /** Starts a writer at `first`; resolves when it has printed `count` lines. The array grows until it ends. */
  async function writeUntil(first: number, count: number): Promise<string[]> {
    writer = spawn(process.execPath, ['--import', 'tsx', WRITER, directory, String(first)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(writer.stdout);
    const lines: string[] = [];
    const reader = createInterface(writer.stdout);
    await new Promise<void>((resolve) => {
      reader.on('line', (line) => {
        if (lines.push(line) >= count) resolve();
      });
    });
    return lines;
  }

  async function kill(): Promise<void> {
    assert.ok(writer);
    const closed = once(writer, 'close');
    writer.kill('SIGKILL');
    await closed;
  }

  it('has kept and deleted everything that was acknowledged, after each of three kills', async () => {
    const lines: string[] = [];
    for (let round = 0; round < 3; round++) {
      const printed = await writeUntil(round * 1_000_000, 700);
      await kill();
      lines.push(...printed);
      const storage = journalStorage({ directory });
      await storage.open();
      const wrong: string[] = [];
      for (const line of lines) {
        const [action, key = ''] = line.split(' ');
        const isResult = (await storage.read('result', key)) !== undefined;
        const isQueued = (await storage.read('outbox', key)) !== undefined;
        if (isResult === isQueued || (action === 'delete' && isQueued)) wrong.push(line);
      }
      await storage.close();
      assert.deepEqual(wrong, []);
    }
  }).timeout(60_000);

  it('keeps a second one from the directory', async () => {
    await writeUntil(0, 1);
    await assert.rejects(journalStorage({ directory }).open(), /in use by process \d+ on host/);
  }).timeout(60_000);
});
