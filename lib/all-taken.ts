/** Waits, as something ends, until all that listeners are taking has been taken. */
import type { Clock, Millis } from './clock.js';

export class AllTaken {
  readonly #clock: Clock;
  #isReached: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves at the next `reached`, or when it takes longer than that. */
  within(ms: Millis): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, resolve);
      this.#isReached = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Nothing is being taken at this moment. */
  reached(): void {
    this.#isReached?.();
    this.#isReached = undefined;
  }
}
