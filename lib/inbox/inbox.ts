/**
 * From a deliver_sm to an incoming SMS or a receipt: safe in storage before it is answered, emitted at least once.
 *
 *   accept ─┬─ receipt for an SMS that is known ─▶ taken by the receipt tracker
 *           ├─ an SMS of a phone of which one waits as a possible copy ─▶ waits behind it
 *           ├─ a copy of what came on another session ─▶ answered, counted, nothing else
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
import { asSmppError, DamagedRecordError, SmppError } from '../errors.js';
import { FailureLog } from '../failure-log.js';
import type { CounterName, Delivery, InboundSms, Unsubscribe } from '../message.js';
import type { Listener } from '../listeners.js';
import { Mailbox } from '../storage/mailbox.js';
import type { Change, Storage } from '../storage/storage.js';
import { isReceipt, isWhole, readPart, receiptOf, type WholeMessage } from './message-part.js';
import { readSms } from './read-sms.js';
import { alone, Reassembler, type Reassembly } from './reassembler.js';
import { type Doubt, fingerprintOf, RedeliveryGuard, seenChange, seenGone } from './redelivery-guard.js';
import { type RepliesTo, SmsEmission, type StoredSms } from './sms-emission.js';
import { isStoredPart } from './stored-part.js';
import { TurnWrites } from './turn-writes.js';

/** What the inbox asks of the receipt tracker. */
export interface Tracker {
  /** Takes a receipt; undefined when the delivery is none. */
  take(delivery: Delivery): (Kept & { readonly isKnown: boolean }) | undefined;
  /** Of those accepted until then; `unread` as long as it may be one that is still being read. */
  lastSmsTo(phone: string, until?: EpochMs): RepliesTo | 'unread' | undefined;
  /** Resolves when it can be told, or nothing is read any more. */
  whenRead(): Promise<void>;
  correlationOf(id: string, phone: string): Promise<unknown>;
  /** Receipts that were handed on and not confirmed. */
  readonly underWay: number;
}

/** Something to be handed on: `changes` make it safe, `kept` is called once they are durable. */
interface Kept {
  readonly changes: readonly Change[];
  readonly kept: () => void;
}

/** How a delivery ended, once it is known; returns what `Respond` does. */
export type Answer = (outcome: 'kept' | 'repeated' | SmppError) => number | undefined;

/** A delivery by what identifies it. */
interface Sighting {
  readonly fingerprint: string;
  readonly sessionId: number;
  readonly receivedAt: EpochMs;
}

/** A delivery that is not decided on yet. */
interface Waiting {
  readonly delivery: Delivery;
  readonly sessionId: number;
  readonly answer: Answer;
  readonly cameAt: Millis;
  readonly receivedAt: EpochMs;
}

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

/** Phones and gateways send parts within seconds; a phone that loses its network goes on minutes later. */
const PARTS_WAIT_MS: Millis = 5 * 60_000;

/** A message whose end could not be stored ends again after this. */
const RETRY_MS: Millis = 5_000;

/** What an SMS answers is read again after this, when it could not be; each try is one of so many, a minute in all. */
const READ_AGAIN_MS: Millis = 5_000;
const READS_MAX = 13;
const CAME_AGAIN =
  'an incoming SMS or receipt came again, as the gateway may not have had our answer: it is not handed on twice';
const COMES_WITHOUT = 'what an incoming SMS answers cannot be read: it comes without its correlation';

/** Marks our records among the others of table `event`. */
const KEY_PREFIX = 'sms-';

