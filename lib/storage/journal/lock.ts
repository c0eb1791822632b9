/**
 * Sees to it that one runtime writes a storage directory.
 *
 * A holder that only slept may wake up after its lock was taken over. So it looks whether the lock is still
 * its own, with each beat and before any write that comes late after the last look; once it has seen another
 * holder, it never writes again.
 *
 * A stop that does not wait for a disk that hangs leaves the lock held, and its beat going, until the last operation
 * has ended: neither this process nor another writes beside that one. A disk that takes no beat either keeps nobody out
 * for longer than three of them, and what hangs there can only end in a file that the successor writes no more.
 */
import { randomUUID } from 'node:crypto';
import type { EpochMs, Millis } from '../../clock.js';
import type { SmppError } from '../../errors.js';
import {
  BEAT_MS,
  createLock,
  giveUpLock,
  inUse,
  isStale,
  lockPath,
  lookAtLock,
  replaceLock,
  type Holder,
  type LockOptions,
} from './lock-file.js';
import { storageError } from './storage-error.js';

/**
 * Takes the directory. A live holder is found out within a beat, mostly at once.
 * @throws SMPP_STORAGE when another runtime holds it; file errors as they come
 */
export async function acquireLock(options: LockOptions): Promise<Lock> {
  const holder: Holder = { ...options.processes.self, nonce: randomUUID() };
  const text = JSON.stringify(holder);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    if (await createLock(options, text)) return new Lock(options, text);
    const seen = await lookAtLock(options);
    if (!seen) continue; // given up just now
    if (!(await isStale(options, seen))) throw inUse(options, seen.holder);
    if (await replaceLock(options, seen, text)) return new Lock(options, text);
  }
  throw inUse(options, (await lookAtLock(options))?.holder);
}

/** A lock that is held; made by `acquireLock`. */
export class Lock {
  readonly #options: LockOptions;
  /** Content of the lock file as long as it is ours. */
  readonly #text: string;
  #confirmedAt: Millis;
  /** The time that we last gave the file. */
  #touchedAt: EpochMs | undefined;
  #lost: SmppError | undefined;
  #released = false;
  #onRemade: () => void = () => undefined;
  #looking: Promise<void> = Promise.resolve();
  #cancelBeat: () => void = () => undefined;

  constructor(options: LockOptions, text: string) {
    this.#options = options;
    this.#text = text;
    this.#confirmedAt = options.clock.now();
    this.#scheduleBeat();
  }

  /**
   * Resolves when the lock is ours beyond doubt; costs nothing shortly after a beat.
   * @throws SMPP_STORAGE when another runtime has taken over, or that cannot be found out
   */
  async confirm(): Promise<void> {
    if (this.#lost) throw this.#lost;
    if (this.#options.clock.now() - this.#confirmedAt < 2 * BEAT_MS) return;
    await this.#lookOnce();
  }

  /** `listener` is told when the file was gone and has been made again: more than the lock may have been removed. */
  whenRemade(listener: () => void): void {
    this.#onRemade = listener;
  }

  /** Gives the directory up, unless it is another's by now. Never rejects. */
  async release(): Promise<void> {
    this.#released = true;
    this.#cancelBeat();
    await this.#looking.catch(() => undefined);
    if (!this.#lost) await giveUpLock(this.#options, this.#text);
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#options.clock.after(BEAT_MS, () => {
      this.#scheduleBeat();
      // A look that fails is repeated with the next beat, and `confirm` refuses once it is overdue.
      void this.#lookOnce().catch(() => undefined);
    });
  }

  /** One look at a time, and none that could make the file again after it was given up. */
  #lookOnce(): Promise<void> {
    this.#looking = this.#looking
      .catch(() => undefined)
      .then(() => (this.#released ? undefined : this.#look()));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const { files, clock } = this.#options;
    const lookedAt = clock.now();
    if (!(await this.#isAsTouched(lookedAt))) await this.#read();
    const wall = clock.wall();
    await files.touch(lockPath(this.#options), wall).then(
      () => (this.#touchedAt = wall),
      () => undefined,
    );
    this.#confirmedAt = lookedAt;
  }

  /**
   * Whether the file's time is the one that we gave it. Enough as long as no beat was missed, since nobody may take
   * over sooner; it is one file operation where reading the file is five.
   */
  async #isAsTouched(now: Millis): Promise<boolean> {
    if (this.#touchedAt === undefined || now - this.#confirmedAt >= 2 * BEAT_MS) return false;
    const seenAt = await this.#options.files.modifiedAt(lockPath(this.#options)).catch(() => undefined);
    return seenAt !== undefined && Math.abs(seenAt - this.#touchedAt) < TOUCH_ERROR_MS;
  }

  /** Reads who holds the lock. */
  async #read(): Promise<void> {
    const { directory } = this.#options;
    const seen = await lookAtLock(this.#options).catch((error: unknown) => {
      throw storageError(directory, error);
    });
    const isOurs = seen ? seen.text === this.#text : await this.#makeAgain();
    if (!isOurs) {
      this.#cancelBeat();
      this.#lost = inUse(this.#options, seen?.holder);
      throw this.#lost;
    }
  }

  /** When it is gone, somebody tidied up, perhaps the whole directory; nobody else holds it. */
  async #makeAgain(): Promise<boolean> {
    await this.#options.files.makeDirectory(this.#options.directory);
    const isMade = await createLock(this.#options, this.#text);
    if (isMade) this.#onRemade();
    return isMade;
  }
}

/** A file's time is set in seconds, as a fraction. */
const TOUCH_ERROR_MS: Millis = 1;

const ATTEMPTS_MAX = 3;
