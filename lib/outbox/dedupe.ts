/**
 * Keys under which an SMS is sent once only: the second SMS with a key gets the first one's result.
 *
 * It stops the duplicates that a flow makes itself, which are likelier than those of the protocol.
 */
import type { Clock, EpochMs } from '../clock.js';
import type { SubmitResult } from '../message.js';
import type { Change, Storage } from '../storage/storage.js';
import type { OutboxEntry } from './entry.js';

/** Keys held; the oldest give way. Each costs some hundred octets. */
const KEYS_MAX = 100_000;

interface Claimed {
  readonly id: string;
  readonly until: EpochMs;
  readonly result?: SubmitResult;
}

export class Dedupe {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #claimed = new Map<string, Claimed>();

  constructor(storage: Storage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  async open(): Promise<void> {
    for await (const [key, value] of this.#storage.scan('dedupe')) this.#claimed.set(key, value as Claimed);
  }

  /** Whose the key is: the SMS that claimed it within its time. */
  find(key: string): Claimed | undefined {
    const claimed = this.#claimed.get(key);
    if (claimed === undefined || claimed.until > this.#clock.wall()) return claimed;
    this.#claimed.delete(key);
    return undefined;
  }

  /** Claims the entry's key at once, and returns the write that makes it last. */
  claim(entry: OutboxEntry): readonly Change[] {
    return this.#put(entry, { id: entry.id, until: entry.queuedAt + (entry.dedupeMs ?? 0) });
  }

  /** Adds the result to the key, for those who come later. */
  settle(entry: OutboxEntry, result: SubmitResult): readonly Change[] {
    const claimed = entry.dedupeKey === undefined ? undefined : this.#claimed.get(entry.dedupeKey);
    if (claimed?.id !== entry.id) return [];
    return this.#put(entry, { ...claimed, result });
  }

  /** Gives the key up again: its SMS was not taken in. */
  abandon(entry: OutboxEntry): void {
    if (entry.dedupeKey !== undefined) this.#claimed.delete(entry.dedupeKey);
  }

  #put(entry: OutboxEntry, claimed: Claimed): readonly Change[] {
    const key = entry.dedupeKey;
    if (key === undefined) return [];
    this.#claimed.set(key, claimed);
    const oldest = this.#claimed.size > KEYS_MAX ? this.#claimed.keys().next().value : undefined;
    if (oldest !== undefined) this.#claimed.delete(oldest);
    return [{ table: 'dedupe', key, value: claimed, keepUntil: claimed.until }];
  }
}
