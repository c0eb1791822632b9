/**
 * When to ask whether the peer is still there, and when to give the session up.
 *
 * Any octet is a sign of life. Silence brings an enquire_link: after enquireLinkMs, or already after
 * responseProbeMs while a submit_sm waits for its answer; no octet within enquireLinkAnswerMs after it means a
 * dead link. A live peer that leaves one submit_sm unanswered for responseMs loses the session too, since
 * nobody will ever know about that one and its place in the window would stay taken.
 *
 * A late answer alone never ends a session earlier: impatient clients resend, and people get the SMS twice.
 * Source: contract section 4 (timers); SMPP 3.4 §7.2 (enquire_link_timer, response_timer).
 */
import type { Millis } from '../clock.js';
import type { Timers } from '../timers.js';

export type KeepAliveTimers = Pick<
  Timers,
  'enquireLinkMs' | 'enquireLinkAnswerMs' | 'responseProbeMs' | 'responseMs'
>;

/** `enquire` send enquire_link · `dead` silence after it · `unanswered` a submit_sm waited too long. */
export type Verdict = 'alive' | 'enquire' | 'dead' | 'unanswered';

export class KeepAlive {
  readonly #timers: KeepAliveTimers;
  #heardAt: Millis = 0;
  #enquiredAt: Millis | undefined;

  constructor(timers: KeepAliveTimers) {
    this.#timers = timers;
  }

  /** Octets came, whatever they say. */
  heard(now: Millis): void {
    this.#heardAt = now;
    this.#enquiredAt = undefined;
  }

  /** enquire_link was sent. */
  enquired(now: Millis): void {
    this.#enquiredAt = now;
  }

  /** @param oldestSentAt when the oldest submit_sm without an answer was sent, if there is one */
  verdict(now: Millis, oldestSentAt: Millis | undefined): Verdict {
    if (now >= this.#giveUpAt(oldestSentAt)) return 'unanswered';
    if (this.#enquiredAt === undefined) return now >= this.#enquireAt(oldestSentAt) ? 'enquire' : 'alive';
    return now >= this.#enquiredAt + this.#timers.enquireLinkAnswerMs ? 'dead' : 'alive';
  }

  /** The first instant at which the verdict may be other than `alive`. */
  deadline(oldestSentAt: Millis | undefined): Millis {
    const next =
      this.#enquiredAt === undefined
        ? this.#enquireAt(oldestSentAt)
        : this.#enquiredAt + this.#timers.enquireLinkAnswerMs;
    return Math.min(next, this.#giveUpAt(oldestSentAt));
  }

  #giveUpAt(oldestSentAt: Millis | undefined): Millis {
    return oldestSentAt === undefined ? Infinity : oldestSentAt + this.#timers.responseMs;
  }

  /** A peer that was heard since the submit_sm needs no probe: it is known to live. */
  #enquireAt(oldestSentAt: Millis | undefined): Millis {
    const quietAt = this.#heardAt + this.#timers.enquireLinkMs;
    if (oldestSentAt === undefined) return quietAt;
    return Math.min(quietAt, Math.max(this.#heardAt, oldestSentAt) + this.#timers.responseProbeMs);
  }
}
