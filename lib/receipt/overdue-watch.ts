/**
 * SMS that wait for their final receipt, and after how long somebody wants to hear that none came. No I/O; time
 * is an argument.
 *
 * SMS come in order of acceptance, so for each wait they are overdue in that order too: a place in the order for each
 * wait is all that is needed. Nothing is kept for an SMS.
 */
import type { Millis } from '../clock.js';

/** The SMS in order of acceptance, by number (`tracked-index.ts`). */
export interface Awaited {
  /** The number of the next to come. */
  readonly end: number;
  /** From this number on, the first whose final receipt is asked for and has not come; `end` when there is none. */
  nextAwaited(from: number): number;
  isAwaited(sms: number): boolean;
  /** When it was accepted, on the monotonic clock. */
  since(sms: number): Millis;
  /** The longest wait that was reported already. */
  reportedMs(sms: number): Millis;
}

/** A wait that somebody asks for. */
interface Wait {
  readonly afterMs: Millis;
  /** No SMS with a smaller number is to be reported any more. */
  next: number;
}

export interface Overdue {
  readonly sms: number;
  readonly afterMs: Millis;
}

interface Retry {
  readonly overdue: Overdue;
  readonly at: Millis;
}

export class OverdueWatch {
  readonly #awaited: Awaited;
  /** Nothing is overdue before this: after a start the gateway first hands over what came meanwhile. */
  readonly #notBefore: Millis;
  /** The shortest first. */
  #waits: readonly Wait[] = [];
  /** In the order of their time, since each is asked for the same time later. */
  #retries: Retry[] = [];

  constructor(awaited: Awaited, notBefore: Millis = -Infinity) {
    this.#awaited = awaited;
    this.#notBefore = notBefore;
  }

  /** Somebody wants to hear of every SMS that has no final receipt after this long. */
  watch(afterMs: Millis): void {
    if (this.#waits.some((wait) => wait.afterMs === afterMs)) return;
    this.#waits = [...this.#waits, { afterMs, next: 0 }].sort((left, right) => left.afterMs - right.afterMs);
  }

  unwatch(afterMs: Millis): void {
    this.#waits = this.#waits.filter((wait) => wait.afterMs !== afterMs);
    this.#retries = this.#retries.filter(({ overdue }) => overdue.afterMs !== afterMs);
  }

  /** Lets go of what is overdue: each SMS once for each wait, the shortest wait first. */
  take(now: Millis): readonly Overdue[] {
    if (now < this.#notBefore) return [];
    const overdue: Overdue[] = [];
    for (const wait of this.#waits) {
      for (let sms = this.#nextOf(wait); sms !== undefined; sms = this.#nextOf(wait)) {
        if (this.#awaited.since(sms) + wait.afterMs > now) break;
        wait.next = sms + 1;
        overdue.push({ sms, afterMs: wait.afterMs });
      }
    }
    const again = this.#retries.filter(({ at }) => at <= now);
    this.#retries = this.#retries.slice(again.length);
    for (const retry of again) if (this.#awaited.isAwaited(retry.overdue.sms)) overdue.push(retry.overdue);
    return overdue;
  }

  /** Nobody could be told: it is overdue again at `at`. */
  retry(overdue: Overdue, at: Millis): void {
    this.#retries.push({ overdue, at });
  }

  /** When the next SMS is overdue. Not for every SMS: it looks past all whose receipts came meanwhile. */
  get nextAt(): Millis | undefined {
    let next = this.#retries[0]?.at ?? Infinity;
    for (const wait of this.#waits) {
      const sms = this.#nextOf(wait);
      if (sms !== undefined) next = Math.min(next, this.#awaited.since(sms) + wait.afterMs);
    }
    return next === Infinity ? undefined : Math.max(next, this.#notBefore);
  }

  /** The first that this wait is still to be reported for; what stands before it is passed for good. */
  #nextOf(wait: Wait): number | undefined {
    let sms = this.#awaited.nextAwaited(wait.next);
    while (sms < this.#awaited.end && this.#awaited.reportedMs(sms) >= wait.afterMs) {
      sms = this.#awaited.nextAwaited(sms + 1);
    }
    wait.next = sms;
    return sms < this.#awaited.end ? sms : undefined;
  }
}
