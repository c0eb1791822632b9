/**
 * What one bound session offers to the outbox: a window to submit into, and an answer for every segment.
 *
 * The outbox is written against this, `lib/connection` fulfils it, and `lib/gateway.ts` joins the two.
 */
import type { Millis } from './clock.js';
import type { Segment } from './message.js';

/** How the submission of one segment ended. Every submitted segment gets exactly one, but for `answeredLate`. */
export type Answer =
  /** submit_sm_resp or generic_nack; `status` 0 is acceptance, `messageId` is empty otherwise. */
  | { readonly kind: 'answered'; readonly status: number; readonly messageId: string }
  /** generic_nack ESME_RINVCMDLEN or ESME_RINVCMDID: the peer made nothing of the octets, of this PDU or of those before it. */
  | { readonly kind: 'misread'; readonly status: number }
  /** The session ended first. `written` false: it never left this process. */
  | { readonly kind: 'unanswered'; readonly written: boolean }
  /** The link lives, and no response came in time. */
  | { readonly kind: 'overdue' }
  | LateAnswer;

/** As `answered`, after `overdue`: may come while the session lasts, or never. */
export interface LateAnswer {
  readonly kind: 'answeredLate';
  readonly status: number;
  readonly messageId: string;
}

/**
 * Answers a deliver_sm with a command_status, once.
 *
 * @returns its number among the answers of its session, by which `answersRead` says that the gateway has read it;
 *   undefined when it leaves no more: the session is over, or it was answered before
 */
export type Respond = (status: number) => number | undefined;

export type LeaveReason = number | 'unanswered';

export interface Link {
  /** Unique among the sessions of this process. */
  readonly id: number;
  /** `host:port`. */
  readonly host: string;
  /** Segments that the window takes now; 0 when the link is draining or gone. */
  readonly capacity: number;
  /** When the oldest segment that waits for its answer was submitted; undefined when none does. */
  readonly oldestSentAt: Millis | undefined;
  /** Another host takes its place when it is left. */
  readonly isReplaceable: boolean;
  /**
   * Submits segments in order, all in one write; at most `capacity` of them.
   * `settle` is called once for each, later and never before `submit` has returned; once more for an answer that comes
   * late.
   */
  submit(segments: readonly Segment[], settle: (index: number, answer: Answer) => void): void;
  /**
   * The gateway takes no segment over it, as several ESME_RSUBMITFAIL say (gateway.md: a restart): takes no more, waits
   * for the answers under way, unbinds, and the other host is tried. Idempotent. One that answers nothing is waited for
   * longer, as long as the other host is bound.
   *
   * @param reason the command_status that said so, or that it answers no submit_sm
   */
  leave(reason: LeaveReason): void;
}
