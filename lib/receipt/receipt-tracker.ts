/**
 * Ties the gateway's receipts to the SMS they belong to, and hands them on.
 *
 *   take ─▶ stored ─┬─ SMS known ────────────────▶ joined with its segments ─▶ emitted ─▶ record deleted
 *                   └─ held until it is known ───▶ … or unmatched after 60 s ─▶ emitted ─▶ record deleted
 *                      (of a long SMS that is being submitted: until that is settled)
 *
 * It is joined at once, also where it has to wait for somebody who takes it: what came counts, even if it is let go.
 * Held is also a receipt whose phone is another than that of each SMS with its id, as its own may be under way (ids of
 * two hosts); after the 60 s it is given to the last of those.
 * After a start SMS are read while receipts come already: those are stored, and go on once all are read.
 * What a receipt says is `parse-receipt.ts`, what it means for its SMS `join-receipt.ts`; how it is handed on,
 * `receipt-emission.ts`. A crash between emission and deletion emits once more; nothing is dropped.
 * Source: contract section 2 ("A long message is one SMS …") and 3.3; gateway.md: receipts.
 */
import { Alarm } from '../alarm.js';
import { type Bounds, DEFAULT_BOUNDS } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { damagedAs } from '../errors.js';
import { FailureLog } from '../failure-log.js';
import { RECEIPT_WAIT_MS } from '../inmobile.js';
import type { CounterName, Delivery, Unsubscribe } from '../message.js';
import { Steps } from '../steps.js';
import { Mailbox } from '../storage/mailbox.js';
import type { Change, Storage } from '../storage/storage.js';
import { HeldReceipts, type StoredReceipt } from './held-receipts.js';
import type { ReceiptScope, ReceivedReceipt, TrackedSms } from './join-receipt.js';
import { OverdueReports } from './overdue-reports.js';
import { type ParsedReceipt, parseReceipt } from './parse-receipt.js';
import { ReceiptEmission } from './receipt-emission.js';
import type { ReceiptListener } from './receipt-listeners.js';
import { isReceiptRecord, receivedOf, recordOf } from './receipt-record.js';
import { isFinalState } from './receipt-state.js';
import { phoneKey } from './tracked-index.js';
import { TrackedRecords } from './tracked-records.js';
import { UnknownReceipts } from './unknown-receipts.js';

export { settledSms } from './join-receipt.js';
export type { ReceiptScope, TrackedSms } from './join-receipt.js';
export type { ReceiptListener } from './receipt-listeners.js';

export interface ReceiptTrackerOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly bounds?: Bounds;
  /** How long a receipt waits for its SMS to become known. Default 60 s. */
  readonly unmatchedAfterMs?: Millis;
  /**
   * Whether the gateway gave this id to a segment of an SMS that is not settled: a receipt waits until it is. By default
   * it never did.
   */
  readonly isUnderWay?: (messageId: string) => boolean;
  /** How long an accepted SMS waits for receipts. Default 72 h. */
  readonly keepMs?: Millis;
  readonly count: (counter: CounterName, by: number) => void;
  /** A receipt that came before all SMS were read belongs to none that we know; called with the phone. */
  readonly unknownCame?: (phone: string) => void;
  /** One line when something could not be done; no personal data. */
  readonly log: (level: 'info' | 'warn' | 'error', line: string) => void;
}

/** A receipt that was stored before all SMS were read. */
interface Unplaced {
  readonly stored: StoredReceipt;
  /** When it came. */
  readonly at: Millis;
}

/** A receipt that was taken: `changes` make it safe, and `kept` is called once they are durable. */
export interface TakenReceipt {
  readonly changes: readonly Change[];
  /** Its SMS is known, and the same receipt once more would say nothing new of it: a redelivery does no harm. */
  readonly isKnown: boolean;
  readonly kept: () => void;
}

/** The gateway says an accepted SMS's id in its submit_sm_resp, which a busy link may bring late. */
const UNMATCHED_AFTER_MS: Millis = 60_000;

/** Of table `account`: what a receipt's submit date has to be set on by, to be on our wall clock. */
const OFFSET_KEY = 'gateway clock';

