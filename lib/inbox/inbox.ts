/**
 * From a deliver_sm to an incoming SMS or a receipt: safe in storage before it is answered, emitted at least once.
 *
 *   accept ─┬─ receipt for an SMS that is known ─▶ taken by the receipt tracker
 *           ├─ seen on an earlier session ─▶ answered, nothing else
 *           ├─ receipt for any other SMS ─▶ taken by the receipt tracker
 *           ├─ part of a long message ─▶ kept until it is whole, or the wait is over
 *           └─ SMS ─▶ kept ─▶ emitted, answered ─▶ record deleted
 *
 * A receipt that comes again for an SMS that is known says nothing new (`join-receipt.ts`), so nobody need have seen
 * it. What one turn of the event loop brings is kept in one write: `turn-writes.ts`.
 * It knows nothing of what a receipt means: `lib/receipt`, which the gateway hands in.
 * Source: contract 3.3; SMPP 3.4 §4.6.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { asSmppError, SmppError } from '../errors.js';
import { FailureLog } from '../failure-log.js';
import type { CounterName, Delivery, InboundSms, Unsubscribe } from '../message.js';
import { type Listener, Mailbox } from '../storage/mailbox.js';
import type { Change, Storage } from '../storage/storage.js';
import { isWhole, readPart, receiptOf, type WholeMessage } from './message-part.js';
import { readSms } from './read-sms.js';
import { alone, Reassembler } from './reassembler.js';
import { fingerprintOf, RedeliveryGuard, seenChange, type Sighting } from './redelivery-guard.js';
import { isStoredPart } from './stored-part.js';
import { TurnWrites } from './turn-writes.js';

/** What the inbox asks of the receipt tracker. */
export interface Tracker {
  /** Takes a receipt; undefined when the delivery is none. */
  take(delivery: Delivery): (Kept & { readonly isKnown: boolean }) | undefined;
  lastSmsTo(phone: string): { readonly id: string; readonly sentAt: EpochMs } | undefined;
  correlationOf(id: string, phone: string): Promise<unknown>;
  /** Receipts that were handed on and not confirmed. */
  readonly underWay: number;
}

/** Something to be handed on: `changes` make it safe, `kept` is called once they are durable. */
interface Kept {
  readonly changes: readonly Change[];
  readonly kept: () => void;
}

/** How a delivery ended, once it is known. */
export type Answer = (outcome: 'kept' | 'repeated' | SmppError) => void;

export interface InboxOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly tracker: Tracker;
  readonly bounds?: Bounds;
  /** How long the parts of a long message wait for each other. Default 5 min. */
  readonly partsWaitMs?: Millis;
  readonly count: (counter: CounterName, by: number) => void;
  /** One line when something could not be done; no personal data. */
  readonly log: (level: 'info' | 'warn' | 'error', line: string) => void;
}

/** An incoming SMS as stored in table `event` until it is emitted. JSON. */
interface StoredSms {
  readonly key: string;
  readonly sms: Omit<InboundSms, 'inReplyTo'>;
  /** Our last SMS to that phone when this one came. */
  readonly repliesTo?: { readonly id: string; readonly sentAt: EpochMs };
}

/** Phones and gateways send parts within seconds; a phone that loses its network goes on minutes later. */
const PARTS_WAIT_MS: Millis = 5 * 60_000;

/** A message whose end could not be stored ends again after this. */
const RETRY_MS: Millis = 5_000;

/** Marks our records among the others of table `event`. */
const KEY_PREFIX = 'sms-';
const KEY = /^sms-\d+$/;

