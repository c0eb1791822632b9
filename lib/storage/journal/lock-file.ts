/**
 * The lock file: made, looked at, judged stale and replaced. Who holds it afterwards is in `lock.ts`.
 *
 * Only one can create it (O_EXCL, also on NFS); Node has no kernel locks. It names its holder, which touches
 * it with every beat. It is stale when that process is known to be dead, or when it was not touched for
 * three beats. Clocks of two hosts are never compared: the file is watched for a change instead.
 * One that its holder could not remove says so, and its process knows it besides: it is stale though that one lives.
 */
import { join } from 'node:path';
import type { Clock, EpochMs, Millis } from '../../clock.js';
import type { SmppError } from '../../errors.js';
import { errorCode, readFully, writeFully, type FileSystem } from './file-system.js';
import type { Owner, Processes } from './owner.js';
import { refusal, stoppedBeforeOpen } from './storage-error.js';

export interface LockOptions {
  readonly directory: string;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly processes: Processes;
  /** Ends the wait for another's lock. */
  readonly signal?: AbortSignal;
}

/** The lock file's content, as JSON. */
export interface Holder extends Owner {
  /** Tells two locks of one process apart. */
  readonly nonce: string;
}

/** What is seen of a lock file; `holder` is undefined when its text does not say. */
export interface Sighting {
  readonly text: string;
  readonly touchedAt: EpochMs;
  readonly holder: Holder | undefined;
}

/** Often enough to be refused quickly, seldom enough for an SD card. */
export const BEAT_MS: Millis = 5_000;

/** Its name. */
export const LOCK = 'lock';

/** More than a lock file of ours ever has; of a longer one no more is read. */
export const LOCK_OCTETS_MAX = 4096;

export function lockPath({ directory }: LockOptions): string {
  return join(directory, LOCK);
}

/** Whether that is what a lock file of ours says, or the beginning of it. */
export function isLockText(text: string): boolean {
  return ['{"host":', GIVEN_UP].some((start) => text.startsWith(start) || start.startsWith(text));
}

/** Makes the lock file; false when there is one. */
export async function createLock(options: LockOptions, text: string): Promise<boolean> {
  const path = lockPath(options);
  const file = await options.files.open(path, 'create').catch((error: unknown) => {
    if (errorCode(error) === 'EEXIST') return undefined;
    throw error;
  });
  if (!file) return false;
  try {
    await writeFully(file, Buffer.from(text), 0);
    await options.files.touch(path, options.clock.wall());
    await file.close();
  } catch (error) {
    await file.close().catch(ignore);
    await removeLock(options, text);
    throw error;
  }
  return true;
}

/** Removes the lock file unless it is another's by now. Never rejects: where it stays, it is stale from now on. */
export async function giveUpLock(options: LockOptions, text: string): Promise<void> {
  try {
    const seen = await lookAtLock(options);
    if (seen?.text === text) await removeLock(options, text);
  } catch {
    leftBehind.set(lockPath(options), text); // whose it is, nobody can tell
  }
}

