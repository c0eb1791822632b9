import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalStorage } from '../../../../lib/storage/journal-storage.js';
import { systemFiles } from '../../../../lib/storage/journal/file-system.js';
import { FakeClock } from '../../../support/fake-clock.js';

describe('the folder of a store', function () {
  this.timeout(20_000);
  let parent: string;
  let chosen: string;
  let warnings: string[];

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'smpp-folder-'));
    chosen = join(parent, 'chosen');
    warnings = [];
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  /** Opens a store in the chosen folder, keeps a record, and closes it. */
  async function use(files = systemFiles): Promise<void> {
    const storage = journalStorage({ directory: chosen, files, onWarning: (line) => warnings.push(line) });
    await storage.open();
    await storage.write([{ table: 'outbox', key: '1', value: 'kept' }]);
    await storage.close();
  }

  function hasStore(folder: string): boolean {
    return existsSync(folder) && readdirSync(folder).some((name) => name.startsWith('journal-'));
  }

  const refused = (message: RegExp): object => ({ code: 'SMPP_STORAGE', field: 'storageDirectory', message });

  it('is the chosen one where that is missing or empty, for its owner alone', async () => {
    await use();
    assert.ok(hasStore(chosen));
    assert.equal(statSync(chosen).mode & 0o777, 0o700);
    rmSync(chosen, { recursive: true });
    mkdirSync(chosen, { mode: 0o755 });
    await use();
    assert.ok(hasStore(chosen));
    assert.deepEqual(warnings, []);
  });

  it('is one in it, for its owner alone, where it holds what is not ours; that is said once', async () => {
    mkdirSync(chosen);
    const others = { lock: 'mine', reserve: 'mine too', 'a letter.txt': '' };
    for (const [name, content] of Object.entries(others)) writeFileSync(join(chosen, name), content);
    await use();
    await use();
    assert.ok(hasStore(join(chosen, 'inmobile-smpp')));
    assert.equal(statSync(join(chosen, 'inmobile-smpp')).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(chosen).sort(), ['a letter.txt', 'inmobile-smpp', 'lock', 'reserve']);
    for (const [name, content] of Object.entries(others))
      assert.equal(readFileSync(join(chosen, name), 'utf8'), content);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /what is stored goes into ".*inmobile-smpp"/);
  });

  for (const name of ['lock', 'reserve']) {
    it(`takes no file of somebody named ${name} for its own`, async () => {
      mkdirSync(chosen);
      writeFileSync(join(chosen, name), 'mine');
      await use();
      assert.equal(readFileSync(join(chosen, name), 'utf8'), 'mine');
    });
  }

  it('stays the chosen one when a run was killed before it wrote anything, and with files of others that came later', async () => {
    mkdirSync(join(chosen, 'simulated'), { recursive: true });
    writeFileSync(join(chosen, 'lock'), '{"givenUp":true}');
    writeFileSync(join(chosen, 'reserve'), Buffer.alloc(1000));
    await use();
    writeFileSync(join(chosen, 'a letter.txt'), '');
    await use();
    assert.ok(hasStore(chosen));
    assert.ok(!existsSync(join(chosen, 'inmobile-smpp')));
  });

  it('is refused where it is a link', async () => {
    mkdirSync(join(parent, 'elsewhere'));
    symlinkSync(join(parent, 'elsewhere'), chosen);
    await assert.rejects(use(), refused(/chosen" is a link/));
    assert.deepEqual(readdirSync(join(parent, 'elsewhere')), []);
  });

  it('is refused where the one in it is a link, or a file', async () => {
    mkdirSync(chosen);
    writeFileSync(join(chosen, 'a letter.txt'), '');
    mkdirSync(join(parent, 'elsewhere'));
    symlinkSync(join(parent, 'elsewhere'), join(chosen, 'inmobile-smpp'));
    await assert.rejects(use(), refused(/inmobile-smpp" is a link/));
    rmSync(join(chosen, 'inmobile-smpp'));
    writeFileSync(join(chosen, 'inmobile-smpp'), 'in the way');
    await assert.rejects(use(), refused(/is not a directory/));
  });

  for (const name of ['lock', 'reserve', 'journal-000001.ndjson', 'journal-000009.ndjson']) {
    it(`is refused where ${name} in it is a link, and nothing behind that is touched`, async () => {
      await use();
      const target = join(parent, 'target');
      writeFileSync(target, 'not ours');
      rmSync(join(chosen, name), { force: true });
      symlinkSync(target, join(chosen, name));
      await assert.rejects(use(), refused(/link/));
      assert.equal(readFileSync(target, 'utf8'), 'not ours');
    });
  }

  it('replaces a reserve that is too small, and does not write over it', async () => {
    await use();
    const other = join(parent, 'same');
    truncateSync(join(chosen, 'reserve'), 0);
    writeFileSync(join(chosen, 'reserve'), 'short');
    linkSync(join(chosen, 'reserve'), other);
    await use();
    assert.equal(readFileSync(other, 'utf8'), 'short');
    assert.equal(statSync(join(chosen, 'reserve')).size, 1024 * 1024);
  });

  it('that is a store is opened where others may write to it, and that is said at each start', async () => {
    await use();
    chmodSync(chosen, 0o777);
    await use();
    assert.ok(!existsSync(join(chosen, 'inmobile-smpp')));
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /Others than its owner may write/);
  });

  it('that is no store yet is not one where others may write', async () => {
    mkdirSync(chosen);
    chmodSync(chosen, 0o777);
    await use();
    assert.ok(hasStore(join(chosen, 'inmobile-smpp')));
  });

  it('that is the store of another user is refused', async () => {
    await use();
    const files = {
      ...systemFiles,
      look: async (path: string) => ({ ...(await systemFiles.look(path)), isOwn: false }),
    };
    await assert.rejects(use(files), refused(/belongs to another user/));
  });

  it('may hold a lock file of any size', async () => {
    await use();
    writeFileSync(join(chosen, 'lock'), '');
    truncateSync(join(chosen, 'lock'), 3 * 1024 ** 3);
    const clock = new FakeClock();
    const storage = journalStorage({ directory: chosen, clock });
    const opening = storage.open().then(() => 'open');
    const soon = (): Promise<string> => new Promise((resolve) => setImmediate(resolve, 'later'));
    while ((await Promise.race([opening, soon()])) === 'later') await clock.advance(250);
    assert.equal(await storage.read('outbox', '1'), 'kept');
    await storage.close();
  });
});
