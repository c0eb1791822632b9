/**
 * Events that are kept until somebody has taken them: results, receipts, incoming SMS.
 *
 *   deliver ─┬─ somebody listens ─▶ handed over ─┬─ taken ──▶ record deleted
 *            │                                   └─ rejected ─▶ waits 5 s, holds up none ─▶ read back, handed over
 *            └─ nobody does, or others wait ─▶ waits ─┬─ somebody comes ─▶ read back in order, handed over
 *                                                     └─ nobody for an hour ─▶ record deleted
 *
 * An event is stored first and then handed to every listener; its record goes when all of them have returned (or
 * their promises resolved). Without a listener, or when one fails, it stays, also over a restart: at least once, never
 * when closed. What waits is a key in memory; the event is read back when there is somebody to take it.
 * Storage that ends with the process may be spared the records: it is given what nobody has taken at `close`.
 * Source: contract 3.3.
 */
import { Alarm } from '../alarm.js';
import { AllTaken } from '../all-taken.js';
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { damagedAs, DamagedRecordError, isStopped, MissedError, SmppError } from '../errors.js';
import { type Listener, Listeners, type Takers } from '../listeners.js';
import type { Unsubscribe } from '../message.js';
import { TransitMap } from '../transit-map.js';
import { Losses, type Reason } from './losses.js';
import type { Change, Storage, Table } from './storage.js';

export type { Listener } from '../listeners.js';

/** An event that its listeners reject is given up after this: longer than a weekend with a holiday. */
const KEEP_MS: Millis = 7 * 86_400_000;

/** Contract 3.3: what nobody has taken for so long is forgotten when nobody listens. */
const UNHEARD_MS: Millis = 3_600_000;

/** Those who listened before a restart are back by then: Node-RED may have modules to install first. */
const START_GRACE_MS: Millis = 10 * 60_000;

/** So much of that a start takes in any case, also when the process dies before. */
const START_TAKES_MS: Millis = 60_000;

/** Of table `account`, by kind. */
const GRACE_KEY = 'unheard';

/** What has waited for an hour is forgotten together. */
const FORGET_EVERY_MS: Millis = 5 * 60_000;

/** A listener that failed is asked again after this. */
const RETRY_MS: Millis = 5_000;

/** One that waits and cannot be read is tried again for so long, in its place. Others are worth more than the order then. */
const HOLD_UP_MS: Millis = 60_000;

/** Listeners that are still taking an event as the mailbox closes are waited for this long: a stop takes 5 s at most. */
const CLOSE_MS: Millis = 800;

/** Whoever waits for all to be taken does so for this long: a queue of a hundred thousand takes a second or two. */
const TAKEN_MS: Millis = 10_000;

export interface MailboxOptions<T> {
  readonly storage: Storage;
  readonly bounds?: MailboxBounds;
  readonly table: Table;
  /** What its keys begin with, a number follows, where others have records in its table. By default all are its own. */
  readonly keyPrefix?: string;
  readonly clock: Clock;
  /** What the events are, in the plural: for the log. */
  readonly kind: string;
  /**
   * From a record to the event; undefined leaves a record alone that cannot be read. `isEarlier`: of an earlier process.
   */
  readonly revive: (value: unknown, key: string, isEarlier: boolean) => T | undefined;
  /** When it came or, of a result, when it was settled. */
  readonly cameAt: (event: T) => EpochMs;
  /** An event that came has to wait for somebody who takes it. Those of earlier runs its owner goes through, by `earlier`. */
  readonly waits?: (event: T) => void;
  /** Makes the record of an event that volatile storage gets at `close`; without it the owner puts each by `keeping`. */
  readonly record?: (event: T) => unknown;
  /** Those who take its events, who say by `heard`, `left` and `roomAgain` what becomes of them. By default by `subscribe`. */
  readonly takers?: Takers<T>;
  /** Writes that events are gone, which its owner may have to write with more; by default by themselves. */
  readonly forget?: (changes: readonly Change[]) => Promise<void>;
  /** A listener threw, or storage failed: say so, without the event's content. */
  readonly onFailure: (error: unknown) => void;
  readonly log: (level: 'info' | 'warn' | 'error', line: string) => void;
}

