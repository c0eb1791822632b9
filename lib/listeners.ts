/**
 * Those who listen to events of a kind.
 *
 * Each is a listener of its own, also where two are the same function. One that has left is called no more; one that
 * comes while an event is handed round gets the next. An event that some have taken and others rejected is given again
 * to those others alone.
 *
 *   given ─┬─ it has room ─▶ taking ─┬─ taken
 *          │                         └─ rejected ─▶ given again
 *          └─ it has none ─▶ missed ─▶ given when it has, in order, before what comes then
 *
 * So one that is slow, or never answers, holds up no other, and what it has open is bounded for it alone.
 * What one that leaves has not answered counts as not taken by it: at once where others have the event, else a little
 * later, since what it is taking at that moment it mostly takes yet.
 */
import type { Bounds } from './bounds.js';
import type { Clock, Millis } from './clock.js';
import { MissedError, SmppError } from './errors.js';
import { roughCharacters } from './rough-characters.js';
import type { Unsubscribe } from './message.js';
import { TransitMap } from './transit-map.js';

/** One that has left may still answer for this long. */
const ANSWERS_YET_MS: Millis = 5_000;

/** Has taken the event when it returns, or when the promise that it returns resolves; not when it throws or rejects. */
export type Listener<Event> = (event: Event) => void | Promise<void>;

/** Those whom a mailbox gives its events to: listeners, or what stands before them. */
export interface Takers<Event> {
  /** Nobody listens. */
  readonly isEmpty: boolean;
  /** Whether one of them can be given what comes next. */
  readonly hasRoom: boolean;
  /** The key of the first event that one of them has missed and has room for now: told once, until `askMissedAgain`. */
  nextMissed(): string | undefined;
  /** What was told may not have come to them. */
  askMissedAgain(): void;
  hasMissed(key: string): boolean;
  /** An event that is gone was missed for good. */
  forget(key: string): void;
  give(key: string, event: Event): Answer;
  /** Waits for no answer any more. */
  close(): void;
}

/**
 * A promise resolves when all of them have taken it, and rejects when one that still listens has not; with MissedError
 * when that is because it had no room.
 */
export type Answer = Promise<unknown> | 'taken' | 'nobody';

interface Subscription<Event> {
  readonly listener: Listener<Event>;
  /** What it has not answered yet, by key. */
  readonly taking: TransitMap<string, Taking<Event>>;
  /** Roughly, of these. */
  characters: number;
  /** Keys of what came while it had no room, in order. */
  readonly missed: TransitMap<string, undefined>;
  /** The first of these, when it is on its way to it. */
  next: string | undefined;
  /** So much is open that it is given no more until half of it is confirmed: what waits is read back by the heap. */
  isFull: boolean;
  /** It has returned a promise: what it is given is counted. */
  takesTime: boolean;
  isOver: boolean;
  /** When it has left and is waited for. */
  cancelWait?: () => void;
}

interface Taking<Event> {
  /** Of all who were given the event; undefined when it alone was. */
  readonly answers: Answers<Event> | undefined;
  readonly answer: Promise<unknown>;
  /** It has not taken the event. */
  readonly giveUp: (why: SmppError) => void;
}

/** Of those who were given an event; one that rejected or missed it is not among them. */
type Answers<Event> = Map<Subscription<Event>, Promise<unknown>>;

/** The answer of one that has taken it. */
const HAS_TAKEN = Promise.resolve();

export interface ListenersOptions<Event> {
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'unconfirmed' | 'unconfirmedCharacters'>;
  /** Gives each of several listeners an event of its own. By default they share it. */
  readonly copyOf?: (event: Event) => Event;
  /** The last one left, or one that had missed something. */
  readonly onLeft: () => void;
  /** One has room again. */
  readonly onRoom: () => void;
}

export class Listeners<Event> implements Takers<Event> {
  readonly #options: ListenersOptions<Event>;
  /** A new list at each change: who changes it while it is gone through is not in its way. */
  #subscriptions: readonly Subscription<Event>[] = [];
  /** Those that have left, and may still answer. */
  readonly #leaving = new Set<Subscription<Event>>();
  /** By the key of the event, of those that not all of several listeners have taken. Its owner bounds those that wait. */
  readonly #partlyTaken = new Map<string, Answers<Event>>();

