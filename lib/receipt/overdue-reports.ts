/**
 * Tells whoever asks that an SMS has no final receipt after some time: each SMS once for each wait, also over a
 * restart. When that is, is `overdue-watch.ts`; what is said, `join-receipt.ts`.
 */
import { Alarm } from '../alarm.js';
import type { Clock, Millis } from '../clock.js';
import type { Unsubscribe } from '../message.js';
import { isSettled, overdueReceipt } from './join-receipt.js';
import { type Overdue, OverdueWatch } from './overdue-watch.js';
import { giveTo, type ReceiptListener } from './receipt-listeners.js';
import type { Steps } from '../steps.js';
import type { TrackedRecords } from './tracked-records.js';

export interface OverdueReportsOptions {
  readonly clock: Clock;
  readonly records: TrackedRecords;
  /** Shared with the receipts: both replace the record of their SMS. */
  readonly steps: Steps<number>;
  readonly onFailure: (error: unknown) => void;
}

/** After a start the gateway first hands over the receipts that came meanwhile. */
const START_GRACE_MS: Millis = 60_000;

/** Somebody who could not be told is told again after this. */
const RETRY_MS: Millis = 5_000;

/** Waits are minutes long: what is overdue within a second is reported together. */
const CHECK_EVERY_MS: Millis = 1_000;

export class OverdueReports {
  readonly #options: OverdueReportsOptions;
  readonly #alarm: Alarm;
  readonly #listeners = new Map<Millis, Set<ReceiptListener>>();
  #watch: OverdueWatch;
  #isClosed = true;
  #checkedAt: Millis = -Infinity;

  constructor(options: OverdueReportsOptions) {
    this.#options = options;
    this.#watch = new OverdueWatch(options.records.index);
    this.#alarm = new Alarm(options.clock, () => this.#check());
  }

  /** Reports none within the first minute from now. Call it when the records are open. */
  open(): void {
    const { records, clock } = this.#options;
    this.#watch = new OverdueWatch(records.index, clock.now() + START_GRACE_MS);
    for (const afterMs of this.#listeners.keys()) this.#watch.watch(afterMs);
    this.#isClosed = false;
    this.#arm();
  }

  /** An SMS was accepted. What rings for those before it rings early enough for it. */
  added(): void {
    if (!this.#alarm.isSet && this.#listeners.size > 0) this.#arm();
  }

  subscribe(afterMs: Millis, listener: ReceiptListener): Unsubscribe {
    const listeners = this.#listeners.get(afterMs) ?? new Set();
    this.#listeners.set(afterMs, listeners.add(listener));
    this.#watch.watch(afterMs);
    this.#arm();
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      this.#listeners.delete(afterMs);
      this.#watch.unwatch(afterMs);
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#alarm.clear();
  }

  #arm(): void {
    const at = this.#watch.nextAt;
    if (!this.#isClosed && at !== undefined) this.#alarm.set(Math.max(at, this.#checkedAt + CHECK_EVERY_MS));
  }

  #check(): void {
    const { clock, steps, onFailure } = this.#options;
    this.#checkedAt = clock.now();
    for (const overdue of this.#watch.take(this.#checkedAt)) {
      steps
        .run(overdue.sms, () => this.#tell(overdue))
        ?.catch((error: unknown) => {
          onFailure(error);
          this.#watch.retry(overdue, clock.now() + RETRY_MS);
          this.#arm();
        });
    }
    this.#arm();
  }

  async #tell({ sms, afterMs }: Overdue): Promise<void> {
    const { records, clock } = this.#options;
    const record = await records.read(sms);
    if (this.#isClosed || record === undefined || isSettled(record) || record.overdueMs >= afterMs) return;
    const receipt = overdueReceipt(record, afterMs, clock.wall());
    await giveTo(this.#listeners.get(afterMs) ?? new Set(), receipt);
    records.replace(sms, { ...record, overdueMs: afterMs });
  }
}
