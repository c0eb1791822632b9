/**
 * Which host to try next, and when.
 *
 * Both hosts are one service, so a failing host is left at once for the other, and we stay with the host that
 * works: going back would cost a healthy session and gain nothing. Each host has a back-off of its own; with a
 * shared one, a host that is down would delay the attempts at the one that is up.
 *
 * Pure: time and chance come from the caller.
 * Source: gateway.md (two hosts; restarts take minutes); contract section 4 (back-off).
 */
import type { Millis } from '../clock.js';
import type { Timers } from '../timers.js';

/**
 * How an attempt at a host, or a session with it, ended: `alreadyBound` ESME_RALYBND, the gateway has not yet
 * noticed that an old session is gone · `certificate` it could not be proven to be the gateway, which a person
 * has to mend · `failed` anything else.
 */
export type FailureKind = 'failed' | 'alreadyBound' | 'certificate';

export interface Attempt {
  /** Index of the host. */
  readonly host: number;
  /** Not before this instant, which may have passed. */
  readonly at: Millis;
}

export type FailoverTimers = Pick<Timers, 'otherHostMs' | 'backoffFirstMs' | 'backoffMaxMs' | 'stableMs'>;

interface Backoff {
  readonly firstMs: Millis;
  readonly maxMs: Millis;
}

/** Sooner than this the gateway will still hold the old session. */
const ALREADY_BOUND_MS: Millis = 10_000;

/** A certificate changes by a person's hand, so trying often gains nothing. */
const CERTIFICATE_BACKOFF: Backoff = { firstMs: 30_000, maxMs: 300_000 };

export class Failover {
  readonly #timers: FailoverTimers;
  readonly #random: () => number;
  readonly #hosts: { failures: number; notBefore: Millis }[];

  /**
   * @param hosts how many, the first preferred; at least 1
   * @param random 0 inclusive to 1 exclusive
   */
  constructor(hosts: number, timers: FailoverTimers, random: () => number) {
    this.#timers = timers;
    this.#random = random;
    this.#hosts = Array.from({ length: hosts }, () => ({ failures: 0, notBefore: -Infinity }));
  }

  /**
   * The host that may be tried first; of several that may be tried at once, the first of the list.
   *
   * @param heldUntil of the index of a host: it may not be tried before, for another reason than ours
   */
  next(heldUntil: (host: number) => Millis = () => -Infinity): Attempt {
    let best: Attempt = { host: 0, at: Infinity };
    this.#hosts.forEach(({ notBefore }, host) => {
      const at = Math.max(notBefore, heldUntil(host));
      if (at < best.at) best = { host, at };
    });
    return best;
  }

  /**
   * An attempt at a host ended, or a session with it.
   *
   * @param boundForMs how long it was bound; 0 when it never was. Long enough, and all that went wrong before
   *   is forgotten; a session that ends at once is no recovery, or we would bind and lose it in a hot loop
   */
  ended(host: number, now: Millis, boundForMs: Millis, kind: FailureKind = 'failed'): void {
    const isPast = boundForMs >= this.#timers.stableMs;
    this.#hosts.forEach((record, index) => {
      if (isPast) record.failures = 0;
      if (index === host) {
        record.failures += 1;
        record.notBefore = now + this.#delayMs(record.failures, kind);
      } else {
        record.notBefore = Math.max(record.notBefore, now + this.#random() * this.#timers.otherHostMs);
      }
    });
  }

  #delayMs(failures: number, kind: FailureKind): Millis {
    if (kind === 'certificate') return this.#backoffMs(failures, CERTIFICATE_BACKOFF);
    const { backoffFirstMs: firstMs, backoffMaxMs: maxMs } = this.#timers;
    const delayMs = this.#backoffMs(failures, { firstMs, maxMs });
    return kind === 'alreadyBound' ? Math.max(delayMs, ALREADY_BOUND_MS) : delayMs;
  }

  /** Doubles up to the most, less up to half by chance so that many clients do not come back in step. */
  #backoffMs(failures: number, { firstMs, maxMs }: Backoff): Millis {
    return Math.min(maxMs, firstMs * 2 ** (failures - 1)) * (1 - this.#random() / 2);
  }
}