  constructor(options: ListenersOptions<Event>) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#subscriptions.length === 0;
  }

  get present(): readonly Listener<Event>[] {
    return this.#subscriptions.map(({ listener }) => listener);
  }

  get isOne(): boolean {
    return this.#subscriptions.length === 1;
  }

  get hasRoom(): boolean {
    return this.#subscriptions.some(({ isFull, missed }) => !isFull && missed.size === 0);
  }

  nextMissed(): string | undefined {
    for (const subscription of this.#subscriptions) {
      const { missed, isFull, next } = subscription;
      const first = isFull || missed.size === 0 ? undefined : firstOf(missed.keys());
      if (first === undefined || first === next) continue;
      subscription.next = first;
      return first;
    }
    return undefined;
  }

  askMissedAgain(): void {
    for (const subscription of this.#subscriptions) subscription.next = undefined;
  }

  hasMissed(key: string): boolean {
    return this.#subscriptions.some(({ missed }) => missed.size > 0 && missed.has(key));
  }

  forget(key: string): void {
    for (const { missed } of this.#subscriptions) missed.delete(key);
    this.#partlyTaken.delete(key);
  }

  /** Of an event that not all have taken: those who have, also those who have left since, and those who listen and have not. */
  of(key: string): {
    readonly taken: readonly Listener<Event>[];
    readonly lacking: readonly Listener<Event>[];
  } {
    const answers = this.#partlyTaken.get(key) ?? new Map<Subscription<Event>, Promise<unknown>>();
    const taken = [...answers].flatMap(([{ listener }, answer]) => (answer === HAS_TAKEN ? [listener] : []));
    const lacking = this.#subscriptions.filter((each) => answers.get(each) !== HAS_TAKEN);
    return { taken, lacking: lacking.map(({ listener }) => listener) };
  }

  add(listener: Listener<Event>): Unsubscribe {
    const subscription: Subscription<Event> = {
      listener,
      taking: new TransitMap(),
      characters: 0,
      missed: new TransitMap(),
      next: undefined,
      isFull: false,
      takesTime: false,
      isOver: false,
    };
    this.#subscriptions = [...this.#subscriptions, subscription];
    return () => this.#leave(subscription);
  }

  /** Waits for no answer any more: what is not answered is not taken. They stay, and may be given more. */
  close(): void {
    const why = new SmppError('SMPP_STOPPED', 'it was not taken before the gateway stopped: it is kept');
    for (const subscription of [...this.#subscriptions, ...this.#leaving]) {
      this.#giveUp(subscription, why);
      subscription.missed.clear();
    }
  }

  #leave(subscription: Subscription<Event>): void {
    if (subscription.isOver) return;
    subscription.isOver = true;
    this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
    for (const { answers, giveUp } of [...subscription.taking.values()]) {
      if (answers !== undefined && answers.size > 1) giveUp(hasLeft());
    }
    if (subscription.taking.size > 0) this.#waitFor(subscription);
    if (this.isEmpty || subscription.missed.size > 0) this.#options.onLeft();
  }

  #waitFor(subscription: Subscription<Event>): void {
    this.#leaving.add(subscription);
    const cancel = this.#options.clock.after(ANSWERS_YET_MS, () => this.#giveUp(subscription, hasLeft()));
    subscription.cancelWait = () => {
      cancel();
      this.#leaving.delete(subscription);
    };
  }

  #giveUp({ taking, cancelWait }: Subscription<Event>, why: SmppError): void {
    cancelWait?.();
    for (const { giveUp } of [...taking.values()]) giveUp(why);
  }

  /** Whether one that has so many events open, with so many characters, is given more. */
  hasRoomFor(events: number, characters: number): boolean {
    const { unconfirmed, unconfirmedCharacters } = this.#options.bounds;
    return events < unconfirmed && characters < unconfirmedCharacters;
  }

  /**
   * Gives an event to each who has not got it. One that has left counts only where it was the only one.
   *
   * @param key of the event: by it, one that is given again is known
   */
  give(key: string, event: Event): Answer {
    const only = this.#subscriptions[0];
    // As nearly always: no list, no copy, and no promise but its own.
    if (only !== undefined && this.isOne && this.#partlyTaken.size === 0)
      return this.#offer(only, key, event);
    const answers = this.#partlyTaken.get(key) ?? new Map<Subscription<Event>, Promise<unknown>>();
    const hasMissed = this.#offerThoseWithout(answers, key, event);
    const all = [...answers.values()];
    if (all.length === 0 && !hasMissed) return 'nobody';
    if (!hasMissed && all.every((answer) => answer === HAS_TAKEN)) {
      this.#partlyTaken.delete(key);
      return 'taken';
    }
    this.#partlyTaken.set(key, answers);
    return this.#allOf(key, answers);
  }

  /** Whether one of them had no room. */
  #offerThoseWithout(answers: Answers<Event>, key: string, event: Event): boolean {
    const { copyOf = same } = this.#options;
    let hasMissed = false;
    for (const subscription of this.#subscriptions) {
      if (subscription.isOver || answers.has(subscription)) continue;
      if (!mayTake(subscription, key)) {
        subscription.missed.set(key, undefined);
        hasMissed = true;
        continue;
      }
      const answer = this.#offer(subscription, key, copyOf(event), answers);
      answers.set(
        subscription,
        answer === 'taken' ? HAS_TAKEN : this.#unlessLeft(answer, subscription, answers),
      );
    }
    return hasMissed;
  }

  /** What it has is not given to it again. */
  #offer(
    subscription: Subscription<Event>,
    key: string,
    event: Event,
    answers?: Answers<Event>,
  ): Promise<unknown> | 'taken' {
    const { taking, missed } = subscription;
    const open = taking.size === 0 ? undefined : taking.get(key);
    if (open !== undefined) return open.answer;
    if (!mayTake(subscription, key)) {
      missed.set(key, undefined);
      return Promise.reject(new MissedError());
    }
    if (missed.size > 0 && missed.delete(key)) this.#options.onRoom();
    return this.#ask(subscription, key, event, answers);
  }

  #ask(
    subscription: Subscription<Event>,
    key: string,
    event: Event,
    answers?: Answers<Event>,
  ): Promise<unknown> | 'taken' {
    // Before it may change it.
    const characters = subscription.takesTime ? roughCharacters(event) : 0;
    const answer = answerOf(subscription.listener, event);
    if (answer === 'taken') return answer;
    subscription.takesTime = true;
    const { promise, reject, resolve } = withResolvers();
    const giveUp = (why: SmppError): void => {
      this.#isAnswered(subscription, key, characters);
      reject(why);
    };
    const { taking } = subscription;
    taking.set(key, { answers, answer: promise, giveUp });
    subscription.characters += characters;
    if (!this.hasRoomFor(taking.size, subscription.characters)) subscription.isFull = true;
    // It left at this very event, before it had any open.
    if (subscription.isOver && !this.#leaving.has(subscription)) this.#waitFor(subscription);
    const isAnswered = (): void => this.#isAnswered(subscription, key, characters);
    answer.finally(isAnswered).then(resolve, reject);
    return promise;
  }

  #isAnswered(subscription: Subscription<Event>, key: string, characters: number): void {
    const { taking, isFull, cancelWait } = subscription;
    if (!taking.delete(key)) return; // it was given up
    subscription.characters -= characters;
    if (taking.size === 0) cancelWait?.();
    if (!isFull || !this.hasRoomFor(2 * taking.size - 1, 2 * subscription.characters - 1)) return;
    subscription.isFull = false;
    this.#options.onRoom();
  }

  /** One that has left and not taken it is nobody's concern where others have. */
  async #unlessLeft(
    answer: Promise<unknown>,
    subscription: Subscription<Event>,
    answers: Answers<Event>,
  ): Promise<void> {
    try {
      await answer;
      answers.set(subscription, HAS_TAKEN);
    } catch (error) {
      answers.delete(subscription);
      if (!subscription.isOver || answers.size === 0) throw error;
    }
  }

  async #allOf(key: string, answers: Answers<Event>): Promise<void> {
    try {
      // One that missed it may be given it while others are taking it.
      for (let open = openOf(answers); open.length > 0; open = openOf(answers)) await Promise.all(open);
    } catch (error) {
      if (answers.size === 0) this.#partlyTaken.delete(key);
      throw error;
    }
    if (this.hasMissed(key)) throw new MissedError();
    this.#partlyTaken.delete(key);
  }
}

