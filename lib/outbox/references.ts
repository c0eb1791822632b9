/**
 * The concatenation references of long SMS: none is used again for a phone within the hour (contract section 4).
 *
 * A reference is the number of the minute, so that long SMS of different minutes differ without any memory, before and
 * after a restart. A second one to a phone in a minute has the next number, which is remembered until that minute has
 * come. As an octet the number comes round after 256 minutes: of those, 60 pass in an hour, and 196 are left for SMS to
 * one phone that come faster than one a minute.
 *
 * What an earlier process may have used beyond the present minute is in storage, and a start begins after that.
 */
import type { Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import { damagedAs } from '../errors.js';
import type { Change, Storage } from '../storage/storage.js';

const MINUTE_MS: Millis = 60_000;
/** Numbers that one record in storage covers. A start passes over what is left of them, so few restarts use up the 196. */
const RESERVED = 32;
/** In table `progress`; no id of an SMS has a space. */
const RECORD = 'references used';
/** Then the minutes themselves are beyond what it says. */
const RECORD_LIFE_MS: Millis = 2 * 3_600_000;

/** JSON. */
interface StoredReferences {
  /** The highest number that may have been used. */
  readonly until: number;
}

export interface ReferencesOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'referencePhones'>;
}

export class References {
  readonly #options: ReferencesOptions;
  readonly #startedAt: Millis;
  #start: number;
  /** By recipient, the number used last, if it is none of a minute that is over. */
  readonly #used = new Map<string, number>();
  #highest = 0;
  /** What storage is known to say. */
  #reserved = 0;
  #sweptAt = 0;

  constructor(options: ReferencesOptions) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#start = Math.floor(options.clock.wall() / MINUTE_MS);
  }

  /** @throws SMPP_STORAGE */
  async open(): Promise<void> {
    const damaged: StoredReferences = { until: this.#start + RESERVED }; // as it mostly says
    const read = this.#options.storage.read('progress', RECORD).catch(damagedAs(damaged));
    const stored = (await read) as StoredReferences | undefined;
    if (stored !== undefined) this.#start = Math.max(this.#start, stored.until + 1);
  }

  /** For one more attempt at a long SMS to this recipient. */
  next(to: string): number {
    const minute = this.#minute;
    const number = Math.max(minute, (this.#used.get(to) ?? 0) + 1);
    this.#used.delete(to); // so that the order is that of use
    this.#sweep(minute);
    this.#used.set(to, number);
    this.#highest = Math.max(this.#highest, number);
    return number;
  }

  /** What is to be stored before a long SMS leaves, so that a later process knows; mostly nothing. */
  reserve(): Change | undefined {
    const highest = Math.max(this.#minute, this.#highest);
    if (highest + RESERVED / 2 <= this.#reserved) return undefined;
    const value: StoredReferences = { until: highest + RESERVED };
    const keepUntil = this.#options.clock.wall() + RECORD_LIFE_MS;
    return { table: 'progress', key: RECORD, value, keepUntil };
  }

  /** These are stored. What `reserve` gave is given again until it is among them: a write may fail. */
  stored(changes: readonly Change[]): void {
    for (const { table, key, value } of changes) {
      if (key !== RECORD || table !== 'progress') continue;
      this.#reserved = Math.max(this.#reserved, (value as StoredReferences).until);
    }
  }

  /** By the monotonic clock: one that is set back must not bring a number again. */
  get #minute(): number {
    return this.#start + Math.floor((this.#options.clock.now() - this.#startedAt) / MINUTE_MS);
  }

  #sweep(minute: number): void {
    if (minute > this.#sweptAt) {
      this.#sweptAt = minute;
      for (const [to, number] of this.#used) if (number < minute) this.#used.delete(to);
    }
    if (this.#used.size < this.#options.bounds.referencePhones) return;
    const [oldest] = this.#used.keys();
    if (oldest !== undefined) this.#used.delete(oldest);
  }
}
