/**
 * What an SMS that the gateway could not take just now says of the gateway, and how long it waits.
 *
 * Its first refusal may have met a limit. Refused once more it says nothing, unless others are too and none is accepted:
 * nobody else is slowed down for it. Source: contract section 4 (ESME_RTHROTTLED, ESME_RMSGQFUL).
 */
import type { Clock, Millis } from '../clock.js';
import type { Pace } from './pace.js';
import type { QueueItem } from './queue-item.js';
import { QUEUE_FULL_SMS, queueFullWaitMs, throttledAgainWaitMs } from './retry-policy.js';

/** Of one that is refused alone nothing follows for others. */
const SEVERAL_SMS = 2;
/** With nothing accepted for so long the gateway takes nothing, and not merely less. */
const NONE_ACCEPTED_MS: Millis = 1_000;

/** A submission, as far as it matters here; one that was refused late counts as just submitted. */
export interface Submitted {
  readonly item: QueueItem;
  readonly submittedAt: Millis;
}

export class Throttling {
  readonly #pace: Pace;
  /** SMS accepted so far. */
  #acceptances = 0;
  /** When the last of those was submitted. */
  #acceptedAt: Millis = -Infinity;
  /** SMS that have found the gateway's queue full since the last acceptance, as many as matter. */
  readonly #queueFull = new Set<string>();
  /** One of these was refused for the first time. */
  #isAnyNew = false;
  /** The rate was learnt from these, so it is how this gateway tells its limit. */
  #tellsLimit = false;
  /** SMS that were throttled since then, as many as matter. */
  readonly #throttled = new Set<string>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  accepted(submittedAt: Millis, clock: Clock): void {
    this.#acceptances += 1;
    this.#acceptedAt = submittedAt;
    if (this.#queueFull.size > 0) {
      this.#queueFull.clear();
      this.#isAnyNew = false;
    }
    if (this.#throttled.size > 0) this.#throttled.clear();
    if (this.#pace.isGuessed) this.#pace.accepted(clock.now());
  }

  /** Returns how long an SMS waits that was throttled. */
  throttledWaitMs(submitted: Submitted, now: Millis): Millis {
    return this.#firstWaitMs(submitted, now) ?? throttledAgainWaitMs((submitted.item.refusals += 1));
  }

  /**
   * Returns how long an SMS waits that found the queue full. Several in a row are as good as throttled; then, as long as
   * there is a rate, one that has met the limit by chance goes again at once, and only once.
   */
  queueFullWaitMs(submitted: Submitted, now: Millis): Millis {
    const { item } = submitted;
    const wasNew = isNew(item);
    if (this.#queueFull.size < QUEUE_FULL_SMS) this.#queueFull.add(item.id);
    if (wasNew) this.#isAnyNew = true;
    const isGateways = this.#queueFull.size === QUEUE_FULL_SMS;
    this.#tellsLimit = isGateways || (this.#tellsLimit && this.#pace.isSlowed);
    const firstMs = isGateways ? this.#firstWaitMs(submitted, now, this.#isAnyNew) : 0;
    item.throttledAfter ??= this.#acceptances;
    if (wasNew && this.#tellsLimit && firstMs !== undefined) return firstMs;
    return queueFullWaitMs((item.refusals += 1));
  }

  /**
   * Undefined for one that was refused before.
   *
   * @param isLimit that it was refused says something all the same
   */
  #firstWaitMs({ item, submittedAt }: Submitted, now: Millis, isLimit = false): Millis | undefined {
    const wasNew = isNew(item);
    const { throttledAfter } = item;
    const isGuess = submittedAt - this.#acceptedAt >= NONE_ACCEPTED_MS;
    item.throttledAfter = this.#acceptances;
    if (this.#throttled.size < SEVERAL_SMS) this.#throttled.add(item.id);
    if (wasNew) return this.#pace.throttled(now, isGuess, this.#acceptances);
    const isGateways = throttledAfter === this.#acceptances && this.#throttled.size === SEVERAL_SMS;
    if (isGateways || isLimit) this.#pace.throttled(now, isGuess, this.#acceptances);
    return undefined;
  }
}

/** It was never refused so far, but for ESME_RSUBMITFAIL and ESME_RINVBNDSTS. */
function isNew({ throttledAfter, refusals }: QueueItem): boolean {
  return throttledAfter === undefined && refusals === 0;
}
