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

/** Signs that need no other. */
const CERTAIN: ReadonlySet<Sign> = new Set(['unbind', 'bindFailed']);

/** Signs this near to one another belong to one restart (contract section 4). */
const BELONGS_WITHIN_MS: Millis = 60_000;

/**
 * A restart takes a couple of minutes (gateway.md), and one that goes on refuses binds at each back-off. Hosts that are
 * away for longer and say nothing of it have another fault, which a person should see.
 */
const SIGNLESS_MAX_MS: Millis = 600_000;

/** More than the back-off of two hosts allows for in the minutes for which anybody asks. */
const DISRUPTIONS_MAX = 100;

export class Maintenance {
  readonly #stableMs: Millis;
  #since: Millis | undefined;
  #lastSignAt: Millis = -Infinity;
  #upAt: Millis | undefined;
  #submitFailedAt: Millis = -Infinity;
  /** The last unbinds, closes and refused binds, newest last. */
  #disruptedAt: readonly Millis[] = [];

  /** @param stableMs everything up for this long shows that the restart is over */
  constructor(stableMs: Millis) {
    this.#stableMs = stableMs;
  }

  noticed(sign: Sign, now: Millis): void {
    const last = sign === 'submitFailed' ? this.#disruptedAt.at(-1) : this.#submitFailedAt;
    if (sign === 'submitFailed') this.#submitFailedAt = now;
    else this.#disruptedAt = [...this.#disruptedAt, now].slice(-DISRUPTIONS_MAX);
    const belongs = last !== undefined && now - last <= BELONGS_WITHIN_MS;
    // Left at each ESME_RSUBMITFAIL, the gateway has no link to unbind: a restart that is known goes on.
    const isGoingOn = this.since(now) !== undefined && sign === 'submitFailed';
    if (!belongs && !isGoingOn && !CERTAIN.has(sign)) return;
    if (this.since(now) === undefined) this.#since = belongs ? last : now;
    this.#lastSignAt = now;
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
    const isStable = this.#upAt !== undefined && now - this.#upAt >= this.#stableMs;
    if (isStable || now - this.#lastSignAt >= SIGNLESS_MAX_MS) this.#since = undefined;
    return this.#since;
  }

  /**
   * Whether an ESME_RSUBMITFAIL that came at `failedAt` is the doing of a restart: an unbind, a close or an
   * ESME_RBINDFAIL came within 60 s before or after it.
   */
  isRestart(failedAt: Millis): boolean {
    return this.#disruptedAt.some((at) => Math.abs(at - failedAt) <= BELONGS_WITHIN_MS);
  }
}
