/**
 * How seldom a login is tried again after the gateway said that the credentials are wrong.
 *
 * Wrong credentials tried again and again lock accounts, so this counts over all hosts and binds of the account, and
 * over its stops and starts: after a refusal nobody binds for 1, 2, 4 … 10 minutes, unless somebody connects anew, then
 * one bind alone asks again; and never are there more than 6 in 10 minutes. Pure: time is an argument.
 * Source: gateway.md (ESME_RINVPASWD, ESME_RINVSYSID); contract section 4.
 */
import type { Millis } from '../clock.js';

const HOLD_FIRST_MS: Millis = 60_000;
const HOLD_MAX_MS: Millis = 600_000;

const ATTEMPTS_MAX = 6;
const ATTEMPTS_WITHIN_MS: Millis = 600_000;

/** A wait up to this is for another bind's answer, which comes soon or is given up by its own timer: look again. */
export const TURN_MS: Millis = 1_000;

/**
 * `bound` the credentials are right · `refused` they are wrong · `other` the gateway answered something else ·
 * `unanswered` we did not wait for it, or it never came.
 */
export type LoginOutcome = 'bound' | 'refused' | 'other' | 'unanswered';

export class LoginHold {
  #underWay = 0;
  /** Of those, how many were under way as a refusal came. */
  #doomed = 0;
  /** Refusals of the last 10 minutes, and what most likely was one, oldest first. */
  #refusedAt: Millis[] = [];
  #holdMs: Millis = 0;
  #heldUntil: Millis = -Infinity;

  /** The last word of the gateway was that the credentials are wrong. */
  get isRefused(): boolean {
    return this.#holdMs > 0;
  }

  /** How long no bind may be sent; 0 when one may be now. */
  waitMs(now: Millis): Millis {
    this.#refusedAt = this.#refusedAt.filter((at) => at > now - ATTEMPTS_WITHIN_MS);
    return Math.max(0, this.#heldUntil - now, this.#windowMs(now), this.#turnMs());
  }

  /** Somebody who connects anew wants it tried, and may: what counts as attempts still does. */
  startsAnew(): void {
    this.#heldUntil = -Infinity;
  }

  /** A bind goes out. */
  asked(): void {
    this.#underWay += 1;
  }

  /** What came of it; once for each `asked`. */
  ended(outcome: LoginOutcome, now: Millis): void {
    const isDoomed = this.#doomed > 0; // no other was asked meanwhile
    this.#underWay -= 1;
    this.#doomed -= isDoomed ? 1 : 0;
    if (outcome === 'bound') this.#holdMs = 0;
    // The gateway counts one that it is about to refuse, whether we wait for that or not.
    if (outcome === 'refused' || (outcome === 'unanswered' && isDoomed)) this.#refusedAt.push(now);
    if (outcome !== 'refused') return;
    this.#doomed = this.#underWay;
    if (now < this.#heldUntil) return; // one of several that went out together
    this.#holdMs = Math.min(HOLD_MAX_MS, Math.max(HOLD_FIRST_MS, this.#holdMs * 2));
    this.#heldUntil = now + this.#holdMs;
  }

  #windowMs(now: Millis): Millis {
    const [oldest] = this.#refusedAt;
    if (oldest !== undefined && this.#refusedAt.length >= ATTEMPTS_MAX)
      return oldest + ATTEMPTS_WITHIN_MS - now;
    return this.#refusedAt.length + this.#underWay < ATTEMPTS_MAX ? 0 : TURN_MS;
  }

  #turnMs(): Millis {
    return this.isRefused && this.#underWay > 0 ? TURN_MS : 0;
  }
}
