/**
 * Events that are kept until somebody has taken them: results, receipts, incoming SMS.
 *
 * An event is stored first and then handed to every subscriber; its record goes when all of them have
 * returned (or their promises resolved). Without a subscriber, or when one fails, it stays, also over a
 * restart, and is handed on when somebody subscribes, or a little later: at least once, never when closed.
 * Storage that ends with the process may be spared the records: it is given what nobody has taken at `close`.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { isStopped, SmppError } from '../errors.js';
import type { Unsubscribe } from '../message.js';
import { TransitMap } from '../transit-map.js';
import type { Change, Storage, Table } from './storage.js';

/** An event that nobody takes is given up after this: longer than a weekend with a holiday. */
const KEEP_MS: Millis = 7 * 86_400_000;

/** A subscriber that failed is asked again after this. */
const RETRY_MS: Millis = 5_000;

/** Subscribers that are still taking an event as the mailbox closes are waited for this long: a stop takes 5 s at most. */
const CLOSE_MS: Millis = 800;

export type Listener<T> = (event: T) => void | Promise<void>;

interface Held<T> {
  readonly key: string;
  readonly event: T;
}

export interface MailboxOptions<T> {
  readonly storage: Storage;
  readonly bounds?: Pick<Bounds, 'heldEvents'>;
  readonly table: Table;
  readonly clock: Clock;
  /** From a stored record to the event, after a restart; undefined leaves a record alone that cannot be read. */
  readonly revive: (value: unknown, key: string) => T | undefined;
  /** Makes the record of an event that volatile storage gets at `close`; without it the owner puts each by `keeping`. */
  readonly record?: (event: T) => unknown;
  /** Writes that events are gone, which its owner may have to write with more; by default by themselves. */
  readonly forget?: (changes: readonly Change[]) => Promise<void>;
  /** A subscriber threw, or too many events wait: say so, without the event's content. */
  readonly onFailure: (error: unknown) => void;
}

