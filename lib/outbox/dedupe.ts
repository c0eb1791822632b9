/**
 * Keys under which an SMS is sent once only: the second SMS with a key gets the first one's result.
 *
 *   free ─claim─▶ held by an SMS that waits ─accepted, uncertain─▶ held ─its time is over─▶ free
 *                    └── not taken in, rejected, expired, cancelled ─▶ free
 *
 * It stops the duplicates that a flow makes itself, which are likelier than those of the protocol. An SMS that was
 * never sent holds no key: the next alarm would be lost with it. Of the first SMS no number, text or correlation is
 * kept, but what tells others with its key how it ended; of the key, which often has a number in it, a digest.
 */
import { createHash } from 'node:crypto';
import type { Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import type { Outcome, SubmitResult } from '../message.js';
import type { Change, Storage } from '../storage/storage.js';
import { TransitMap } from '../transit-map.js';
import type { OutboxEntry } from './entry.js';
import { isRemains } from './queue-item.js';

/** What is over is looked for this often: often enough for memory, and seldom enough to cost nothing. */
const SWEEP_EVERY_MS: Millis = 15 * 60_000;

/** How the SMS that has a key ended, as others with the key are told. */
export type FirstResult = Pick<
  SubmitResult,
  | 'id'
  | 'outcome'
  | 'messageIds'
  | 'possibleDuplicate'
  | 'recovered'
  | 'host'
  | 'status'
  | 'reason'
  | 'queuedAt'
  | 'settledAt'
  | 'attempts'
>;

/** As stored in table `dedupe`, by the digest of the key. JSON. */
interface Stored extends Claimed {
  /** Absent from what an earlier version wrote: by the key itself, and with a `result` that is a whole SubmitResult. */
  readonly isDigest?: true;
}

interface Claimed {
  readonly id: string;
  readonly until: EpochMs;
  readonly dedupeMs: Millis;
  readonly result?: FirstResult;
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
  /** By the digest of the key, in the order of claiming. */
  readonly #held = new TransitMap<string, Held>();
  /** The key of each SMS that holds one: made for the first who asks, as mostly nobody does. */
  #keys: Map<string, string> | undefined;
  #cancelSweep: (() => void) | undefined;

  constructor(storage: Storage, clock: Clock, { dedupeKeys }: Pick<Bounds, 'dedupeKeys'>) {
    this.#storage = storage;
    this.#clock = clock;
    this.#keysMax = dedupeKeys;
  }

  async open(): Promise<void> {
    const changes: Change[] = [];
    for await (const [storedKey, value] of this.#storage.scan('dedupe')) {
      const { isDigest, ...stored } = value as Stored;
      const claimed = claimedOf(stored);
      const key = isDigest === true ? storedKey : digestOf(storedKey);
      if (key !== storedKey) changes.push(forgetting(storedKey));
      // No more than all of it, should the wall clock have been set back meanwhile.
      const leftMs = Math.min(claimed.until - this.#clock.wall(), claimed.dedupeMs);
      if (leftMs <= 0 || isNeverSent(claimed.result?.outcome)) {
        changes.push(forgetting(key));
        continue;
      }
      if (key !== storedKey) changes.push(keeping(key, claimed));
      this.#hold(key, { claimed, endsAt: this.#clock.now() + leftMs }, changes);
    }
    this.#write(changes);
  }

  /** Looks for nothing more that is over. */
  close(): void {
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
  }

  /** Whose the key is: the SMS that claimed it within its time. */
  find(dedupeKey: string): Pick<Claimed, 'id' | 'result'> | undefined {
    const key = digestOf(dedupeKey);
    const held = this.#held.get(key);
    return held !== undefined && held.endsAt > this.#clock.now() ? held.claimed : undefined;
  }

  /** The SMS that hold a key and have no result. */
  unsettled(): string[] {
    const holders = Array.from(this.#held.entries(), ([, { claimed }]) => claimed);
    return holders.flatMap(({ id, result }) => (result === undefined ? [id] : []));
  }

  /** Claims the entry's key at once, and returns the write that makes it last. */
  claim({ id, queuedAt, dedupeKey, dedupeMs = 0 }: OutboxEntry): readonly Change[] {
    if (dedupeKey === undefined) return [];
    const key = digestOf(dedupeKey);
    const claimed: Claimed = { id, until: queuedAt + dedupeMs, dedupeMs };
    const changes: Change[] = [keeping(key, claimed)];
    this.#hold(key, { claimed, endsAt: this.#clock.now() + dedupeMs }, changes);
    return changes;
  }

  /** The write that goes with the result of an SMS: for those who come later with its key, or to free that. */
  settling(entry: OutboxEntry, result: SubmitResult): readonly Change[] {
    const own = this.#heldBy(entry);
    if (own === undefined) return [];
    if (isNeverSent(result.outcome)) return [forgetting(own.key)];
    return [keeping(own.key, { ...own.held.claimed, result: firstResultOf(result) })];
  }

  /** What `settling` returned is safe. Until then others with the key wait for the result. */
  settled(entry: OutboxEntry, result: SubmitResult): void {
    const own = this.#heldBy(entry);
    if (own === undefined) return;
    const { key, held } = own;
    if (isNeverSent(result.outcome)) this.#letGo(key, held);
    else this.#held.set(key, { ...held, claimed: { ...held.claimed, result: firstResultOf(result) } });
  }

  /** Gives the key up again: its SMS was not taken in. */
  abandon(entry: OutboxEntry): void {
    const own = this.#heldBy(entry);
    if (own !== undefined) this.#letGo(own.key, own.held);
  }

  /** What an SMS holds; another may have its key by now. */
  #heldBy(entry: OutboxEntry): { readonly key: string; readonly held: Held } | undefined {
    const { id, dedupeKey } = entry;
    const key = dedupeKey === undefined ? this.#keyOfRemains(entry) : digestOf(dedupeKey);
    const held = key === undefined ? undefined : this.#held.get(key);
    return key !== undefined && held?.claimed.id === id ? { key, held } : undefined;
  }

  /** What an SMS holds of which nobody can read any more whether it has a key. */
  #keyOfRemains(entry: OutboxEntry): string | undefined {
    if (!isRemains(entry)) return undefined;
    this.#keys ??= new Map(Array.from(this.#held.entries(), ([key, { claimed }]) => [claimed.id, key]));
    return this.#keys.get(entry.id);
  }

  #letGo(key: string, { claimed }: Held): void {
    this.#held.delete(key);
    this.#keys?.delete(claimed.id);
  }

  /** @param changes gets the write that the oldest has gone, if there is no more room */
  #hold(key: string, held: Held, changes: Change[]): void {
    const earlier = this.#held.get(key);
    if (earlier !== undefined) this.#letGo(key, earlier); // so that the order is that of claiming
    this.#held.set(key, held);
    this.#keys?.set(held.claimed.id, key);
    this.#cancelSweep ??= this.#clock.after(SWEEP_EVERY_MS, () => this.#sweep());
    if (this.#held.size <= this.#keysMax) return;
    for (const [oldest, first] of this.#held.entries()) {
      this.#letGo(oldest, first);
      changes.push(forgetting(oldest));
      break;
    }
  }

  #sweep(): void {
    const now = this.#clock.now();
    const over: Change[] = [];
    for (const [key, held] of this.#held.entries()) {
      if (held.endsAt > now) continue;
      this.#letGo(key, held);
      over.push(forgetting(key));
    }
    this.#write(over);
    this.#cancelSweep =
      this.#held.size === 0 ? undefined : this.#clock.after(SWEEP_EVERY_MS, () => this.#sweep());
  }

  /** What does not come to storage ends there by itself. */
  #write(changes: readonly Change[]): void {
    if (changes.length > 0) this.#storage.write(changes, 'later').catch(() => undefined);
  }
}