/** What it missed it gets in its order. */
function mayTake<Event>({ isFull, missed }: Subscription<Event>, key: string): boolean {
  return !isFull && (missed.size === 0 || firstOf(missed.keys()) === key);
}

function openOf<Event>(answers: Answers<Event>): readonly Promise<unknown>[] {
  return [...answers.values()].filter((answer) => answer !== HAS_TAKEN);
}

/** What it throws is its answer too. */
export function answerOf<Event>(listener: Listener<Event>, event: Event): Promise<unknown> | 'taken' {
  try {
    const answer: unknown = listener(event);
    return isThenable(answer) ? Promise.resolve(answer) : 'taken'; // itself, when it is a promise
  } catch (error) {
    return Promise.resolve().then(() => {
      throw error;
    });
  }
}

function hasLeft(): SmppError {
  return new SmppError('SMPP_STOPPED', 'who was taking it has left: it is kept');
}

function same<Event>(event: Event): Event {
  return event;
}

/** What a listener returns besides means nothing: many return what their last call did. */
function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return (
    typeof answer === 'object' && answer !== null && 'then' in answer && typeof answer.then === 'function'
  );
}

interface Resolvers {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** `Promise.withResolvers` came with Node 22. */
function withResolvers(): Resolvers {
  let resolve: Resolvers['resolve'] = () => undefined;
  let reject: Resolvers['reject'] = () => undefined;
  const promise = new Promise<unknown>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

function firstOf<Item>(items: Iterable<Item>): Item | undefined {
  for (const item of items) return item;
  return undefined;
}
