/** An inbox and a tracker as one bench, whose clock and storage outlive both. */
import type { Clock } from '../../../lib/clock.js';
import { Inbox } from '../../../lib/inbox/inbox.js';
import type { Delivery, DeliveryReceipt, InboundSms } from '../../../lib/message.js';
import { ReceiptTracker } from '../../../lib/receipt/receipt-tracker.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Change, Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';

export class Bench {
  readonly clock = new FakeClock();
  readonly storage: Storage;
  readonly lines: string[] = [];
  tracker: ReceiptTracker;
  inbox: Inbox;

  constructor(makeStorage: (clock: Clock) => Storage) {
    this.storage = makeStorage(this.clock);
    this.tracker = this.#makeTracker();
    this.inbox = this.#makeInbox();
  }

  #makeTracker(): ReceiptTracker {
    const { storage, clock, lines } = this;
    return new ReceiptTracker({
      storage,
      clock,
      count: () => undefined,
      log: (_level, line) => lines.push(line),
    });
  }

  #makeInbox(): Inbox {
    const { storage, clock, lines, tracker } = this;
    return new Inbox({
      storage,
      clock,
      tracker,
      count: () => undefined,
      log: (_level, line) => lines.push(line),
    });
  }

  async open(): Promise<this> {
    await this.tracker.open();
    await this.inbox.open();
    return this;
  }

  async restart(): Promise<void> {
    void this.close(); // a crash waits for nobody
    this.tracker = this.#makeTracker();
    this.inbox = this.#makeInbox();
    await this.open();
  }

  async close(): Promise<void> {
    const { inbox, tracker } = this;
    await inbox.close();
    await tracker.close();
  }

  /** Resolves as it is answered. */
  accepting(delivery: Delivery, sessionId = 1): Promise<'kept' | 'repeated'> {
    return new Promise((resolve, reject) => {
      this.inbox.accept(delivery, sessionId, (outcome) => {
        if (typeof outcome === 'string') resolve(outcome);
        else reject(outcome);
      });
    });
  }

  async accept(deliveries: readonly Delivery[], sessionId = 1): Promise<('kept' | 'repeated')[]> {
    const outcomes = await Promise.all(deliveries.map((delivery) => this.accepting(delivery, sessionId)));
    await this.clock.advance(0);
    return outcomes;
  }

  collect(): InboundSms[] {
    const list: InboundSms[] = [];
    this.inbox.onSms((sms) => void list.push(sms));
    return list;
  }

  collectReceipts(): DeliveryReceipt[] {
    const list: DeliveryReceipt[] = [];
    this.tracker.onReceipt((receipt) => void list.push(receipt));
    return list;
  }

  /** Has the next writes fail that have a change for which `match` holds; returns how to mend it. */
  breakStorage(match: (change: Change) => boolean = () => true): () => void {
    const { storage } = this;
    const write = storage.write.bind(storage);
    storage.write = (changes) =>
      changes.some(match) ? Promise.reject(new Error('disk full')) : write(changes);
    return () => (storage.write = write);
  }
}

export const bench = (makeStorage: (clock: Clock) => Storage = memoryStorage) =>
  new Bench(makeStorage).open();