export class Inbox {
  readonly #options: InboxOptions;
  readonly #bounds: Bounds;
  readonly #box: Mailbox<StoredSms>;
  readonly #failures: FailureLog;
  readonly #turnWrites: TurnWrites;
  #guard: RedeliveryGuard;
  #reassembler: Reassembler;
  #lastKey = 0;
  #unconfirmed = 0;
  #isOpen = false;
  #cancelExpiry: (() => void) | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? DEFAULT_BOUNDS;
    this.#guard = new RedeliveryGuard(this.#bounds);
    this.#failures = new FailureLog(options.clock, options.log);
    this.#reassembler = this.#emptyReassembler();
    this.#turnWrites = new TurnWrites(options.storage, this.#failures.fault);
    this.#box = new Mailbox({
      storage: options.storage,
      bounds: this.#bounds,
      table: 'event',
      clock: options.clock,
      revive: (value) => this.#revive(value),
      forget: (changes) => options.storage.write(changes, 'later'),
      onFailure: (error) => this.#failures.say('an incoming SMS could not be handed on and is kept', error),
    });
  }

  /** Reads what an earlier process did not hand on. Call it when storage and tracker are open. */
  async open(): Promise<void> {
    const { storage, clock } = this.#options;
    this.#guard = new RedeliveryGuard(this.#bounds);
    this.#reassembler = this.#emptyReassembler();
    for await (const [fingerprint, wall] of storage.scan('seen')) {
      this.#guard.restore(fingerprint, clock.now() - Math.max(0, clock.wall() - Number(wall)));
    }
    for await (const [, part] of storage.scan('part')) {
      if (isStoredPart(part)) this.#reassembler.restore(part, clock.now());
    }
    await this.#box.open();
    this.#isOpen = true;
    this.#armExpiry();
  }

  /** Hands nothing on any more. What is not emitted stays stored. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    await this.#box.close();
  }

  /**
   * Makes a delivery safe, with all that this turn of the event loop brings. Any content is survived.
   *
   * @param sessionId of the session that it came on; a later session has a higher one
   * @param answer called once, later: `kept` when it is safe, `repeated` when it was before and is not emitted again,
   *   SMPP_STORAGE when it could not be kept, SMPP_QUEUE_FULL when listeners confirm too slowly
   */
  accept(delivery: Delivery, sessionId: number, answer: Answer): void {
    const { clock, tracker } = this.#options;
    if (this.#unconfirmed + tracker.underWay >= this.#bounds.unconfirmed) {
      const what = `${this.#bounds.unconfirmed} incoming messages wait to be confirmed`;
      queueMicrotask(() => answer(new SmppError('SMPP_QUEUE_FULL', what)));
      return;
    }
    const receipt = isWhole(delivery) ? tracker.take(delivery) : undefined;
    if (receipt?.isKnown === true) {
      const kept = (): void => keptAll([receipt], answer);
      void this.#turnWrites.add({ changes: receipt.changes, kept, failed: answer });
      return;
    }
    const sighting = { fingerprint: fingerprintOf(delivery), sessionId, at: clock.now() };
    const earlier = this.#guard.earlier(sighting);
    if (earlier === undefined) this.#news(delivery, receipt, sighting, answer);
    else
      void earlier
        .then(() => answer('repeated'))
        .catch((error: unknown) => answer(asSmppError(error, 'SMPP_STORAGE')));
  }

  /** A session has ended: what it brought may be delivered again on another. */
  sessionOver(sessionId: number): void {
    this.#guard.sessionOver(sessionId);
  }

  /**
   * Hands every incoming SMS to `listener`. It counts as emitted, and is forgotten, once the listener has returned
   * and its promise resolved; else it comes again, also after a restart.
   */
  onSms(listener: Listener<InboundSms>): Unsubscribe {
    return this.#box.subscribe((stored) => this.#emit(stored, listener));
  }

  /** A delivery that nobody has seen. */
  #news(delivery: Delivery, receipt: Kept | undefined, sighting: Sighting, answer: Answer): void {
    const { part, place } = readPart(delivery, this.#options.clock.wall());
    const { changes, messages, undo } =
      place === undefined ? alone(part) : this.#reassembler.add(part, place, sighting.at);
    const taken = receipt === undefined ? this.#takeAllOr(undo, messages) : [receipt];
    const written = this.#turnWrites.add({
      changes: [
        ...changes,
        ...taken.flatMap((each) => each.changes),
        seenChange(sighting.fingerprint, part.receivedAt),
      ],
      kept: () => keptAll(taken, answer),
      failed: (error) => {
        undo();
        this.#guard.forget(sighting.fingerprint);
        answer(error);
      },
    });
    this.#guard.note(sighting, written);
    this.#armExpiry();
  }

  /** What throws comes again: it must not find that its part was taken. */
  #takeAllOr(undo: () => void, messages: readonly WholeMessage[]): readonly Kept[] {
    try {
      return this.#takeAll(messages);
    } catch (error) {
      undo();
      throw error;
    }
  }

  #takeAll(messages: readonly WholeMessage[]): readonly Kept[] {
    return messages.flatMap((message) => this.#take(message) ?? []);
  }

  #take(message: WholeMessage): Kept | undefined {
    const { tracker, log } = this.#options;
    const { parts, total } = message;
    if (parts.length < total)
      log('warn', `a long incoming message is given up with ${parts.length} of ${total} parts`);
    const receipt = receiptOf(message);
    if (receipt !== undefined) return tracker.take(receipt);
    const sms = readSms(message);
    return sms && this.#takeSms(sms);
  }

  #takeSms(sms: StoredSms['sms']): Kept {
    const repliesTo = this.#options.tracker.lastSmsTo(sms.from);
    this.#lastKey += 1;
    const key = `${KEY_PREFIX}${this.#lastKey}`;
    const stored: StoredSms = { key, sms, ...(repliesTo === undefined ? {} : { repliesTo }) };
    const kept = () => {
      this.#options.count('incoming', 1);
      this.#box.deliver(key, stored);
    };
    return { changes: [this.#box.keeping(key, stored)], kept };
  }

  async #emit({ sms, repliesTo }: StoredSms, listener: Listener<InboundSms>): Promise<void> {
    this.#unconfirmed += 1;
    try {
      const inReplyTo = repliesTo && (await this.#withCorrelation(repliesTo, sms.from));
      await listener({ ...sms, ...(inReplyTo === undefined ? {} : { inReplyTo }) });
    } finally {
      this.#unconfirmed -= 1;
    }
  }

  async #withCorrelation(
    reply: NonNullable<StoredSms['repliesTo']>,
    phone: string,
  ): Promise<InboundSms['inReplyTo']> {
    const correlation = await this.#options.tracker.correlationOf(reply.id, phone);
    return correlation === undefined ? reply : { ...reply, correlation };
  }

  #revive(value: unknown): StoredSms | undefined {
    if (!isStoredSms(value)) return undefined;
    this.#lastKey = Math.max(this.#lastKey, Number(value.key.slice(KEY_PREFIX.length)));
    return value;
  }

  #armExpiry(delayMs?: Millis): void {
    const at = this.#reassembler.nextAt;
    // Waits end in the order in which they began: an alarm that is set is early enough.
    if (!this.#isOpen || at === undefined || this.#cancelExpiry !== undefined) return;
    const { clock } = this.#options;
    this.#cancelExpiry = clock.after(delayMs ?? at - clock.now(), () => this.#expire());
  }

  #expire(): void {
    this.#cancelExpiry = undefined;
    const { changes, messages, undo } = this.#reassembler.expire(this.#options.clock.now());
    const taken = this.#takeAll(messages);
    void this.#turnWrites.add({
      changes: [...changes, ...taken.flatMap((each) => each.changes)],
      kept: () => {
        for (const { kept } of taken) kept();
        this.#armExpiry();
      },
      failed: (error) => {
        undo();
        this.#failures.say('an incomplete message could not be stored and is kept', error);
        this.#armExpiry(RETRY_MS);
      },
    });
  }

  #emptyReassembler(): Reassembler {
    return new Reassembler(this.#options.partsWaitMs ?? PARTS_WAIT_MS, this.#bounds);
  }
}

function keptAll(taken: readonly Kept[], answer: Answer): void {
  for (const { kept } of taken) kept();
  answer('kept');
}

function isStoredSms(value: unknown): value is StoredSms {
  if (typeof value !== 'object' || value === null) return false;
  const { key, sms } = value as Partial<StoredSms>;
  return typeof key === 'string' && KEY.test(key) && typeof sms?.from === 'string';
}
