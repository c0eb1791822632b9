/**
 * The storage engine that keeps everything on the heap and loses it with the process.
 *
 * It is the reference of what the port means, and the engine of tests and of `storage: memory`. It is not a
 * cache: nothing is evicted but what its writer allowed to be forgotten.
 */
import { systemClock, type Clock, type EpochMs, type Millis } from '../clock.js';
import { SmppError } from '../errors.js';
import { TransitMap } from '../transit-map.js';
import { TABLES, type Change, type MovableStorage, type Storage, type Table } from './storage.js';

/** Storage on the heap. */
export interface MemoryStorage extends MovableStorage {
  readonly isVolatile: true;
  changes(table: Table): readonly Change[];
}

/** Storage on the heap; it holds the very objects that were written. `clock` decides what has expired. */
export function memoryStorage(clock: Clock = systemClock): MemoryStorage {
  return new HeapStorage(clock);
}

/** Whether storage is on the heap. */
export function isOnHeap(storage: Storage): storage is MemoryStorage {
  return storage instanceof HeapStorage;
}

/** A quarter of the hour within which the port promises to forget, so that a slow timer is no breach. */
const SWEEP_EVERY_MS: Millis = 15 * 60_000;

/** A memory write has nothing to wait for, and a promise for each costs more than the write itself. */
const DONE = Promise.resolve();

class HeapStorage implements MemoryStorage {
  readonly isVolatile = true;
  readonly #clock: Clock;
  /** By key, the change that put the record: an entry of its own would be one more object for each. */
  readonly #tables: Readonly<Record<Table, TransitMap<string, Change>>> = emptyTables();
  #sweptAt: EpochMs;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweptAt = clock.wall();
  }

  open(): Promise<void> {
    this.#closed = false;
    return DONE;
  }

  write(changes: readonly Change[]): Promise<void> {
    if (this.#closed) return Promise.reject(new SmppError('SMPP_STORAGE', 'The memory storage is closed.'));
    for (const change of changes) {
      const records = this.#tables[change.table];
      if (change.value === undefined) records.delete(change.key);
      else records.set(change.key, change);
    }
    this.#sweep();
    return DONE;
  }

  read(table: Table, key: string): Promise<unknown> {
    return Promise.resolve(this.#live(table, key)?.value);
  }

  async *scan(table: Table): AsyncGenerator<readonly [string, unknown]> {
    // A snapshot of the keys: a reader that writes to the table it scans must come to an end.
    for (const key of [...this.#tables[table].keys()]) {
      const put = this.#live(table, key);
      if (put) yield [key, put.value];
    }
  }

  async *keys(table: Table): AsyncGenerator<string> {
    yield* [...this.#tables[table].keys()];
  }

  changes(table: Table): readonly Change[] {
    return [...this.#tables[table].keys()].flatMap((key) => this.#live(table, key) ?? []);
  }

  count(table: Table): number {
    return this.#tables[table].size;
  }

  close(): Promise<void> {
    this.#closed = true;
    return DONE;
  }

  #live(table: Table, key: string): Change | undefined {
    const put = this.#tables[table].get(key);
    return put && endOf(put) >= this.#clock.wall() ? put : undefined;
  }

  /** Forgets what has expired. A clock set back or forward counts as time passed: no sweep waits for it to catch up. */
  #sweep(): void {
    const wall = this.#clock.wall();
    if (Math.abs(wall - this.#sweptAt) < SWEEP_EVERY_MS) return;
    this.#sweptAt = wall;
    for (const records of Object.values(this.#tables)) {
      for (const [key, put] of records.entries()) if (endOf(put) < wall) records.delete(key);
    }
  }
}

function emptyTables(): Record<Table, TransitMap<string, Change>> {
  return Object.fromEntries(TABLES.map((table) => [table, new TransitMap()])) as ReturnType<
    typeof emptyTables
  >;
}

/** When the record may be forgotten. */
function endOf({ keepUntil = Infinity }: Change): EpochMs {
  return keepUntil;
}
