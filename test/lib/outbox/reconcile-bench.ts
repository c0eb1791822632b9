/** An outbox and a receipt tracker joined as in the gateway, on virtual time, with links whose answers the test gives. */
import assert from 'node:assert/strict';

import { DEFAULT_BOUNDS, type Bounds } from '../../../lib/bounds.js';
import type { DeliveryReceipt, OutboundSms } from '../../../lib/message.js';
import { ReceiptTracker, settledSms } from '../../../lib/receipt/receipt-tracker.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { accepted, FakeLink, unanswered } from '../../support/fake-link.js';
import { receiptDelivery } from '../receipt/builders.js';
import { bench, type Bench } from './outbox-bench.js';

export const PHONE = '4512345678';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

export interface ReceiptGiven {
  readonly to?: string;
  readonly stat?: string;
  /** On our wall clock; now when it is left out. */
  readonly submittedAt?: number;
}

export class Reconciling {
  readonly clock = new FakeClock();
  readonly storage: Storage;
  readonly receipts: DeliveryReceipt[] = [];
  /** How far the gateway's clock is ahead of ours. */
  gatewayAheadMs = 0;
  readonly #bounds: Bounds;
  #tracker: ReceiptTracker;
  #made!: Bench;
  #ids = 0;

  constructor(makeStorage: (clock: FakeClock) => Storage, bounds: Partial<Bounds> = {}) {
    this.storage = makeStorage(this.clock);
    this.#bounds = { ...DEFAULT_BOUNDS, ...bounds };
    this.#tracker = this.#makeTracker();
  }

  get results(): Bench['results'] {
    return this.#made.results;
  }

  #makeTracker(): ReceiptTracker {
    const { storage, clock } = this;
    const bounds = this.#bounds;
    return new ReceiptTracker({
      storage,
      clock,
      bounds,
      count: () => undefined,
      unknownCame: (phone) => this.#made.outbox.receiptCame(phone),
      isUnderWay: (messageId) => this.#made.outbox.isUnderWay(messageId),
      log: () => undefined,
    });
  }

  async open(): Promise<this> {
    const { storage, clock } = this;
    this.#tracker = this.#makeTracker();
    await this.#tracker.open();
    this.#tracker.onReceipt((receipt) => void this.receipts.push(receipt));
    this.#made = await bench({
      storage,
      clock,
      bounds: this.#bounds,
      onUncertain: 'reconcile',
      newId: () => `sms-${(this.#ids += 1)}`,
      receiptsRead: () => this.#tracker.whenRead(),
      unknownReceipts: (to) => this.#tracker.unknownReceiptsFor(to),
      tracking: ({ receipt }, result, given) => this.#tracker.tracking(settledSms(receipt, result, given)),
      trackingLate: (sms, messageIds) =>
        this.#tracker.trackingLate({ ...sms, messageIds, acceptedAt: clock.wall() }),
    });
    return this;
  }

  /** Stops, and starts with what is stored. */
  async restart(): Promise<void> {
    this.#made.outbox.halt();
    await this.#made.outbox.close();
    await this.#tracker.close();
    await this.open();
  }

  /** As after a crash, which nobody saw coming. */
  async crash(): Promise<void> {
    this.#made.outbox.halt();
    await this.open();
  }

  /** Returns our id of the SMS that it is, or repeats. */
  async takes(sms: Partial<OutboundSms> = {}): Promise<string> {
    const id = await this.#made.take(sms);
    await this.settled();
    return id;
  }

  /** One SMS that leaves over a link of its own. */
  async submits(sms: Partial<OutboundSms> = {}): Promise<FakeLink> {
    await this.#made.take(sms);
    return this.up();
  }

  async up(window = 10): Promise<FakeLink> {
    return this.#made.up(new FakeLink(window));
  }

  /** The link is lost with all that is under way on it. */
  async lost(link: FakeLink): Promise<void> {
    for (const { settle } of link.submitted) settle(unanswered);
    await this.#made.down(link);
  }

  /** An SMS whose outcome is unknown, and which waits for its receipt when it is to be reconciled. */
  async unknown(sms: Partial<OutboundSms> = {}): Promise<void> {
    await this.lost(await this.submits(sms));
  }

  /** An SMS that is answered, and whose receipt tells how the gateway's clock stands. */
  async learnsTheClock(): Promise<void> {
    const link = await this.submits({ to: '4599999999' });
    link.at(0).settle(accepted('learnt'));
    await this.settled();
    await this.receipt('learnt', { to: '4599999999' });
    await this.#made.down(link);
    this.results.length = 0;
  }

  async receipt(messageId: string, given: ReceiptGiven = {}): Promise<void> {
    const { to = PHONE, stat = 'DELIVRD', submittedAt = this.clock.wall() } = given;
    const date = dateOf(submittedAt + this.gatewayAheadMs);
    const text = `id:${messageId} sub:001 dlvrd:001 submit date:${date} done date:${date} stat:${stat} err:000`;
    const taken = this.#tracker.take({ ...receiptDelivery(text), from: to });
    assert.ok(taken);
    await this.storage.write(taken.changes);
    taken.kept();
    this.#made.outbox.receiptCame(to);
    await this.settled();
  }

  collectSegments(): DeliveryReceipt[] {
    const receipts: DeliveryReceipt[] = [];
    this.#tracker.onReceipt((receipt) => void receipts.push(receipt), 'segment');
    return receipts;
  }

  collectOverdue(afterMs: number): DeliveryReceipt[] {
    const receipts: DeliveryReceipt[] = [];
    this.#tracker.onOverdue(afterMs, (receipt) => void receipts.push(receipt));
    return receipts;
  }

  lastSms(): unknown {
    return this.#tracker.lastSmsTo(PHONE);
  }

  cancel(id: string): Promise<boolean> {
    return this.#made.outbox.cancel(id);
  }

  ready(): void {
    this.#made.outbox.ready();
  }

  settled(): Promise<void> {
    return this.clock.advance(0);
  }
}

/** As a receipt has it: in Danish winter time. */
function dateOf(wall: number): string {
  return new Date(wall + HOUR).toISOString().replace(/\D/g, '').slice(2, 12);
}
