/**
 * Ids of receipts that belong to no SMS we know, and when the first with each id came.
 *
 * Receipts of SMS of unknown outcome are told by when they came, so the second receipt with an id must not pass for a
 * new one, nor one of before a restart. Ids alone are kept, and for as long as receipts may come.
 */
import type { Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { RECEIPT_WAIT_MS } from '../inmobile.js';
import type { Change, Storage } from '../storage/storage.js';

/** An id of SMPP's own field has at most 64 characters. */
const ID_LENGTH_MAX = 255;

/** Marks our records among the others of table `unknown`. */
const KEY_PREFIX = 'receipt ';

interface Seen {
  readonly at: Millis;
  isStored: boolean;
}

export interface UnknownReceiptsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'unknownReceipts'>;
  readonly onFailure: (error: unknown) => void;
}

export class UnknownReceipts {
  readonly #options: UnknownReceiptsOptions;
  /** By id in lower case, in the order in which they came. */
  readonly #seen = new Map<string, Seen>();

  constructor(options: UnknownReceiptsOptions) {
    this.#options = options;
  }

  /** Reads what an earlier process has seen. */
  async open(): Promise<void> {
    this.#seen.clear();
    const { storage, clock } = this.#options;
    for await (const [key, value] of storage.scan('unknown')) {
      if (!key.startsWith(KEY_PREFIX) || typeof value !== 'number') continue;
      const at = clock.now() - Math.max(0, clock.wall() - value);
      this.#seen.set(key.slice(KEY_PREFIX.length), { at, isStored: true });
    }
  }

  /** A receipt for no SMS came at this instant. */
  note(messageId: string, at: Millis): void {
    const id = messageId.toLowerCase();
    if (id.length > ID_LENGTH_MAX || this.#seen.has(id)) return;
    this.#seen.set(id, { at, isStored: false });
    this.#forgetOld();
  }

  /** When the first with this id came; undefined when that is not known. */
  firstSeen(messageId: string): Millis | undefined {
    return this.#seen.get(messageId.toLowerCase())?.at;
  }

  /** Its SMS did not become known: it is remembered over a restart too. */
  keep(messageId: string): void {
    const id = messageId.toLowerCase();
    const seen = this.#seen.get(id);
    if (seen === undefined || seen.isStored) return;
    seen.isStored = true;
    const { clock } = this.#options;
    const wall: EpochMs = Math.round(clock.wall() + seen.at - clock.now());
    this.#write({
      table: 'unknown',
      key: `${KEY_PREFIX}${id}`,
      value: wall,
      keepUntil: wall + RECEIPT_WAIT_MS,
    });
  }

  /** Its SMS is known now. */
  forget(messageId: string): void {
    if (this.#seen.size > 0) this.#remove(messageId.toLowerCase());
  }

  #forgetOld(): void {
    const { clock, bounds } = this.#options;
    for (const [id, { at }] of this.#seen) {
      if (at + RECEIPT_WAIT_MS >= clock.now() && this.#seen.size <= bounds.unknownReceipts) break;
      this.#remove(id);
    }
  }

  #remove(id: string): void {
    const isStored = this.#seen.get(id)?.isStored === true;
    this.#seen.delete(id);
    if (isStored) this.#write({ table: 'unknown', key: `${KEY_PREFIX}${id}` });
  }

  #write(change: Change): void {
    this.#options.storage.write([change], 'later').catch(this.#options.onFailure);
  }
}
