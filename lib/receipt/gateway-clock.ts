/**
 * How the clock that the gateway's receipts tell stands to ours: learnt from SMS whose acceptance we saw. No I/O.
 *
 * The submit date of a receipt has minutes and no time zone, so the difference is that of the clocks, of the zones, and
 * up to a minute that was cut off. The least of the last ones is nearest to what the clocks differ by: neither a late
 * answer nor the cut makes it smaller.
 */
import type { EpochMs, Millis } from '../clock.js';

/** So that a clock that was set is known again soon, and one odd date is outlived. */
const SAMPLES = 8;

export class GatewayClock {
  readonly #samples = new Float64Array(SAMPLES);
  #count = 0;

  /**
   * @param acceptedAt when an SMS was accepted
   * @param submittedAt its submit date
   */
  learn(acceptedAt: Millis, submittedAt: EpochMs): void {
    this.#samples[this.#count % SAMPLES] = acceptedAt - submittedAt;
    this.#count += 1;
  }

  /** What to add to a submit date; undefined before anything was learnt. */
  get offset(): number | undefined {
    return this.#count === 0 ? undefined : Math.min(...this.#samples.subarray(0, this.#count));
  }

  /** What an earlier process had learnt. */
  restore(offset: number): void {
    this.learn(offset, 0);
  }
}
