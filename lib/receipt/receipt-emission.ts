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
import { SmppError } from '../errors.js';
import type { CounterName } from '../message.js';
import type { StoredReceipt } from './held-receipts.js';
import {
  type Joined,
  joinReceipt,
  type Owed,
  owedAsNew,
  owedEvents,
  type ReceiptEvent,
  type ReceivedReceipt,
  type TrackedRecord,
  unmatchedEvents,
} from './join-receipt.js';
import { ReceiptListeners, type Taking, type ReceiptListenersOptions } from './receipt-listeners.js';
import type { ReceiptRecord } from './receipt-record.js';
import type { Change } from '../storage/storage.js';
import type { Steps } from '../steps.js';
import type { TrackedRecords } from './tracked-records.js';

export interface ReceiptEmissionOptions extends ReceiptListenersOptions {
  readonly records: TrackedRecords;
  readonly steps: Steps<number>;
  readonly count: (counter: CounterName, by: number) => void;
  /** The write that keeps a receipt, as this record. */
  readonly keeping: (stored: StoredReceipt, record: ReceiptRecord) => Change;
  readonly onFailure: (error: unknown) => void;
  /** Whether a receipt came so lately that its SMS may yet be stored. */
  readonly mayWait: (received: ReceivedReceipt) => boolean;
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

export class ReceiptEmission {
  readonly listeners: ReceiptListeners;
  readonly #options: ReceiptEmissionOptions;
  /** What is owed of receipts of which storage does not say so yet, by key. */
  readonly #unstored = new Map<string, Owed>();
  /** Receipts that were handed over, and not taken by all. */
  #taking = 0;

  constructor(options: ReceiptEmissionOptions) {
    this.#options = options;
    this.listeners = new ReceiptListeners(options);
  }

  /** Receipts that a listener has and did not confirm, or that wait for their turn. */
  get underWay(): number {
    return this.#options.steps.underWay + this.#taking;
  }

  /**
   * Undefined when all have taken it, else a promise that resolves when they have. The next receipt of its SMS waits until
   * it is handed over, and not until it is taken.
   *
   * @throws what a listener threw, or rejects with it; SMPP_STORAGE when its SMS cannot be read yet; SMPP_STOPPED
   */
  emit(stored: StoredReceipt): Promise<void> | undefined {
    const { records, steps } = this.#options;
    if (!records.isRead) return records.reading.then(() => this.#emitLater(stored));
    const sms = this.#smsOf(stored);
    if (sms === undefined) return this.#handUnmatched(stored);
    const turn: Turn = { stored, sms, taking: undefined };
    const ending = steps.run(sms, () => {
      const record = records.peek(sms);
      if (record === undefined) return this.#handStored(turn);
      turn.taking = this.#handOf(record, turn);
      return undefined;
    });
    return ending === undefined ? turn.taking : ending.then(() => turn.taking);
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
    this.#keep(stored, owedAsNew(joined));
    this.#options.records.replace(sms, joined.record); // after what is owed: one write has both
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
    const { records, mayWait } = this.#options;
    const known = await records.read(turn.sms);
    if (known !== undefined) turn.taking = this.#handOf(known, turn);
    else if (mayWait(turn.stored.received)) throw notStoredYet();
    else turn.taking = this.#handUnmatched(turn.stored);
    // What it throws in its turn is that of whoever awaits the turn.
    turn.taking?.catch(() => undefined);
  }

  #handOf(known: TrackedRecord, turn: Turn): Promise<void> | undefined {
    const { stored, sms } = turn;
    const owed = this.#owedOf(stored);
    if (owed?.of !== undefined)
      return this.#handAgain(stored, owedEvents(known, stored.received, owed), owed);
    const joined = joinReceipt(known, stored.received);
    const { record, events, failure } = joined;
    if (events.length === 0) return this.#handElsewhere(turn);
    if (this.listeners.isEmpty && this.#options.isOpen()) this.#keepJoined(joined, turn);
    const taking = this.listeners.emit(stored.key, events);
    this.#countAll(events);
    const { id, to, said } = record;
    const left: Owed = { scopes: [], of: { id, to }, ...(said && { said }), ...(failure && { failure }) };
    const answer = taking && this.#await(stored, taking, left);
    this.#options.records.replace(sms, record); // after what is owed: one write has both
    return answer;
  }

  #handElsewhere({ stored, sms }: Turn): Promise<void> | undefined {
    const other = this.#otherThan(sms, stored);
    return other === undefined ? undefined : this.emit({ ...stored, sms: other });
  }

  /** An earlier one has told all of this SMS since it came: of several with its id it belongs to one that is open. */
  #otherThan(sms: number, { received }: StoredReceipt): number | undefined {
    const other = this.#options.records.find(received);
    return other === sms ? undefined : other;
  }

  #handUnmatched(stored: StoredReceipt): Promise<void> | undefined {
    const events = unmatchedEvents(stored.received);
    const owed = this.#owedOf(stored);
    if (owed !== undefined) {
      const left = events.filter(({ scope }) => owed.scopes.includes(scope));
      return this.#handAgain(stored, left, owed);
    }
    const taking = this.listeners.emit(stored.key, events);
    this.#countAll(events);
    return taking && this.#await(stored, taking, { scopes: [] });
  }

  #handAgain(stored: StoredReceipt, events: readonly ReceiptEvent[], owed: Owed): Promise<void> | undefined {
    const taking = this.listeners.emit(stored.key, events);
    const { isNew, reports: _, ...left } = owed;
    if (isNew === true) this.#countAll(events);
    if (taking !== undefined) return this.#await(stored, taking, left);
    this.#unstored.delete(stored.key);
    return undefined;
  }

  #owedOf({ key, record }: StoredReceipt): Owed | undefined {
    return this.#unstored.get(key) ?? record.owed;
  }

  /** What became of its SMS is stored already, so what is not taken is stored with it: it would be no news again. */
  async #await(stored: StoredReceipt, taking: readonly Taking[], owed: Owed): Promise<void> {
    const scopes = new Set(taking.map(({ scope }) => scope));
    const keep = (): void => this.#keep(stored, { ...owed, scopes: [...scopes] });
    const take = async ({ scope, answer }: Taking): Promise<void> => {
      await answer;
      scopes.delete(scope);
      if (scopes.size > 0) keep();
    };
    keep();
    this.#taking += 1;
    try {
      const all = taking.map(take);
      await Promise.allSettled(all);
      await Promise.all(all);
      this.#unstored.delete(stored.key);
    } finally {
      this.#taking -= 1;
    }
  }

  #keep(stored: StoredReceipt, owed: Owed): void {
    const { records, keeping, onFailure } = this.#options;
    const { key, record } = stored;
    this.#unstored.set(key, owed);
    const stores = async (): Promise<void> => {
      await Promise.resolve(); // an SMS that is accepted in this turn is stored first
      await records.store([keeping(stored, { ...record, owed })]);
      if (this.#unstored.get(key) === owed) this.#unstored.delete(key);
    };
    stores().catch(onFailure);
  }

  #countAll(events: readonly ReceiptEvent[]): void {
    for (const { scope, receipt } of events) {
      if (scope !== 'message') continue;
      this.#options.count('receipts', 1);
      if (receipt.delivered) this.#options.count('delivered', 1);
    }
  }
}

/** The disk fails: the SMS is accepted, and its record will be written once it can be. The receipt comes again. */
function notStoredYet(): SmppError {
  return new SmppError('SMPP_STORAGE', 'the SMS of a receipt is not stored yet; the receipt waits for it');
}
