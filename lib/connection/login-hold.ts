/**
 * How seldom a login is tried again after the gateway said that the credentials are wrong.
 *
 * Wrong credentials tried again and again lock accounts. So a `LoginCount` is what a whole process does with one account:
 * never more than 6 refusals in 10 minutes, over all hosts, binds, gateways and doctors, whatever the password. A
 * `LoginHold` is one of these, with its password:
 *
 * - One host may be wrong about an account: at its first refusal the next host is tried at once, and goes on as ever if
 *   it takes the login. The one that refused is left for 1, 2, 4 … 10 minutes.
 * - When a second host refuses too, nobody binds for that long, unless somebody connects anew. Then one bind alone asks
 *   again, each time at the host that was not asked for the longest time.
 *
 * Pure: time is an argument.
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

/** One bind that went out. */
export interface LoginAttempt {
  /** `host:port`. */
  readonly host: string;
  /** Another was refused while it was under way. */
  isDoomed: boolean;
}

interface Logins {
  readonly underWay: Set<LoginAttempt>;
  /** Refusals of the last 10 minutes, and what most likely was one, oldest first. */
  refusedAt: Millis[];
  /** What each host took last, as long as it has not refused that since. */
  readonly taken: Map<string, string>;
}

/** The refused logins of one account in this process. */
export class LoginCount {
  #logins: Logins = { underWay: new Set(), refusedAt: [], taken: new Map() };
  /** Those that have joined it, and use its logins. */
  readonly #joined: LoginCount[] = [];

  get underWay(): number {
    return this.#logins.underWay.size;
  }

  /** Makes one account of two, whose hosts turned out to be of one service. */
  join(other: LoginCount): void {
    const { underWay, refusedAt, taken } = other.#logins;
    const own = this.#logins;
    if (own === other.#logins) return;
    for (const attempt of underWay) own.underWay.add(attempt);
    own.refusedAt = [...own.refusedAt, ...refusedAt].sort((one, two) => one - two);
    for (const [host, secret] of taken) own.taken.set(host, secret);
    other.#use(own);
    this.#joined.push(other);
  }

  #use(logins: Logins): void {
    this.#logins = logins;
    for (const joined of this.#joined) joined.#use(logins);
  }

  /** Whether anything would be lost by forgetting it. */
  isIdle(now: Millis): boolean {
    this.#forget(now);
    return this.#logins.underWay.size === 0 && this.#logins.refusedAt.length === 0;
  }

  /**
   * How long no bind may be sent, as far as numbers go. The last of the six is for who is known to be right, or a mistake
   * in another place would keep a connection that works from coming back.
   */
  waitMs(host: string, secret: string, now: Millis): Millis {
    this.#forget(now);
    const isKnown = this.#logins.taken.size === 0 || this.#logins.taken.get(host) === secret;
    const most = isKnown ? ATTEMPTS_MAX : ATTEMPTS_MAX - 1;
    const first = this.#logins.refusedAt.at(-most);
    if (first !== undefined) return first + ATTEMPTS_WITHIN_MS - now;
    return this.#logins.refusedAt.length + this.#logins.underWay.size < most ? 0 : TURN_MS;
  }

  asked(host: string): LoginAttempt {
    const attempt = { host, isDoomed: false };
    this.#logins.underWay.add(attempt);
    return attempt;
  }

  ended(attempt: LoginAttempt, secret: string, outcome: LoginOutcome, now: Millis): void {
    this.#logins.underWay.delete(attempt);
    const { host, isDoomed } = attempt;
    if (outcome === 'bound') this.#logins.taken.set(host, secret);
    // The gateway counts one that it is about to refuse, whether we wait for that or not.
    if (outcome === 'refused' || (outcome === 'unanswered' && isDoomed)) this.#logins.refusedAt.push(now);
    if (outcome !== 'refused') return;
    if (this.#logins.taken.get(host) === secret) this.#logins.taken.delete(host);
    for (const other of this.#logins.underWay) other.isDoomed = true;
  }

  #forget(now: Millis): void {
    this.#logins.refusedAt = this.#logins.refusedAt.filter((at) => at > now - ATTEMPTS_WITHIN_MS);
  }
}

/** The logins of one gateway, or one diagnosis. */
export class LoginHold {
  readonly #count: LoginCount;
  readonly #secret: string;
  /** Hosts whose last word was that the credentials are wrong, the latest last. */
  readonly #refusing = new Set<string>();
  /** Hosts whose last word was that they are right. */
  readonly #taking = new Set<string>();
  #holdMs: Millis = 0;
  #heldUntil: Millis = -Infinity;

  /** @param secret tells one password from another, and may be a digest of it */
  constructor(count = new LoginCount(), secret = '') {
    this.#count = count;
    this.#secret = secret;
  }

  /** Some host says that the credentials are wrong, and none that they are right. */
  get isRefused(): boolean {
    return this.#refusing.size > 0 && this.#taking.size === 0;
  }

  /** One host alone has refused, and this is another: it may know better. */
  mayKnowBetter(host: string): boolean {
    return this.isRefused && this.#refusing.size === 1 && !this.#refusing.has(host);
  }

  /** How long no bind may be sent to a host; 0 when one may be now. */
  waitMs(host: string, now: Millis): Millis {
    const countMs = this.#count.waitMs(host, this.#secret, now);
    return Math.max(0, this.#heldFor(host, now), countMs, this.#turnMs(host));
  }

  /** Somebody who connects anew wants it tried, and may if no host takes it: what counts as attempts still does. */
  startsAnew(): void {
    if (this.#taking.size === 0) this.#heldUntil = -Infinity;
  }

  /** A bind goes out. */
  asked(host: string): LoginAttempt {
    return this.#count.asked(host);
  }

  /** What came of it; once for each `asked`. */
  ended(attempt: LoginAttempt, outcome: LoginOutcome, now: Millis): void {
    const { host } = attempt;
    this.#count.ended(attempt, this.#secret, outcome, now);
    if (outcome === 'bound') {
      this.#taking.add(host);
      this.#refusing.delete(host);
      if (this.#refusing.size === 0) this.#holdMs = 0;
    }
    if (outcome !== 'refused') return;
    this.#taking.delete(host);
    this.#refusing.delete(host);
    this.#refusing.add(host);
    if (now < this.#heldUntil) return; // one of several that went out together, or the other host
    this.#holdMs = Math.min(HOLD_MAX_MS, Math.max(HOLD_FIRST_MS, this.#holdMs * 2));
    this.#heldUntil = now + this.#holdMs;
  }

  #heldFor(host: string, now: Millis): Millis {
    const isRefusing = this.#refusing.has(host);
    if (!isRefusing && (this.#refusing.size < 2 || this.#taking.size > 0)) return 0;
    // Lanes wake at the same instant: the host that refused last lets the others go first.
    const isLast = this.#refusing.size > 1 && [...this.#refusing].at(-1) === host;
    return this.#heldUntil + (isLast ? TURN_MS : 0) - now;
  }

  #turnMs(host: string): Millis {
    const isInDoubt = this.#refusing.size > 0 && !this.#taking.has(host);
    return isInDoubt && this.#count.underWay > 0 ? TURN_MS : 0;
  }
}
