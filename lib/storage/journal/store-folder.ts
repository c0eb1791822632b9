/**
 * Which folder is the store: the one that was chosen where that is ours or can be, else one of its own in it.
 *
 * A folder is ours when it has a journal, or nothing that is not ours. Anything else in it belongs to somebody, and is
 * neither written over nor removed. Source: contract 3.1.
 */
import { join } from 'node:path';
import { DEFAULT_BOUNDS } from '../../bounds.js';
import { SIMULATED_FOLDER } from '../../inmobile.js';
import { errorCode, readFully, type FileSystem } from './file-system.js';
import { isLockText, LOCK, LOCK_OCTETS_MAX } from './lock-file.js';
import { isJournalFile } from './log.js';
import { RESERVE } from './reserve.js';
import { inTheWay, refusal } from './storage-error.js';

/** The folder that is made in one that is not ours. */
export const STORE_FOLDER = 'inmobile-smpp';

export interface StoreFolderOptions {
  readonly directory: string;
  readonly files: FileSystem;
  readonly onWarning: (warning: string) => void;
}

/**
 * The folder of the store, made with mode 0700 when it is missing.
 *
 * @throws SMPP_STORAGE when it is a link or another user's, or has a link or a folder where a file of ours goes; file
 *   errors as they come
 */
export async function takeStoreFolder({ directory, files, onWarning }: StoreFolderOptions): Promise<string> {
  await files.makeDirectory(directory);
  const isChosen = await canBeStore(files, directory);
  const folder = isChosen ? directory : join(directory, STORE_FOLDER);
  if (!isChosen) await files.makeDirectory(folder);
  const { isOwn, isOpenToOthers } = await lookAtFolder(files, folder);
  if (!isOwn) {
    throw refusal(
      `The storage directory "${folder}" belongs to another user: run Node-RED as that user, or choose another directory.`,
    );
  }
  const names = new Set(await files.list(folder));
  for (const name of [LOCK, RESERVE]) if (names.has(name)) await requireFile(files, join(folder, name));
  if (!isChosen && names.size === 0)
    onWarning(`"${directory}" holds files of others: what is stored goes into "${folder}".`);
  if (isOpenToOthers) {
    onWarning(
      `Others than its owner may write to the storage directory "${folder}", and so put SMS into it: take that right away ` +
        '(chmod go-w).',
    );
  }
  return folder;
}

/** The folder that has the journal, `directory` or the one in it; undefined when neither has one. */
export async function findStore(
  directory: string,
  list: (folder: string) => Promise<readonly string[]>,
): Promise<string | undefined> {
  for (const folder of [directory, join(directory, STORE_FOLDER)])
    if ((await list(folder)).some(isJournalFile)) return folder;
  return undefined;
}

async function canBeStore(files: FileSystem, directory: string): Promise<boolean> {
  const { isOwn, isOpenToOthers } = await lookAtFolder(files, directory);
  const names = await files.list(directory);
  if (names.some(isJournalFile)) return true;
  if (!isOwn || isOpenToOthers) return false;
  for (const name of names) if (!(await isOurs(files, directory, name).catch(orGone(true)))) return false;
  return true;
}

async function lookAtFolder(
  files: FileSystem,
  path: string,
): Promise<{ isOwn: boolean; isOpenToOthers: boolean }> {
  const seen = await files.look(path);
  if (seen.kind === 'directory') return seen;
  throw inTheWay(path, seen.kind === 'link' ? 'is a link' : 'is not a directory');
}

async function requireFile(files: FileSystem, path: string): Promise<void> {
  const { kind } = await files.look(path).catch(orGone({ kind: 'file' }));
  if (kind !== 'file') throw inTheWay(path, kind === 'link' ? 'is a link' : 'is not a file');
}

/** Whether it is what a run left that had not written anything yet; by what is in it, for others use such names too. */
async function isOurs(files: FileSystem, directory: string, name: string): Promise<boolean> {
  const path = join(directory, name);
  const { kind } = await files.look(path);
  if (name === SIMULATED_FOLDER) return kind === 'directory';
  if (kind !== 'file') return false;
  const file = await files.open(path, 'existing');
  try {
    const octets = await file.size();
    if (octets > (name === LOCK ? LOCK_OCTETS_MAX : DEFAULT_BOUNDS.reserveOctets)) return false;
    const content = Buffer.alloc(octets);
    await readFully(file, content, 0);
    if (name === LOCK) return isLockText(content.toString());
    return name === RESERVE && content.equals(Buffer.alloc(octets)); // room that is kept has nothing in it
  } finally {
    await file.close();
  }
}

/** It went meanwhile: another that uses the folder has removed it. */
function orGone<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (errorCode(error) === 'ENOENT') return value;
    throw error;
  };
}