export class Inbox {
  readonly #options: InboxOptions;
  readonly #bounds: Bounds;
  readonly #box: Mailbox<StoredSms>;
  readonly #emission: SmsEmission;
  readonly #failures: FailureLog;
  readonly #turnWrites: TurnWrites;
  #guard: RedeliveryGuard;
  #reassembler: Reassembler;
  /** By phone: first what may be a copy, then what came behind it. As many as are unanswered at most. */
  readonly #queues = new Map<string, [Waiting, ...Waiting[]]>();
  #isOpen = false;
  #cancelExpiry: (() => void) | undefined;
  /** Each ends a pause before it is over. */
  readonly #pauses = new Set<() => void>();

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#bounds = options.bounds ?? DEFAULT_BOUNDS;
    this.#guard = this.#newGuard();
    this.#failures = new FailureLog(options.clock, options.log);
    this.#reassembler = this.#emptyReassembler();
    this.#turnWrites = new TurnWrites(options.storage, this.#bounds, this.#failures.fault);
    this.#emission = new SmsEmission({
      clock: options.clock,
      bounds: this.#bounds,
      readReply: (repliesTo, sms) => this.#readReply(repliesTo, sms),
      isOpen: () => this.#isOpen,
      onLeft: () => this.#box.left(),
      onRoom: () => this.#box.roomAgain(),
    });
    this.#box = new Mailbox({
      storage: options.storage,
      bounds: this.#bounds,
      table: 'event',
      keyPrefix: KEY_PREFIX,
      clock: options.clock,
      kind: 'incoming SMS',
      revive: (value) => (isStoredSms(value) ? value : undefined),
      cameAt: ({ sms }) => sms.receivedAt,
      takers: this.#emission,
      forget: (changes) => options.storage.write(changes, 'later'),
      onFailure: (error) => this.#failures.say('an incoming SMS could not be handed on and is kept', error),
      log: options.log,
    });
  }

  /** Reads what an earlier process did not hand on. Call it when storage and tracker are open. */
  async open(): Promise<void> {
    const { storage, clock } = this.#options;
    this.#reassembler = this.#emptyReassembler();
    await this.#restoreDoubts();
    for await (const [, part] of storage.scan('part')) {
      if (isStoredPart(part)) this.#reassembler.restore(part, clock.now());
    }
    this.#isOpen = true;
    await this.#box.open();
    this.#armExpiry();
  }

  /** Hands nothing on any more. What is not emitted stays stored. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    for (const end of this.#pauses) end();
    await this.#box.close();
    await this.#closeGuard();
  }

  /**
   * Makes a delivery safe, with all that this turn of the event loop brings. Any content is survived.
   *
   * @param sessionId of the session that it came on; from 1 on
   * @param answer called once, later, unless the session ends first: `kept` when it is safe, `repeated` when it was before
   *   and is not emitted again, SMPP_STORAGE when it could not be kept, SMPP_QUEUE_FULL when listeners confirm too slowly
   */
  accept(delivery: Delivery, sessionId: number, answer: Answer): void {
    if (this.#queues.size > 0 && !isReceipt(delivery) && this.#queues.has(delivery.from))
      this.#queueUp(this.#waiting(delivery, sessionId, answer));
    else this.#accept(delivery, sessionId, answer);
  }

  #accept(delivery: Delivery, sessionId: number, answer: Answer, waited?: Waiting): void {
    const { tracker, clock } = this.#options;
    const isFull = tracker.underWay >= this.#bounds.unconfirmed && isReceipt(delivery);
    const receipt = !isFull && isWhole(delivery) ? tracker.take(delivery) : undefined;
    if (receipt?.isKnown === true) {
      const kept = (): void => {
        receipt.kept();
        answer('kept');
      };
      const { length: octets } = delivery.octets;
      void this.#turnWrites.add({ changes: receipt.changes, octets, kept, failed: answer });
      return;
    }
    const fingerprint = fingerprintOf(delivery);
    const earlier = this.#guard.earlier(fingerprint, sessionId);
    if (earlier !== undefined) this.#decide(earlier, waited ?? this.#waiting(delivery, sessionId, answer));
    else if (isFull) this.#refuse(answer);
    else {
      const receivedAt = waited === undefined ? clock.wall() : waited.receivedAt;
      this.#news(delivery, receipt, { fingerprint, sessionId, receivedAt }, answer);
    }
  }

  /** The gateway has read the answers of a session up to this one, by its number. */
  answersRead(sessionId: number, upTo: number): void {
    this.#guard.answersRead(sessionId, upTo);
  }

  /**
   * A session has ended: what it brought may be delivered again on another.
   *
   * @param isReplaced the next one is bound already
   */
  sessionOver(sessionId: number, isReplaced: boolean): void {
    const freed = this.#leaveWith(sessionId);
    this.#guard.sessionOver(sessionId, isReplaced);
    this.#goOn(freed);
  }

  /** A session is bound over which the gateway delivers. */
  bound(): void {
    this.#guard.bound();
  }

  /**
   * Hands every incoming SMS to `listener`, those of one phone in the order in which they became whole and safe. It
   * counts as emitted, and is forgotten, once the listener has returned and its promise resolved; else it comes again,
   * also after a restart, and holds up none meanwhile.
   */
  onSms(listener: Listener<InboundSms>): Unsubscribe {
    const leave = this.#emission.listeners.add(listener);
    this.#box.heard();
    return leave;
  }

  /** A delivery that nobody has seen. */
  #news(delivery: Delivery, receipt: Kept | undefined, sighting: Sighting, answer: Answer): void {
    const { clock, storage } = this.#options;
    const { fingerprint, sessionId, receivedAt } = sighting;
    const { part, place } = readPart(delivery, receivedAt);
    const { changes, messages, undo } =
      place === undefined ? alone(part) : this.#reassembler.add(part, place, clock.now());
    const taken = receipt === undefined ? this.#takeAllOr(undo, messages) : [receipt];
    const key = this.#guard.takeKey();
    const all = [...changes, ...taken.flatMap((each) => each.changes)];
    if (storage.isVolatile !== true) all.push(seenChange(key, fingerprint, receivedAt));
    const written = this.#turnWrites.add({
      changes: all,
      octets: part.body.length + octetsOf(messages),
      kept: () => {
        for (const { kept } of taken) kept();
        this.#guard.answered(doubt, sessionId, answer('kept'));
      },
      failed: (error) =>
        void this.#undo(undo).then((isSafe) => {
          this.#guard.notKept(doubt);
          answer(isSafe ? 'kept' : error);
        }),
    });
    const doubt = this.#guard.note(key, fingerprint, sessionId, written);
    this.#armExpiry();
  }

  /** True when it is safe all the same: its message was whole meanwhile, and the write of that did not fail. */
  async #undo(undo: Reassembly['undo']): Promise<boolean> {
    if (undo()) return false;
    await this.#turnWrites.settled();
    return !undo();
  }

  /** A delivery that may have been seen: it waits until that is known, and what its phone sends waits behind it. */
  #decide(earlier: Doubt, waiting: Waiting): void {
    const { delivery, sessionId, answer } = waiting;
    if (!isReceipt(delivery)) this.#queues.set(delivery.from, [waiting]);
    this.#guard.decide(earlier, waiting, (repeated) => {
      const behind = this.#leave(waiting);
      if (repeated !== undefined) this.#repeated(repeated, sessionId, answer);
      else this.#acceptLate(waiting);
      this.#goOn(behind);
    });
  }

  #waiting(delivery: Delivery, sessionId: number, answer: Answer): Waiting {
    const { clock } = this.#options;
    const lasting = { ...delivery, octets: new Uint8Array(delivery.octets) }; // the socket may use them anew
    return { delivery: lasting, sessionId, answer, cameAt: clock.now(), receivedAt: clock.wall() };
  }

  /** Whether an SMS of that phone waits, and this behind it. */
  #queueUp(waiting: Waiting): boolean {
    const queue = this.#queues.get(waiting.delivery.from);
    queue?.push(waiting);
    return queue !== undefined;
  }

  /** It waits no more. Returns what came behind it. */
  #leave(waiting: Waiting): readonly Waiting[] {
    const { from } = waiting.delivery;
    const [first, ...behind] = this.#queues.get(from) ?? [];
    if (first !== waiting) return [];
    this.#queues.delete(from);
    return behind;
  }

  /** What waits on this session never came. Returns what waits behind that alone. */
  #leaveWith(sessionId: number): readonly Waiting[] {
    const freed: Waiting[] = [];
    for (const [phone, queue] of this.#queues) {
      const [first, ...behind] = queue;
      const left = behind.filter((each) => each.sessionId !== sessionId);
      if (first.sessionId !== sessionId) this.#queues.set(phone, [first, ...left]);
      else {
        this.#queues.delete(phone);
        freed.push(...left);
      }
    }
    return freed;
  }

  /** In order; one that may be a copy has those of its phone wait on, behind it. */
  #goOn(freed: readonly Waiting[]): void {
    for (const waiting of freed) if (!this.#queueUp(waiting)) this.#acceptLate(waiting);
  }

  /** Nobody who waits for an answer is there to catch what it throws. */
  #acceptLate(waiting: Waiting): void {
    const { delivery, sessionId, answer } = waiting;
    try {
      this.#accept(delivery, sessionId, answer, waiting);
    } catch (error) {
      this.#failures.fault('a deliver_sm could not be handled; the gateway delivers it again', error);
      answer(asSmppError(error, 'SMPP_STORAGE'));
    }
  }

  #repeated(doubt: Doubt, sessionId: number, answer: Answer): void {
    void doubt.kept
      .then(() => {
        this.#options.count('repeatedIncoming', 1);
        this.#failures.remark(CAME_AGAIN);
        this.#guard.answered(doubt, sessionId, answer('repeated'));
      })
      .catch((error: unknown) => answer(asSmppError(error, 'SMPP_STORAGE')));
  }

  #refuse(answer: Answer): void {
    const what = `${this.#bounds.unconfirmed} receipts wait until all SMS are read`;
    queueMicrotask(() => answer(new SmppError('SMPP_QUEUE_FULL', what)));
  }

  /** What an earlier process left there is in doubt. Storage that ends with the process has it again as that closes. */
  async #restoreDoubts(): Promise<void> {
    const { storage } = this.#options;
    this.#guard = this.#newGuard();
    const gone: Change[] = [];
    for await (const [key, value] of storage.scan('seen')) {
      this.#guard.restore(key, value);
      if (storage.isVolatile === true) gone.push(seenGone(key));
    }
    if (gone.length > 0) await storage.write(gone);
  }

  async #closeGuard(): Promise<void> {
    const { storage, clock } = this.#options;
    this.#queues.clear();
    const left = this.#guard.close();
    if (storage.isVolatile !== true || left.length === 0) return;
    await storage.write(left.map(({ key, fingerprint }) => seenChange(key, fingerprint, clock.wall())));
  }

  #newGuard(): RedeliveryGuard {
    const { storage, clock } = this.#options;
    return new RedeliveryGuard({
      clock,
      bounds: this.#bounds,
      forget: (keys) => {
        if (storage.isVolatile === true) return Promise.resolve();
        return storage.write(keys.map(seenGone), 'later').catch((error: unknown) => {
          this.#failures.say('the digest of what came could not be erased, and is later', error);
          throw error;
        });
      },
    });
  }

  /** What throws comes again: it must not find that its part was taken. */
  #takeAllOr(undo: Reassembly['undo'], messages: readonly WholeMessage[]): readonly Kept[] {
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
    const key = this.#box.newKey();
    const stored: StoredSms = { key, sms, ...(repliesTo === undefined ? {} : { repliesTo }) };
    const kept = () => {
      this.#options.count('incoming', 1);
      this.#box.deliver(key, stored);
    };
    return { changes: [this.#box.keeping(key, stored)], kept };
  }

  async #readReply(repliesTo: RepliesTo | 'unread', sms: StoredSms['sms']): Promise<InboundSms['inReplyTo']> {
    if (repliesTo !== 'unread') return this.#withCorrelation(repliesTo, sms.from);
    const { tracker } = this.#options;
    await tracker.whenRead();
    const told = this.#isOpen ? tracker.lastSmsTo(sms.from, sms.receivedAt) : 'unread';
    if (told === 'unread') throw stopped();
    return told && this.#withCorrelation(told, sms.from);
  }

  /** Without the correlation when that is damaged, or cannot be read for a minute: the SMS matters more. */
  async #withCorrelation({ id, sentAt }: RepliesTo, phone: string): Promise<InboundSms['inReplyTo']> {
    for (let reads = 1; this.#isOpen; reads += 1) {
      try {
        const correlation = await this.#options.tracker.correlationOf(id, phone);
        return correlation === undefined ? { id, sentAt } : { id, sentAt, correlation };
      } catch (error) {
        if (error instanceof DamagedRecordError || reads === READS_MAX) {
          this.#failures.say(COMES_WITHOUT, error);
          return { id, sentAt };
        }
        await this.#pauseAfter(error);
      }
    }
    throw stopped();
  }

  /** A read failed and is tried again later, unless the run ends first. */
  async #pauseAfter(failure: unknown): Promise<void> {
    if (!this.#isOpen) return;
    this.#failures.say('what an incoming SMS answers cannot be read now, and it waits', failure);
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = this.#options.clock.after(READ_AGAIN_MS, end);
      this.#pauses.add(end);
    });
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
    for (const ended of this.#reassembler.expire(this.#options.clock.now())) this.#end(ended);
    this.#armExpiry();
  }

  /** A wait is over. What cannot be stored ends later, and holds up no other. */
  #end({ changes, messages, undo }: Reassembly): void {
    const taken = this.#takeAll(messages);
    void this.#turnWrites.add({
      changes: [...changes, ...taken.flatMap((each) => each.changes)],
      octets: octetsOf(messages),
      kept: () => {
        for (const { kept } of taken) kept();
      },
      failed: (error) => {
        undo();
        this.#failures.say('an incomplete message could not be stored and is kept', error);
        this.#cancelExpiry?.();
        this.#cancelExpiry = undefined;
        this.#armExpiry(RETRY_MS);
      },
    });
  }

  #emptyReassembler(): Reassembler {
    return new Reassembler(this.#options.partsWaitMs ?? PARTS_WAIT_MS, this.#bounds);
  }
}

function stopped(): SmppError {
  return new SmppError('SMPP_STOPPED', 'the gateway is stopped: the SMS is kept');
}

function octetsOf(messages: readonly WholeMessage[]): number {
  let octets = 0;
  for (const { parts } of messages) for (const { body } of parts) octets += body.length;
  return octets;
}

function isStoredSms(value: unknown): value is StoredSms {
  if (typeof value !== 'object' || value === null) return false;
  const { key, sms } = value as Partial<StoredSms>;
  return typeof key === 'string' && typeof sms?.from === 'string' && typeof sms.receivedAt === 'number';
}
