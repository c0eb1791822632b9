/**
 * A stored receipt on its way out: joined with its SMS, and handed to those who listen.
 *
 *   emit ─┬─ SMS on the heap ────▶ joined ─┬─ all have taken it ──▶ what became of the SMS is stored
 *         ├─ SMS in storage ─▶ read ─▶ joined ┘
 *         └─ no SMS ────────▶ emitted unmatched
 *
 * All in one go, without a promise, when the record is on the heap and nobody who listens takes time: so do most.
 * Receipts of one SMS are handled one after the other, those of different SMS side by side.
 */
import { SmppError } from '../errors.js';
import type { CounterName } from '../message.js';
import type { StoredReceipt } from './held-receipts.js';
import {
  joinReceipt,
  type ReceiptEvent,
  type ReceivedReceipt,
  type TrackedRecord,
  unmatchedEvents,
} from './join-receipt.js';
import { ReceiptListeners, type ReceiptListenersOptions } from './receipt-listeners.js';
import type { Steps } from '../steps.js';
import type { TrackedRecords } from './tracked-records.js';

export interface ReceiptEmissionOptions extends ReceiptListenersOptions {
  readonly records: TrackedRecords;
  readonly steps: Steps<number>;
  readonly count: (counter: CounterName, by: number) => void;
  /** Whether a receipt came so lately that its SMS may yet be stored. */
  readonly mayWait: (received: ReceivedReceipt) => boolean;
}

export class ReceiptEmission {
  readonly listeners: ReceiptListeners;
  readonly #options: ReceiptEmissionOptions;

  constructor(options: ReceiptEmissionOptions) {
    this.#options = options;
    this.listeners = new ReceiptListeners(options);
  }

  /** Receipts that a listener has and did not confirm, or that wait for their turn. */
  get underWay(): number {
    return this.#options.steps.underWay;
  }

  /**
   * Undefined when it is emitted, else a promise that resolves when it is.
   *
   * @throws what a listener threw, or rejects with it; SMPP_STORAGE when its SMS cannot be read yet; SMPP_STOPPED
   */
  emit(stored: StoredReceipt): Promise<void> | undefined {
    const { records, steps } = this.#options;
    if (!records.isRead) return records.reading.then(() => this.#emitLater(stored));
    const { received } = stored;
    const sms = stored.sms ?? records.find(received);
    if (sms === undefined) return this.#hand(stored, unmatchedEvents(received));
    return steps.run(sms, () => {
      const record = records.peek(sms);
      return record === undefined ? this.#joinStored(sms, stored) : this.#join(record, sms, stored);
    });
  }

  /** What is closed before all is read reads no more. */
  #emitLater(stored: StoredReceipt): Promise<void> | undefined {
    if (this.#options.records.isRead) return this.emit(stored);
    throw new SmppError('SMPP_STOPPED', 'the gateway is stopped: the receipt is kept');
  }

  async #joinStored(sms: number, stored: StoredReceipt): Promise<void> {
    const { records, mayWait } = this.#options;
    const known = await records.read(sms);
    if (known !== undefined) await this.#join(known, sms, stored);
    else if (mayWait(stored.received)) throw notStoredYet();
    else await this.#hand(stored, unmatchedEvents(stored.received));
  }

  #join(known: TrackedRecord, sms: number, stored: StoredReceipt): Promise<void> | undefined {
    const { record, events } = joinReceipt(known, stored.received);
    return this.#hand(stored, events, () => {
      if (record !== known) this.#options.records.replace(sms, record);
    });
  }

  /** `then` follows once all who listen have taken the events. */
  #hand(
    { key }: StoredReceipt,
    events: readonly ReceiptEvent[],
    then?: () => void,
  ): Promise<void> | undefined {
    const taken = (): void => {
      this.#countAll(events);
      then?.();
    };
    const taking = this.listeners.emit(key, events);
    if (taking !== undefined) return taking.then(taken);
    taken();
    return undefined;
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
