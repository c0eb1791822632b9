/**
 * How long there has been no link, and what a person is told of it.
 *
 *   short ──30 s──▶ long              maintenance ──15 min──▶ long
 *     └──5 min of ESME_RBINDFAIL, never bound in this mode──▶ wrongMode          (to `none` with a link, from each)
 *
 * A restart of the gateway and a connection mode that the account does not have look the same: each bind is answered
 * ESME_RBINDFAIL. What tells them apart is whether the account was ever bound in this mode. Only the words differ: when
 * the next bind is made is not decided here.
 *
 * Pure: time is an argument.
 * Source: contract sections 2 (GatewayStatus) and 3.5; gateway.md (connection mode is individual per account; restart).
 */
import type { Millis } from '../clock.js';

/**
 * `none` there is a link · `short` attempts go on, and may soon succeed · `maintenance` the gateway restarts · `long` no
 * link for 30 s · `wrongMode` most likely the account has another connection mode.
 */
export type Outlook = 'none' | 'short' | 'maintenance' | 'long' | 'wrongMode';

export interface OutageFacts {
  /** Every bind of the connection mode is bound, at some host. */
  readonly isUp: boolean;
  /** The last answer of some host to a bind was ESME_RBINDFAIL. */
  readonly isBindFailing: boolean;
  /** No host could be proven to be the gateway, which is no matter of waiting. */
  readonly isUntrusted: boolean;
  /** Since when the gateway gives signs of a restart, if it does. */
  readonly restartsSince: Millis | undefined;
}

const LONG_AFTER_MS: Millis = 30_000;

/** A restart takes a couple of minutes (gateway.md): after this it is something else that a person should see. */
const MAINTENANCE_MAX_MS: Millis = 15 * 60_000;

const WRONG_MODE_AFTER_MS: Millis = 5 * 60_000;

/**
 * A link that ends sooner carries next to nothing, so to a person there was none: a host that binds and drops at each
 * back-off would else be `connected` and `connecting` in turn for ever.
 */
const LASTING_MS: Millis = 5_000;

const NOTHING: OutageFacts = {
  isUp: false,
  isBindFailing: false,
  isUntrusted: false,
  restartsSince: undefined,
};

export class Outage {
  #facts: OutageFacts = NOTHING;
  #isProven: boolean;
  #upAt: Millis | undefined;
  #since: Millis;
  #bindFailsSince: Millis | undefined;
  #hasRelapsed = false;

  /** @param isProven the account was bound in this connection mode before */
  constructor(isProven: boolean, now: Millis) {
    this.#isProven = isProven;
    this.#since = now;
  }

  /** The account was bound in this connection mode, now or ever. */
  get isProven(): boolean {
    return this.#isProven;
  }

  /** When the last link ended that lasted, or we began to connect. */
  get since(): Millis {
    return this.#since;
  }

  note(facts: OutageFacts, now: Millis): void {
    if (this.#facts.isUp && !facts.isUp) this.#lost(now);
    if (!facts.isUp) this.#upAt = undefined;
    else this.#upAt ??= now;
    if (!facts.isBindFailing || facts.isUp) this.#bindFailsSince = undefined;
    else this.#bindFailsSince ??= now;
    this.#isProven ||= facts.isUp;
    this.#facts = facts;
  }

  /** There is a link, and it lasts. */
  isOver(now: Millis): boolean {
    return this.#upAt !== undefined && now - this.#upAt >= LASTING_MS;
  }

  /** There was a link since the last that lasted, and it did not. */
  hasRelapsed(now: Millis): boolean {
    return this.#hasRelapsed && !this.isOver(now);
  }

  outlook(now: Millis): Outlook {
    if (this.#facts.isUp) return 'none';
    if (this.maintenanceSince(now) !== undefined) return 'maintenance';
    const longAt = this.#since + LONG_AFTER_MS;
    if (this.#bindFailsSince !== undefined && !this.#isProven) {
      if (now - this.#bindFailsSince >= WRONG_MODE_AFTER_MS) return 'wrongMode';
      // One that is long already does not become short again.
      if (this.#bindFailsSince < longAt) return 'short';
    }
    return now >= longAt ? 'long' : 'short';
  }

  /** Since when the gateway is in maintenance, as far as that is told. */
  maintenanceSince(now: Millis): Millis | undefined {
    const { restartsSince, isUntrusted } = this.#facts;
    if (restartsSince === undefined || isUntrusted || !this.#isProven) return undefined;
    return now - restartsSince < MAINTENANCE_MAX_MS ? restartsSince : undefined;
  }

  /** Instants at which time alone may change what this says; those that have passed mean nothing. */
  turningPoints(): Millis[] {
    return [
      this.#since + LONG_AFTER_MS,
      (this.#upAt ?? -Infinity) + LASTING_MS,
      (this.#facts.restartsSince ?? -Infinity) + MAINTENANCE_MAX_MS,
      (this.#bindFailsSince ?? -Infinity) + WRONG_MODE_AFTER_MS,
    ];
  }

  #lost(now: Millis): void {
    this.#hasRelapsed = !this.isOver(now);
    if (!this.#hasRelapsed) this.#since = now;
  }
}
