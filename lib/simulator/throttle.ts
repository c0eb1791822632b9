/** So many submit_sm a second and no more: a token bucket that holds one second's worth. */
import type { Millis } from '../clock.js';

export class Throttle {
  #perSecond = 0;
  #tokens = 0;
  #filledAt: Millis = 0;

  /** @param perSecond 0: no limit */
  limit(perSecond: number, now: Millis): void {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledAt = now;
  }

  /** Takes one; false when there is none left. */
  take(now: Millis): boolean {
    if (this.#perSecond === 0) return true;
    const gained = ((now - this.#filledAt) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
