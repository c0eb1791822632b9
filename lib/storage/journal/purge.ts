/**
 * Erases a journal for good: every file of it, those set aside as damaged too.
 *
 * Only by who holds its lock, so never below a runtime that uses it; files of anybody else's stay.
 */
import { rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './file-system.js';
import type { JournalSessionOptions } from './journal-session.js';
import { acquireLock } from './lock.js';
import { isJournalFile } from './log.js';
import { RESERVE } from './reserve.js';
import { refusal, storageError } from './storage-error.js';
import { findStore } from './store-folder.js';

/**
 * Erases the journal in `directory`, or in the folder of its own there, and that folder when nothing else is in it.
 *
 * @param isMeant which of its files go; default all
 * @throws SMPP_STORAGE when there is no journal, another runtime uses it, or a file cannot be removed
 */
export async function purgeJournal(
  options: Omit<JournalSessionOptions, 'onWarning' | 'onTrouble'>,
  isMeant: (name: string) => boolean = isJournalFile,
): Promise<void> {
  const { files } = options;
  const directory = await requireJournal(options);
  try {
    const lock = await acquireLock({ ...options, directory });
    try {
      const names = await files.list(directory);
      for (const name of names.filter((name) => isMeant(name) || name === RESERVE)) {
        await lock.confirm();
        await files.remove(join(directory, name));
      }
      await files.syncDirectory(directory);
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw storageError(directory, error);
  }
  // Whoever has other files in it keeps it.
  await rmdir(directory).catch(() => undefined);
}

/** No directory, or none at all. */
const NOTHING_THERE: ReadonlySet<string | undefined> = new Set(['ENOENT', 'ENOTDIR']);

/**
 * The folder that has the journal.
 *
 * @throws SMPP_STORAGE when `directory` cannot be read, or holds no journal: a slip of the pen is to make and to erase
 *   nothing
 */
export async function requireJournal({
  directory,
  files,
}: Pick<JournalSessionOptions, 'directory' | 'files'>): Promise<string> {
  const found = await findStore(directory, (folder) =>
    files.list(folder).catch((error: unknown): readonly string[] => {
      if (NOTHING_THERE.has(errorCode(error))) return [];
      throw storageError(folder, error);
    }),
  );
  if (found !== undefined) return found;
  throw refusal(`"${directory}" holds no SMS store: name the folder that has the files "journal-….ndjson".`);
}
