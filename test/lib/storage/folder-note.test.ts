import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderNote } from '../../../lib/storage/folder-note.js';

describe('FolderNote', () => {
  let base: string;
  let lines: string[];

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'smpp-note-'));
    lines = [];
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const fileIn = (folder: string): string => join(folder, 'smpp', 'id.json');
  const noteIn = (folder: string, isTaken?: (folder: string) => boolean): FolderNote =>
    new FolderNote({ file: fileIn(folder), base: folder, ...(isTaken && { isTaken }) }, (_level, line) =>
      lines.push(line),
    );

  it('is none as long as no folder is kept', async () => {
    const note = noteIn(base);
    assert.deepEqual(await note.earlier([]), []);
    await note.keep([]);
    assert.equal(existsSync(fileIn(base)), false);
    assert.deepEqual(lines, []);
  });

  it('tells the next process the folders, but those that this one has, or another client', async () => {
    await noteIn(base).keep(['a', 'b', 'c'].map((name) => join(base, name)));
    const note = noteIn(base, (folder) => folder === join(base, 'a'));
    assert.deepEqual(await note.earlier([join(base, 'c')]), [join(base, 'b')]);
    assert.deepEqual(await note.earlier([]), []);
  });

  it('goes when the last folder does', async () => {
    const note = noteIn(base);
    await note.keep([join(base, 'a')]);
    await note.keep([]);
    assert.deepEqual(await noteIn(base).earlier([]), []);
  });

  it('means the folders of the copy where all of it was copied', async () => {
    await noteIn(base).keep([join(base, 'smpp', 'id'), '/elsewhere']);
    const copy = join(base, 'copy');
    cpSync(join(base, 'smpp'), join(copy, 'smpp'), { recursive: true });
    assert.deepEqual(await noteIn(copy).earlier([]), [join(copy, 'smpp', 'id'), '/elsewhere']);
  });

  it('takes a folder for the same that a link leads to', async () => {
    mkdirSync(join(base, 'real'));
    symlinkSync(join(base, 'real'), join(base, 'link'));
    await noteIn(base).keep([join(base, 'link', 'sms')]);
    assert.deepEqual(await noteIn(base).earlier([join(base, 'real', 'sms')]), []);
  });

  for (const damage of ['', '["a', '{}', '[1]'])
    it(`says that it is damaged, and is written anew: ${damage}`, async () => {
      mkdirSync(join(base, 'smpp'));
      writeFileSync(fileIn(base), damage);
      const note = noteIn(base);
      assert.deepEqual(await note.earlier([]), []);
      assert.match(lines.join(), /id\.json cannot be read: /);
      await note.keep([join(base, 'a')]);
      assert.deepEqual(await noteIn(base).earlier([]), [join(base, 'a')]);
    });

  it('says that it cannot be written, and goes on', async () => {
    writeFileSync(join(base, 'smpp'), 'in the way of the folder');
    await noteIn(base).keep([join(base, 'a')]);
    assert.match(lines.join(), /id\.json cannot be written: /);
  });
});
