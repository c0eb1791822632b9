/**
 * SMS that wait for their final receipt, and after how long somebody wants to hear that none came. No I/O; time
 * is an argument.
 */
import type { Millis } from '../clock.js';

export interface Overdue {
  /** The SMS, by our id. */
  readonly id: string;
  readonly afterMs: Millis;
}

interface Waiting {
  readonly since: Millis;
  /** The longest wait that was reported already. */
  readonly reportedMs: Millis;
}

export class OverdueWatch {
  /** In order of acceptance. */
  readonly #waiting = new Map<string, Waiting>();
  /** For each wait that somebody asks for: when which SMS is overdue, the earliest first. */
  readonly #waits = new Map<Millis, Map<string, Millis>>();
  #notBefore: Millis = -Infinity;

  /** Nothing is overdue before this: after a start the gateway first hands over what came meanwhile. */
  holdUntil(instant: Millis): void {
    this.#notBefore = instant;
  }

  /**
   * @param since when it was accepted, on the monotonic clock; SMS are added in that order
   * @param reportedMs the longest wait that was reported already
   * @returns when it is overdue first
   */
  add(id: string, since: Millis, reportedMs: Millis): Millis {
    const waiting = { since, reportedMs };
    this.#waiting.set(id, waiting);
    let first = Infinity;
    for (const [afterMs, due] of this.#waits) {
      addDue(due, id, waiting, afterMs);
      first = Math.min(first, due.get(id) ?? Infinity);
    }
    return Math.max(first, this.#notBefore);
  }

  /** Its final receipt came, or nobody waits for it any more. */
  remove(id: string): void {
    if (!this.#waiting.delete(id)) return;
    for (const due of this.#waits.values()) due.delete(id);
  }

  isWaiting(id: string): boolean {
    return this.#waiting.has(id);
  }

  /** Somebody wants to hear of every SMS that has no final receipt after this long. */
  watch(afterMs: Millis): void {
    if (this.#waits.has(afterMs)) return;
    const due = new Map<string, Millis>();
    for (const [id, waiting] of this.#waiting) addDue(due, id, waiting, afterMs);
    this.#waits.set(afterMs, due);
  }

  unwatch(afterMs: Millis): void {
    this.#waits.delete(afterMs);
  }

  /** Lets go of what is overdue: each SMS once for each wait, the shortest wait first. */
  take(now: Millis): readonly Overdue[] {
    if (now < this.#notBefore) return [];
    const overdue: Overdue[] = [];
    for (const afterMs of [...this.#waits.keys()].sort((left, right) => left - right)) {
      const due = this.#waits.get(afterMs) ?? new Map<string, Millis>();
      for (const [id, at] of due) {
        if (at > now) break;
        due.delete(id);
        overdue.push({ id, afterMs });
      }
    }
    return overdue;
  }

  /** Nobody could be told: it is overdue again at `at`, behind all others. */
  retry({ id, afterMs }: Overdue, at: Millis): void {
    if (this.#waiting.has(id)) this.#waits.get(afterMs)?.set(id, at);
  }

  /** When the next SMS is overdue. Not for every SMS: it looks past all that were taken or removed before. */
  get nextAt(): Millis | undefined {
    let next: Millis | undefined;
    for (const due of this.#waits.values()) {
      for (const at of due.values()) {
        next = Math.min(next ?? at, at);
        break;
      }
    }
    return next === undefined ? undefined : Math.max(next, this.#notBefore);
  }
}

function addDue(due: Map<string, Millis>, id: string, waiting: Waiting, afterMs: Millis): void {
  if (afterMs > waiting.reportedMs) due.set(id, waiting.since + afterMs);
}
