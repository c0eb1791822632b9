/**
 * A stored receipt on its way out: joined with its SMS, and handed to those who listen.
 *
 *   emit ─┬─ SMS on the heap ────▶ joined ─┬─ emitted, and what became of the SMS is stored ─┬─ all have taken it
 *         ├─ SMS in storage ─▶ read ─▶ joined ┘                    emitted again to those who have not ◀┘
 *         └─ no SMS ────────▶ emitted unmatched
 *
 * All in one go, without a promise, when the record is on the heap and nobody who listens takes time: so do most.
 * Receipts of one SMS are handled one after the other, those of different SMS side by side. What a listener makes of one
 * holds up no other, and is no other's concern: that those of a scope have not taken it is kept with the receipt.
 */
import { AllTaken } from '../all-taken.js';
import type { Millis } from '../clock.js';
import { SmppError } from '../errors.js';
import { type Answer, answerOf, type Takers } from '../listeners.js';
import type { CounterName } from '../message.js';
import type { StoredReceipt } from './held-receipts.js';
import {
  type Joined,
  joinReceipt,
  type Owed,
  owedAsNew,
  owedEvents,
  type ReceiptEvent,
  type ReceiptScope,
  type TrackedRecord,
  unmatchedEvents,
} from './join-receipt.js';
import { notNow, ReceiptListeners, type ReceiptListenersOptions } from './receipt-listeners.js';
import type { ReceiptRecord } from './receipt-record.js';
import type { Change } from '../storage/storage.js';
import type { Steps } from '../steps.js';
import type { HeldRecord, TrackedRecords } from './tracked-records.js';

/** What is owed as it closes is written by then: a stop takes 5 s at most. */
const CLOSE_MS: Millis = 800;

export interface ReceiptEmissionOptions extends ReceiptListenersOptions {
  readonly records: TrackedRecords;
  readonly steps: Steps<number>;
  readonly count: (counter: CounterName, by: number) => void;
  /** The write that keeps a receipt, as this record. */
  readonly keeping: (stored: StoredReceipt, record: ReceiptRecord) => Change;
  readonly onFailure: (error: unknown) => void;
}

interface Learning {
  readonly stored: StoredReceipt;
  readonly sms: number;
}

/** Of a receipt among those of its SMS. */
interface Turn extends Learning {
  /** What comes of it as the turn is over. */
  taking: Promise<void> | undefined;
}

/** A receipt that listeners have, and have not all taken. */
interface Untaken {
  /** As it was handed over last. */
  stored: StoredReceipt;
  owed: Owed;
  /** What became of its SMS by it, as long as that is not written. */
  held: HeldRecord | undefined;
}

export class ReceiptEmission implements Takers<StoredReceipt> {
  readonly listeners: ReceiptListeners;
  readonly #options: ReceiptEmissionOptions;
  /** Of which storage does not say yet what is owed, by key. */
  readonly #untaken = new Map<string, Untaken>();
  /** Receipts that wait for their turn among those of their SMS. */
  #inTurn = 0;
  /** Receipts that were handed over, and not taken by all. */
  #taking = 0;
  readonly #allTaken: AllTaken;

  constructor(options: ReceiptEmissionOptions) {
    this.#options = options;
    this.#allTaken = new AllTaken(options.clock);
    this.listeners = new ReceiptListeners(options);
  }

  get isEmpty(): boolean {
    return this.listeners.all.isEmpty;
  }

  get hasRoom(): boolean {
    return this.#inTurn < this.#options.bounds.unconfirmed && this.listeners.all.hasRoom;
  }

  nextMissed(): string | undefined {
    return this.listeners.all.nextMissed();
  }

  askMissedAgain(): void {
    this.listeners.all.askMissedAgain();
  }

  hasMissed(key: string): boolean {
    return this.listeners.all.hasMissed(key);
  }

  forget(key: string): void {
    this.listeners.all.forget(key);
    this.#untaken.delete(key);
  }

  give(_key: string, stored: StoredReceipt): Answer {
    return answerOf((each) => this.emit(each), stored);
  }

  close(): void {
    this.listeners.all.close();
  }

