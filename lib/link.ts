/**
 * What one bound session offers to the outbox: a window to submit into, and an answer for every segment.
 *
 * The outbox is written against this, `lib/connection` fulfils it, and `lib/gateway.ts` joins the two.
 */
import type { Segment } from './message.js';

/** How the submission of one segment ended. Every submitted segment gets exactly one. */
export type Answer =
  /** submit_sm_resp or generic_nack; `status` 0 is acceptance, `messageId` is empty otherwise. */
  | { readonly kind: 'answered'; readonly status: number; readonly messageId: string }
  /** The session ended or the response never came. `written` false: it never left this process. */
  | { readonly kind: 'unanswered'; readonly written: boolean };

export interface Link {
  /** Unique among the sessions of this process. */
  readonly id: number;
  /** `host:port`. */
  readonly host: string;
  /** Segments that the window takes now; 0 when the link is draining or gone. */
  readonly capacity: number;
  /**
   * Submits segments in order, all in one write; at most `capacity` of them.
   * `settle` is called once for each, later and never before `submit` has returned.
   */
  submit(segments: readonly Segment[], settle: (index: number, answer: Answer) => void): void;
  /**
   * The gateway takes no segment over it, as ESME_RSUBMITFAIL says (gateway.md: a restart): takes no more, waits for
   * the answers under way, unbinds, and the other host is tried. Idempotent.
   *
   * @param status the command_status that said so
   */
  leave(status: number): void;
}
