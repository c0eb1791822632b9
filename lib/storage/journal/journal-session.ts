/**
 * The journal between open and close: puts the parts together, and reads.
 *
 * Writing is in `commit-queue.ts`, erasing in `housekeeping.ts`.
 */
import type { Bounds } from '../../bounds.js';
import type { Clock } from '../../clock.js';
import { DamagedRecordError, damagedAs } from '../../errors.js';
import { TABLES, type Change, type Table, type Urgency } from '../storage.js';
import { CommitQueue, type JournalParts } from './commit-queue.js';
import type { FileSystem } from './file-system.js';
import { Health, type TroubleListener } from './health.js';
import { Housekeeping } from './housekeeping.js';
import { acquireLock, type Lock } from './lock.js';
import type { LockOptions } from './lock-file.js';
import { Log } from './log.js';
import type { Processes } from './owner.js';
import { PendingWrites } from './pending-writes.js';
import { PieceReader } from './piece-reader.js';
import { valueIn } from './piece.js';
import { RecordIndex, type Place } from './record-index.js';
import { replay, type Replay } from './replay.js';
import { Reserve, isDiskFull } from './reserve.js';
import type { Segment } from './segment.js';
import { takeStoreFolder } from './store-folder.js';
import { diskFull, keptFile, stoppedBeforeOpen, storageError } from './storage-error.js';

/** Whether what a table has under a key is of the shape that its owner reads. */
export type IsRecord = (table: Table, key: string, value: unknown) => boolean;

export interface JournalSessionOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly files: FileSystem;
  readonly processes: Processes;
  readonly bounds: Bounds;
  /** What it refuses counts as damaged. By default anything will do. */
  readonly isRecord?: IsRecord;
  /** Called with a sentence for the log when something was repaired or could not be read. */
  readonly onWarning: (warning: string) => void;
  /** Told as the disk begins to fail or is full, and once more when that is over. */
  readonly onTrouble: TroubleListener;
  /** Aborted when the run ends. */
  readonly signal?: AbortSignal;
}

/**
 * Takes the directory and reads what is in it.
 * @throws SMPP_STORAGE with field `storageDirectory`, or SMPP_STOPPED when the run ends first; then nothing was changed and
 *   nothing is held
 */