  /** Resolves when what is owed, once it is closed, is written; or when that takes too long. */
  async closed(): Promise<void> {
    if (this.#taking > 0) await this.#allTaken.within(CLOSE_MS);
  }

  /**
   * Undefined when all have taken it, else a promise that resolves when they have. The next receipt of its SMS waits until
   * it is handed over, and not until it is taken.
   *
   * @throws what a listener threw, or rejects with it; SMPP_STORAGE when its SMS cannot be read yet; SMPP_STOPPED
   */
  emit(stored: StoredReceipt): Promise<void> | undefined {
    const { records } = this.#options;
    if (!records.isRead) return records.reading.then(() => this.#emitLater(stored));
    return this.#emitTo(stored, this.#smsOf(stored));
  }

  #emitTo(stored: StoredReceipt, sms: number | undefined): Promise<void> | undefined {
    const { records, steps } = this.#options;
    if (sms === undefined) return this.#handUnmatched(stored);
    const turn: Turn = { stored, sms, taking: undefined };
    const ending = steps.run(sms, () => {
      const record = records.peek(sms);
      if (record === undefined) return this.#handStored(turn);
      turn.taking = this.#handOf(record, turn);
      return undefined;
    });
    if (ending === undefined) return turn.taking;
    this.#inTurn += 1;
    return ending.finally(() => this.#turnEnded()).then(() => turn.taking);
  }

  #turnEnded(): void {
    this.#inTurn -= 1;
    const { bounds, onRoom } = this.#options;
    if (this.#inTurn === bounds.unconfirmed - 1) onRoom();
  }

  /**
   * What a receipt says of its SMS counts although nobody can take it now, and so it does when it is let go. Undefined when
   * it counts already, else a promise that resolves when it does.
   *
   * @throws, rejecting, SMPP_STORAGE when its SMS cannot be read
   */
  learn(stored: StoredReceipt): Promise<void> | undefined {
    const { records, steps } = this.#options;
    const sms = this.#smsOf(stored);
    if (sms === undefined) return undefined;
    const turn = { stored, sms };
    return steps.run(sms, () => {
      const record = records.peek(sms);
      return record === undefined
        ? records.read(sms).then((known) => this.#learnOf(known, turn))
        : this.#learnOf(record, turn);
    });
  }

  #learnOf(known: TrackedRecord | undefined, turn: Learning): Promise<void> | undefined {
    const { stored, sms } = turn;
    if (known === undefined || !this.#options.isOpen() || this.#owedOf(stored)?.of !== undefined)
      return undefined;
    const joined = joinReceipt(known, stored.received);
    if (joined.events.length > 0) this.#keepJoined(joined, turn);
    else {
      const other = this.#otherThan(sms, stored);
      if (other !== undefined) return this.learn({ ...stored, sms: other });
    }
    return undefined;
  }

  #keepJoined(joined: Joined, { stored, sms }: Learning): void {
    const open = this.#open(stored, owedAsNew(joined));
    open.held = this.#options.records.hold(sms, joined.record, () => this.#owing(open));
    void this.#keep(open);
  }

  /** What is closed before all is read reads no more. */
  #emitLater(stored: StoredReceipt): Promise<void> | undefined {
    if (this.#options.records.isRead) return this.emit(stored);
    throw new SmppError('SMPP_STOPPED', 'the gateway is stopped: the receipt is kept');
  }

  /** Once it was applied to an SMS it stays that one's, whichever of those with its id waits for one now. */
  #smsOf(stored: StoredReceipt): number | undefined {
    const { records } = this.#options;
    const of = this.#owedOf(stored)?.of;
    if (of !== undefined) return records.findOwn(of.id, of.to);
    return stored.sms ?? records.find(stored.received);
  }

  async #handStored(turn: Turn): Promise<void> {
    const known = await this.#options.records.read(turn.sms);
    turn.taking = known === undefined ? this.#handUnmatched(turn.stored) : this.#handOf(known, turn);
    // What it throws in its turn is that of whoever awaits the turn.
    turn.taking?.catch(() => undefined);
  }

  #handOf(known: TrackedRecord, turn: Turn): Promise<void> | undefined {
    const { stored, sms } = turn;
    const { records } = this.#options;
    const owed = this.#owedOf(stored);
    if (owed?.of !== undefined) return this.#hand(stored, owedEvents(known, stored.received, owed), owed);
    const joined = joinReceipt(known, stored.received);
    const { record, events, failure } = joined;
    if (events.length === 0) return this.#handElsewhere(turn);
    if (this.isEmpty && this.#options.isOpen()) this.#keepJoined(joined, turn);
    const { heard } = this.listeners;
    const answer = this.listeners.give(stored.key, events);
    this.#countAll(events);
    if (typeof answer === 'string') {
      records.replace(sms, record);
      return undefined;
    }
    const { id, to, said } = record;
    const left = { of: { id, to }, ...(said && { said }), ...(failure && { failure }) };
    const open = this.#open(stored, { ...left, scopes: scopesOf(events, heard) });
    open.held = records.hold(sms, record, () => this.#owing(open));
    return this.#await(open, answer);
  }

  #handElsewhere({ stored, sms }: Turn): Promise<void> | undefined {
    const other = this.#otherThan(sms, stored);
    return other === undefined ? undefined : this.#emitTo(stored, other);
  }

