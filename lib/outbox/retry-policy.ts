/**
 * What is done after the gateway's answer to a submit_sm; pure.
 *
 * Not here: ESME_RSUBMITFAIL, which is `submit-failures.ts`. Source: contract section 4 (answers to submit_sm).
 */
import type { Millis } from '../clock.js';
import type { OnUncertain } from '../message.js';

/** How long an SMS waits after its nth refusal of a kind; the last wait goes on until it expires. */
const TRANSIENT_WAITS_MS: readonly Millis[] = [5_000, 15_000, 60_000, 300_000];
/** A queue that is full empties sooner than a fault is mended. */
const QUEUE_FULL_WAITS_MS: readonly Millis[] = [5_000, 15_000, 60_000];
/** Of one that is throttled again: it makes way for those that are not. */
const THROTTLED_AGAIN_WAITS_MS: readonly Millis[] = [1_000, 2_000, 5_000, 15_000, 30_000];

/** So many SMS that find the queue full, with none accepted in between, tell of the gateway and not of themselves. */
export const QUEUE_FULL_SMS = 3;

/** An SMS whose outcome stayed unknown this often is reported as uncertain instead of sent once more. */
const UNKNOWNS_MAX = 3;

/** How long `reconcile` waits for a receipt that can only be this SMS's own. */
export const RECONCILE_MS: Millis = 30_000;

/** @param refusals transient refusals so far, this one included */
export function transientWaitMs(refusals: number): Millis {
  return nth(TRANSIENT_WAITS_MS, refusals);
}

/** @param refusals with a full queue so far, this one included */
export function queueFullWaitMs(refusals: number): Millis {
  return nth(QUEUE_FULL_WAITS_MS, refusals);
}

/** @param refusals by throttling so far after the first, this one included */
export function throttledAgainWaitMs(refusals: number): Millis {
  return nth(THROTTLED_AGAIN_WAITS_MS, refusals);
}

function nth(waits: readonly Millis[], refusals: number): Millis {
  return waits[Math.min(refusals, waits.length) - 1] ?? 0;
}

/** @param unknowns submissions of this SMS whose outcome is unknown, this one included */
export function afterUnknown(policy: OnUncertain, unknowns: number): 'resend' | 'reconcile' | 'settle' {
  if (policy === 'report' || unknowns >= UNKNOWNS_MAX) return 'settle';
  return policy;
}
