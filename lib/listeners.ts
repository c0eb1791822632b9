/**
 * Those who listen to events of a kind.
 *
 * Each is a listener of its own, also where two are the same function. One that has left is called no more; one that
 * comes while an event is handed round gets the next. An event that some have taken and others rejected is given again
 * to those others alone.
 */
import type { Unsubscribe } from './message.js';

/** Has taken the event when it returns, or when the promise that it returns resolves; not when it throws or rejects. */
export type Listener<Event> = (event: Event) => void | Promise<void>;

interface Subscription<Event> {
  readonly listener: Listener<Event>;
  isOver: boolean;
}

/** Of those who were given an event; one that rejected it is not among them. */
type Answers<Event> = Map<Subscription<Event>, Promise<unknown>>;

interface PartlyTaken<Event> {
  readonly content: string | undefined;
  readonly answers: Answers<Event>;
}

/** The answer of one that has taken it. */
const HAS_TAKEN = Promise.resolve();

export interface ListenersOptions<Event> {
  /** Events that some have taken and others rejected, of which it is known who has them. The oldest comes again to all. */
  readonly partlyTakenMax: number;
  /** Gives each of several listeners an event of its own. By default they share it. */
  readonly copyOf?: (event: Event) => Event;
  /** Where an event may have changed when it is given again: then it is for all. */
  readonly contentOf?: (event: Event) => string;
  readonly onLastLeft: () => void;
}

export class Listeners<Event> {
  readonly #options: ListenersOptions<Event>;
  /** A new list at each change: who changes it while it is gone through is not in its way. */
  #subscriptions: readonly Subscription<Event>[] = [];
  /** By the key of the event, of those that somebody has rejected. */
  readonly #partlyTaken = new Map<string, PartlyTaken<Event>>();

  constructor(options: ListenersOptions<Event>) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#subscriptions.length === 0;
  }

  add(listener: Listener<Event>): Unsubscribe {
    const subscription = { listener, isOver: false };
    this.#subscriptions = [...this.#subscriptions, subscription];
    return () => {
      if (subscription.isOver) return;
      subscription.isOver = true;
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
      if (this.isEmpty) this.#options.onLastLeft();
    };
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
      return answerOf(only.listener, event);
    const answers = this.#answersTo(key, event);
    this.#askThoseWithout(answers, event);
    const all = [...answers.values()];
    if (all.length === 0) return 'nobody';
    if (all.every((answer) => answer === HAS_TAKEN)) return 'taken';
    return this.#allOf(key, { content: this.#options.contentOf?.(event), answers });
  }

  #answersTo(key: string, event: Event): Answers<Event> {
    const earlier = this.#partlyTaken.get(key);
    this.#partlyTaken.delete(key);
    return earlier !== undefined && earlier.content === this.#options.contentOf?.(event)
      ? earlier.answers
      : new Map<Subscription<Event>, Promise<unknown>>();
  }

  #askThoseWithout(answers: Answers<Event>, event: Event): void {
    const { copyOf = same } = this.#options;
    for (const subscription of this.#subscriptions) {
      if (subscription.isOver || answers.has(subscription)) continue;
      const answer = answerOf(subscription.listener, copyOf(event));
      answers.set(
        subscription,
        answer === 'taken' ? HAS_TAKEN : this.#unlessLeft(answer, subscription, answers),
      );
    }
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

  async #allOf(key: string, partly: PartlyTaken<Event>): Promise<void> {
    try {
      await Promise.all(partly.answers.values());
    } catch (error) {
      if (partly.answers.size > 0) this.#keep(key, partly);
      throw error;
    }
  }

  #keep(key: string, partly: PartlyTaken<Event>): void {
    this.#partlyTaken.set(key, partly);
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

function same<Event>(event: Event): Event {
  return event;
}

/** What a listener returns besides means nothing: many return what their last call did. */
function isThenable(answer: unknown): answer is PromiseLike<unknown> {
  return (
    typeof answer === 'object' && answer !== null && 'then' in answer && typeof answer.then === 'function'
  );
}