/** So many receipts that teach it anew are one look at whether it has changed by so much. */
const OFFSET_EVERY = 64;
const OFFSET_DRIFT_MS = 30_000;

/** Marks our records among the others of table `event`. */
const KEY_PREFIX = 'receipt-';

export class ReceiptTracker {
  readonly #options: Required<ReceiptTrackerOptions>;
  readonly #records: TrackedRecords;
  readonly #box: Mailbox<StoredReceipt>;
  readonly #overdue: OverdueReports;
  readonly #emission: ReceiptEmission;
  readonly #steps = new Steps<number>();
  readonly #notStored: (error: unknown) => void;
  readonly #alarm: Alarm;
  readonly #unknown: UnknownReceipts;
  #gatewayClock = new GatewayClock();
  /** As stored: on the wall clock. */
  #storedOffset: number | undefined;
  #held: HeldReceipts;
  /** In the order in which they came; undefined when all SMS are read. */
  #unplaced: Unplaced[] | undefined;
  #reading: Promise<void> = Promise.resolve();
  /** One function for all receipts. */
  readonly #hasSms = ({ received }: StoredReceipt): boolean =>
    this.#records.findFitting(received) !== undefined;
  #learnt = 0;
  #isOpen = false;

  constructor(options: ReceiptTrackerOptions) {
    const { storage, clock, count, log, keepMs = RECEIPT_WAIT_MS, bounds = DEFAULT_BOUNDS } = options;
    const unmatchedAfterMs = UNMATCHED_AFTER_MS;
    const unused = { unknownCame: () => undefined, isUnderWay: () => false };
    this.#options = { unmatchedAfterMs, keepMs, bounds, ...unused, ...options };
    this.#held = new HeldReceipts(bounds);
    const failures = new FailureLog(clock, log);
    const failing = (what: string) => (error: unknown) => failures.say(what, error);
    this.#notStored = failing('the state of an SMS could not be stored');
    const onFailure = this.#notStored;
    this.#records = new TrackedRecords({ storage, clock, bounds, keepMs, onFailure });
    this.#unknown = new UnknownReceipts({ storage, clock, bounds, onFailure });
    const steps = this.#steps;
    this.#emission = new ReceiptEmission({
      clock,
      bounds,
      records: this.#records,
      steps,
      count,
      isOpen: () => this.#isOpen,
      onLeft: () => this.#box.left(),
      onRoom: () => this.#box.roomAgain(),
      keeping: ({ key, received }, record) => this.#box.keeping(key, record, received.receivedAt),
      onFailure,
    });
    this.#box = new Mailbox({
      storage,
      bounds,
      table: 'event',
      keyPrefix: KEY_PREFIX,
      clock,
      kind: 'receipts',
      revive: storedReceipt,
      cameAt: ({ received }) => received.receivedAt,
      waits: (stored) => void this.#learnFrom(stored),
      takers: this.#emission,
      forget: (changes) => this.#records.store(changes),
      onFailure: failing('a receipt could not be handed on and is kept'),
      log,
    });
    this.#overdue = new OverdueReports({
      storage,
      clock,
      bounds,
      records: this.#records,
      steps,
      onFailure: failing('a missing receipt could not be reported and is reported later'),
    });
    this.#alarm = new Alarm(clock, () => this.#endHold());
  }

  /**
   * Reads what an earlier process did not hand on, and begins to read the SMS that it sent, which takes seconds for some
   * hundred thousand: `whenRead`. Call it when the storage is open, before `tracking`.
   */
  async open(): Promise<void> {
    this.#isOpen = true;
    this.#held = new HeldReceipts(this.#options.bounds);
    this.#unplaced = [];
    await this.#unknown.open();
    await this.#restoreGatewayClock();
    await this.#overdue.open();
    await this.#box.open({
      is: ({ received }) => this.#holdMs(received) > 0,
      hold: (stored) => this.#holdOn(stored),
    });
    await this.#records.open();
    if (this.#records.isRead) this.#placeAll();
    else this.#reading = this.#records.reading.then(() => this.#placeAll());
  }

  /**
   * Resolves when the SMS of earlier processes are known; or when it is closed. Until then receipts are stored and wait,
   * and an SMS that is accepted is tracked from then on.
   */
  whenRead(): Promise<void> {
    return this.#reading;
  }

  /** Hands nothing on any more. What is not emitted stays stored. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#alarm.clear();
    await Promise.all([this.#overdue.close(), this.#box.close()]);
    await this.#emission.closed();
    await this.#records.close();
    await this.#reading;
  }

  /**
   * An SMS was accepted, or is settled otherwise and the gateway has some of it: receipts are matched to it from now on,
   * and those that came before are now.
   *
   * @returns the changes that record it; the caller writes them at once, with what else they belong to
   */
  tracking(sms: TrackedSms): readonly Change[] {
    return this.#tracking(sms, this.#records.add(sms));
  }

  #tracking(sms: TrackedSms, changes: readonly Change[]): readonly Change[] {
    this.#overdue.added();
    this.#claim(sms.messageIds);
    for (const copy of sms.copies ?? []) this.#claim(copy);
    if (sms.halves !== undefined) this.#claim(sms.halves.map(({ messageId }) => messageId));
    return changes;
  }

  /**
   * An SMS was accepted by a submission that had been given up: these ids lead to it too, and all of it is as before
   * when it was accepted by another.
   *
   * @returns as `tracking`
   */
  trackingLate(sms: TrackedSms): readonly Change[] {
    if (!this.#records.isRead) {
      const { storage } = this.#options;
      void this.#reading
        .then(() => storage.write(this.#isOpen ? this.trackingLate(sms) : []))
        .catch(this.#notStored);
      return [];
    }
    const known = this.#records.findOwn(sms.id, sms.to);
    if (known === undefined) return this.#tracking(sms, this.#records.addAlone(sms));
    if (this.#records.index.hasIds(known, sms.messageIds)) return [];
    // In turn with its receipts, each of which replaces what is known of it.
    void this.#steps.run(known, () => this.#records.addCopy(known, sms.messageIds))?.catch(this.#notStored);
    this.#claim(sms.messageIds);
    return [];
  }

  /**
   * Takes a delivery when it is a receipt or an intermediate notification; undefined otherwise. Never throws.
   *
   * The caller writes the changes, and calls `kept` when they are durable.
   */
  take(delivery: Delivery): TakenReceipt | undefined {
    const parsed = parseReceipt(delivery);
    if (parsed === undefined) return undefined;
    const { clock } = this.#options;
    const receivedAt = clock.wall();
    const now = clock.now();
    const key = this.#box.newKey();
    const received = { parsed, phone: delivery.from, sender: delivery.to, receivedAt };
    const sms = this.#records.findFitting(received);
    const record = recordOf(received, delivery);
    const stored = { key, received, record, sms };
    if (sms !== undefined) this.#learn(sms, parsed);
    return {
      isKnown:
        sms !== undefined && isFinalState(parsed.state) && this.#saysNothingAgain(sms, parsed.messageId),
      changes: [this.#box.keeping(key, record, receivedAt)],
      kept: () => {
        if (sms !== undefined) this.#box.deliver(key, stored);
        else this.#place({ stored, at: now });
      },
    };
  }

  /** Whether a final receipt that comes again is sure to say nothing new of its SMS, nor of another with its id. */
  #saysNothingAgain(sms: number, messageId: string): boolean {
    return this.#records.isLasting(sms) && !this.#records.index.isShared(sms, messageId);
  }

  /**
   * Hands receipts to `listener`: one for each SMS as a whole, or one for each segment. States that are not final
   * come too. A receipt counts as emitted, and is forgotten, once the listener has returned and its promise
   * resolved; else it comes again, also after a restart.
   */
  onReceipt(listener: ReceiptListener, scope: ReceiptScope = 'message'): Unsubscribe {
    const leave = this.#emission.listeners.add(scope, listener);
    this.#box.heard();
    return leave;
  }

  /**
   * Tells `listener` of every SMS that asked for a receipt and has no final one `afterMs` after it was accepted:
   * a receipt with state NORECEIPT, once for each wait, also after a restart, and not in the first minute after
   * `open`. Who is the first to ask for a wait, or comes back to it after more than an hour, is told of what became
   * overdue in the hour before, and from then on. Whoever subscribes to it subscribes to receipts too: one that nobody was given does not count as come.
   */
  onOverdue(afterMs: Millis, listener: ReceiptListener): Unsubscribe {
    return this.#overdue.subscribe(afterMs, listener);
  }

  /**
   * Our last SMS to a phone, within 72 h, and accepted until then; `unread` while it may be one of those that are still
   * being read.
   */
  lastSmsTo(
    phone: string,
    until: EpochMs = Infinity,
  ): { readonly id: string; readonly sentAt: EpochMs } | 'unread' | undefined {
    return this.#records.isRead ? this.#records.lastTo(phone, until) : 'unread';
  }

  /** The correlation of a tracked SMS to a phone; undefined when it has none, or is not known any more. */
  correlationOf(id: string, phone: string): Promise<unknown> {
    return this.#records.correlationOf(id, phone);
  }

  /**
   * Receipts for SMS to this phone that belong to no SMS we know: what `reconcile` looks for. Each with the instant at
   * which the first with its id came, and that at which the gateway took its SMS in, as far as that is known.
   */
  unknownReceiptsFor(phone: string): readonly {
    readonly messageId: string;
    readonly receivedAt: Millis;
    readonly submittedAt: Millis | undefined;
  }[] {
    const { offset } = this.#gatewayClock;
    return this.#held.for(phone).flatMap(({ received: { parsed } }) => {
      const { messageId, submittedAt: said } = parsed;
      const receivedAt = this.#unknown.firstSeen(messageId);
      if (receivedAt === undefined) return [];
      const submittedAt = said === undefined || offset === undefined ? undefined : said + offset;
      return [{ messageId, receivedAt, submittedAt }];
    });
  }

  /** SMS whose final receipt is asked for and has not come; undefined until all are read. It walks through them. */
  get awaited(): number | undefined {
    return this.#records.isRead ? this.#records.index.countAwaited() : undefined;
  }

  /** Receipts that wait until all SMS are read. */
  get underWay(): number {
    return this.#unplaced?.length ?? 0;
  }

  /** All SMS are known that an earlier process has sent. */
  #placeAll(): void {
    const unplaced = this.#unplaced ?? [];
    this.#unplaced = undefined;
    if (!this.#isOpen) return;
    for (const each of unplaced) this.#place(each);
    this.#overdue.begin();
    for (const { stored } of unplaced) {
      if (this.#held.holds(stored)) this.#options.unknownCame(phoneKey(stored.received.phone));
    }
    this.#learnEarlier().catch(this.#notStored);
  }

  /** What an earlier process had not come to: it died, or stopped, as a receipt was kept. */
  async #learnEarlier(): Promise<void> {
    for await (const stored of this.#box.earlier()) await this.#learnFrom(stored);
  }

  #learnFrom(stored: StoredReceipt): Promise<void> | undefined {
    return this.#emission.learn(stored)?.catch(this.#notStored);
  }

  /** A stored receipt goes on, or waits for its SMS. */
  #place(unplaced: Unplaced): void {
    if (this.#unplaced !== undefined) {
      this.#unplaced.push(unplaced);
      return;
    }
    const { stored, at } = unplaced;
    const { received } = stored;
    const sms = this.#records.findFitting(received);
    if (sms === undefined && this.#hold(stored, at)) return;
    if (sms !== undefined) this.#learn(sms, received.parsed);
    this.#box.deliver(stored.key, stored);
  }

  /** Their SMS is known from now on: the receipts that waited for it go on. */
  #claim(messageIds: readonly string[]): void {
    for (const messageId of messageIds) {
      for (const stored of this.#held.claim(messageId, this.#hasSms)) this.#box.deliver(stored.key, stored);
      if (!this.#held.has(messageId)) this.#unknown.forget(messageId);
    }
  }

  /**
   * Has a receipt wait for its SMS. False when it need not wait, or has waited long enough.
   *
   * @param at when it came
   */
  #hold(stored: StoredReceipt, at: Millis): boolean {
    const { parsed } = stored.received;
    if (parsed.messageId === '') return false;
    if (this.#hasSms(stored)) return false;
    const left = this.#holdMs(stored.received);
    if (left <= 0) return false;
    this.#unknown.note(parsed.messageId, at);
    this.#holdFor(stored, left);
    return true;
  }

  #holdFor(stored: StoredReceipt, ms: Millis): void {
    const until = this.#options.clock.now() + ms;
    const gaveWay = this.#held.add(stored, until);
    if (gaveWay !== undefined) this.#deliverUnknown(gaveWay);
    // A write that ends after `close` must not keep the process alive.
    if (this.#isOpen) this.#alarm.set(until);
  }

  /** How long a receipt still waits for its SMS. */
  #holdMs({ receivedAt }: ReceivedReceipt): Millis {
    const { clock, unmatchedAfterMs } = this.#options;
    return unmatchedAfterMs - Math.max(0, clock.wall() - receivedAt);
  }

  #endHold(): void {
    const { clock, isUnderWay } = this.#options;
    for (const stored of this.#held.expired(clock.now())) {
      if (isUnderWay(stored.received.parsed.messageId)) this.#holdFor(stored, UNMATCHED_AFTER_MS);
      else this.#deliverUnknown(stored);
    }
    this.#alarm.set(this.#held.nextAt ?? Infinity);
  }

  /** It has waited for its SMS long enough. */
  #deliverUnknown(stored: StoredReceipt): void {
    this.#unknown.keep(stored.received.parsed.messageId);
    this.#box.deliver(stored.key, stored);
  }

  /** An SMS is known with its acceptance, and its receipt tells the same by the gateway's clock. */
  #learn(sms: number, { submittedAt }: ParsedReceipt): void {
    if (submittedAt === undefined) return;
    this.#gatewayClock.learn(this.#records.index.since(sms), submittedAt);
    this.#learnt += 1;
    if (this.#learnt % OFFSET_EVERY === 1) this.#storeOffset();
  }

  #storeOffset(): void {
    const { clock, storage } = this.#options;
    const { offset = 0 } = this.#gatewayClock;
    const value = Math.round(offset + clock.wall() - clock.now());
    if (Math.abs(value - (this.#storedOffset ?? Infinity)) < OFFSET_DRIFT_MS) return;
    this.#storedOffset = value;
    storage.write([{ table: 'account', key: OFFSET_KEY, value }], 'later').catch(this.#notStored);
  }

  async #restoreGatewayClock(): Promise<void> {
    const { clock, storage } = this.#options;
    this.#gatewayClock = new GatewayClock();
    const value = await storage.read('account', OFFSET_KEY).catch(damagedAs(undefined)); // it is learnt anew
    if (typeof value !== 'number') return;
    this.#storedOffset = value;
    this.#gatewayClock.restore(value - clock.wall() + clock.now());
  }

  /** One that an earlier process held waits on for the rest of its time. */
  #holdOn(stored: StoredReceipt): true {
    const { clock } = this.#options;
    this.#place({ stored, at: clock.now() - Math.max(0, clock.wall() - stored.received.receivedAt) });
    return true;
  }
}

