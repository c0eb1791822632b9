/**
 * Receipts whose SMS is not known yet: a receipt may overtake its submit_sm_resp. No I/O; time is an argument.
 *
 * They are stored already; this only decides when they go on: at once when their SMS becomes known, unmatched
 * when the wait is over.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Millis } from '../clock.js';
import type { ReceivedReceipt } from './join-receipt.js';
import type { ReceiptRecord } from './receipt-record.js';
import { phoneKey } from './tracked-index.js';

/** A receipt with the key of its record. */
export interface StoredReceipt {
  readonly key: string;
  readonly received: ReceivedReceipt;
  /** As storage has it: who holds the receipt while it is being taken may hand it on once more. */
  record: ReceiptRecord;
  /** The number of its SMS, when that was known as it came. */
  readonly sms?: number | undefined;
}

interface Held extends StoredReceipt {
  readonly until: Millis;
}

const NONE: readonly StoredReceipt[] = [];

export class HeldReceipts {
  /** By key, in order of arrival, which is that of `until`. */
  readonly #held = new Map<string, Held>();
  /** Keys by message id, in lower case. */
  readonly #keys = new Map<string, Set<string>>();
  /** Keys by phone. */
  readonly #byPhone = new Map<string, Set<string>>();
  readonly #max: number;

  constructor({ heldReceipts }: Pick<Bounds, 'heldReceipts'> = DEFAULT_BOUNDS) {
    this.#max = heldReceipts;
  }

  /** Holds one; returns the one that has to give way to it, if any. */
  add(stored: StoredReceipt, until: Millis): StoredReceipt | undefined {
    this.#held.set(stored.key, { ...stored, until });
    addTo(this.#keys, foldedId(stored), stored.key);
    addTo(this.#byPhone, phoneKey(stored.received.phone), stored.key);
    return this.#held.size > this.#max ? this.#takeOldest() : undefined;
  }

  /** Whether it waits here. */
  holds({ key }: StoredReceipt): boolean {
    return this.#held.has(key);
  }

  /** Lets go of those with this id, in any letter case, that have their SMS now. */
  claim(messageId: string, hasSms: (stored: StoredReceipt) => boolean): readonly StoredReceipt[] {
    if (this.#held.size === 0) return NONE;
    const keys = [...(this.#keys.get(messageId.toLowerCase()) ?? [])];
    const isClaimed = (held: StoredReceipt | undefined) => held !== undefined && hasSms(held);
    return this.#take(...keys.filter((key) => isClaimed(this.#held.get(key))));
  }

  /** Whether one with this id waits, in any letter case. */
  has(messageId: string): boolean {
    return this.#keys.size > 0 && this.#keys.has(messageId.toLowerCase());
  }

  /** Lets go of those that have waited long enough. */
  expired(now: Millis): readonly StoredReceipt[] {
    const over: string[] = [];
    for (const [key, held] of this.#held) {
      if (held.until > now) break;
      over.push(key);
    }
    return this.#take(...over);
  }

  /** When the first has waited long enough. */
  get nextAt(): Millis | undefined {
    return this.#oldest()?.until;
  }

  /** Held receipts for SMS to this phone, one for each id. */
  for(phone: string): readonly StoredReceipt[] {
    const byId = new Map<string, StoredReceipt>();
    for (const key of this.#byPhone.get(phoneKey(phone)) ?? []) {
      const held = this.#held.get(key);
      if (held !== undefined) byId.set(foldedId(held), held);
    }
    return [...byId.values()];
  }

  #oldest(): Held | undefined {
    for (const held of this.#held.values()) return held;
    return undefined;
  }

  #takeOldest(): StoredReceipt | undefined {
    const oldest = this.#oldest();
    return oldest === undefined ? undefined : this.#take(oldest.key)[0];
  }

  #take(...keys: readonly string[]): readonly StoredReceipt[] {
    return keys.flatMap((key) => {
      const held = this.#held.get(key);
      if (held === undefined) return [];
      this.#held.delete(key);
      removeFrom(this.#keys, foldedId(held), key);
      removeFrom(this.#byPhone, phoneKey(held.received.phone), key);
      return [held];
    });
  }
}

function foldedId({ received }: StoredReceipt): string {
  return received.parsed.messageId.toLowerCase();
}

function addTo(sets: Map<string, Set<string>>, name: string, key: string): void {
  const keys = sets.get(name);
  if (keys === undefined) sets.set(name, new Set([key]));
  else keys.add(key);
}

function removeFrom(sets: Map<string, Set<string>>, name: string, key: string): void {
  const keys = sets.get(name);
  if (keys?.delete(key) === true && keys.size === 0) sets.delete(name);
}
