/** What every measured client is asked for. */
import type { Target } from './target.js';

export interface SubmitRun {
  readonly target: Target;
  /** submit_sm under way at once. */
  readonly window: number;
  /** SMS are handed over for so long; then all answers are waited for. */
  readonly forMs: number;
}

export interface DeliverRun {
  readonly target: Target;
  /** Deliveries that will come. */
  readonly count: number;
}

export interface IdleRun {
  /** Before it is measured. */
  readonly settleMs: number;
  readonly forMs: number;
}
