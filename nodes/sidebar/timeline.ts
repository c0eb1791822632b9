/**
 * The last minutes of one connection: its events in words to be, and its counters. Both are bounded.
 *
 * It is fed with what the gateway tells anyway, and has no timer: while nothing moves it costs nothing.
 */
import type { Clock, Millis } from '../../lib/clock.js';
import type { GatewayStatus } from '../../lib/message.js';
import { happeningOf, NOTHING_YET, remember, type Memory } from './event-between.js';
import type { ConnectionEvent, Rates } from './overview.js';
import { RATE_NAMES } from './overview.js';
import { ratesOf, type Sample } from './rates.js';

/** More than a person scrolls through, and a day's worth of a connection that behaves. */
const EVENTS_MAX = 50;

/** Seconds of the plot. */
export const SHOWN_S = 120;

/** One for each half second that is shown, and those of which one is later told. */
const SAMPLES_MAX = 2 * (SHOWN_S + 2);

/** Closer together than this, a change of the connection came between two looks at the counters. */
const APART_MS: Millis = 400;

export class Timeline {
  readonly #clock: Clock;
  readonly #events: ConnectionEvent[] = [];
  readonly #samples: Sample[] = [];
  #memory: Memory = NOTHING_YET;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  get events(): readonly ConnectionEvent[] {
    return this.#events;
  }

  rates(): Rates {
    return ratesOf(this.#samples, this.#clock.now(), SHOWN_S);
  }

  /** The gateway's status, whenever it has changed. */
  note(status: GatewayStatus): void {
    const happening = happeningOf(status, this.#memory);
    this.#memory = remember(status, this.#memory, happening);
    if (happening !== undefined) {
      this.#events.push({ at: this.#clock.wall(), ...happening });
      if (this.#events.length > EVENTS_MAX) this.#events.shift();
    }
    this.#sample(status);
  }

  #sample({ counters: { submitted, accepted, receipts } }: GatewayStatus): void {
    const sample = { at: this.#clock.now(), counts: { submitted, accepted, receipts } };
    const last = this.#samples.at(-1);
    if (last !== undefined && RATE_NAMES.every((name) => last.counts[name] === sample.counts[name])) return;
    const beforeLast = this.#samples.at(-2);
    // What the last one told of is in this one too.
    if (beforeLast !== undefined && sample.at - beforeLast.at < APART_MS) this.#samples.pop();
    this.#samples.push(sample);
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }
}
