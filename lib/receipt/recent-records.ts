/**
 * Keeps the records of the SMS accepted last on the heap: most receipts come within seconds, and reading a record
 * back from a disk takes more than all else that a receipt asks for. No I/O.
 */
import type { Tracked } from './tracked-index.js';

/** One and a half minutes of 100 SMS a second. A record takes some 300 octets, and what its correlation has. */
const RECENT_MAX = 10_000;

/** A correlation may be a whole message of a flow: fewer of those. */
const COST_OF_CORRELATION = 10;

export class RecentRecords {
  /** The first whose record is kept; the rest follow in the index's chain. */
  #oldest: Tracked | undefined;
  #cost = 0;

  /** An SMS was accepted: its record is kept, and older ones give way. */
  add(tracked: Tracked): void {
    this.#oldest ??= tracked;
    this.#cost += costOf(tracked);
    while (this.#cost > RECENT_MAX && this.#oldest !== undefined) {
      this.#cost -= costOf(this.#oldest);
      this.#oldest.record = undefined;
      this.#oldest = this.#oldest.next;
    }
  }
}

function costOf({ record }: Tracked): number {
  if (record === undefined) return 0;
  return record.correlation === undefined ? 1 : COST_OF_CORRELATION;
}
