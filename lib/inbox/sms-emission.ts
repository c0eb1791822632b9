/**
 * Stored SMS on their way to those who listen: those of one phone in the order in which they are handed in.
 *
 *   emit ─┬─ nothing to be read, and nothing before it in line ─────────▶ listeners
 *         └─ in line with its phone's ─▶ its turn ─▶ what it answers read ─▶ listeners
 *
 * The next one's turn comes as the listeners are called: what they make of an SMS holds up none. One that a listener
 * rejected has had its turn, and comes again beside the line. No phone waits for another's.
 * Source: contract section 4, "Incoming".
 */
import type { EpochMs } from '../clock.js';
import { isStopped, SmppError } from '../errors.js';
import { jsonCopy } from '../json-copy.js';
import { type Answer, answerOf, Listeners, type ListenersOptions, type Takers } from '../listeners.js';
import type { InboundSms } from '../message.js';
import { Steps } from '../steps.js';

/** An incoming SMS as stored in table `event` until it is emitted. JSON. */
export interface StoredSms {
  readonly key: string;
  readonly sms: Omit<InboundSms, 'inReplyTo'>;
  /** `unread` when it came before those were known that an earlier process had sent. */
  readonly repliesTo?: RepliesTo | 'unread';
}

/** Our last SMS to a phone when one came from it. */
export interface RepliesTo {
  readonly id: string;
  readonly sentAt: EpochMs;
}

export interface SmsEmissionOptions extends Omit<ListenersOptions<InboundSms>, 'copyOf'> {
  /** Adds the correlation of what an SMS answers, as far as it can be read. */
  readonly readReply: (
    repliesTo: RepliesTo | 'unread',
    sms: StoredSms['sms'],
  ) => Promise<InboundSms['inReplyTo']>;
  /** Whether anything is handed on: what waits for its turn as that ends comes again in the next run. */
  readonly isOpen: () => boolean;
}

export class SmsEmission implements Takers<StoredSms> {
  readonly listeners: Listeners<InboundSms>;
  readonly #options: SmsEmissionOptions;
  /** By phone: each step reads what an SMS answers and calls the listeners. */
  readonly #lines = new Steps<string>();
  /** Keys of those that were with a listener, and come again. */
  readonly #rejected = new Set<string>();

  constructor(options: SmsEmissionOptions) {
    this.#options = options;
    this.listeners = new Listeners({ ...options, copyOf: ownSms });
  }

  get isEmpty(): boolean {
    return this.listeners.isEmpty;
  }

  get hasRoom(): boolean {
    return this.#lines.underWay < this.#options.bounds.unconfirmed && this.listeners.hasRoom;
  }

  nextMissed(): string | undefined {
    return this.listeners.nextMissed();
  }

  askMissedAgain(): void {
    this.listeners.askMissedAgain();
  }

  hasMissed(key: string): boolean {
    return this.listeners.hasMissed(key);
  }

  forget(key: string): void {
    this.listeners.forget(key);
    this.#rejected.delete(key);
  }

  give(_key: string, stored: StoredSms): Answer {
    return answerOf((each) => this.emit(each), stored);
  }

  close(): void {
    this.listeners.close();
  }

  /**
   * Resolves once all who listen have taken it. An SMS with nothing to read, and nothing before it, is with them when
   * this returns.
   *
   * @throws what a listener threw, or rejected with; SMPP_STOPPED when its turn comes and it is not open, or nobody
   *   listens any more
   */
  async emit(stored: StoredSms): Promise<void> {
    try {
      await this.#handOn(stored);
      if (this.#rejected.size > 0) this.#rejected.delete(stored.key);
    } catch (error) {
      if (!isStopped(error)) this.#rejected.add(stored.key);
      throw error;
    }
  }

  #handOn(stored: StoredSms): Promise<unknown> | undefined {
    const { key, sms, repliesTo } = stored;
    if (this.#rejected.has(key)) return this.#handOnAgain(stored);
    if (repliesTo === undefined && !this.#lines.has(sms.from)) return this.#give(stored, undefined);
    return this.#handOnInLine(stored);
  }

  async #handOnInLine(stored: StoredSms): Promise<void> {
    const turn: { taking?: Promise<unknown> | undefined } = {};
    try {
      await this.#lines.run(stored.sms.from, async () => {
        turn.taking = this.#give(stored, await this.#read(stored));
      });
    } finally {
      const { bounds, onRoom } = this.#options;
      if (this.#lines.underWay === bounds.unconfirmed - 1) onRoom();
    }
    await turn.taking;
  }

  async #handOnAgain(stored: StoredSms): Promise<void> {
    await this.#give(stored, await this.#read(stored));
  }

  #read({ sms, repliesTo }: StoredSms): Promise<InboundSms['inReplyTo']> | undefined {
    return repliesTo && this.#options.readReply(repliesTo, sms);
  }

  /** A promise when not all have taken it yet. */
  #give({ key, sms }: StoredSms, inReplyTo: InboundSms['inReplyTo']): Promise<unknown> | undefined {
    const event = inReplyTo === undefined ? { ...sms } : { ...sms, inReplyTo };
    const answer = this.#options.isOpen() ? this.listeners.give(key, event) : 'nobody';
    if (answer === 'nobody') throw new SmppError('SMPP_STOPPED', 'nobody listens any more: the SMS is kept');
    return answer === 'taken' ? undefined : answer;
  }
}

/** A copy that its receiver may keep and change. */
function ownSms(sms: InboundSms): InboundSms {
  const { inReplyTo } = sms;
  if (inReplyTo === undefined) return { ...sms };
  const own = { ...inReplyTo };
  if (own.correlation !== undefined) own.correlation = jsonCopy(own.correlation);
  return { ...sms, inReplyTo: own };
}
