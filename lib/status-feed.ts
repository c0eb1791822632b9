/**
 * Tells listeners of a new status: at once when the connection changes, and at most twice a second while only
 * the queue and the counters move. Sleeps when nothing moves.
 */
import type { Clock, Millis } from './clock.js';
import { isStopped } from './errors.js';
import type { GatewayStatus, Unsubscribe } from './message.js';

/** Contract 3.5: at most two updates a second. */
const COUNTS_EVERY_MS: Millis = 500;

/** May return a promise. */
export type StatusListener = (status: GatewayStatus) => unknown;

export class StatusFeed {
  readonly #read: () => GatewayStatus;
  readonly #clock: Clock;
  readonly #listeners = new Set<StatusListener>();
  readonly #onFailure: (error: unknown) => void;
  #isTelling = false;
  #isArmed = false;

  /** @param onFailure a listener threw, or its promise rejected */
  constructor(read: () => GatewayStatus, clock: Clock, onFailure: (error: unknown) => void) {
    this.#read = read;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  /** The present status comes at once. One function may be given twice: each is a listener of its own. */
  subscribe(listener: StatusListener): Unsubscribe {
    const own: StatusListener = (status) => listener(status);
    this.#listeners.add(own);
    this.#tell(own);
    return () => this.#listeners.delete(own);
  }

  /** The connection changed. Several changes in one turn of the event loop are told once. */
  changed(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      // As they are now: one that comes in a call is told at once.
      for (const listener of [...this.#listeners]) if (this.#listeners.has(listener)) this.#tell(listener);
    });
  }

  /** A counter moved. */
  counted(): void {
    if (this.#isArmed || this.#listeners.size === 0) return;
    this.#isArmed = true;
    this.#clock.after(COUNTS_EVERY_MS, () => {
      this.#isArmed = false;
      this.changed();
    });
  }

  /** Each has a status of its own. What one throws would end the process, and keep the status from the others. */
  #tell(listener: StatusListener): void {
    new Promise((resolve) => resolve(listener(this.#read()))).catch((error: unknown) => {
      if (!isStopped(error)) this.#onFailure(error);
    });
  }
}