export type MailboxBounds = Pick<
  Bounds,
  'heldEvents' | 'eventsReadBack' | 'charactersReadBack' | 'unconfirmed' | 'unconfirmedCharacters'
>;

/** An event that waits for somebody to take it. */
interface Waiting<T> {
  /** Since when; undefined when it came in an earlier run. */
  readonly since: Millis | undefined;
  /** Where its storage was spared the record. */
  readonly event: T | undefined;
  /** Nobody rejected it: whoever lacks it had no room, and gets it then. */
  readonly isMissed?: boolean;
}

/** An event to be handed over, after it has waited. */
interface ReadBack<T> {
  readonly key: string;
  readonly waiting: Waiting<T>;
  readonly event: T;
  readonly characters: number;
}

/** `gone` when nobody can have it any more, `later` when storage cannot be read now. */
type Found<T> = ReadBack<T> | 'gone' | 'later';

export class Mailbox<T> {
  readonly #options: MailboxOptions<T>;
  readonly #bounds: MailboxBounds;
  /** Its events have no records while it is open. */
  readonly isSpared: boolean;
  readonly #own: Listeners<T>;
  readonly #takers: Takers<T>;
  /** In the order in which they are to be handed over. */
  #waiting = new TransitMap<string, Waiting<T>>();
  /** Those that were rejected lately, or that somebody has missed. */
  #rejected = new TransitMap<string, Waiting<T>>();
  /** Events whose listeners' promises are not settled, by key. */
  readonly #beingTaken = new TransitMap<string, T>();
  /** What came of giving those to somebody who had missed them, while others were taking them. */
  readonly #givenBeside = new Map<string, Promise<unknown>>();
  /** Taken in this turn of the event loop: their records go in one write. */
  #taken: Change[] = [];
  /** So many of them at most: storage did not take more. */
  #forgetMost = Infinity;
  #lastNumber = 0;
  #isClosed = false;
  /** It is closed, and waits for nobody any more. */
  #isOver = false;
  #isDraining = false;
  #isCatchingUp = false;
  readonly #allTaken: AllTaken;
  #cancelRetry: (() => void) | undefined;
  /** The first of those that wait, as long as it cannot be read. */
  #unreadable: { readonly key: string; readonly since: Millis } | undefined;
  /** Nothing is forgotten for want of a listener before this. */
  #forgetFrom: Millis = Infinity;
  /** What storage has of the time until then; undefined: all of it. */
  #graceLeftMs: Millis | undefined;
  readonly #forgetAlarm: Alarm;
  readonly #losses: Losses;
  /** Its owner has not gone through those of earlier runs: none gives way. */
  #isUnlearnt = false;

  constructor(options: MailboxOptions<T>) {
    const { storage, record, clock, bounds = DEFAULT_BOUNDS } = options;
    this.#options = options;
    this.#bounds = bounds;
    this.isSpared = storage.isVolatile === true && record !== undefined;
    this.#allTaken = new AllTaken(clock);
    this.#own = new Listeners({ clock, bounds, onLeft: () => this.left(), onRoom: () => this.roomAgain() });
    this.#takers = options.takers ?? this.#own;
    this.#forgetAlarm = new Alarm(clock, () => void this.#forgetUnheard());
    this.#losses = new Losses(options);
  }

  /** Events that wait. */
  get held(): number {
    return this.#waiting.size + this.#rejected.size;
  }

  get isHeard(): boolean {
    return !this.#takers.isEmpty;
  }

