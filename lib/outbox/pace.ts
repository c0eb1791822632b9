/**
 * How many segments may leave now: the account's own limit, and what the gateway's throttling taught us. Pure.
 *
 * A token bucket of at most one second's worth. ESME_RTHROTTLED halves the rate, counted from what was really sent in
 * the last second; it is raised by a tenth of itself every ten seconds, and free after a minute without a refusal. What
 * was sent in a quiet second says nothing of a limit: there a refusal sets no rate unless it is the second, with hardly any
 * SMS accepted in between. And a rate set while nothing was accepted is a guess: ten a second at least, and it doubles
 * with each acceptance.
 * Source: contract section 4 (ESME_RTHROTTLED).
 */
import type { Millis } from '../clock.js';

const SECOND: Millis = 1_000;
const RAISE_EVERY_MS: Millis = 10_000;
const RAISE_FACTOR = 1.1;
const FREE_AFTER_MS: Millis = 60_000;
/** Slower than this no gateway asks us to be, and an alarm has to move. */
const RATE_MIN = 1;
/** Several answers of one burst tell the same thing once. */
const BURST_MS: Millis = SECOND;
/** No account has a limit of fewer segments than this in a second. */
const QUIET_BELOW = 10;
/** A second refusal within this shows that the first was no accident, however little is sent. */
const QUIET_AGAIN_MS: Millis = 10_000;
/** With as many accepted since the first, a refusal now and then is no limit. */
const CARRIED_BETWEEN = 3;
/** Up to this a guess is doubled; beyond it nothing binds. */
const GUESS_MAX = 1_000;

export class Pace {
  readonly #limit: number;
  #rate: number;
  #tokens: number;
  #refilledAt: Millis = 0;
  #halvedAt = -Infinity;
  #refusedAt = -Infinity;
  /** The first refusal in quiet times, of which nothing follows. */
  #quietRefusedAt = -Infinity;
  /** SMS accepted before it. */
  #quietRefusedAfter = 0;
  #isGuessed = false;
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

  /** The gateway has asked for less than our own limit. */
  get isSlowed(): boolean {
    return this.#rate < this.#limit;
  }

  /** The rate was set while nothing was accepted: `accepted` is to be told. */
  get isGuessed(): boolean {
    return this.#isGuessed;
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

  /** The gateway takes SMS again, while the rate is a guess. */
  accepted(now: Millis): void {
    this.#refill(now);
    if (!this.#isGuessed) return;
    if (this.#rate >= GUESS_MAX) this.#free();
    else this.#rate = Math.min(this.#limit, this.#rate * 2);
  }

  /**
   * The gateway asked for less. Returns how long the SMS that it refused waits, besides for the rate.
   *
   * @param isGuess nothing is being accepted, so what was sent is no measure of what the gateway carries
   * @param acceptances SMS that the gateway has accepted so far
   */
  throttled(now: Millis, isGuess: boolean, acceptances = 0): Millis {
    this.#refill(now);
    const sent = Math.max(this.#sentBefore, this.#sentInWindow, 1);
    if (sent < QUIET_BELOW && !this.#isSecondInQuiet(now, acceptances)) return SECOND;
    this.#refusedAt = now;
    this.#isGuessed = isGuess;
    if (now - this.#halvedAt < BURST_MS) return 0;
    // What carries nothing has no rate: less would only keep those waiting that it may take.
    const least = isGuess ? QUIET_BELOW : RATE_MIN;
    this.#rate = Math.min(this.#rate, Math.max(Math.min(this.#rate, sent) / 2, least));
    this.#tokens = Math.min(this.#tokens, 0);
    this.#halvedAt = now;
    this.#raisedAt = now;
    return 0;
  }

  #isSecondInQuiet(now: Millis, acceptances: number): boolean {
    const sinceFirstMs = now - this.#quietRefusedAt;
    if (sinceFirstMs > QUIET_AGAIN_MS || acceptances - this.#quietRefusedAfter >= CARRIED_BETWEEN) {
      this.#quietRefusedAt = now;
      this.#quietRefusedAfter = acceptances;
      return false;
    }
    return sinceFirstMs >= BURST_MS;
  }

  #refill(now: Millis): void {
    if (this.#rate < this.#limit) this.#raise(now);
    const refill = this.#rate === Infinity ? 0 : ((now - this.#refilledAt) / SECOND) * this.#rate;
    this.#refilledAt = now;
    this.#tokens = Math.min(this.#burst(), this.#tokens + refill);
  }

  #raise(now: Millis): void {
    if (now - this.#refusedAt >= FREE_AFTER_MS) {
      this.#free();
      return;
    }
    while (now - this.#raisedAt >= RAISE_EVERY_MS) {
      this.#raisedAt += RAISE_EVERY_MS;
      this.#rate = Math.min(this.#limit, this.#rate * RAISE_FACTOR);
    }
  }

  #free(): void {
    this.#rate = this.#limit;
    this.#isGuessed = false;
    if (this.#limit === Infinity) this.#tokens = Infinity;
  }

  #burst(): number {
    return this.#rate === Infinity ? Infinity : Math.max(1, this.#rate);
  }
}
