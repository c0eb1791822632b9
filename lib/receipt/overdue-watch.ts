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
  /** When it was accepted, on the monotonic clock. */
  since(sms: number): Millis;
  /** Whether all who ask for this wait were told already. */
  isReported(sms: number, afterMs: Millis): boolean;
}

/** A wait that somebody asks for. */
interface Wait {
  readonly afterMs: Millis;
  /** What is overdue since before this is not reported. */
  readonly from: Millis;
  /** No SMS with a smaller number is to be reported any more. */
  next: number;
}

export interface Overdue {
  readonly sms: number;
  readonly afterMs: Millis;
}

export class OverdueWatch {
  readonly #awaited: Awaited;
  /** Nothing is overdue before this: after a start the gateway first hands over what came meanwhile. */
  readonly #notBefore: Millis;
  /** The shortest first. */
  #waits: readonly Wait[] = [];

  constructor(awaited: Awaited, notBefore: Millis = -Infinity) {
    this.#awaited = awaited;
    this.#notBefore = notBefore;
  }

  /** Somebody wants to hear of every SMS that has no final receipt after this long, if that ends not before `from`. */
  watch(afterMs: Millis, from: Millis = -Infinity): void {
    if (this.#waits.some((wait) => wait.afterMs === afterMs)) return;
    this.#waits = [...this.#waits, { afterMs, from, next: 0 }].sort(
      (left, right) => left.afterMs - right.afterMs,
    );
  }

  /** Nobody does any more. Who asks for this wait later hears of all that was not reported. */
  unwatch(afterMs: Millis): void {
    this.#waits = this.#waits.filter((wait) => wait.afterMs !== afterMs);
  }

  /** The shortest wait that somebody asks for; infinity when nobody asks. */
  get shortestMs(): Millis {
    return this.#waits[0]?.afterMs ?? Infinity;
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
    return overdue;
  }

  /** When the next SMS is overdue. Not for every SMS: it looks past all whose receipts came meanwhile. */
  get nextAt(): Millis | undefined {
    let next = Infinity;
    for (const wait of this.#waits) {
      const sms = this.#nextOf(wait);
      if (sms !== undefined) next = Math.min(next, this.#awaited.since(sms) + wait.afterMs);
    }
    return next === Infinity ? undefined : Math.max(next, this.#notBefore);
  }

  /** The first that this wait is still to be reported for; what stands before it is passed for good. */
  #nextOf(wait: Wait): number | undefined {
    let sms = this.#awaited.nextAwaited(wait.next);
    while (sms < this.#awaited.end && this.#isPassed(sms, wait)) {
      sms = this.#awaited.nextAwaited(sms + 1);
    }
    wait.next = sms;
    return sms < this.#awaited.end ? sms : undefined;
  }

  #isPassed(sms: number, { afterMs, from }: Wait): boolean {
    return this.#awaited.since(sms) + afterMs < from || this.#awaited.isReported(sms, afterMs);
  }
}
