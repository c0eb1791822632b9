/**
 * Shows a status that changes often, at most twice a second, and as time passes.
 *
 * A countdown changes without an event, and a burst of events is one change.
 * Source: contract section 3.5: at most 2 updates a second and node.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock, Millis } from '../../lib/clock.js';

/** Contract section 3.5. */
const SHOWN_AT_LEAST_MS = 500;

/** The status now, and in how long it may have changed by itself. */
export interface Reading<Status> {
  readonly status: Status;
  readonly againInMs?: Millis | undefined;
}

export interface StatusSource<Status> {
  read(): Reading<Status>;
  show(status: Status): void;
}

export class StatusLine<Status extends object> {
  readonly #source: StatusSource<Status>;
  readonly #clock: Clock;
  #shown: Status | undefined;
  #shownAt: Millis = -Infinity;
  #cancelTimer: (() => void) | undefined;
  #isDue = false;
  #isClosed = false;

  constructor(source: StatusSource<Status>, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** Something may have changed. */
  changed(): void {
    if (this.#isClosed || this.#isDue) return;
    const waitMs = this.#shownAt + SHOWN_AT_LEAST_MS - this.#clock.now();
    if (waitMs <= 0) this.#look();
    else {
      this.#isDue = true;
      this.#schedule(waitMs);
    }
  }

  /** Whatever it is, it has to be shown to somebody new. */
  showAnew(): void {
    this.#shown = undefined;
    this.changed();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #look(): void {
    this.#isDue = false;
    this.#cancelTimer?.();
    const { status, againInMs } = this.#source.read();
    if (!isDeepStrictEqual(status, this.#shown)) {
      this.#shown = status;
      this.#shownAt = this.#clock.now();
      this.#source.show(status);
    }
    if (againInMs !== undefined) this.#schedule(againInMs);
  }

  #schedule(waitMs: Millis): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(waitMs, () => this.#look());
  }
}
