/**
 * Asks again and again while somebody looks, and not at all else: the runtime does nothing for a sidebar that is
 * closed, behind another tab, or in a window that is out of sight.
 */
import type { Millis } from '../../lib/clock.js';

/** After an answer; the runtime's counters are told of twice a second at most. */
const AGAIN_MS: Millis = 1_000;
const AFTER_FAILURE_MS: Millis = 5_000;

export class Look {
  readonly #ask: () => Promise<boolean>;
  readonly #observer: IntersectionObserver;
  #isInSight = false;
  #isAsking = false;
  #timer: number | undefined;

  /** @param ask resolves with false when there was no answer */
  constructor(element: Element, ask: () => Promise<boolean>) {
    this.#ask = ask;
    this.#observer = new IntersectionObserver((entries) => {
      this.#isInSight = entries.at(-1)?.isIntersecting === true;
      this.now();
    });
    this.#observer.observe(element);
    document.addEventListener('visibilitychange', this.now);
  }

  /** Asks at once, if anybody looks. */
  readonly now = (): void => {
    window.clearTimeout(this.#timer);
    if (!this.#isInSight || document.hidden || this.#isAsking) return;
    this.#isAsking = true;
    void this.#ask().then((isAnswered) => {
      this.#isAsking = false;
      this.#timer = window.setTimeout(this.now, isAnswered ? AGAIN_MS : AFTER_FAILURE_MS);
    });
  };

  close(): void {
    this.#isInSight = false;
    this.#observer.disconnect();
    document.removeEventListener('visibilitychange', this.now);
    window.clearTimeout(this.#timer);
  }
}
