/**
 * From a deliver_sm to an incoming SMS or a receipt: safe in storage before it is answered, emitted at least once.
 *
 *   accept ─┬─ seen on an earlier session ─▶ answered, nothing else
 *           ├─ receipt ─▶ taken by the receipt tracker
 *           ├─ part of a long message ─▶ kept until it is whole, or the wait is over
 *           └─ SMS ─▶ kept ─▶ answered ─▶ emitted ─▶ record deleted
 *
 * It knows nothing of what a receipt means: `lib/receipt`, which the gateway hands in.
 * Source: contract 3.3; SMPP 3.4 §4.6.
 */
import type { Clock, EpochMs, Millis } from '../clock.js';
import { asSmppError, SmppError } from '../errors.js';
import { FailureLog } from '../failure-log.js';
import type { CounterName, Delivery, InboundSms, Unsubscribe } from '../message.js';
import { type Listener, Mailbox } from '../storage/mailbox.js';
import type { Change, Storage } from '../storage/storage.js';
import { readPart, type WholeMessage, withOctets } from './message-part.js';
import { joinOctets, readSms } from './read-sms.js';
import { Reassembler, type Reassembly } from './reassembler.js';
import { fingerprintOf, RedeliveryGuard, seenChange } from './redelivery-guard.js';
import { isStoredPart } from './stored-part.js';

/** What the inbox asks of the receipt tracker. */
export interface Tracker {
  /** Takes a receipt; undefined when the delivery is none. */
  take(delivery: Delivery): Kept | undefined;
  lastSmsTo(phone: string): { readonly id: string; readonly sentAt: EpochMs } | undefined;
  correlationOf(id: string): Promise<unknown>;
  /** Receipts that were handed on and not confirmed. */
  readonly underWay: number;
}

/** Something to be handed on: `changes` make it safe, `kept` is called once they are durable. */
interface Kept {
  readonly changes: readonly Change[];
  readonly kept: () => void;
}

export interface InboxOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly tracker: Tracker;
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

/** Handed to listeners that have not confirmed yet; beyond it the gateway is asked to send again later. */
const UNCONFIRMED_MAX = 10_000;

/** Marks our records among the others of table `event`. */
const KEY_PREFIX = 'sms-';
const KEY = /^sms-\d+$/;

export class Inbox {
  readonly #options: InboxOptions;
  readonly #box: Mailbox<StoredSms>;
  readonly #failures: FailureLog;
  #guard = new RedeliveryGuard();
  #reassembler: Reassembler;
  #lastKey = 0;
  #unconfirmed = 0;
  #isOpen = false;
  #cancelExpiry: (() => void) | undefined;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#failures = new FailureLog(options.clock, options.log);
    this.#reassembler = this.#emptyReassembler();
    this.#box = new Mailbox({
      storage: options.storage,
      table: 'event',
      clock: options.clock,
      revive: (value) => this.#revive(value),
      onFailure: (error) => this.#failures.say('an incoming SMS could not be handed on and is kept', error),
    });
  }

  /** Reads what an earlier process did not hand on. Call it when storage and tracker are open. */
  async open(): Promise<void> {
    const { storage, clock } = this.#options;
    this.#guard = new RedeliveryGuard();
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
    this.resume();
  }

  /** Hands nothing on any more. What is not emitted stays stored. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    await this.#box.close();
  }

  /**
   * Makes a delivery safe; answer the deliver_sm with ESME_ROK when it resolves, with ESME_RX_T_APPN when it
   * rejects. `repeated`: it was safe already, and is not emitted again. Any content is survived.
   *
   * @param sessionId of the session that it came on; a later session has a higher one
   * @throws SMPP_STORAGE when it could not be kept; SMPP_QUEUE_FULL when listeners confirm too slowly
   */
  async accept(delivery: Delivery, sessionId: number): Promise<'kept' | 'repeated'> {
    const { clock, tracker } = this.#options;
    if (this.#unconfirmed + tracker.underWay >= UNCONFIRMED_MAX) {
      throw new SmppError('SMPP_QUEUE_FULL', `${UNCONFIRMED_MAX} incoming messages wait to be confirmed`);
    }
    const sighting = { fingerprint: fingerprintOf(delivery), sessionId, at: clock.now() };
    const { part, place } = readPart(delivery, clock.wall());
    const earlier = this.#guard.earlier(sighting);
    if (earlier !== undefined) {
      await earlier;
      return 'repeated';
    }
    const reassembly =
      place === undefined
        ? { changes: [], messages: [{ total: 1, parts: [{ ...part, sequence: 1 }] }], undo: () => undefined }
        : this.#reassembler.add(part, place, sighting.at);
    const seen = seenChange(sighting.fingerprint, part.receivedAt);
    const writing = this.#finish(reassembly, seen);
    this.#guard.note(sighting, writing);
    this.#armExpiry();
    try {
      await writing;
    } catch (error) {
      this.#guard.forget(sighting.fingerprint);
      throw asSmppError(error, 'SMPP_STORAGE');
    }
    return 'kept';
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

  /** Emits nothing until `resume`: the flows are stopping. What comes is kept. */
  pause(): void {
    this.#box.pause();
  }

  resume(): void {
    this.#box.resume();
  }

  /** Stores a reassembly with what its messages are, then hands those on; undoes it when that fails. */
  async #finish({ changes, messages, undo }: Reassembly, seen?: Change): Promise<void> {
    const taken: Kept[] = [];
    const writes = [...changes];
    for (const message of messages) {
      const kept = this.#take(message);
      if (kept === undefined) continue;
      taken.push(kept);
      writes.push(...kept.changes);
    }
    if (seen !== undefined) writes.push(seen);
    try {
      await this.#options.storage.write(writes);
    } catch (error) {
      undo();
      throw error;
    }
    for (const { kept } of taken) kept();
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
      const inReplyTo = repliesTo && (await this.#withCorrelation(repliesTo));
      await listener({ ...sms, ...(inReplyTo === undefined ? {} : { inReplyTo }) });
    } finally {
      this.#unconfirmed -= 1;
    }
  }

  async #withCorrelation(reply: NonNullable<StoredSms['repliesTo']>): Promise<InboundSms['inReplyTo']> {
    const correlation = await this.#options.tracker.correlationOf(reply.id);
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
    this.#cancelExpiry = clock.after(delayMs ?? at - clock.now(), () => void this.#expire());
  }

  async #expire(): Promise<void> {
    this.#cancelExpiry = undefined;
    const { clock } = this.#options;
    try {
      await this.#finish(this.#reassembler.expire(clock.now()));
      this.#armExpiry();
    } catch (error) {
      this.#failures.say('an incomplete message could not be stored and is kept', error);
      this.#armExpiry(RETRY_MS);
    }
  }

  #emptyReassembler(): Reassembler {
    return new Reassembler(this.#options.partsWaitMs ?? PARTS_WAIT_MS);
  }
}

/** The joined message as one delivery, when it is a receipt or a notification. */
function receiptOf({ parts }: WholeMessage): Delivery | undefined {
  const [first] = parts;
  if (first === undefined || (first.delivery.kind !== 'receipt' && first.delivery.kind !== 'notification')) {
    return undefined;
  }
  const octets = parts.length === 1 ? first.body : joinOctets(parts.map(({ body }) => body));
  return withOctets(first.delivery, octets);
}

function isStoredSms(value: unknown): value is StoredSms {
  if (typeof value !== 'object' || value === null) return false;
  const { key, sms } = value as Partial<StoredSms>;
  return typeof key === 'string' && KEY.test(key) && typeof sms?.from === 'string';
}
