/** A tracker on a clock and a storage that outlive it. */
import assert from 'node:assert/strict';

import { DEFAULT_BOUNDS, type Bounds } from '../../../lib/bounds.js';
import type { Clock } from '../../../lib/clock.js';
import type { CounterName, Delivery, DeliveryReceipt } from '../../../lib/message.js';
import { ReceiptTracker, type TrackedSms } from '../../../lib/receipt/receipt-tracker.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { trackedSms } from './builders.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export class Bench {
  readonly clock = new FakeClock();
  readonly storage: Storage;
  readonly lines: string[] = [];
  /** Phones of which a receipt came that is of no SMS, before all were read. */
  readonly unknown: string[] = [];
  /** Ids of segments of SMS that are not settled. */
  readonly underWay = new Set<string>();
  tracker: ReceiptTracker;

  readonly #bounds: Bounds;
  readonly #counted = new Map<CounterName, number>();

  constructor(makeStorage: (clock: Clock) => Storage, bounds: Partial<Bounds> = {}) {
    this.#bounds = { ...DEFAULT_BOUNDS, ...bounds };
    this.storage = makeStorage(this.clock);
    this.tracker = this.#make();
  }

  #make(): ReceiptTracker {
    const { storage, clock, lines, unknown, underWay } = this;
    return new ReceiptTracker({
      storage,
      clock,
      bounds: this.#bounds,
      count: (counter, by) => void this.#counted.set(counter, this.counted(counter) + by),
      isUnderWay: (messageId) => underWay.has(messageId),
      unknownCame: (phone) => unknown.push(phone),
      log: (_level, line) => lines.push(line),
    });
  }

  async open(): Promise<this> {
    await this.tracker.open();
    await this.tracker.whenRead();
    return this;
  }

  /** As after a crash: nothing of the old tracker is left but what it stored. */
  async restart(): Promise<void> {
    await this.tracker.close();
    await this.start();
    await this.tracker.whenRead();
  }

  /** A tracker that may not have read all yet. */
  async start(): Promise<void> {
    this.tracker = this.#make();
    await this.tracker.open();
  }

  async accepted(sms: Partial<TrackedSms> = {}): Promise<void> {
    await this.storage.write(this.tracker.tracking(trackedSms({ acceptedAt: this.clock.wall(), ...sms })));
    await this.clock.advance(0);
  }

  /** By a submission that had been given up. */
  async acceptedLate(sms: Partial<TrackedSms> = {}): Promise<void> {
    const tracked = trackedSms({ acceptedAt: this.clock.wall(), ...sms });
    await this.storage.write(this.tracker.trackingLate(tracked));
    await this.clock.advance(0);
  }

  async arrives(...deliveries: readonly Delivery[]): Promise<void> {
    for (const delivery of deliveries) {
      const taken = this.tracker.take(delivery);
      assert.ok(taken, 'it is a receipt');
      await this.storage.write(taken.changes);
      taken.kept();
    }
    await this.clock.advance(0);
  }

  lastSmsTo(phone: string) {
    const last = this.tracker.lastSmsTo(phone);
    assert.ok(last !== 'unread', 'all is read');
    return last;
  }

  collect(scope: 'message' | 'segment' = 'message'): DeliveryReceipt[] {
    const receipts: DeliveryReceipt[] = [];
    this.tracker.onReceipt((receipt) => void receipts.push(receipt), scope);
    return receipts;
  }

  collectOverdue(afterMs: number): DeliveryReceipt[] {
    const receipts: DeliveryReceipt[] = [];
    this.tracker.onOverdue(afterMs, (receipt) => void receipts.push(receipt));
    return receipts;
  }

  /** By a listener that rejects unless it is ready. */
  collectOverdueWhen(afterMs: number, isReady: () => boolean): DeliveryReceipt[] {
    const receipts: DeliveryReceipt[] = [];
    this.tracker.onOverdue(afterMs, (receipt) => {
      if (!isReady()) return Promise.reject(new Error('not now'));
      receipts.push(receipt);
      return Promise.resolve();
    });
    return receipts;
  }

  /** Of all trackers. */
  counted(counter: CounterName): number {
    return this.#counted.get(counter) ?? 0;
  }

  get stored(): number {
    return this.storage.count('event');
  }
}

export const bench = (makeStorage: (clock: Clock) => Storage = memoryStorage, bounds: Partial<Bounds> = {}) =>
  new Bench(makeStorage, bounds).open();
