/**
 * Which SMS a message id belongs to, and which SMS went to a phone last. On the heap, without texts or
 * correlations: those stay in storage. No I/O.
 */
import type { EpochMs } from '../clock.js';

/**
 * SMS that receipts are matched to: three days at two a second, and 190 MB of heap (measured: 380 octets each)
 * when all of them are there. The oldest give way; their receipts come unmatched.
 */
const TRACKED_MAX = 500_000;

/** Phones whose answers are tied to our last SMS; those written to longest ago give way. */
const PHONES_MAX = 100_000;

/** One in so many gives way at a time: the first of a Map is slow to find among those that were deleted. */
const SHARE = 100;

interface Tracked {
  readonly messageIds: readonly string[];
  readonly phone: string;
  readonly acceptedAt: EpochMs;
}

export class TrackedIndex {
  /** By our id, the oldest first. */
  readonly #tracked = new Map<string, Tracked>();
  /** Our ids by message id. */
  readonly #exact = new Map<string, string>();
  /** Our ids by message id in lower case, where that differs. */
  readonly #folded = new Map<string, string>();
  /** Our ids by phone number, the phone written to longest ago first. */
  readonly #byPhone = new Map<string, string>();

  /** Adds an SMS, or replaces it; returns our ids of those that had to give way. */
  add(id: string, tracked: Tracked): readonly string[] {
    this.remove(id);
    this.#tracked.set(id, tracked);
    for (const messageId of tracked.messageIds) {
      if (messageId === '') continue;
      this.#exact.set(messageId, id);
      const folded = messageId.toLowerCase();
      if (folded !== messageId) this.#folded.set(folded, id);
    }
    this.#byPhone.delete(tracked.phone);
    this.#byPhone.set(tracked.phone, id);
    if (this.#byPhone.size > PHONES_MAX) {
      for (const oldest of firstKeys(this.#byPhone, PHONES_MAX / SHARE)) this.#byPhone.delete(oldest);
    }
    if (this.#tracked.size <= TRACKED_MAX) return [];
    const gaveWay = firstKeys(this.#tracked, TRACKED_MAX / SHARE);
    for (const oldest of gaveWay) this.remove(oldest);
    return gaveWay;
  }

  /** Our id of the SMS that a message id belongs to: compared exactly, then in any letter case. */
  find(messageId: string): string | undefined {
    const exact = this.#exact.get(messageId);
    if (exact !== undefined) return exact;
    const folded = messageId.toLowerCase();
    return this.#exact.get(folded) ?? this.#folded.get(folded);
  }

  /** Our last SMS to a phone. */
  lastTo(phone: string): { readonly id: string; readonly sentAt: EpochMs } | undefined {
    const id = this.#byPhone.get(phone);
    const tracked = id === undefined ? undefined : this.#tracked.get(id);
    return id === undefined || tracked === undefined ? undefined : { id, sentAt: tracked.acceptedAt };
  }

  /** Forgets those accepted before `instant`; returns our ids of them. */
  removeBefore(instant: EpochMs): readonly string[] {
    const removed: string[] = [];
    for (const [id, { acceptedAt }] of this.#tracked) {
      if (acceptedAt >= instant) break;
      removed.push(id);
      this.remove(id);
    }
    return removed;
  }

  remove(id: string): void {
    const tracked = this.#tracked.get(id);
    if (tracked === undefined) return;
    this.#tracked.delete(id);
    for (const messageId of tracked.messageIds) {
      removeOwn(this.#exact, messageId, id);
      removeOwn(this.#folded, messageId.toLowerCase(), id);
    }
    removeOwn(this.#byPhone, tracked.phone, id);
  }
}

/** A later SMS may have come by the same key. */
function removeOwn(map: Map<string, string>, key: string, id: string): void {
  if (map.get(key) === id) map.delete(key);
}

function firstKeys(map: ReadonlyMap<string, unknown>, count: number): readonly string[] {
  const keys: string[] = [];
  for (const key of map.keys()) {
    if (keys.length >= count) break;
    keys.push(key);
  }
  return keys;
}