function storedReceipt(value: unknown, key: string): StoredReceipt | undefined {
  return isReceiptRecord(value) ? { key, received: receivedOf(value), record: value } : undefined;
}

/** So that a clock that was set is known again soon, and one odd date is outlived. */
const SAMPLES = 8;

/**
 * How the clock that the gateway's receipts tell stands to ours: learnt from SMS whose acceptance we saw.
 *
 * The submit date of a receipt has minutes and no time zone, so the difference is that of the clocks, of the zones, and
 * up to a minute that was cut off. The least of the last ones is nearest to what the clocks differ by: neither a late
 * answer nor the cut makes it smaller.
 */
class GatewayClock {
  readonly #samples = new Float64Array(SAMPLES);
  #count = 0;

  /**
   * @param acceptedAt when an SMS was accepted
   * @param submittedAt its submit date
   */
  learn(acceptedAt: Millis, submittedAt: EpochMs): void {
    this.#samples[this.#count % SAMPLES] = acceptedAt - submittedAt;
    this.#count += 1;
  }

  /** What to add to a submit date; undefined before anything was learnt. */
  get offset(): number | undefined {
    return this.#count === 0 ? undefined : Math.min(...this.#samples.subarray(0, this.#count));
  }

  /** What an earlier process had learnt. */
  restore(offset: number): void {
    this.learn(offset, 0);
  }
}
