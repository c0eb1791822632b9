/** A clock that stands still until a test moves it on. */
import type { Clock, EpochMs, Millis } from '../../lib/clock.js';

/** Chained promises come to rest within these microtasks. */
const MICROTASKS = 50;

/** Streams in memory, next ticks and a session driver's two turns of grace come to rest within these turns. */
const TURNS = 6;

interface Timer {
  readonly at: Millis;
  readonly order: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  /** Not 0, so that a forgotten instant is not mistaken for a real one. */
  #now: Millis = 1_000;
  #wall: EpochMs = Date.UTC(2026, 0, 1);
  #order = 0;
  readonly #timers = new Set<Timer>();

  now(): Millis {
    return this.#now;
  }

  wall(): EpochMs {
    return this.#wall;
  }

  /** Timers that have not run and were not cancelled. */
  get pending(): number {
    return this.#timers.size;
  }

  after(delayMs: Millis, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: (this.#order += 1), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Sets the wall clock, and that alone, on or back. */
  shiftWall(byMs: Millis): void {
    this.#wall += byMs;
  }

  /** Moves on, running the timers that fall due in their order; whatever each sets off comes to rest first. */
  async advance(ms: Millis): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#pass(Math.max(0, next.at - this.#now));
      next.run();
      await settle();
    }
    this.#pass(until - this.#now);
    await settle();
  }

  #pass(ms: Millis): void {
    this.#now += ms;
    this.#wall += ms;
  }

  #next(until: Millis): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > until) continue;
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }
}

/** Lets promises, next ticks and streams in memory come to rest. */
export async function settle(): Promise<void> {
  for (let task = 0; task < MICROTASKS; task += 1) await Promise.resolve();
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
