/** What the simulated gateway keeps of the SMS that it accepted: the truth that a test compares with. */
import type { EpochMs } from '../clock.js';

/** A part's place in its long message. */
export interface Concatenation {
  readonly by: 'udh8' | 'udh16' | 'sar';
  readonly reference: number;
  readonly total: number;
  readonly sequence: number;
}

/** One accepted submit_sm. */
export interface AcceptedSegment {
  readonly messageId: string;
  /** As the gateway keeps it: at most 15 characters. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** As received, with the user data header. */
  readonly octets: Buffer;
  readonly dataCoding: number;
  readonly esmClass: number;
  readonly registeredDelivery: number;
  readonly concatenation?: Concatenation;
  readonly systemId: string;
  /** Index of the host: 0 or 1. */
  readonly host: number;
  /** Number of the session, unique in this simulator. */
  readonly session: number;
  readonly at: EpochMs;
}

/** One SMS as the phone would show it: a long one once all its parts are there. */
export interface AcceptedSms {
  /** One a segment, in order. */
  readonly messageIds: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly dataCoding: number;
  readonly segments: readonly AcceptedSegment[];
  readonly systemId: string;
  /** Index of the host: 0 or 1. */
  readonly host: number;
  /** When the last segment was accepted. */
  readonly at: EpochMs;
}

/** The newest of many: adding is cheap, and no more than `max` are kept. */
export class Newest<Item> {
  readonly #max: number;
  readonly #items: Item[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get items(): readonly Item[] {
    return this.#items;
  }

  add(item: Item): void {
    this.#items.push(item);
    // Dropping a batch at a time keeps the cost of an addition constant.
    if (this.#items.length > this.#max * 1.25) this.#items.splice(0, this.#items.length - this.#max);
  }
}
