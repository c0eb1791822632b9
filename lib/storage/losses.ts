/** What a mailbox gave up, as few lines in the log: how many, and why. */
import type { Clock, Millis } from '../clock.js';

export type Reason = 'unheard' | 'full' | 'old' | 'damaged';

/** By the reason: how loud and how often it is said, and how. */
const SAYINGS: Readonly<Record<Reason, { level: 'info' | 'warn' | 'error'; everyMs: Millis; why: string }>> =
  {
    unheard: { level: 'info', everyMs: 3_600_000, why: 'nobody has been there to take them for an hour' },
    full: {
      level: 'warn',
      everyMs: 60_000,
      why: 'so many wait to be taken already that the oldest give way',
    },
    old: { level: 'warn', everyMs: 60_000, why: 'they have waited to be taken for 7 days' },
    damaged: {
      level: 'error',
      everyMs: 60_000,
      why: 'their records cannot be read any more: check the disk',
    },
  };

export interface LossesOptions {
  readonly clock: Clock;
  /** What the events are, in the plural. */
  readonly kind: string;
  readonly log: (level: 'info' | 'warn' | 'error', line: string) => void;
}

export class Losses {
  readonly #options: LossesOptions;
  readonly #counts = new Map<Reason, { unsaid: number; saidAt: Millis }>();

  constructor(options: LossesOptions) {
    this.#options = options;
  }

  note(reason: Reason, count = 1): void {
    if (count === 0) return;
    const noted = this.#counts.get(reason) ?? { unsaid: 0, saidAt: -Infinity };
    this.#counts.set(reason, noted);
    noted.unsaid += count;
    if (this.#options.clock.now() - noted.saidAt >= SAYINGS[reason].everyMs) this.#say(reason);
  }

  sayAll(): void {
    for (const reason of this.#counts.keys()) this.#say(reason);
  }

  #say(reason: Reason): void {
    const noted = this.#counts.get(reason);
    if (noted === undefined || noted.unsaid === 0) return;
    const { level, why } = SAYINGS[reason];
    this.#options.log(level, `${this.#options.kind}: ${noted.unsaid} forgotten, since ${why}`);
    noted.unsaid = 0;
    noted.saidAt = this.#options.clock.now();
  }
}