/** It was not sent, and will not be: there is nothing that another SMS could be a duplicate of. */
function isNeverSent(outcome: Outcome | undefined): boolean {
  return outcome === 'rejected' || outcome === 'expired' || outcome === 'cancelled';
}

function digestOf(dedupeKey: string): string {
  return createHash('sha256').update(dedupeKey).digest('base64url');
}

function claimedOf({ id, until, dedupeMs, result }: Claimed): Claimed {
  return result === undefined
    ? { id, until, dedupeMs }
    : { id, until, dedupeMs, result: firstResultOf(result) };
}

function firstResultOf(result: FirstResult): FirstResult {
  const { id, outcome, messageIds, possibleDuplicate, recovered, queuedAt, settledAt, attempts } = result;
  const { host, status, reason } = result;
  return {
    id,
    outcome,
    // A copy: the caller may do with its own what it likes.
    messageIds: [...messageIds],
    possibleDuplicate,
    recovered,
    ...(host !== undefined && { host }),
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason }),
    queuedAt,
    settledAt,
    attempts,
  };
}

function keeping(key: string, claimed: Claimed): Change {
  const value: Stored = { ...claimed, isDigest: true };
  return { table: 'dedupe', key, value, keepUntil: claimed.until };
}

function forgetting(key: string): Change {
  return { table: 'dedupe', key };
}
