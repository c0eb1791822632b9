/**
 * Keeps the files small and the promise to erase: sweeps what has expired and runs the compactions.
 *
 * It decides nothing about records, and never runs two compactions at a time. A failed one changes nothing;
 * it is reported and tried again at a later check.
 */
import type { Bounds } from '../../bounds.js';
import type { Clock, Millis } from '../../clock.js';
import type { CommitListener, JournalParts } from './commit-queue.js';
import { compact, type Compacted } from './compaction.js';
import type { FileSystem } from './file-system.js';
import type { IndexedRecords } from './record-index.js';
import type { SegmentName } from './segment.js';
import { diskFull, keptFile, storageError } from './storage-error.js';
import {
  CHECK_MS,
  FIRST_CHECK_MS,
  FULL_CHECK_MS,
  ROOM_AGAIN_MS,
  diedBeforeStart,
  isOverdue,
  isWasteful,
} from './upkeep.js';

export interface HousekeepingOptions {
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly bounds: Bounds;
  readonly onWarning: (warning: string) => void;
  /** Whether the files hold dead octets from earlier runs. */
  readonly dead: boolean;
}

export class Housekeeping implements CommitListener {
  readonly #parts: JournalParts;
  readonly #options: HousekeepingOptions;
  /** When the oldest dead octets died; undefined when there are none. */
  #deadSince: Millis | undefined;
  /** After a failed compaction, when the next one may begin. */
  #notBefore: Millis = -Infinity;
  #compacting: Promise<void> | undefined;
  #dropping: Promise<boolean> | undefined;
  #stopped = false;
  #isCommitting: () => boolean = () => false;
  #cancelCheck: () => void = () => undefined;
  /** The next check comes soon, since the disk is full or fails. */
  #isSoon = false;
  /** Tries once more whether the disk has room for the reserve. */
  #cancelRoomCheck: (() => void) | undefined;
  /** How long the next such try waits. */
  #roomAgainMs = ROOM_AGAIN_MS;
  #makingRoom: Promise<void> | undefined;
  /** That files cannot be removed was said. */
  #isStuck = false;

  constructor(parts: JournalParts, options: HousekeepingOptions) {
    this.#parts = parts;
    this.#options = options;
    if (options.dead) this.#deadSince = diedBeforeStart(options.clock.now());
  }

  /** Begins to check; `isCommitting` tells whether a write is under way. */
  start(isCommitting: () => boolean): void {
    this.#isCommitting = isCommitting;
    this.#scheduleCheck(FIRST_CHECK_MS);
    this.#watchTrouble();
    this.#parts.lock.whenRemade(() => void this.#lookForFiles());
  }

  died(): void {
    this.#deadSince ??= this.#options.clock.now();
  }

  distrusted(): void {
    this.#deadSince = -Infinity;
  }

  betweenGroups(): void {
    this.#watchTrouble();
    const now = this.#options.clock.now();
    if (this.#compacting || this.#stopped || now < this.#notBefore) return;
    const { log, index } = this.#parts;
    const volume = { octets: log.octets, liveOctets: index.liveOctets, files: log.segments.length };
    if (isWasteful(volume, this.#options.bounds) || isOverdue(this.#deadSince, now)) this.#startCompaction();
  }

  /** Ends the checks, and a compaction under way at its next step. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelCheck();
    this.#cancelRoomCheck?.();
    await this.#makingRoom;
    await this.#dropping;
    await this.#compacting;
  }

  /** What is in force and lies in files that somebody has removed is gone with the process: it is written anew. */
  async #lookForFiles(): Promise<void> {
    const { directory, log } = this.#parts;
    const isLost = await log.hasLostFiles().catch(() => false);
    if (!isLost || this.#stopped) return;
    this.#options.onWarning(
      `Files were removed from the storage directory "${directory}" while it was in use: they are written anew. ` +
        'Stop Node-RED before you remove them.',
    );
    this.distrusted();
    this.#notBefore = -Infinity;
    if (!this.#isCommitting()) this.betweenGroups();
  }

  #watchTrouble(): void {
    const { reserve, health } = this.#parts;
    if (this.#stopped) return;
    if (reserve.spent) this.#lookForRoomLater();
    if (!this.#isSoon && (reserve.spent || health.isTroubled)) this.#scheduleCheck(FULL_CHECK_MS);
  }

  #lookForRoomLater(): void {
    this.#cancelRoomCheck ??= this.#options.clock.after(this.#roomAgainMs, () => {
      this.#roomAgainMs = Math.min(2 * this.#roomAgainMs, FULL_CHECK_MS);
      this.#makingRoom = this.#lookForRoom();
    });
  }

  /** Never rejects. */
  async #lookForRoom(): Promise<void> {
    const { directory, reserve, health } = this.#parts;
    await reserve.take();
    this.#cancelRoomCheck = undefined;
    if (reserve.spent) health.failed(diskFull(directory));
    else health.kept();
    this.#watchTrouble();
  }