/** The lock file as it is now; undefined when there is none. */
export async function lookAtLock(options: LockOptions): Promise<Sighting | undefined> {
  const path = lockPath(options);
  try {
    const touchedAt = await options.files.modifiedAt(path);
    const file = await options.files.open(path, 'existing');
    try {
      const bytes = Buffer.alloc(Math.min(await file.size(), LOCK_OCTETS_MAX));
      const text = bytes.toString('utf8', 0, await readFully(file, bytes, 0));
      return { text, touchedAt, holder: readHolder(text) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether nobody holds it any more. Resolves at once when that is known, else within three beats. */
export async function isStale(options: LockOptions, seen: Sighting): Promise<boolean> {
  const { clock, processes } = options;
  if (seen.text === GIVEN_UP || leftBehind.get(lockPath(options)) === seen.text) return true;
  const alive = seen.holder && processes.isAlive(seen.holder);
  if (alive !== undefined) return !alive;
  const isOnThisHost = seen.holder?.host === processes.self.host;
  if (isOnThisHost && clock.wall() - seen.touchedAt > SURELY_STALE_MS) return true;
  return !(await isTouched(options, seen));
}

/** Whether anything happens to the file within three beats; that it goes is no sign of life. */
async function isTouched(options: LockOptions, seen: Sighting): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < STALE_MS; waitedMs += POLL_MS) {
    await wait(options, POLL_MS);
    const now = await lookAtLock(options);
    if (!now) return false;
    if (now.text !== seen.text || now.touchedAt !== seen.touchedAt) return true;
  }
  return false;
}

/** Puts a lock of ours in the place of a stale one; false when another was faster. */
export async function replaceLock(options: LockOptions, stale: Sighting, text: string): Promise<boolean> {
  const before = await lookAtLock(options);
  if (before && before.text !== stale.text) return false;
  if (before) await options.files.remove(lockPath(options)).catch(ignoreMissing);
  if (!(await createLock(options, text))) return false;
  try {
    await wait(options, SETTLE_MS);
    return (await lookAtLock(options))?.text === text;
  } catch (error) {
    await giveUpLock(options, text);
    throw error;
  }
}

/** The refusal: who holds the directory, and what to do. */
export function inUse({ directory, processes }: LockOptions, holder: Holder | undefined): SmppError {
  return refusal(
    `The storage directory "${directory}" is in use by ${nameOf(holder, processes.self)}: stop that one ` +
      'first, or give each its own storage directory. Nothing was changed.',
  );
}

/** Longer than a flow blocks the event loop in practice. */
const STALE_MS: Millis = 3 * BEAT_MS;

/** On the holder's own host both read one clock, and a touch as old as this needs no watching. */
const SURELY_STALE_MS: Millis = 60_000;

const POLL_MS: Millis = 1_000;

/** How long another who saw the same stale lock may take to remove it, and ours with it. */
const SETTLE_MS: Millis = 250;

/** Content of a lock file that its holder could not remove. */
const GIVEN_UP = '{"givenUp":true}';

/** Lock files that this process has left behind, by path, with what they say. */
const leftBehind = new Map<string, string>();

/** Removes a lock file of ours; where that fails, it is marked as given up, for this process and for others. */
async function removeLock(options: LockOptions, text: string): Promise<void> {
  const path = lockPath(options);
  try {
    await options.files.remove(path).catch(ignoreMissing);
  } catch {
    leftBehind.set(path, text);
    await markGivenUp(options).catch(ignore);
  }
}

async function markGivenUp(options: LockOptions): Promise<void> {
  const file = await options.files.open(lockPath(options), 'existing');
  try {
    await file.truncate(0);
    await writeFully(file, Buffer.from(GIVEN_UP), 0);
  } finally {
    await file.close();
  }
}

function readHolder(text: string): Holder | undefined {
  try {
    const { host, boot, pid, started, nonce } = JSON.parse(text) as Partial<Record<keyof Holder, unknown>>;
    if (typeof host !== 'string' || typeof boot !== 'string' || typeof pid !== 'number') return undefined;
    if (typeof started !== 'string' || typeof nonce !== 'string') return undefined;
    return { host, boot, pid, started, nonce };
  } catch {
    return undefined;
  }
}

function nameOf(holder: Holder | undefined, self: Owner): string {
  if (!holder) return 'another runtime';
  if (holder.pid === self.pid && holder.boot === self.boot && holder.host === self.host) {
    return 'another connection of this runtime';
  }
  return `process ${holder.pid} on host "${holder.host}"`;
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

/** @throws SMPP_STOPPED when the run ends first */
function wait({ clock, signal }: LockOptions, delayMs: Millis): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      cancel();
      reject(stoppedBeforeOpen());
    };
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', ended);
      resolve();
    });
    if (signal?.aborted === true) ended();
    else signal?.addEventListener('abort', ended, { once: true });
  });
}

function ignore(): undefined {
  return undefined;
}
