/**
 * The storage engine that keeps everything on the heap and loses it with the process.
 *
 * It is the reference of what the port means, and the engine of tests and of `storage: memory`. It is not a
 * cache: nothing is evicted but what its writer allowed to be forgotten.
 */
import { systemClock, type Clock, type EpochMs, type Millis } from '../clock.js';
import { SmppError } from '../errors.js';
import { TABLES, type Change, type Storage, type Table } from './storage.js';

/** Storage on the heap; it holds the very objects that were written. `clock` decides what has expired. */
export function memoryStorage(clock: Clock = systemClock): Storage {
  return new MemoryStorage(clock);
}

interface Entry {
  readonly value: unknown;
  readonly keepUntil: EpochMs;
}

/** A quarter of the hour within which the port promises to forget, so that a slow timer is no breach. */
const SWEEP_EVERY_MS: Millis = 15 * 60_000;

/** A memory write has nothing to wait for, and a promise for each costs more than the write itself. */
const DONE = Promise.resolve();

class MemoryStorage implements Storage {
  readonly #clock: Clock;
  readonly #tables = new Map<Table, Map<string, Entry>>(TABLES.map((table) => [table, new Map()]));
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
    for (const { table, key, value, keepUntil } of changes) {
      if (value === undefined) this.#table(table).delete(key);
      else this.#table(table).set(key, { value, keepUntil: keepUntil ?? Infinity });
    }
    this.#sweep();
    return DONE;
  }

  read(table: Table, key: string): Promise<unknown> {
    return Promise.resolve(this.#live(table, key)?.value);
  }

  async *scan(table: Table): AsyncGenerator<readonly [string, unknown]> {
    // A snapshot of the keys: a reader that writes to the table it scans must come to an end.
    for (const key of [...this.#table(table).keys()]) {
      const entry = this.#live(table, key);
      if (entry) yield [key, entry.value];
    }
  }

  count(table: Table): number {
    return this.#table(table).size;
  }

  close(): Promise<void> {
    this.#closed = true;
    return DONE;
  }

  #table(table: Table): Map<string, Entry> {
    const entries = this.#tables.get(table);
    if (!entries) throw new TypeError(`No such table: ${table}`);
    return entries;
  }

  #live(table: Table, key: string): Entry | undefined {
    const entry = this.#table(table).get(key);
    return entry && entry.keepUntil >= this.#clock.wall() ? entry : undefined;
  }

  /** Forgets what has expired. A clock set back or forward counts as time passed: no sweep waits for it to catch up. */
  #sweep(): void {
    const wall = this.#clock.wall();
    if (Math.abs(wall - this.#sweptAt) < SWEEP_EVERY_MS) return;
    this.#sweptAt = wall;
    for (const entries of this.#tables.values()) {
      for (const [key, entry] of entries) if (entry.keepUntil < wall) entries.delete(key);
    }
  }
}