export class Mailbox<T> {
  readonly #options: MailboxOptions<T>;
  readonly #heldMax: number;
  /** Its events have no records while it is open. */
  readonly isSpared: boolean;
  readonly #listeners = new Set<Listener<T>>();
  #held: Held<T>[] = [];
  /** Taken in this turn of the event loop: their records go in one write. */
  #taken: Change[] = [];
  #isClosed = false;
  /** It is closed, and waits for nobody any more. */
  #isOver = false;
  /** Somebody has just subscribed: what waited goes first. */
  #isDrainDue = false;
  /** Events whose subscribers' promises are not settled, by key. */
  readonly #beingTaken = new TransitMap<string, T>();
  #onAllTaken: (() => void) | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(options: MailboxOptions<T>) {
    this.#options = options;
    this.#heldMax = (options.bounds ?? DEFAULT_BOUNDS).heldEvents;
    this.isSpared = options.storage.isVolatile === true && options.record !== undefined;
  }

  get held(): number {
    return this.#held.length;
  }

  /** Reads what an earlier process did not hand on. */
  async open(): Promise<void> {
    this.#held = [];
    this.#taken = [];
    for await (const [key, value] of this.#options.storage.scan(this.#options.table)) {
      const event = this.#options.revive(value, key);
      if (event !== undefined) this.#held.push({ key, event });
    }
    if (this.isSpared && this.#held.length > 0)
      await this.#options.storage.write(this.#held.map(({ key }) => this.#forgetting(key)));
    this.#isClosed = false;
    this.#isOver = false;
    this.#drain();
  }

  /**
   * The write that makes an event safe; its owner adds it to a batch, and calls `deliver` once that is durable. Where
   * the mailbox `isSpared` there is none to add.
   */
  keeping(key: string, value: unknown, now: EpochMs = this.#options.clock.wall()): Change {
    return { table: this.#options.table, key, value, keepUntil: now + KEEP_MS };
  }

  /**
   * Hands a stored event to the subscribers.
   *
   * @param taken somebody has taken it already: nobody else need be there
   */
  deliver(key: string, event: T, taken = false): void {
    const isUnheard = this.#listeners.size === 0;
    if (isUnheard && taken && !this.#isClosed) this.#forget(key);
    else if (isUnheard || this.#isClosed || this.#isDrainDue) this.#hold({ key, event });
    else this.#hand({ key, event });
  }

  subscribe(listener: Listener<T>): Unsubscribe {
    this.#listeners.add(listener);
    // Later: others may subscribe in this turn too, and what waited is for all of them.
    if (this.#held.length > 0 && !this.#isDrainDue) {
      this.#isDrainDue = true;
      queueMicrotask(() => this.#drain());
    }
    return () => this.#listeners.delete(listener);
  }

  /**
   * Hands nothing on any more; what is held stays stored. Resolves when subscribers have taken what they were
   * handed, so that it is not handed on again after a restart, or when that takes too long.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (this.#beingTaken.size > 0) await this.#allTaken();
    this.#forgetTaken();
    this.#isOver = true;
    if (this.isSpared) await this.#keepRest();
  }

  async #keepRest(): Promise<void> {
    const rest = new Map([
      ...this.#beingTaken.entries(),
      ...this.#held.map(({ key, event }) => [key, event] as const),
    ]);
    const { storage, record } = this.#options;
    await storage.write(Array.from(rest, ([key, event]) => this.keeping(key, record?.(event))));
  }

  #allTaken(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(CLOSE_MS, resolve);
      this.#onAllTaken = () => {
        cancel();
        resolve();
      };
    });
  }

  #drain(): void {
    this.#isDrainDue = false;
    if (this.#isClosed || this.#listeners.size === 0) return;
    const held = this.#held;
    this.#held = [];
    for (const item of held) this.#hand(item);
  }

  #hand(item: Held<T>): void {
    let taking: Promise<unknown> | undefined;
    let others: Promise<unknown>[] | undefined;
    for (const listener of this.#listeners) {
      const one = given(listener, item.event);
      if (one === undefined) continue;
      if (taking === undefined) taking = one;
      else (others ??= []).push(one);
    }
    if (taking === undefined) this.#forget(item.key);
    else this.#await(item, others === undefined ? taking : Promise.all([taking, ...others]));
  }

  /** One listener, as nearly always: no promise but its own and what follows it. */
  #await(item: Held<T>, taking: Promise<unknown>): void {
    this.#beingTaken.set(item.key, item.event);
    // Neither branch throws, so nothing rejects.
    void taking.then(
      () => {
        this.#forget(item.key);
        this.#wasTaken(item.key);
      },
      (error: unknown) => {
        this.#failed(item, error);
        this.#wasTaken(item.key);
      },
    );
  }

  #wasTaken(key: string): void {
    this.#beingTaken.delete(key);
    if (this.#beingTaken.size === 0) this.#onAllTaken?.();
  }

  #failed(item: Held<T>, error: unknown): void {
    if (!isStopped(error)) this.#options.onFailure(error);
    this.#hold(item);
    this.#retryLater();
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    this.#cancelRetry ??= this.#options.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      this.#drain();
      this.#forgetTaken();
    });
  }

  #hold(item: Held<T>): void {
    this.#held.push(item);
    if (this.#held.length <= this.#heldMax) return;
    const oldest = this.#held.shift();
    if (oldest === undefined) return;
    this.#forget(oldest.key);
    const message = `${this.#heldMax} wait for a subscriber already: the oldest of them was given up`;
    this.#options.onFailure(new SmppError('SMPP_QUEUE_FULL', message));
  }

  #forget(key: string): void {
    if (this.isSpared || this.#isOver) return; // taken too late: it comes again
    if (this.#taken.length === 0) queueMicrotask(() => this.#forgetTaken());
    this.#taken.push(this.#forgetting(key));
  }

  #forgetting(key: string): Change {
    return { table: this.#options.table, key };
  }

  #forgetTaken(): void {
    if (this.#taken.length === 0) return;
    const changes = this.#taken;
    this.#taken = [];
    const { storage, onFailure, forget } = this.#options;
    // Not awaited: if it is lost in a crash the event is handed on once more, which is the promise.
    (forget?.(changes) ?? storage.write(changes)).catch((error: unknown) => {
      onFailure(error);
      this.#taken.unshift(...changes); // its text is to be erased, whatever ailed the disk
      this.#retryLater();
    });
  }
}

/** Undefined when it has taken the event. What it throws is its answer too: the others are still asked. */
function given<T>(listener: Listener<T>, event: T): Promise<unknown> | undefined {
  try {
    const answer: unknown = listener(event);
    return isThenable(answer) ? Promise.resolve(answer) : undefined; // itself, when it is a promise
  } catch (error) {
    return Promise.resolve().then(() => {
      throw error;
    });
  }
}

/** What a listener returns besides means nothing: many return what their last call did. */
function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return (
    typeof answer === 'object' && answer !== null && 'then' in answer && typeof answer.then === 'function'
  );
}
