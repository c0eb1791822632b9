/**
 * A small file that says in which folders a client keeps its store, or kept it before: a change of folder outlasts the
 * process that was told of it, so what waits in the one before is found by the next.
 *
 * The file is in a place that does not change with the settings. Folders below `base` are written relative to it: a copy of
 * all of it, on this machine or another, means its own.
 */
import { realpathSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { asSmppError } from '../errors.js';
import { systemFiles } from './journal/file-system.js';

export interface NotePlace {
  readonly file: string;
  readonly base: string;
  /** Whether a folder that was its own is another client's by now. Default: none is. */
  readonly isTaken?: (folder: string) => boolean;
}

export class FolderNote {
  readonly #place: NotePlace;
  readonly #log: (level: 'warn', line: string) => void;
  #isRead = false;
  /** What stands in it. */
  #kept: readonly string[] = [];

  constructor(place: NotePlace, log: (level: 'warn', line: string) => void) {
    this.#place = place;
    this.#log = log;
  }

  /** At the first call the folders in it that are not among `known`, oldest first; then none. Never rejects. */
  async earlier(known: readonly string[]): Promise<readonly string[]> {
    if (this.#isRead) return [];
    this.#isRead = true;
    const { isTaken = () => false } = this.#place;
    try {
      this.#kept = await readFolders(this.#place);
    } catch (error) {
      this.#failed('read', error);
    }
    return this.#kept.filter(
      (folder) => !isTaken(folder) && !known.some((each) => isSameFolder(each, folder)),
    );
  }

  /** Writes them down, oldest first: durably, when it resolves. Never rejects. */
  async keep(folders: readonly string[]): Promise<void> {
    if (isDeepStrictEqual(folders, this.#kept)) return;
    try {
      await writeFolders(this.#place, folders);
      this.#kept = folders;
    } catch (error) {
      this.#failed('written', error);
    }
  }

  #failed(what: string, error: unknown): void {
    const { message } = asSmppError(error, 'SMPP_STORAGE');
    this.#log(
      'warn',
      `${this.#place.file} cannot be ${what}: ${message}. After a restart, what waits in a folder that the connection had ` +
        'before is not found by itself',
    );
  }
}

/** None when there is no note. @throws when it cannot be read, or is no note */
async function readFolders({ file, base }: NotePlace): Promise<readonly string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const folders: unknown = JSON.parse(text);
  if (!Array.isArray(folders) || !folders.every((each): each is string => typeof each === 'string'))
    throw new TypeError('it is no list of folders');
  return folders.map((each) => resolve(base, each));
}

/** Without a folder there is no note. */
async function writeFolders({ file, base }: NotePlace, folders: readonly string[]): Promise<void> {
  if (folders.length === 0) return rm(file, { force: true });
  const directory = dirname(file);
  const fresh = `${file}.new`;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await rm(fresh, { force: true });
  const handle = await open(fresh, 'wx', 0o600);
  try {
    await handle.writeFile(`${JSON.stringify(folders.map((folder) => shortest(base, folder)))}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(fresh, file);
  await systemFiles.syncDirectory(directory);
}

/** Whether both paths are one folder, also by a link in one of them. */
function isSameFolder(one: string, other: string): boolean {
  return realOf(one) === realOf(other);
}

/** Of what is not there yet, with the links that are above it. */
function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    const above = dirname(folder);
    return above === folder ? folder : join(realOf(above), relative(above, folder));
  }
}

function shortest(base: string, folder: string): string {
  const below = relative(base, folder);
  return below.startsWith('..') || isAbsolute(below) ? resolve(folder) : below;
}