  /**
   * Finds what an earlier process did not hand on.
   *
   * @param recent of these, the newest first until one is not recent, the owner takes those that `hold` takes, in the
   *   order in which they came: they wait for nobody until it delivers them
   */
  async open(recent?: {
    readonly is: (event: T) => boolean;
    readonly hold: (event: T) => boolean;
  }): Promise<void> {
    this.#isClosed = true;
    this.#isOver = false;
    this.#waiting = new TransitMap();
    this.#rejected = new TransitMap();
    this.#taken = [];
    this.#forgetFrom = Infinity;
    this.#isUnlearnt = this.#options.waits !== undefined && !this.isSpared;
    await (this.isSpared ? this.#takeBack() : this.#findKeys());
    if (recent !== undefined) {
      const found = await this.#findRecent(recent.is);
      for (const { key, event } of found) if (recent.hold(event)) this.#waiting.delete(key);
    }
    this.#graceLeftMs = await this.#readGrace();
    this.#isClosed = false;
    const graceMs = this.#graceLeftMs ?? START_GRACE_MS;
    this.#forgetFrom = this.#options.clock.now() + graceMs;
    if (!this.isHeard && this.held > 0 && graceMs > 0) this.#keepGrace(Math.max(0, graceMs - START_TAKES_MS));
    this.#armForget(START_TAKES_MS);
    this.#drainSoon();
  }

  /** A key that no other event has, where the table is shared. */
  newKey(): string {
    this.#lastNumber += 1;
    return `${this.#options.keyPrefix}${this.#lastNumber}`;
  }

  /**
   * The write that makes an event safe; its owner adds it to a batch, and calls `deliver` once that is durable. Where
   * the mailbox `isSpared` there is none to add.
   */
  keeping(key: string, value: unknown, now: EpochMs = this.#options.clock.wall()): Change {
    return { table: this.#options.table, key, value, keepUntil: now + KEEP_MS };
  }

  /**
   * Hands a stored event to the listeners, after those that wait.
   *
   * @param taken somebody has taken it already: nobody else need be there
   */
  deliver(key: string, event: T, taken = false): void {
    if (this.#isClosed) this.#wait(key, this.#waitingNow(event));
    else if (this.#takers.isEmpty && taken) this.#forget(key);
    else if (this.#takers.isEmpty || this.#waiting.size > 0 || !this.#takers.hasRoom) {
      this.#wait(key, this.#waitingNow(event));
      this.#options.waits?.(event);
    } else this.#hand(key, event);
  }

  /** Those of earlier runs that wait, one after the other, as far as they can be read. From then on they may give way. */
  async *earlier(): AsyncGenerator<T> {
    for (const [key, waiting] of [...this.#waiting.entries()]) {
      if (this.#isClosed) return;
      if (waiting.since !== undefined) continue;
      const found = await this.#find(key, waiting);
      if (typeof found === 'object' && this.#waiting.has(key)) yield found.event;
    }
    this.#isUnlearnt = false;
    this.#giveWay();
  }

  subscribe(listener: Listener<T>): Unsubscribe {
    const leave = this.#own.add(listener);
    this.heard();
    return leave;
  }

  /** Somebody has come: hands on now what was rejected, and what waits. */
  heard(): void {
    this.#forgetAlarm.clear();
    if (this.#graceLeftMs !== undefined) this.#keepGrace(undefined);
    this.#askAgain();
  }

  /** Somebody has left: nobody is there any more, or what he missed is for the others alone. */
  left(): void {
    if (this.#isClosed) return;
    this.#askAgain(); // whoever comes next
    if (this.isHeard) return;
    this.#forgetFrom = this.#options.clock.now() + UNHEARD_MS;
    this.#armForget();
  }

  /** Somebody who had no room has some: he gets what he missed, and then what waits. */
  roomAgain(): void {
    this.#drainSoon();
    this.#catchUpSoon();
  }

  /** Resolves when listeners have taken all that waits; also when that takes too long, or nobody listens. */
  async taken(): Promise<void> {
    const { clock } = this.#options;
    const until = clock.now() + TAKEN_MS;
    while (this.isHeard && !this.#isClosed && this.#beingTaken.size + this.#waiting.size > 0) {
      const leftMs = until - clock.now();
      if (leftMs <= 0) return;
      await this.#allTaken.within(leftMs);
    }
  }

  /**
   * Hands nothing on any more; what waits stays stored. Resolves when listeners have taken what they were handed, so
   * that it is not handed on again after a restart, or when that takes too long.
   */
  async close(): Promise<void> {
    if (!this.#isClosed) this.#spendGrace();
    this.#isClosed = true;
    this.#forgetAlarm.clear();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    if (this.#beingTaken.size > 0) await this.#allTaken.within(CLOSE_MS);
    this.#forgetTaken();
    this.#isOver = true;
    this.#losses.sayAll();
    if (this.isSpared) await this.#keepRest();
    this.#takers.close();
  }

  async #findKeys(): Promise<void> {
    const { storage, table, keyPrefix } = this.#options;
    const keys: string[] = [];
    for await (const key of storage.keys(table)) if (isOwn(key, keyPrefix)) keys.push(key);
    if (keyPrefix !== undefined) {
      const numberOf = (key: string): number => Number(key.slice(keyPrefix.length));
      keys.sort((one, other) => numberOf(one) - numberOf(other));
      this.#lastNumber = numberOf(keys.at(-1) ?? `${keyPrefix}0`);
    }
    for (const key of keys) this.#wait(key, EARLIER);
  }

  /** Of volatile storage, which holds the records only while it is closed. */
  async #takeBack(): Promise<void> {
    const { storage, table, clock, revive, cameAt } = this.#options;
    for await (const [key, value] of storage.scan(table)) {
      const event = revive(value, key, true);
      if (event === undefined) continue;
      this.#wait(key, { since: clock.now() - Math.max(0, clock.wall() - cameAt(event)), event });
    }
    const keys = [...this.#waiting.keys()];
    if (keys.length > 0) await storage.write(keys.map((key) => this.#forgetting(key)));
  }

  async #findRecent(isRecent: (event: T) => boolean): Promise<readonly ReadBack<T>[]> {
    const recent: ReadBack<T>[] = [];
    for (const [key, waiting] of [...this.#waiting.entries()].reverse()) {
      const found = await this.#find(key, waiting);
      if (found === 'later' || (typeof found === 'object' && !isRecent(found.event))) break;
      if (found !== 'gone') recent.push(found);
    }
    return recent.reverse();
  }

  #waitingNow(event: T): Waiting<T> {
    return { since: this.#options.clock.now(), event: this.isSpared ? event : undefined };
  }

  #wait(key: string, waiting: Waiting<T>): void {
    this.#waiting.set(key, waiting);
    this.#giveWay();
    if (!this.isHeard && !this.#forgetAlarm.isSet) this.#armForget();
  }

  /** There is no room for all that wait: the oldest are given up. */
  #giveWay(): void {
    while (this.held > this.#bounds.heldEvents && !this.#isUnlearnt) {
      const oldest = firstOf(this.#rejected.keys()) ?? firstOf(this.#waiting.keys());
      if (oldest === undefined) return;
      this.#giveUp(oldest);
      this.#losses.note('full');
    }
  }

  /** They are older. */
  #putRejectedFirst(): void {
    if (this.#rejected.size === 0) return;
    const later = this.#waiting;
    this.#waiting = this.#rejected;
    this.#rejected = new TransitMap();
    for (const [key, waiting] of later.entries()) this.#waiting.set(key, waiting);
  }

  #askAgain(): void {
    this.#putRejectedFirst();
    this.#drainSoon();
  }

  /** Later: others may subscribe in this turn too, and what waited is for all of them. */
  #drainSoon(): void {
    if (this.#isDraining || !this.#canDrain) return;
    this.#isDraining = true;
    queueMicrotask(() => void this.#drain());
  }

  get #canDrain(): boolean {
    return this.#waiting.size > 0 && this.#canHand;
  }

  get #canGive(): boolean {
    return !this.#isClosed && this.isHeard;
  }

  get #canHand(): boolean {
    return this.#canGive && this.#takers.hasRoom;
  }

  /** Whether more may be read back: `events` with so many characters were, and are not handed over yet. */
  hasRoomFor(events: number, characters: number): boolean {
    const { eventsReadBack, charactersReadBack } = this.#bounds;
    return events < eventsReadBack && characters < charactersReadBack;
  }

  async #drain(): Promise<void> {
    let isReadable = true;
    while (isReadable && this.#canDrain) isReadable = await this.#handNext();
    this.#isDraining = false;
    if (this.#beingTaken.size === 0) this.#allTaken.reached();
  }

  /** Hands over the next that wait, as many as there is room for. False when storage cannot be read now. */
  async #handNext(): Promise<boolean> {
    const next: ReadBack<T>[] = [];
    let characters = 0;
    let isReadable = true;
    for (const [key, waiting] of this.#waiting.entries()) {
      const found = await this.#findInTurn(key, waiting);
      isReadable = found !== 'later';
      if (!isReadable) break;
      if (typeof found !== 'object') continue;
      next.push(found);
      characters += found.characters;
      if (!this.hasRoomFor(next.length, characters)) break;
    }
    for (const found of next) {
      if (!this.#canHand) break;
      if (this.#waiting.delete(found.key)) this.#hand(found.key, found.event, found);
    }
    return isReadable;
  }

  /** As `#find`. One that could not be read for a minute holds up the others no more. */
  async #findInTurn(key: string, waiting: Waiting<T>): Promise<Found<T>> {
    const found = await this.#find(key, waiting);
    if (found !== 'later') return found;
    const now = this.#options.clock.now();
    if (this.#unreadable?.key !== key) this.#unreadable = { key, since: now };
    if (now - this.#unreadable.since < HOLD_UP_MS || !this.#waiting.delete(key)) return 'later';
    this.#rejected.set(key, waiting);
    return 'gone';
  }

  /** Those that were rejected, beside those that wait: they hold up nobody. */
  async #giveAgain(): Promise<void> {
    for (const [key, waiting] of [...this.#rejected.entries()]) {
      if (waiting.isMissed === true) continue;
      if (!this.#canGive || !(await this.#giveOneAgain(key, waiting))) break;
    }
    if (this.#rejected.size > 0 && this.isHeard) this.#retryLater();
  }

  /** False when it cannot be read now. */
  async #giveOneAgain(key: string, waiting: Waiting<T>): Promise<boolean> {
    const found = await this.#find(key, waiting);
    if (!this.#canGive || !this.#remove(key)) return true;
    if (typeof found === 'object') this.#hand(key, found.event, found);
    else this.#rejected.set(key, waiting); // behind the others, which are read first the next time
    return found !== 'later';
  }

  #catchUpSoon(): void {
    if (this.#isCatchingUp || this.#isClosed) return;
    this.#isCatchingUp = true;
    queueMicrotask(() => void this.#catchUp());
  }

  /** Gives those who missed something what they missed, one after the other, as it comes to each. */
  async #catchUp(): Promise<void> {
    for (let key = this.#nextMissed(); key !== undefined; key = this.#nextMissed())
      await this.#giveMissed(key);
    this.#isCatchingUp = false;
    this.#drainSoon();
  }

  #nextMissed(): string | undefined {
    return this.#isClosed ? undefined : this.#takers.nextMissed();
  }

  async #giveMissed(key: string): Promise<void> {
    const event = this.#beingTaken.get(key);
    const waiting = this.#rejected.get(key) ?? this.#waiting.get(key);
    if (event !== undefined) {
      const answer = Promise.resolve(this.#takers.give(key, event));
      answer.catch(() => undefined);
      this.#givenBeside.set(key, answer);
    } else if (waiting !== undefined) await this.#giveOneAgain(key, waiting);
    if (!this.#beingTaken.has(key) && !this.#rejected.has(key)) this.#takers.forget(key);
  }

  /** The event of one that waits. */
  async #find(key: string, waiting: Waiting<T>): Promise<Found<T>> {
    const { storage, table, clock, revive, onFailure } = this.#options;
    const { since = Infinity, event: own } = waiting;
    if (own !== undefined && since + KEEP_MS >= clock.now())
      return { key, waiting, event: own, characters: 0 };
    try {
      const value = own === undefined ? await storage.read(table, key) : undefined;
      if (value === undefined) return this.#lose(key, 'old');
      const event = revive(value, key, waiting.since === undefined);
      if (event !== undefined) return { key, waiting, event, characters: JSON.stringify(value).length };
      this.#remove(key);
      return 'gone';
    } catch (error) {
      if (!(error instanceof SmppError) || error instanceof DamagedRecordError)
        return this.#lose(key, 'damaged');
      onFailure(error);
      this.#retryLater();
      return 'later';
    }
  }

  #lose(key: string, reason: Reason): 'gone' {
    if (this.#giveUp(key)) this.#losses.note(reason);
    return 'gone';
  }

  /** One that waits is gone, also for those who have missed it. */
  #giveUp(key: string): boolean {
    if (!this.#remove(key)) return false;
    this.#takers.forget(key);
    this.#forget(key);
    return true;
  }

  #remove(key: string): boolean {
    return this.#waiting.delete(key) || this.#rejected.delete(key);
  }

  #hand(key: string, event: T, readBack?: ReadBack<T>): void {
    const answer = this.#takers.give(key, event);
    if (answer === 'taken') this.#forget(key);
    else if (answer === 'nobody') this.#wait(key, readBack?.waiting ?? this.#waitingNow(event));
    else this.#await(key, event, answer, readBack);
  }

  /** One listener, as nearly always: no promise but its own and what follows it. */
  #await(key: string, event: T, answer: Promise<unknown>, readBack?: ReadBack<T>): void {
    this.#beingTaken.set(key, event);
    // Neither branch throws, so nothing rejects.
    void answer.then(
      () => {
        this.#forget(key);
        this.#isAnswered(key);
      },
      (error: unknown) => {
        if (!isStopped(error)) this.#options.onFailure(error);
        const waiting = readBack?.waiting ?? this.#waitingNow(event);
        const isMissed = error instanceof MissedError;
        const beside = this.#givenBeside.size === 0 ? undefined : this.#givenBeside.get(key);
        if (isMissed && beside !== undefined) {
          this.#givenBeside.delete(key);
          this.#await(key, event, beside, readBack);
          return;
        }
        this.#reject(key, { ...waiting, isMissed: isMissed && this.#takers.hasMissed(key) });
        this.#isAnswered(key);
        this.#catchUpSoon();
      },
    );
  }

  /** It goes before those that wait, which came later, when it is given again. */
  #reject(key: string, waiting: Waiting<T>): void {
    this.#rejected.set(key, waiting);
    this.#giveWay();
    if (this.isHeard) this.#retryLater();
    else if (!this.#forgetAlarm.isSet) this.#armForget();
  }

  #isAnswered(key: string): void {
    this.#beingTaken.delete(key);
    if (this.#givenBeside.size > 0) this.#givenBeside.delete(key);
    if (this.#waiting.size > 0) this.#drainSoon();
    if (this.#beingTaken.size === 0) this.#allTaken.reached();
  }

  #retryLater(): void {
    if (this.#isClosed) return;
    this.#cancelRetry ??= this.#options.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      void this.#giveAgain();
      this.#takers.askMissedAgain();
      this.roomAgain();
      this.#forgetTaken();
    });
  }

  async #keepRest(): Promise<void> {
    const { storage, record, cameAt } = this.#options;
    const rest = new Map(this.#beingTaken.entries());
    for (const waiting of [this.#rejected, this.#waiting]) {
      for (const [key, { event }] of waiting.entries()) if (event !== undefined) rest.set(key, event);
    }
    await storage.write(
      Array.from(rest, ([key, event]) => this.keeping(key, record?.(event), cameAt(event))),
    );
  }

  /** @param soonMs from now it looks at the earliest, and in the time after a start at the latest */
  #armForget(soonMs = FORGET_EVERY_MS): void {
    if (this.#isClosed || this.isHeard) return;
    const { clock } = this.#options;
    const first = firstOf(this.#rejected.values()) ?? firstOf(this.#waiting.values());
    if (first === undefined) return;
    const due = Math.max(this.#forgetFrom, (first.since ?? -Infinity) + UNHEARD_MS);
    const isGrace = this.#forgetFrom > clock.now();
    this.#forgetAlarm.set(
      isGrace ? Math.min(due, clock.now() + soonMs) : Math.max(due, clock.now() + soonMs),
    );
  }

  /** What is left of the time in which those who listened before a start may come: restarts do not begin it anew. */
  #spendGrace(): void {
    const leftMs = Math.max(0, this.#forgetFrom - this.#options.clock.now());
    if (!this.isHeard && this.held > 0 && leftMs < START_GRACE_MS && leftMs !== this.#graceLeftMs)
      this.#keepGrace(leftMs);
  }

  #keepGrace(leftMs: Millis | undefined): void {
    const { storage, onFailure, kind } = this.#options;
    this.#graceLeftMs = leftMs;
    storage
      .write([{ table: 'account', key: `${GRACE_KEY} ${kind}`, value: leftMs }], 'later')
      .catch(onFailure);
  }

  async #readGrace(): Promise<Millis | undefined> {
    const { storage, kind } = this.#options;
    const value = await storage.read('account', `${GRACE_KEY} ${kind}`).catch(damagedAs(undefined));
    return typeof value === 'number' ? Math.min(value, START_GRACE_MS) : undefined;
  }

  /** Nobody listens: what has waited for an hour is forgotten. */
  async #forgetUnheard(): Promise<void> {
    const { clock } = this.#options;
    this.#spendGrace();
    if (this.#forgetFrom > clock.now() || this.#isUnlearnt) {
      this.#armForget();
      return;
    }
    let count = 0;
    this.#putRejectedFirst();
    for (const [key, waiting] of this.#waiting.entries()) {
      const since = waiting.since ?? (await this.#sinceOf(key, waiting));
      if (this.#isClosed || this.isHeard || since + UNHEARD_MS > clock.now()) break;
      if (this.#giveUp(key)) count += 1;
    }
    this.#losses.note('unheard', count);
    this.#armForget();
  }

  /** Since when one of an earlier run waits; infinity when that is not to be known now. */
  async #sinceOf(key: string, waiting: Waiting<T>): Promise<Millis> {
    const { clock, cameAt } = this.#options;
    const found = await this.#find(key, waiting);
    if (found === 'gone') return -Infinity;
    return found === 'later' ? Infinity : clock.now() - Math.max(0, clock.wall() - cameAt(found.event));
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
    const taken = this.#taken;
    if (taken.length === 0) return;
    const isAll = taken.length <= this.#forgetMost;
    const changes = isAll ? taken : taken.slice(0, this.#forgetMost);
    this.#taken = isAll ? [] : taken.slice(this.#forgetMost);
    const { storage, onFailure, forget } = this.#options;
    // Not awaited: if it is lost in a crash the event is handed on once more, which is the promise.
    (forget?.(changes) ?? storage.write(changes)).then(
      () => {
        this.#forgetMost = Infinity;
        if (!isAll) this.#forgetTaken();
      },
      (error: unknown) => {
        onFailure(error);
        this.#forgetMost = Math.ceil(changes.length / 2); // it may have been the size, and not the disk
        this.#taken = [...changes, ...this.#taken]; // its text is to be erased, whatever ailed the disk
        this.#retryLater();
      },
    );
  }
}

const EARLIER: Waiting<never> = { since: undefined, event: undefined };

function isOwn(key: string, prefix: string | undefined): boolean {
  return prefix === undefined || (key.startsWith(prefix) && /^\d+$/.test(key.slice(prefix.length)));
}

function firstOf<Item>(items: Iterable<Item>): Item | undefined {
  for (const item of items) return item;
  return undefined;
}
