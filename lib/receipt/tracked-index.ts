/**
 * Which SMS a message id belongs to, and which SMS went to a phone last. On the heap, without texts or
 * correlations: those stay in storage, but for the most recent (`recent-records.ts`). No I/O.
 *
 * Every SMS that is accepted comes by here, so it costs one object and two entries of a Map: the order of
 * acceptance is a chain through the objects themselves, and a phone goes with the last SMS to it.
 */
import type { EpochMs } from '../clock.js';
import type { TrackedRecord } from './join-receipt.js';
import type { Waiting } from './overdue-watch.js';

/**
 * SMS that receipts are matched to: three days at two a second, and 200 MB of heap (measured: 405 octets each)
 * when all of them are there. The oldest give way; their receipts come unmatched.
 */
const TRACKED_MAX = 500_000;

/** One in so many gives way at a time: their records go in one write. */
const SHARE = 100;

export interface Tracked {
  /** Ours. */
  readonly id: string;
  readonly messageIds: readonly string[];
  readonly phone: string;
  readonly acceptedAt: EpochMs;
  /** Its wait for a final receipt; undefined when it asked for none. */
  readonly waiting: Waiting | undefined;
  /** What is known of it, while it is recent; else only storage has it. */
  record: TrackedRecord | undefined;
  /** The SMS accepted after it; the index's own. */
  next: Tracked | undefined;
}

export class TrackedIndex {
  /** By message id. */
  readonly #exact = new Map<string, Tracked>();
  /** By message id in lower case, where that differs. */
  readonly #folded = new Map<string, Tracked>();
  /** By phone number, the last SMS to it. */
  readonly #byPhone = new Map<string, Tracked>();
  #oldest: Tracked | undefined;
  #newest: Tracked | undefined;
  #size = 0;

  /** Adds an SMS; returns those that had to give way. */
  add(tracked: Tracked): readonly Tracked[] {
    for (const messageId of tracked.messageIds) {
      if (messageId === '') continue;
      this.#exact.set(messageId, tracked);
      const folded = messageId.toLowerCase();
      if (folded !== messageId) this.#folded.set(folded, tracked);
    }
    this.#byPhone.set(tracked.phone, tracked);
    this.#append(tracked);
    return this.#size > TRACKED_MAX ? this.#giveWay() : [];
  }

  /** The SMS that a message id belongs to: compared exactly, then in any letter case. */
  find(messageId: string): Tracked | undefined {
    const exact = this.#exact.get(messageId);
    if (exact !== undefined) return exact;
    const folded = messageId.toLowerCase();
    return this.#exact.get(folded) ?? this.#folded.get(folded);
  }

  /** The entry of an SMS of ours; undefined when all its message ids have come to mean other SMS. */
  entryOf({ id, messageIds }: Pick<Tracked, 'id' | 'messageIds'>): Tracked | undefined {
    for (const messageId of messageIds) {
      const tracked = this.#exact.get(messageId);
      if (tracked?.id === id) return tracked;
    }
    return undefined;
  }

  /** Our last SMS to a phone. */
  lastTo(phone: string): Tracked | undefined {
    return this.#byPhone.get(phone);
  }

  /** Forgets those accepted before `instant`; returns them. */
  removeBefore(instant: EpochMs): readonly Tracked[] {
    const removed: Tracked[] = [];
    for (
      let oldest = this.#oldest;
      oldest !== undefined && oldest.acceptedAt < instant;
      oldest = oldest.next
    ) {
      removed.push(oldest);
      this.#removeOldest(oldest);
    }
    return removed;
  }

  #append(tracked: Tracked): void {
    if (this.#newest === undefined) this.#oldest = tracked;
    else this.#newest.next = tracked;
    this.#newest = tracked;
    this.#size += 1;
  }

  #giveWay(): readonly Tracked[] {
    const gaveWay: Tracked[] = [];
    for (let oldest = this.#oldest; oldest !== undefined; oldest = oldest.next) {
      if (gaveWay.length >= TRACKED_MAX / SHARE) break;
      gaveWay.push(oldest);
      this.#removeOldest(oldest);
    }
    return gaveWay;
  }

  #removeOldest(oldest: Tracked): void {
    this.#oldest = oldest.next;
    if (this.#oldest === undefined) this.#newest = undefined;
    this.#size -= 1;
    for (const messageId of oldest.messageIds) {
      removeOwn(this.#exact, messageId, oldest);
      removeOwn(this.#folded, messageId.toLowerCase(), oldest);
    }
    removeOwn(this.#byPhone, oldest.phone, oldest);
  }
}

/** A later SMS may have come by the same key. */
function removeOwn(map: Map<string, Tracked>, key: string, tracked: Tracked): void {
  if (map.get(key) === tracked) map.delete(key);
}