export async function openJournal(chosen: JournalSessionOptions): Promise<JournalSession> {
  const { files, clock, signal, onTrouble } = chosen;
  const goOn = (): void => {
    if (signal?.aborted === true) throw stoppedBeforeOpen();
  };
  try {
    goOn();
    const directory = await takeStoreFolder(chosen);
    const options = { ...chosen, directory };
    const reserve = new Reserve(files, directory, options.bounds);
    const lock = await takeLock(options, reserve);
    const log = new Log(files, directory, options.bounds);
    const health = new Health(clock, onTrouble);
    try {
      return await load(options, { directory, lock, log, reserve, health }, goOn);
    } catch (error) {
      await log.close();
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw storageError(chosen.directory, error);
  }
}

export class JournalSession {
  readonly #parts: JournalParts;
  readonly #clock: Clock;
  readonly #bounds: Bounds;
  readonly #onWarning: (warning: string) => void;
  readonly #isRecord: IsRecord;
  readonly #queue: CommitQueue;
  readonly #housekeeping: Housekeeping;
  /** A queue that is read back in its order lies in the files in that order, so that reading ahead pays. */
  readonly #readers = new Map<Table, PieceReader>();
  /** Files of which it was said that a record in them is damaged. */
  readonly #saidDamaged = new WeakSet<Segment>();

  /** Made by `openJournal`. */
  constructor(options: JournalSessionOptions, parts: JournalParts, dead: boolean) {
    this.#parts = parts;
    this.#clock = options.clock;
    this.#bounds = options.bounds;
    this.#onWarning = options.onWarning;
    this.#isRecord = options.isRecord ?? (() => true);
    this.#housekeeping = new Housekeeping(parts, { ...options, dead });
    this.#queue = new CommitQueue(parts, this.#housekeeping, options);
    this.#housekeeping.start(() => this.#queue.busy);
  }

  write(changes: readonly Change[], urgency: Urgency): Promise<void> {
    return this.#queue.add(changes, urgency);
  }

  read(table: Table, key: string): Promise<unknown> {
    let reader = this.#readers.get(table);
    if (reader === undefined) this.#readers.set(table, (reader = new PieceReader(this.#bounds)));
    return this.#read(table, key, reader);
  }

  async *scan(table: Table): AsyncGenerator<readonly [string, unknown]> {
    const reader = new PieceReader(this.#bounds);
    for (const key of this.#parts.pending.keys(table)) {
      const value = await this.#read(table, key, reader).catch(damagedAs(undefined));
      if (value !== undefined) yield [key, value];
    }
  }

  async *changes(table: Table): AsyncGenerator<Change> {
    for await (const [key, value] of this.scan(table)) {
      const { keepUntil = Infinity } =
        this.#parts.pending.latest(table, key) ?? this.#parts.index.get(table, key) ?? {};
      yield keepUntil === Infinity ? { table, key, value } : { table, key, value, keepUntil };
    }
  }

  keys(table: Table): Iterable<string> {
    return this.#parts.pending.keys(table);
  }

  count(table: Table): number {
    return this.#parts.pending.count(table);
  }

  /** Whether something in it can be read no more, or is still to be. */
  get hasRest(): boolean {
    return (
      TABLES.some((table) => this.count(table) > 0) || this.#parts.log.segments.some(({ damaged }) => damaged)
    );
  }

  async close(): Promise<void> {
    await this.#housekeeping.stop();
    await this.#queue.drained();
    await this.#parts.log.close();
    await this.#parts.lock.release();
  }

  async #read(table: Table, key: string, reader: PieceReader): Promise<unknown> {
    const change = this.#parts.pending.latest(table, key);
    if (change) return this.#isExpired(change.keepUntil) ? undefined : change.value;
    const place = this.#parts.index.get(table, key);
    if (!place || this.#isExpired(place.keepUntil)) return undefined;
    try {
      return await this.#readPlace(table, key, { place, reader });
    } catch (error) {
      // A compaction has moved it while it was being read.
      if (this.#parts.index.get(table, key) !== place) return this.#read(table, key, reader);
      if (error instanceof DamagedRecordError) this.#sayDamaged(place.segment, error);
      throw storageError(this.#parts.directory, error);
    }
  }

  async #readPlace(
    table: Table,
    key: string,
    { place, reader }: { place: Place; reader: PieceReader },
  ): Promise<unknown> {
    // Octets that came wrong once are read anew: damage is what is wrong on the disk.
    const piece = (await reader.read(place)) ?? (await new PieceReader(this.#bounds).read(place));
    const value = piece?.table === table ? valueIn(piece, key) : undefined;
    if (value !== undefined && this.#isRecord(table, key, value)) return value;
    if (value !== undefined) throw new DamagedRecordError(notOurs(place.segment.path));
    throw new DamagedRecordError(
      `A record in "${place.segment.path}" cannot be read any more: check the disk.`,
    );
  }

  #sayDamaged(segment: Segment, { message }: DamagedRecordError): void {
    if (this.#saidDamaged.has(segment)) return;
    this.#saidDamaged.add(segment);
    this.#onWarning(message);
  }

  #isExpired(keepUntil = Infinity): boolean {
    return keepUntil < this.#clock.wall();
  }
}

/** The lock file needs room as well: on a full disk the reserve of an earlier run is given for it. */
async function takeLock(options: LockOptions, reserve: Reserve): Promise<Lock> {
  try {
    return await acquireLock(options);
  } catch (error) {
    if (!isDiskFull(error) || !(await reserve.release())) throw error;
    return acquireLock(options);
  }
}

async function load(
  options: JournalSessionOptions,
  held: Omit<JournalParts, 'index' | 'pending'>,
  goOn: () => void,
): Promise<JournalSession> {
  const index = new RecordIndex();
  await held.log.open();
  const found = await replay(held.log.segments, index, goOn);
  const setAside = await held.log.removeBefore(found.validFrom);
  if (!held.reserve.spent) await held.reserve.take();
  if (held.reserve.spent) held.health.failed(diskFull(held.directory));
  goOn();
  warn(found, options.onWarning);
  for (const name of setAside) options.onWarning(keptFile(name, held.directory));
  const dead = found.dead || found.damaged.length > 0;
  return new JournalSession(
    options,
    { ...held, index, pending: new PendingWrites(index, options.bounds) },
    dead,
  );
}

function notOurs(path: string): string {
  return `A record in "${path}" is none that this version of the package has written: it is left out.`;
}

function warn({ damaged, torn }: Replay, onWarning: (warning: string) => void): void {
  for (const { segment, lines } of damaged) {
    onWarning(
      `"${segment.path}" is damaged: ${lines} of its lines cannot be read and their records are lost. ` +
        'All others were recovered. The file will be set aside; check the disk.',
    );
  }
  for (const segment of torn) {
    onWarning(
      `The last write to "${segment.path}" was cut short by a crash or power cut. ` +
        'It had not been confirmed to anyone; nothing is lost.',
    );
  }
}
