/**
 * Keys under which an SMS is sent once only: the second SMS with a key gets the first one's result.
 *
 * It stops the duplicates that a flow makes itself, which are likelier than those of the protocol.
 */
import type { Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import type { SubmitResult } from '../message.js';
import type { Change, Storage } from '../storage/storage.js';
import type { OutboxEntry } from './entry.js';

/** As stored in table `dedupe`. JSON. */
interface Claimed {
  readonly id: string;
  readonly until: EpochMs;
  readonly dedupeMs: Millis;
  readonly result?: SubmitResult;
}

interface Held {
  readonly claimed: Claimed;
  /** Monotonic: a wall clock that jumps neither ends a key nor keeps one while we run. */
  readonly endsAt: Millis;
}

export class Dedupe {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #keysMax: number;
  readonly #held = new Map<string, Held>();

  constructor(storage: Storage, clock: Clock, { dedupeKeys }: Pick<Bounds, 'dedupeKeys'>) {
    this.#storage = storage;
    this.#clock = clock;
    this.#keysMax = dedupeKeys;
  }

  async open(): Promise<void> {
    for await (const [key, value] of this.#storage.scan('dedupe')) {
      const claimed = value as Claimed;
      // No more than all of it, should the wall clock have been set back meanwhile.
      const leftMs = Math.min(claimed.until - this.#clock.wall(), claimed.dedupeMs);
      this.#held.set(key, { claimed, endsAt: this.#clock.now() + leftMs });
    }
  }

  /** Whose the key is: the SMS that claimed it within its time. */
  find(key: string): Claimed | undefined {
    const held = this.#held.get(key);
    if (held === undefined || held.endsAt > this.#clock.now()) return held?.claimed;
    this.#held.delete(key);
    return undefined;
  }

  /** Claims the entry's key at once, and returns the write that makes it last. */
  claim(entry: OutboxEntry): readonly Change[] {
    const { id, queuedAt, dedupeMs = 0 } = entry;
    return this.#put(entry, {
      claimed: { id, until: queuedAt + dedupeMs, dedupeMs },
      endsAt: this.#clock.now() + dedupeMs,
    });
  }

  /** Adds the result to the key, for those who come later. */
  settle(entry: OutboxEntry, result: SubmitResult): readonly Change[] {
    const held = entry.dedupeKey === undefined ? undefined : this.#held.get(entry.dedupeKey);
    if (held?.claimed.id !== entry.id) return [];
    return this.#put(entry, { ...held, claimed: { ...held.claimed, result } });
  }

  /** Gives the key up again: its SMS was not taken in. */
  abandon(entry: OutboxEntry): void {
    if (entry.dedupeKey !== undefined) this.#held.delete(entry.dedupeKey);
  }

  #put(entry: OutboxEntry, held: Held): readonly Change[] {
    const key = entry.dedupeKey;
    if (key === undefined) return [];
    this.#held.set(key, held);
    const oldest = this.#held.size > this.#keysMax ? this.#held.keys().next().value : undefined;
    if (oldest !== undefined) this.#held.delete(oldest);
    return [{ table: 'dedupe', key, value: held.claimed, keepUntil: held.claimed.until }];
  }
}
