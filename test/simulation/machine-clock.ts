/** The clock of one run of the client process: it stops for good when that process dies. */
import type { Clock, EpochMs, Millis } from '../../lib/clock.js';
import type { VirtualTime } from './virtual-time.js';

/** The wall clock of the machine, which a person or NTP may set. */
export interface WallClock {
  /** Added to virtual time. */
  offsetMs: Millis;
}

export class MachineClock implements Clock {
  readonly #time: VirtualTime;
  readonly #wall: WallClock;
  readonly #pending = new Set<() => void>();
  #isStopped = false;
  #second = 0;
  #firedInSecond = 0;
  /** Most timers that went off within one second. */
  busiest = 0;

  constructor(time: VirtualTime, wall: WallClock) {
    this.#time = time;
    this.#wall = wall;
  }

  now(): Millis {
    return this.#time.now;
  }

  wall(): EpochMs {
    return Math.floor(this.#time.now + this.#wall.offsetMs);
  }

  /** As setTimeout: a whole number of milliseconds, at least one, and so at times a little early. */
  after(delayMs: Millis, run: () => void): () => void {
    if (this.#isStopped) return () => undefined;
    const cancelEvent = this.#time.schedule(Math.max(1, Math.trunc(delayMs)), 'timer', () => {
      this.#pending.delete(cancel);
      this.#count();
      run();
    });
    const cancel = (): void => {
      this.#pending.delete(cancel);
      cancelEvent();
    };
    this.#pending.add(cancel);
    return cancel;
  }

  #count(): void {
    const second = Math.floor(this.#time.now / 1_000);
    this.#firedInSecond = second === this.#second ? this.#firedInSecond + 1 : 1;
    this.#second = second;
    this.busiest = Math.max(this.busiest, this.#firedInSecond);
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#pending.size;
  }

  /** The process is dead. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of [...this.#pending]) cancel();
  }
}
