/**
 * Reads the gateway's several signs of a restart as the one event that they are.
 *
 * During a restart new submit_sm are answered ESME_RSUBMITFAIL, clients are sent an unbind, the connection is
 * closed, and binds are answered ESME_RBINDFAIL; it takes a couple of minutes. A close alone is no sign of one:
 * networks do that too. It counts only beside an ESME_RSUBMITFAIL.
 *
 * Pure: time is an argument.
 * Source: gateway.md (restart: messages, binds, length); contract section 4 (ESME_RSUBMITFAIL).
 */
import type { Millis } from '../clock.js';

/** `submitFailed` ESME_RSUBMITFAIL · `unbind` from the gateway · `close` without it · `bindFailed` ESME_RBINDFAIL. */
export type Sign = 'submitFailed' | 'unbind' | 'close' | 'bindFailed';

/** Signs this near to one another belong to one restart (contract section 4). */
const BELONGS_WITHIN_MS: Millis = 60_000;

export class Maintenance {
  readonly #stableMs: Millis;
  #since: Millis | undefined;
  #upAt: Millis | undefined;
  /** Of the last of each. */
  #submitFailedAt: Millis = -Infinity;
  #disruptedAt: Millis = -Infinity;

  /** @param stableMs everything up for this long shows that the restart is over */
  constructor(stableMs: Millis) {
    this.#stableMs = stableMs;
  }

  noticed(sign: Sign, now: Millis): void {
    if (sign === 'submitFailed') this.#submitFailedAt = now;
    else this.#disruptedAt = now;
    const isCertain = sign === 'unbind' || sign === 'bindFailed' || this.#signsBelong();
    if (!isCertain || this.since(now) !== undefined) return;
    const first = Math.min(this.#submitFailedAt, this.#disruptedAt);
    this.#since = first >= now - BELONGS_WITHIN_MS ? first : now;
  }

  /** Whether every host that we want to be bound to is. */
  setUp(isUp: boolean, now: Millis): void {
    if (!isUp) this.#upAt = undefined;
    else this.#upAt ??= now;
  }

  /** The gateway accepted a segment: with everything up, the restart is over. */
  accepted(): void {
    if (this.#upAt !== undefined) this.#since = undefined;
  }

  /** When the present restart began; undefined while there is none. */
  since(now: Millis): Millis | undefined {
    if (this.#upAt !== undefined && now - this.#upAt >= this.#stableMs) this.#since = undefined;
    return this.#since;
  }

  /**
   * Whether an ESME_RSUBMITFAIL that came at `now`, or within the last minute, is the doing of a restart: an
   * unbind, a close or an ESME_RBINDFAIL came within 60 s of it.
   */
  isRestart(now: Millis): boolean {
    return now - this.#disruptedAt <= BELONGS_WITHIN_MS;
  }

  #signsBelong(): boolean {
    return Math.abs(this.#submitFailedAt - this.#disruptedAt) <= BELONGS_WITHIN_MS;
  }
}
