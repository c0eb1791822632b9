/**
 * The storage engine on disk: an append-only journal in numbered files in one directory. No native code.
 *
 *     write ─▶ pending-writes ─▶ one write and one fdatasync for all that waited ─▶ record-index
 *     read, scan ◀─ pending-writes, else record-index ◀─ the files
 *
 * Here the parts of `journal/` are put together: `record` (format), `segment` and `log` (files), `replay`
 * (start), `compaction` and `upkeep` (erasing), `lock` (one writer), `reserve` (full disk). Values live in
 * the files, only keys and places on the heap. It never writes over anything: what it cannot read it sets
 * aside under another name and says so.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import { systemClock, type Clock } from '../clock.js';
import type { TroubleListener } from './journal/health.js';
import {
  openJournal,
  type IsRecord,
  type JournalSession,
  type JournalSessionOptions,
} from './journal/journal-session.js';
import { systemFiles, type FileSystem } from './journal/file-system.js';
import { systemProcesses, type Processes } from './journal/owner.js';
import { isLiveFile } from './journal/log.js';
import { purgeJournal } from './journal/purge.js';
import { refusal } from './journal/storage-error.js';
import { findStore } from './journal/store-folder.js';
import type { Change, MovableStorage, Table, Urgency } from './storage.js';

export type { TroubleListener } from './journal/health.js';
export { isJournalFile } from './journal/log.js';
export { isDiskFull } from './journal/reserve.js';
export { STORE_FOLDER } from './journal/store-folder.js';

/** Storage in a folder. */
export interface JournalStorage extends MovableStorage {
  readonly directory: string;
  /** Whether there is one in the folder, open or not. */
  isThere(): Promise<boolean>;
  /**
   * Closes it, and erases its files, where all that is left was set aside before.
   * @throws SMPP_STORAGE when one cannot be removed, or has what can be read no more
   */
  closeAndErase(): Promise<void>;
}

export interface JournalStorageOptions {
  /** Made with mode 0700 when it is missing. Where it holds what is not ours, a folder `inmobile-smpp` in it is the store. */
  readonly directory: string;
  readonly clock?: Clock;
  readonly files?: FileSystem;
  readonly processes?: Processes;
  readonly bounds?: Bounds;
  /** What a record looks like; any other counts as damaged. */
  readonly isRecord?: IsRecord;
  /** Called with a sentence for the log when something was repaired or could not be read. */
  readonly onWarning?: (warning: string) => void;
  /** Called with what keeps records from being kept, as that begins; and with undefined when it is over. */
  readonly onTrouble?: TroubleListener;
}

/**
 * Storage in `directory`, durable against kill -9 and power loss. One runtime uses a directory at a time.
 * `open` rejects with SMPP_STORAGE, field `storageDirectory`, when that cannot be had; nothing is changed
 * then.
 */
export function journalStorage(options: JournalStorageOptions): JournalStorage {
  return new FolderStorage({
    directory: options.directory,
    clock: options.clock ?? systemClock,
    files: options.files ?? systemFiles,
    processes: options.processes ?? systemProcesses,
    bounds: options.bounds ?? DEFAULT_BOUNDS,
    ...(options.isRecord && { isRecord: options.isRecord }),
    onWarning: options.onWarning ?? (() => undefined),
    onTrouble: options.onTrouble ?? (() => undefined),
  });
}

/** Opens and closes sessions; all else is theirs. */
class FolderStorage implements JournalStorage {
  readonly directory: string;
  readonly #options: JournalSessionOptions;
  #opening: Promise<void> | undefined;
  #session: JournalSession | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor(options: JournalSessionOptions) {
    this.#options = options;
    this.directory = options.directory;
  }

  async isThere(): Promise<boolean> {
    const { files } = this.#options;
    return (await findStore(this.directory, (folder) => files.list(folder).catch(() => []))) !== undefined;
  }

  open(signal?: AbortSignal): Promise<void> {
    this.#opening ??= this.#closing
      .catch(() => undefined) // it is over all the same
      .then(() => openJournal({ ...this.#options, ...(signal && { signal }) }))
      .then(
        (session) => {
          this.#session = session;
        },
        (error: unknown) => {
          this.#opening = undefined;
          throw error;
        },
      );
    return this.#opening;
  }

  write(changes: readonly Change[], urgency: Urgency = 'now'): Promise<void> {
    return this.#session ? this.#session.write(changes, urgency) : Promise.reject(this.#notOpen());
  }

  read(table: Table, key: string): Promise<unknown> {
    return this.#session ? this.#session.read(table, key) : Promise.reject(this.#notOpen());
  }

  async *scan(table: Table): AsyncGenerator<readonly [string, unknown]> {
    if (!this.#session) throw this.#notOpen();
    yield* this.#session.scan(table);
  }

  async *changes(table: Table): AsyncGenerator<Change> {
    if (!this.#session) throw this.#notOpen();
    yield* this.#session.changes(table);
  }

  async *keys(table: Table): AsyncGenerator<string> {
    if (!this.#session) throw this.#notOpen();
    yield* this.#session.keys(table);
  }

  count(table: Table): number {
    return this.#session?.count(table) ?? 0;
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const session = this.#session;
    this.#session = undefined;
    this.#opening = undefined;
    this.#closing = this.#closing.catch(() => undefined).then(() => session?.close());
    return this.#closing;
  }

  async closeAndErase(): Promise<void> {
    const hasRest = this.#session?.hasRest;
    await this.close();
    if (hasRest === false) await purgeJournal(this.#options, isLiveFile);
    if (hasRest === true)
      throw refusal(`Something in "${this.directory}" can be read no more: check the disk.`);
  }

  #notOpen(): Error {
    return refusal(`The storage directory "${this.directory}" is not open.`);
  }
}
