/** What the user reads when a file operation failed: the directory, the cause and the remedy. */
import { SmppError } from '../../errors.js';
import { errorCode } from './file-system.js';

/** `error` as SMPP_STORAGE with field `storageDirectory`; an SmppError is kept as it is. */
export function storageError(directory: string, error: unknown): SmppError {
  if (error instanceof SmppError) return error;
  const code = errorCode(error);
  const cause = error instanceof Error ? error.message : String(error);
  const remedy = (code === undefined ? undefined : REMEDIES[code]) ?? `failed (${cause}): check the disk.`;
  return refusal(`The storage directory "${directory}" ${remedy}`, error);
}

/** An SMPP_STORAGE error about the configured directory. */
export function refusal(message: string, cause?: unknown): SmppError {
  return new SmppError('SMPP_STORAGE', message, { field: 'storageDirectory', cause });
}

/** What is where the store, or a file of it, is to be. */
export function inTheWay(path: string, what: string): SmppError {
  return refusal(
    `"${path}" ${what}: name the folder itself as the storage directory, or move what is in the way.`,
  );
}

/** What is refused to spare the last room on the disk. */
export function diskFull(directory: string): SmppError {
  return storageError(directory, Object.assign(new Error('disk full'), { code: 'ENOSPC' }));
}

/** What is said of a damaged file that was set aside. */
export function keptFile(name: string, directory: string): string {
  return (
    `The damaged file is kept as "${name}" in "${directory}". It holds phone numbers and texts: ` +
    'delete it when it is no longer needed.'
  );
}

/** The run ended before it had its storage. */
export function stoppedBeforeOpen(): SmppError {
  return new SmppError('SMPP_STOPPED', 'the gateway was stopped before its storage was open');
}

const NOT_A_DIRECTORY = 'is not a directory: choose another path, or move the file that is in the way.';
const NOT_ALLOWED =
  'cannot be used by the user that Node-RED runs as: give that user read and write permission.';
const FULL = 'is on a disk that is full: free some space.';

const REMEDIES: Readonly<Record<string, string>> = {
  ENOTDIR: NOT_A_DIRECTORY,
  EEXIST: NOT_A_DIRECTORY,
  EACCES: NOT_ALLOWED,
  EPERM: NOT_ALLOWED,
  ELOOP: 'has a link where a file of its own is to be: move what is in the way.',
  EROFS: 'is on a disk that is read-only: choose another directory, or mount the disk writable.',
  ENOSPC: FULL,
  EDQUOT: FULL,
  EMFILE: 'could not be opened: the process has too many files open. Raise its limit (ulimit -n).',
};
