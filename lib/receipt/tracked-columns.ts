/**
 * What is known of the tracked SMS, a column for each kind of knowledge: numbers in typed arrays, by the SMS's own
 * number. SMS come and go in the order of their numbers. No I/O.
 */
import type { Bounds } from '../bounds.js';
import type { EpochMs, Millis } from '../clock.js';
import type { ReceiptRequest } from '../message.js';

const REQUESTS: readonly ReceiptRequest[] = ['always', 'on-failure', 'never'];

/** Of `#flags`: the lowest two bits are the place in `REQUESTS`. */
const REQUEST = 3;
const AWAITED = 4;
const CORRELATED = 8;

export interface Columns {
  /** Of its octets in `PackedSms`. */
  readonly place: number;
  readonly acceptedAt: EpochMs;
  /** When that was, on the monotonic clock. */
  readonly since: Millis;
  readonly receipt: ReceiptRequest;
  /** Its final receipt is asked for and has not come. */
  readonly isAwaited: boolean;
  readonly hasCorrelation: boolean;
  /** In `Outcomes`. */
  readonly outcome: number;
}

export class TrackedColumns {
  #mask: number;
  // Each by the low bits of an SMS's number.
  #places: Float64Array;
  #acceptedAt: Float64Array;
  #since: Float64Array;
  #flags: Uint8Array;
  #outcomes: Uint16Array;
  #oldest = 1;
  #next = 1;

  constructor({ trackedRoom }: Pick<Bounds, 'trackedRoom'>) {
    this.#mask = trackedRoom - 1;
    this.#places = new Float64Array(trackedRoom);
    this.#acceptedAt = new Float64Array(trackedRoom);
    this.#since = new Float64Array(trackedRoom);
    this.#flags = new Uint8Array(trackedRoom);
    this.#outcomes = new Uint16Array(trackedRoom);
  }

  /** The number of the oldest; that of the next to come when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The number of the next to come. */
  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#next - this.#oldest;
  }

  has(sms: number): boolean {
    return sms >= this.#oldest && sms < this.#next;
  }

  /** Its number. */
  add({ place, acceptedAt, since, receipt, isAwaited, hasCorrelation, outcome }: Columns): number {
    if (this.size > this.#mask) this.#grow();
    const sms = this.#next;
    const at = sms & this.#mask;
    this.#places[at] = place;
    this.#acceptedAt[at] = acceptedAt;
    this.#since[at] = since;
    this.#flags[at] =
      REQUESTS.indexOf(receipt) | (isAwaited ? AWAITED : 0) | (hasCorrelation ? CORRELATED : 0);
    this.#outcomes[at] = outcome;
    this.#next = sms + 1;
    return sms;
  }

  removeOldest(): void {
    this.#oldest += 1;
  }

  place(sms: number): number {
    return this.#places[sms & this.#mask] ?? 0;
  }

  acceptedAt(sms: number): EpochMs {
    return this.#acceptedAt[sms & this.#mask] ?? 0;
  }

  since(sms: number): Millis {
    return this.#since[sms & this.#mask] ?? 0;
  }

  receipt(sms: number): ReceiptRequest {
    return REQUESTS[this.#flag(sms) & REQUEST] ?? 'never';
  }

  isAwaited(sms: number): boolean {
    return this.has(sms) && (this.#flag(sms) & AWAITED) !== 0;
  }

  /** Its final receipt came. */
  endWait(sms: number): void {
    this.#flags[sms & this.#mask] = this.#flag(sms) & ~AWAITED;
  }

  hasCorrelation(sms: number): boolean {
    return (this.#flag(sms) & CORRELATED) !== 0;
  }

  outcome(sms: number): number {
    return this.#outcomes[sms & this.#mask] ?? 0;
  }

  setOutcome(sms: number, outcome: number): void {
    this.#outcomes[sms & this.#mask] = outcome;
  }

  #flag(sms: number): number {
    return this.#flags[sms & this.#mask] ?? 0;
  }

  #grow(): void {
    const move = <Column extends Float64Array | Uint8Array | Uint16Array>(
      from: Column,
      to: Column,
    ): Column => {
      for (let sms = this.#oldest; sms < this.#next; sms += 1) {
        to[sms & (2 * this.#mask + 1)] = from[sms & this.#mask] ?? 0;
      }
      return to;
    };
    const capacity = 2 * (this.#mask + 1);
    this.#places = move(this.#places, new Float64Array(capacity));
    this.#acceptedAt = move(this.#acceptedAt, new Float64Array(capacity));
    this.#since = move(this.#since, new Float64Array(capacity));
    this.#flags = move(this.#flags, new Uint8Array(capacity));
    this.#outcomes = move(this.#outcomes, new Uint16Array(capacity));
    this.#mask = capacity - 1;
  }
}