  /** There is one check to come at a time, also when one that is under way is asked for another. */
  #scheduleCheck(delayMs: Millis): void {
    if (this.#stopped) return;
    this.#cancelCheck();
    this.#isSoon = delayMs <= FULL_CHECK_MS;
    this.#cancelCheck = this.#options.clock.after(delayMs, () => void this.#check());
  }

  async #check(): Promise<void> {
    const { log, reserve, health } = this.#parts;
    if (!reserve.spent) health.look();
    if (!health.isTroubled) this.#roomAgainMs = ROOM_AGAIN_MS;
    this.#sayKept(await log.tidy());
    if (this.#stopped) return;
    this.#isStuck &&= log.leftovers > 0;
    this.#dropping = this.#dropExpired();
    if (await this.#dropping) this.died();
    await this.#lookForFiles();
    this.#scheduleCheck(reserve.spent || health.isTroubled ? FULL_CHECK_MS : CHECK_MS);
    if (!this.#isCommitting()) this.betweenGroups();
  }

  /** Forgets what need not be kept any longer. Returns whether there was any. */
  async #dropExpired(): Promise<boolean> {
    const { index } = this.#parts;
    const wall = this.#options.clock.wall();
    const turn = this.#turns();
    let dropped = false;
    for (const { table, keys, place } of index.records()) {
      await turn();
      if (this.#stopped) break;
      if (place.keepUntil >= wall) continue;
      for (const key of keys) dropped = index.forget(table, key, place) || dropped;
    }
    return dropped;
  }

  /** To be called for each of many records: now and then the event loop has a turn, unless all is to end. */
  #turns(): () => Promise<void> | undefined {
    const { bounds, clock } = this.#options;
    let done = 0;
    return () => {
      done += 1;
      if (done % bounds.recordsInTurn !== 0 || this.#stopped) return undefined;
      return new Promise((resolve) => void clock.after(0, resolve));
    };
  }

  #startCompaction(): void {
    const { log, index } = this.#parts;
    const deadSince = this.#deadSince;
    log.seal();
    this.#deadSince = undefined;
    this.#compacting = this.#compact(log.nextName(), index.records())
      .catch((error: unknown) => {
        this.#deadSince = deadSince ?? this.#deadSince;
        this.#notBefore = this.#options.clock.now() + FIRST_CHECK_MS;
        if (this.#stopped) return;
        this.#options.onWarning(`Old records could not be erased. ${this.#sentence(error)}`);
      })
      .finally(() => {
        this.#compacting = undefined;
      });
  }

  async #compact(target: SegmentName, records: Iterable<IndexedRecords>): Promise<void> {
    const { directory, log, lock, health } = this.#parts;
    const compacted = await compact({
      files: this.#options.files,
      bounds: this.#options.bounds,
      directory,
      target,
      records,
      discard: (copy) => log.discard(copy),
      proceed: async () => {
        if (this.#stopped) throw new Error('the storage is closing');
        await lock.confirm();
      },
    });
    await this.#adopt(compacted);
    health.kept();
    this.#sayKept(await log.removeBefore(target.number));
    if (log.leftovers === 0 || this.#isStuck) return;
    this.#isStuck = true;
    this.#options.onWarning(
      `Files of old records in the storage directory "${directory}" cannot be removed. It is tried again every few ` +
        'minutes, and at the next start.',
    );
  }

  #sayKept(setAside: readonly string[]): void {
    for (const name of setAside) this.#options.onWarning(keptFile(name, this.#parts.directory));
  }

  /** Moves the index over to the copy. What it has not come to yet is read in the old files, which go afterwards. */
  async #adopt({ segment, copies, lost }: Compacted): Promise<void> {
    const { log, index } = this.#parts;
    const turn = this.#turns();
    log.insert(segment);
    for (const [records, copy] of copies) {
      await turn();
      index.move(records, copy);
    }
    if (lost.length === 0) return;
    let count = 0;
    for (const { table, keys, place } of lost) {
      place.segment.damaged = true;
      count += keys.length;
      for (const key of keys) index.forget(table, key, place);
    }
    this.#options.onWarning(`${count} records could not be read any more and are lost: check the disk.`);
  }

  #sentence(error: unknown): string {
    return storageError(this.#parts.directory, error).message;
  }
}
