/**
 * Those who listen to events of a kind.
 *
 * Each is a listener of its own, also where two are the same function. One that has left is called no more; one that
 * comes while an event is handed round gets the next. An event that some have taken and others rejected is given again
 * to those others alone.
 *
 * What one that leaves has not answered counts as not taken by it: at once where others have the event, else a little
 * later, since what it is taking at that moment it mostly takes yet.
 */
import type { Clock, Millis } from './clock.js';
import { SmppError } from './errors.js';
import type { Unsubscribe } from './message.js';
import { TransitMap } from './transit-map.js';

/** One that has left may still answer for this long. */
const ANSWERS_YET_MS: Millis = 5_000;

/** Has taken the event when it returns, or when the promise that it returns resolves; not when it throws or rejects. */
export type Listener<Event> = (event: Event) => void | Promise<void>;

interface Subscription<Event> {
  readonly listener: Listener<Event>;
  /** What it has not answered yet. */
  readonly taking: TransitMap<Taking<Event>, undefined>;
  isOver: boolean;
  /** When it has left and is waited for. */
  cancelWait?: () => void;
}

interface Taking<Event> {
  /** Of all who were given the event; undefined when it alone was. */
  readonly answers: Answers<Event> | undefined;
  /** It has not taken the event. */
  readonly giveUp: (why: SmppError) => void;
}

/** Of those who were given an event; one that rejected it is not among them. */
type Answers<Event> = Map<Subscription<Event>, Promise<unknown>>;

/** The answer of one that has taken it. */
const HAS_TAKEN = Promise.resolve();

export interface ListenersOptions<Event> {
  readonly clock: Clock;
  /** Events that some have taken and others rejected, of which it is known who has them. The oldest comes again to all. */
  readonly partlyTakenMax: number;
  /** Gives each of several listeners an event of its own. By default they share it. */
  readonly copyOf?: (event: Event) => Event;
  readonly onLastLeft: () => void;
}

export class Listeners<Event> {
  readonly #options: ListenersOptions<Event>;
  /** A new list at each change: who changes it while it is gone through is not in its way. */
  #subscriptions: readonly Subscription<Event>[] = [];
  /** Those that have left, and may still answer. */
  readonly #leaving = new Set<Subscription<Event>>();
  /** By the key of the event, of those that somebody has rejected. */
  readonly #partlyTaken = new Map<string, Answers<Event>>();

  constructor(options: ListenersOptions<Event>) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#subscriptions.length === 0;
  }

  add(listener: Listener<Event>): Unsubscribe {
    const subscription: Subscription<Event> = { listener, taking: new TransitMap(), isOver: false };
    this.#subscriptions = [...this.#subscriptions, subscription];
    return () => this.#leave(subscription);
  }

  /** Waits for no answer any more: what is not answered is not taken. They stay, and may be given more. */
  close(): void {
    const why = new SmppError('SMPP_STOPPED', 'it was not taken before the gateway stopped: it is kept');
    for (const subscription of [...this.#subscriptions, ...this.#leaving]) this.#giveUp(subscription, why);
  }

  #leave(subscription: Subscription<Event>): void {
    if (subscription.isOver) return;
    subscription.isOver = true;
    this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
    for (const { answers, giveUp } of subscription.taking.keys()) {
      if (answers !== undefined && answers.size > 1) giveUp(hasLeft());
    }
    if (subscription.taking.size > 0) this.#waitFor(subscription);
    if (this.isEmpty) this.#options.onLastLeft();
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
    for (const { giveUp } of taking.keys()) giveUp(why);
  }

  /**
   * Gives an event to each who has not got it. A promise resolves when all of them have taken it, and rejects when one
   * that still listens has not; one that has left counts only where it was the only one.
   *
   * @param key of the event: by it, one that is given again is known
   */
  give(key: string, event: Event): Promise<unknown> | 'taken' | 'nobody' {
    const only = this.#subscriptions[0];
    // As nearly always: no list, no copy, and no promise but its own.
    if (only !== undefined && this.#subscriptions.length === 1 && this.#partlyTaken.size === 0)
      return this.#ask(only, event);
    const answers = this.#answersTo(key);
    this.#askThoseWithout(answers, event);
    const all = [...answers.values()];
    if (all.length === 0) return 'nobody';
    if (all.every((answer) => answer === HAS_TAKEN)) return 'taken';
    return this.#allOf(key, answers);
  }

  #answersTo(key: string): Answers<Event> {
    const earlier = this.#partlyTaken.get(key);
    this.#partlyTaken.delete(key);
    return earlier ?? new Map<Subscription<Event>, Promise<unknown>>();
  }

  #askThoseWithout(answers: Answers<Event>, event: Event): void {
    const { copyOf = same } = this.#options;
    for (const subscription of this.#subscriptions) {
      if (subscription.isOver || answers.has(subscription)) continue;
      const answer = this.#ask(subscription, copyOf(event), answers);
      answers.set(
        subscription,
        answer === 'taken' ? HAS_TAKEN : this.#unlessLeft(answer, subscription, answers),
      );
    }
  }

  #ask(
    subscription: Subscription<Event>,
    event: Event,
    answers?: Answers<Event>,
  ): Promise<unknown> | 'taken' {
    const answer = answerOf(subscription.listener, event);
    if (answer === 'taken') return answer;
    const { taking } = subscription;
    return new Promise((resolve, reject) => {
      const waiting: Taking<Event> = {
        answers,
        giveUp: (why) => {
          taking.delete(waiting);
          reject(why);
        },
      };
      taking.set(waiting, undefined);
      const isAnswered = (): void => {
        taking.delete(waiting);
        if (taking.size === 0) subscription.cancelWait?.();
      };
      answer.then(resolve, reject).finally(isAnswered);
    });
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
      await Promise.all(answers.values());
    } catch (error) {
      if (answers.size > 0) this.#keep(key, answers);
      throw error;
    }
  }

  #keep(key: string, answers: Answers<Event>): void {
    this.#partlyTaken.set(key, answers);
    if (this.#partlyTaken.size <= this.#options.partlyTakenMax) return;
    for (const oldest of this.#partlyTaken.keys()) {
      this.#partlyTaken.delete(oldest);
      break;
    }
  }
}

/** What it throws is its answer too. */
function answerOf<Event>(listener: Listener<Event>, event: Event): Promise<unknown> | 'taken' {
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
