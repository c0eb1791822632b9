/** How the model of the gateway behaves at this moment, beyond doing its work: set by the plan's faults. */
import type { Millis } from '../../lib/clock.js';
import type { Chance } from './chance.js';
import type { VirtualTime } from './virtual-time.js';

/** A misbehaviour that lasts until an instant. */
export interface Spell<T> {
  readonly until: Millis;
  readonly value: T;
}

export interface WeatherSpells {
  /** Answers come this late. */
  slow: { readonly minMs: Millis; readonly maxMs: Millis };
  /** This share of the answers never comes. */
  mute: number;
  /** This host answers no submit_sm, and all else. */
  deaf: 0 | 1;
  /** This share of submit_sm is answered with one of these statuses. */
  statuses: { readonly share: number; readonly among: readonly [number, ...number[]] };
  /** More than this in a second is answered ESME_RTHROTTLED or ESME_RMSGQFUL. */
  throttle: number;
  /** Binds are answered so. */
  badLogin: number;
  /** Octets take this long. */
  latency: { readonly minMs: Millis; readonly maxMs: Millis };
}

const LATENCY = { minMs: 1, maxMs: 40 };

export class Weather {
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #spells = new Map<keyof WeatherSpells, Spell<unknown>>();
  #acceptedInSecond = 0;
  #second = 0;

  constructor(time: VirtualTime, chance: Chance) {
    this.#time = time;
    this.#chance = chance;
  }

  set<Name extends keyof WeatherSpells>(name: Name, value: WeatherSpells[Name], durationMs: Millis): void {
    this.#spells.set(name, { value, until: this.#time.now + durationMs });
  }

  now<Name extends keyof WeatherSpells>(name: Name): WeatherSpells[Name] | undefined {
    const spell = this.#spells.get(name);
    return spell !== undefined && spell.until > this.#time.now
      ? (spell.value as WeatherSpells[Name])
      : undefined;
  }

  latencyMs(): Millis {
    const { minMs, maxMs } = this.now('latency') ?? LATENCY;
    return this.#chance.between(minMs, maxMs);
  }

  /** Between a submit_sm and its answer; undefined when there is none. */
  answerMs(): Millis | undefined {
    if (this.#chance.happens(this.now('mute') ?? 0)) return undefined;
    const slow = this.now('slow') ?? { minMs: 0, maxMs: 60 };
    return this.#chance.between(slow.minMs, slow.maxMs);
  }

  /** The status of a refusal that has nothing to do with the SMS; undefined when it is taken. */
  refusal(): number | undefined {
    const statuses = this.now('statuses');
    if (statuses !== undefined && this.#chance.happens(statuses.share))
      return this.#chance.oneOf(statuses.among);
    const limit = this.now('throttle');
    const second = Math.floor(this.#time.now / 1_000);
    if (second !== this.#second) this.#acceptedInSecond = 0;
    this.#second = second;
    this.#acceptedInSecond += 1;
    if (limit === undefined || this.#acceptedInSecond <= limit) return undefined;
    return this.#chance.oneOf([0x58, 0x14]);
  }

  /** Everything is well again. */
  clear(): void {
    this.#spells.clear();
  }
}
