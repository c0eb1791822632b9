/**
 * Shows a status that changes often, at most twice a second, and as time passes.
 *
 * A countdown changes without an event, and a burst of events is one change.
 * Source: contract section 3.5: at most 2 updates a second and node.
 */
import type { NodeStatus } from 'node-red';
import type { Clock, Millis } from '../../lib/clock.js';

/** Contract section 3.5. */
const SHOWN_AT_LEAST_MS = 500;
/** How often a status that depends on the time is looked at again. */
const TICK_MS = 1_000;

export interface StatusSource {
  /** The status now, and whether it changes by itself as time passes. */
  read(): { readonly status: NodeStatus; readonly changesByItself: boolean };
  show(status: NodeStatus): void;
}

export class StatusLine {
  readonly #source: StatusSource;
  readonly #clock: Clock;
  #shown: NodeStatus = {};
  #shownAt: Millis = -Infinity;
  #cancelTimer: (() => void) | undefined;
  #isDue = false;
  #isClosed = false;

  constructor(source: StatusSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  /** What is shown now, for a node that joins. */
  get shown(): NodeStatus {
    return this.#shown;
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

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #look(): void {
    this.#isDue = false;
    this.#cancelTimer?.();
    const { status, changesByItself } = this.#source.read();
    if (!isSameStatus(status, this.#shown)) {
      this.#shown = status;
      this.#shownAt = this.#clock.now();
      this.#source.show(status);
    }
    if (changesByItself) this.#schedule(TICK_MS);
  }

  #schedule(waitMs: Millis): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#clock.after(waitMs, () => this.#look());
  }
}

function isSameStatus(one: NodeStatus, other: NodeStatus): boolean {
  return one.fill === other.fill && one.shape === other.shape && one.text === other.text;
}
