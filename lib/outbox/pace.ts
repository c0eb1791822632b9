/**
 * How many segments may leave now: the account's own limit, and what the gateway's throttling taught us. Pure.
 *
 * A token bucket of at most one second's worth. ESME_RTHROTTLED and ESME_RMSGQFUL halve the rate, counted from
 * what was really sent in the last second; it is raised by a tenth of itself every ten seconds until the limit
 * or, without one, until it no longer binds.
 * Source: contract section 4 (ESME_RTHROTTLED, ESME_RMSGQFUL).
 */
import type { Millis } from '../clock.js';

const SECOND: Millis = 1_000;
const RAISE_EVERY_MS: Millis = 10_000;
const RAISE_FACTOR = 1.1;
/** One segment every two seconds still moves an alarm, and asks no gateway too much. */
const RATE_MIN = 0.5;
/** Several answers of one burst tell the same thing once. */
const HALVE_ONCE_PER_MS: Millis = SECOND;
/** A learnt rate this far above what is really sent no longer binds anything. */
const RELEASE_FACTOR = 4;

export class Pace {
  readonly #limit: number;
  #rate: number;
  #tokens: number;
  #refilledAt: Millis = 0;
  #halvedAt = -Infinity;
  #raisedAt: Millis = 0;
  #windowAt: Millis = 0;
  #sentInWindow = 0;
  #sentBefore = 0;

  /** @param limit segments per second; undefined for none of ours */
  constructor(limit: number | undefined) {
    this.#limit = limit ?? Infinity;
    this.#rate = this.#limit;
    this.#tokens = this.#burst();
  }

  /** Segments a second that may leave; Infinity when nothing binds. */
  get rate(): number {
    return this.#rate;
  }

  /** Whole segments that may leave now. */
  allowance(now: Millis): number {
    this.#refill(now);
    return this.#tokens === Infinity ? Infinity : Math.floor(this.#tokens);
  }

  take(segments: number, now: Millis): void {
    if (now - this.#windowAt >= SECOND) {
      this.#sentBefore = now - this.#windowAt < 2 * SECOND ? this.#sentInWindow : 0;
      this.#sentInWindow = 0;
      this.#windowAt = now;
    }
    this.#sentInWindow += segments;
    this.#tokens -= segments;
  }

  /** When the next segment may leave; undefined when one may now. */
  nextAt(now: Millis): Millis | undefined {
    if (this.allowance(now) >= 1) return undefined;
    return now + Math.max(1, Math.ceil(((1 - this.#tokens) / this.#rate) * SECOND));
  }

  /** The gateway asked for less. */
  throttled(now: Millis): void {
    if (now - this.#halvedAt < HALVE_ONCE_PER_MS) return;
    this.#refill(now);
    const sent = Math.max(this.#sentBefore, this.#sentInWindow, 1);
    this.#rate = Math.max(Math.min(this.#rate, sent) / 2, RATE_MIN);
    this.#tokens = Math.min(this.#tokens, 0);
    this.#halvedAt = now;
    this.#raisedAt = now;
  }

  #refill(now: Millis): void {
    if (this.#rate < this.#limit) this.#raise(now);
    const refill = this.#rate === Infinity ? 0 : ((now - this.#refilledAt) / SECOND) * this.#rate;
    this.#refilledAt = now;
    this.#tokens = Math.min(this.#burst(), this.#tokens + refill);
  }

  #raise(now: Millis): void {
    while (now - this.#raisedAt >= RAISE_EVERY_MS && this.#rate < this.#limit) {
      this.#raisedAt += RAISE_EVERY_MS;
      this.#rate = Math.min(this.#limit, this.#rate * RAISE_FACTOR);
    }
    const sent = Math.max(this.#sentBefore, this.#sentInWindow);
    const nothingBinds =
      now - this.#halvedAt >= RAISE_EVERY_MS && this.#rate > RELEASE_FACTOR * Math.max(sent, 25);
    if (this.#limit === Infinity && nothingBinds) {
      this.#rate = Infinity;
      this.#tokens = Infinity;
    }
  }

  #burst(): number {
    return this.#rate === Infinity ? Infinity : Math.max(1, this.#rate);
  }
}
