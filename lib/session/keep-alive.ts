/**
 * When to ask whether the peer is still there and has read our answers, when to give the session up, and when a single
 * submit_sm.
 *
 * Any octet is a sign of life. Silence brings an enquire_link: after enquireLinkMs, or already after
 * responseProbeMs while a submit_sm waits for its answer; no octet within enquireLinkAnswerMs after it means a
 * dead link. One that waited responseMs is overdue only while the peer is known to live: when that is in doubt, the
 * question comes first. So a session never ends for one submit_sm, and nothing is overdue that waits in the socket
 * after a long block of the event loop.
 *
 * Whether the peer has read an answer to a deliver_sm, only its answer to a later request tells. So one that no request
 * follows within answerProofMs brings an enquire_link too; not while another is under way, which is waited for as long as
 * at any other time.
 * Source: contract section 4 (answers, timers); SMPP 3.4 §7.2 (enquire_link_timer, response_timer).
 */
import type { Millis } from '../clock.js';
import type { Timers } from '../timers.js';

export type KeepAliveTimers = Pick<
  Timers,
  'enquireLinkMs' | 'enquireLinkAnswerMs' | 'responseProbeMs' | 'answerProofMs' | 'responseMs'
>;

/** `enquire` send enquire_link · `dead` silence after it · `overdue` a submit_sm waited too long. */
export type Verdict = 'alive' | 'enquire' | 'dead' | 'overdue';

export class KeepAlive {
  readonly #timers: KeepAliveTimers;
  #heardAt: Millis = 0;
  /** When enquire_link was sent, until any octet comes. */
  #enquiredAt: Millis | undefined;
  /** As `#enquiredAt`, until it is answered. */
  #unansweredSince: Millis | undefined;
  /** When the oldest answer to a deliver_sm was sent that no request has followed. */
  #unfollowedSince: Millis | undefined;

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
    this.#unansweredSince = now;
    this.#unfollowedSince = undefined;
  }

  /** enquire_link was answered. */
  enquiryAnswered(): void {
    this.#unansweredSince = undefined;
  }

  /** A deliver_sm was answered. */
  responded(now: Millis): void {
    this.#unfollowedSince ??= now;
  }

  /** submit_sm was sent. */
  submitted(): void {
    this.#unfollowedSince = undefined;
  }

  /** @param oldestSentAt when the oldest submit_sm without an answer was sent, if there is one */
  verdict(now: Millis, oldestSentAt: Millis | undefined): Verdict {
    if (this.#enquiredAt !== undefined) {
      return now >= this.#enquiredAt + this.#timers.enquireLinkAnswerMs ? 'dead' : 'alive';
    }
    if (now >= this.#enquireAt(oldestSentAt)) return 'enquire';
    return now >= this.#overdueAt(oldestSentAt) ? 'overdue' : 'alive';
  }

  /** The first instant at which the verdict may be other than `alive`. */
  deadline(oldestSentAt: Millis | undefined): Millis {
    if (this.#enquiredAt !== undefined) return this.#enquiredAt + this.#timers.enquireLinkAnswerMs;
    return Math.min(this.#enquireAt(oldestSentAt), this.#overdueAt(oldestSentAt));
  }

  #overdueAt(oldestSentAt: Millis | undefined): Millis {
    return oldestSentAt === undefined ? Infinity : oldestSentAt + this.#timers.responseMs;
  }

  /** A peer that was heard since the submit_sm needs no probe: it is known to live. */
  #enquireAt(oldestSentAt: Millis | undefined): Millis {
    const quietAt = Math.min(this.#heardAt + this.#timers.enquireLinkMs, this.#proofAt);
    if (oldestSentAt === undefined) return quietAt;
    return Math.min(quietAt, Math.max(this.#heardAt, oldestSentAt) + this.#timers.responseProbeMs);
  }

  get #proofAt(): Millis {
    if (this.#unfollowedSince === undefined) return Infinity;
    const dueAt = this.#unfollowedSince + this.#timers.answerProofMs;
    if (this.#unansweredSince === undefined) return dueAt;
    return Math.max(dueAt, this.#unansweredSince + this.#timers.enquireLinkAnswerMs);
  }
}