  /** An earlier one has told all of this SMS since it came: of several with its id it belongs to one that is open. */
  #otherThan(sms: number, { received }: StoredReceipt): number | undefined {
    const other = this.#options.records.find(received);
    return other === sms ? undefined : other;
  }

  #handUnmatched(stored: StoredReceipt): Promise<void> | undefined {
    const events = unmatchedEvents(stored.received);
    const owed = this.#owedOf(stored);
    if (owed === undefined) {
      const { heard } = this.listeners;
      const answer = this.listeners.give(stored.key, events);
      this.#countAll(events);
      if (typeof answer === 'string') return undefined;
      return this.#await(this.#open(stored, { scopes: scopesOf(events, heard) }), answer);
    }
    const left = events.filter(({ scope }) => owed.scopes.includes(scope));
    return this.#hand(stored, left, owed);
  }

  /** What is owed, again or for the first time. */
  #hand(stored: StoredReceipt, events: readonly ReceiptEvent[], owed: Owed): Promise<void> | undefined {
    const { isNew, reports: _, ...left } = owed;
    const { heard } = this.listeners;
    if (isNew !== true && owed.scopes.some((scope) => !heard.has(scope)))
      return this.#handHeard(stored, events, left);
    const answer = this.listeners.give(stored.key, events);
    if (isNew === true) this.#countAll(events);
    if (typeof answer !== 'string') return this.#await(this.#open(stored, left), answer);
    this.#untaken.delete(stored.key);
    return undefined;
  }

  /** Somebody rejected it and has left. Those who listen for the other scope are no reason to forget it. */
  async #handHeard(stored: StoredReceipt, events: readonly ReceiptEvent[], owed: Owed): Promise<never> {
    const { heard } = this.listeners;
    const scopes = owed.scopes.filter((scope) => !heard.has(scope));
    const answer = this.listeners.give(
      stored.key,
      events.filter(({ scope }) => heard.has(scope)),
    );
    if (typeof answer !== 'string') await this.#await(this.#open(stored, owed), answer);
    this.#untaken.delete(stored.key);
    await this.#keep(this.#open(stored, { ...owed, scopes }));
    throw notNow('nobody listens for it');
  }

  #owedOf({ key, record }: StoredReceipt): Owed | undefined {
    return this.#untaken.get(key)?.owed ?? record.owed;
  }

  /** What is known of it already is also known where others are still taking it. */
  #open(stored: StoredReceipt, owed: Owed): Untaken {
    const known = this.#untaken.get(stored.key);
    if (known !== undefined) {
      known.stored = stored;
      return known;
    }
    const open: Untaken = { stored, owed, held: undefined };
    this.#untaken.set(stored.key, open);
    return open;
  }

  /** The write that says what is owed. */
  #owing({ stored, owed }: Untaken): Change {
    const scopes = this.listeners.owed(stored.key, owed.scopes);
    return this.#options.keeping(stored, { ...stored.record, owed: { ...owed, scopes } });
  }

  /** What became of its SMS counts already, so what is not taken is stored with that: it would be no news again. */
  async #await(open: Untaken, answer: Promise<unknown>): Promise<void> {
    this.#taking += 1;
    try {
      await answer;
      if (open.held !== undefined) this.#options.records.release(open.held);
      this.#isKept(open);
    } catch (error) {
      await this.#keep(open);
      throw error;
    } finally {
      this.#taking -= 1;
      if (this.#taking === 0) this.#allTaken.reached();
    }
  }

  async #keep(open: Untaken): Promise<void> {
    const { records, onFailure } = this.#options;
    const { stored, held } = open;
    const scopes = this.listeners.owed(stored.key, open.owed.scopes);
    const { scopes: before, isNew } = stored.record.owed ?? {};
    const isStored = held === undefined && scopes.join() === before?.join() && isNew === open.owed.isNew;
    open.held = undefined;
    open.owed = { ...open.owed, scopes };
    try {
      await Promise.resolve(); // an SMS that is accepted in this turn is stored first
      if (held !== undefined) records.release(held);
      if (!isStored) await records.store([this.#owing(open)]);
      open.stored.record = { ...open.stored.record, owed: open.owed };
      this.#isKept(open);
    } catch (error) {
      onFailure(error);
    }
  }

  #isKept(open: Untaken): void {
    if (this.#untaken.get(open.stored.key) === open) this.#untaken.delete(open.stored.key);
  }

  #countAll(events: readonly ReceiptEvent[]): void {
    for (const { scope, receipt } of events) {
      if (scope !== 'message') continue;
      this.#options.count('receipts', 1);
      if (receipt.delivered) this.#options.count('delivered', 1);
    }
  }
}

function scopesOf(
  events: readonly ReceiptEvent[],
  heard: ReadonlySet<ReceiptScope | undefined>,
): readonly ReceiptScope[] {
  return events.map(({ scope }) => scope).filter((scope) => heard.has(scope));
}
