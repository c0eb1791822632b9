/**
 * Stored SMS on their way to one listener: those of one phone in the order in which they are handed in.
 *
 *   emit ─┬─ nothing to be read, and nothing before it in line ─────────▶ listener
 *         └─ in line with its phone's ─▶ its turn ─▶ what it answers read ─▶ listener
 *
 * The next one's turn comes as the listener is called: what the listener makes of an SMS holds up none. One that it
 * rejected has had its turn, and comes again beside the line. No phone waits for another's.
 * Source: contract section 4, "Incoming".
 */
import type { EpochMs } from '../clock.js';
import { SmppError } from '../errors.js';
import type { InboundSms } from '../message.js';
import type { Listener } from '../listeners.js';
import { Steps } from '../steps.js';

/** An incoming SMS as stored in table `event` until it is emitted. JSON. */
export interface StoredSms {
  /** Ends with its number in the order of arrival. */
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

/** Adds the correlation of what an SMS answers, as far as it can be read. */
export type ReadReply = (
  repliesTo: RepliesTo | 'unread',
  sms: StoredSms['sms'],
) => Promise<InboundSms['inReplyTo']>;

export interface SmsEmissionOptions {
  readonly listener: Listener<InboundSms>;
  readonly readReply: ReadReply;
  /** One more SMS, or one less, is not confirmed. */
  readonly unconfirmed: (by: 1 | -1) => void;
}

export class SmsEmission {
  readonly #options: SmsEmissionOptions;
  /** By phone: each step reads what an SMS answers and calls the listener. */
  readonly #lines = new Steps<string>();
  /** The highest number handed in: they come in their order, so what is not above it comes again. */
  #lastNumber = 0;
  #isOver = false;

  constructor(options: SmsEmissionOptions) {
    this.#options = options;
  }

  /** The listener is called no more. What has not had its turn is rejected when that comes, SMPP_STOPPED. */
  end(): void {
    this.#isOver = true;
  }

  /**
   * Resolves once the listener has taken it. An SMS with nothing to read, and nothing before it, is with the listener
   * when this returns. Each time the listener gets an object of its own.
   *
   * @throws what the listener threw, or rejected with; SMPP_STOPPED
   */
  async emit(stored: StoredSms): Promise<void> {
    const { unconfirmed } = this.#options;
    unconfirmed(1);
    try {
      await this.#handOn(stored);
    } finally {
      unconfirmed(-1);
    }
  }

  #handOn(stored: StoredSms): void | Promise<void> {
    const { key, sms, repliesTo } = stored;
    const number = numberOf(key);
    if (number <= this.#lastNumber) return this.#handOnAgain(stored);
    this.#lastNumber = number;
    if (repliesTo === undefined && !this.#lines.has(sms.from)) return this.#give(sms, undefined);
    return this.#handOnInLine(stored);
  }

  async #handOnInLine({ sms, repliesTo }: StoredSms): Promise<void> {
    const turn: { taking?: void | Promise<void> } = {};
    await this.#lines.run(sms.from, async () => {
      const inReplyTo = repliesTo && (await this.#options.readReply(repliesTo, sms));
      turn.taking = this.#give(sms, inReplyTo);
    });
    await turn.taking;
  }

  async #handOnAgain({ sms, repliesTo }: StoredSms): Promise<void> {
    await this.#give(sms, repliesTo && (await this.#options.readReply(repliesTo, sms)));
  }

  #give(sms: StoredSms['sms'], inReplyTo: InboundSms['inReplyTo']): void | Promise<void> {
    if (this.#isOver) throw new SmppError('SMPP_STOPPED', 'the listener has left: the SMS is kept');
    return this.#options.listener(inReplyTo === undefined ? { ...sms } : { ...sms, inReplyTo });
  }
}

/** Of keys such as `sms-17`: those of SMS that come later are higher. */
function numberOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('-') + 1));
}
