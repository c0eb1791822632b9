/**
 * Everything the simulated gateway has yet to do, so that stopping forgets all of it at once.
 */
import type { Clock, Millis } from '../clock.js';

export class Schedule {
  readonly clock: Clock;
  readonly #cancels = new Set<() => void>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Calls `run` once after `delayMs`, unless it is stopped before; the returned function cancels it. */
  after(delayMs: Millis, run: () => void): () => void {
    if (this.#isStopped) return () => undefined;
    const cancelTimer = this.clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      run();
    });
    const cancel = (): void => {
      this.#cancels.delete(cancel);
      cancelTimer();
    };
    this.#cancels.add(cancel);
    return cancel;
  }

  /** For good. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#cancels) cancel();
  }
}
