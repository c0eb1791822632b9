/**
 * SMS that wait for their final receipt, and after how long somebody wants to hear that none came. No I/O; time
 * is an argument.
 *
 * SMS come in order of acceptance, so for each wait they are overdue in that order too: a chain, and a place in it
 * for each wait, are all that is needed, and one whose receipt came is only marked.
 */
import type { Millis } from '../clock.js';

/** The wait of one SMS for its final receipt. */
export interface Waiting {
  readonly id: string;
  /** When it was accepted, on the monotonic clock. */
  readonly since: Millis;
  /** The longest wait that was reported already. */
  readonly reportedMs: Millis;
  /** Its final receipt came, or it is not tracked any more. */
  isOver: boolean;
  /** The one accepted after it; the watch's own. */
  next: Waiting | undefined;
}

/** A wait that somebody asks for. */
interface Wait {
  readonly afterMs: Millis;
  /** The first SMS that was not looked at; undefined when there is none. */
  next: Waiting | undefined;
}

export interface Overdue {
  readonly waiting: Waiting;
  readonly afterMs: Millis;
}

interface Retry {
  readonly overdue: Overdue;
  readonly at: Millis;
}

export class OverdueWatch {
  /** The shortest first. */
  #waits: readonly Wait[] = [];
  /** In the order of their time, since each is asked for the same time later. */
  #retries: Retry[] = [];
  #oldest: Waiting | undefined;
  #newest: Waiting | undefined;
  #notBefore: Millis = -Infinity;

  /** Nothing is overdue before this: after a start the gateway first hands over what came meanwhile. */
  holdUntil(instant: Millis): void {
    this.#notBefore = instant;
  }

  /**
   * @param since when it was accepted, on the monotonic clock; SMS are added in that order
   * @param reportedMs the longest wait that was reported already
   */
  add(id: string, since: Millis, reportedMs: Millis): Waiting {
    const waiting: Waiting = { id, since, reportedMs, isOver: false, next: undefined };
    if (this.#newest !== undefined) this.#newest.next = waiting;
    this.#newest = waiting;
    for (const wait of this.#waits) wait.next ??= waiting;
    this.#oldest = firstWaiting(this.#oldest ?? waiting);
    return waiting;
  }

  /** Somebody wants to hear of every SMS that has no final receipt after this long. */
  watch(afterMs: Millis): void {
    if (this.#waits.some((wait) => wait.afterMs === afterMs)) return;
    this.#waits = [...this.#waits, { afterMs, next: this.#oldest }].sort(
      (left, right) => left.afterMs - right.afterMs,
    );
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
      for (let waiting = nextOf(wait); waiting !== undefined; waiting = nextOf(wait)) {
        if (waiting.since + wait.afterMs > now) break;
        wait.next = waiting.next;
        overdue.push({ waiting, afterMs: wait.afterMs });
      }
    }
    const again = this.#retries.filter(({ at }) => at <= now);
    this.#retries = this.#retries.slice(again.length);
    for (const retry of again) if (!retry.overdue.waiting.isOver) overdue.push(retry.overdue);
    return overdue;
  }

  /** Nobody could be told: it is overdue again at `at`. */
  retry(overdue: Overdue, at: Millis): void {
    this.#retries.push({ overdue, at });
  }

  /** When the next SMS is overdue. Not for every SMS: it looks past all whose receipts came meanwhile. */
  get nextAt(): Millis | undefined {
    let next = this.#retries[0]?.at ?? Infinity;
    for (const wait of this.#waits) next = Math.min(next, (nextOf(wait)?.since ?? Infinity) + wait.afterMs);
    return next === Infinity ? undefined : Math.max(next, this.#notBefore);
  }
}

/** The first that this wait is still to be reported for; what stands before it is passed for good. */
function nextOf(wait: Wait): Waiting | undefined {
  let waiting = firstWaiting(wait.next);
  while (waiting !== undefined && waiting.reportedMs >= wait.afterMs) waiting = firstWaiting(waiting.next);
  wait.next = waiting;
  return waiting;
}

/** From here on, the first whose receipt has not come. */
function firstWaiting(from: Waiting | undefined): Waiting | undefined {
  let waiting = from;
  while (waiting?.isOver === true) waiting = waiting.next;
  return waiting;
}
