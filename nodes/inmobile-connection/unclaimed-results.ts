/**
 * Results whose smpp-send node is gone: one line in the log for all that come in one go, for a node that was deleted
 * may leave thousands.
 */
import { systemClock, type Clock, type Millis } from '../../lib/clock.js';
import type { SubmitResult } from '../../lib/message.js';

/** When none has come for so long, those that came are said. */
const QUIET_MS: Millis = 2_000;
/** However many more come. */
const SAID_WITHIN_MS: Millis = 60_000;

export class UnclaimedResults {
  readonly #say: (line: string) => void;
  readonly #clock: Clock;
  readonly #counts = new Map<SubmitResult['outcome'], number>();
  #total = 0;
  #firstAt: Millis = 0;
  #cancelLook: (() => void) | undefined;
  /** Ids of those that nobody has taken: they come again, also at a further start. */
  readonly #waiting = new Set<string>();

  constructor(say: (line: string) => void, clock: Clock = systemClock) {
    this.#say = say;
    this.#clock = clock;
  }

  /** One that stays with the gateway, which gives it again until somebody takes it. */
  noteOnce(result: SubmitResult): void {
    if (this.#waiting.has(result.id)) return;
    this.note(result);
    this.#waiting.add(result.id);
  }

  note({ id, outcome }: SubmitResult): void {
    if (this.#waiting.delete(id)) return; // said when nobody was there to take it
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    this.#total += 1;
    if (this.#total > 1) return;
    this.#firstAt = this.#clock.now();
    this.#lookAgain();
  }

  /** Says what has not been said yet. */
  flush(): void {
    this.#cancelLook?.();
    if (this.#total === 0) return;
    const outcomes = [...this.#counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
    this.#say(`the smpp-send node of ${this.#total} SMS is gone; the results of the SMS: ${outcomes}`);
    this.#total = 0;
    this.#counts.clear();
  }

  #lookAgain(): void {
    const before = this.#total;
    this.#cancelLook = this.#clock.after(QUIET_MS, () => {
      const isOver = this.#total === before || this.#clock.now() - this.#firstAt >= SAID_WITHIN_MS;
      if (isOver) this.flush();
      else this.#lookAgain();
    });
  }
}
