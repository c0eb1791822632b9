/**
 * After how long somebody wants to hear that no receipt came, and from when on.
 *
 * A wait counts from an hour before it is first asked for, as a receipt is kept for an hour for who comes later (contract
 * 3.3), and as long as somebody asks for it; those who leave have an hour to come back, and a stop does not count.
 */
import type { Clock, Millis } from '../clock.js';
import { damagedAs } from '../errors.js';
import type { Storage } from '../storage/storage.js';
import type { ReceiptListener } from './receipt-listeners.js';

/** Who left is back by then, if at all: until then a report for its wait is still owed. */
export const BACK_WITHIN_MS: Millis = 3_600_000;

/** Of table `account`. */
const WAITS_KEY = 'overdue waits';

/** Somebody who asks for a wait. */
export interface Asker {
  readonly listener: ReceiptListener;
  /** When it left. */
  goneAt: Millis;
}

interface Wait {
  readonly askers: Set<Asker>;
  /** What is overdue since before this is not reported. */
  readonly from: Millis;
  /** When the last of them left. */
  leftAt: Millis;
}

/** JSON: the wait, the wall clock as it counts from, and how long nobody has asked for it. */
type StoredWait = readonly [afterMs: Millis, from: number, unaskedMs: Millis];

export interface OverdueWaitsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}

export class OverdueWaits {
  readonly #options: OverdueWaitsOptions;
  /** By their length; also those whose last asker has left lately. */
  readonly #waits = new Map<Millis, Wait>();
  #isOpen = false;

  constructor(options: OverdueWaitsOptions) {
    this.#options = options;
  }

  /** Reads what was asked for in the last run. */
  async open(): Promise<void> {
    const { storage, clock } = this.#options;
    const stored = await storage.read('account', WAITS_KEY).catch(damagedAs(undefined)); // as if nobody had asked
    const { wall, now } = { wall: clock.wall(), now: clock.now() };
    for (const [afterMs, from, unaskedMs] of Array.isArray(stored) ? (stored as StoredWait[]) : []) {
      if (this.#waits.has(afterMs)) continue;
      const wait = {
        askers: new Set<Asker>(),
        from: now - Math.max(0, wall - from),
        leftAt: now - unaskedMs,
      };
      if (!this.#isOver(wait)) this.#waits.set(afterMs, wait);
    }
    this.#isOpen = true;
  }

  /** Those who leave after this have asked until now. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#waits.size > 0) await this.#write().catch(this.#options.onFailure);
  }

  /** Those that somebody asks for at this moment, and from when on each counts. */
  *asked(): Generator<readonly [afterMs: Millis, from: Millis]> {
    for (const [afterMs, { askers, from }] of this.#waits) if (askers.size > 0) yield [afterMs, from];
  }

  /** That somebody asks for, or did so lately. */
  lately(): readonly Millis[] {
    for (const [afterMs, wait] of this.#waits) if (this.#isOver(wait)) this.#waits.delete(afterMs);
    return [...this.#waits.keys()];
  }

  askersOf(afterMs: Millis): ReadonlySet<Asker> {
    return this.#waits.get(afterMs)?.askers ?? NOBODY;
  }

  /** From when on the wait counts. */
  add(afterMs: Millis, asker: Asker): Millis {
    const known = this.#waits.get(afterMs);
    const wait =
      known === undefined || this.#isOver(known)
        ? { askers: new Set<Asker>(), from: this.#options.clock.now() - BACK_WITHIN_MS, leftAt: Infinity }
        : known;
    const isFirst = wait.askers.size === 0;
    wait.askers.add(asker);
    this.#waits.set(afterMs, wait);
    if (isFirst) this.#store();
    return wait.from;
  }

  remove(afterMs: Millis, asker: Asker): void {
    const wait = this.#waits.get(afterMs);
    if (wait?.askers.delete(asker) !== true || wait.askers.size > 0) return;
    wait.leftAt = asker.goneAt;
    this.#store();
  }

  #isOver({ askers, leftAt }: Wait): boolean {
    return askers.size === 0 && leftAt + BACK_WITHIN_MS < this.#options.clock.now();
  }

  #store(): void {
    if (this.#isOpen) this.#write().catch(this.#options.onFailure);
  }

  #write(): Promise<void> {
    const { storage, clock } = this.#options;
    const { wall, now } = { wall: clock.wall(), now: clock.now() };
    const value = Array.from(this.#waits, ([afterMs, { askers, from, leftAt }]): StoredWait => {
      return [afterMs, Math.round(wall + from - now), askers.size === 0 ? now - leftAt : 0];
    });
    return storage.write([{ table: 'account', key: WAITS_KEY, value }], 'later');
  }
}

const NOBODY: ReadonlySet<Asker> = new Set();
