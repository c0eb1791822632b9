/** An inbox and a tracker as one bench, whose clock and storage outlive both. */
import { DEFAULT_BOUNDS, type Bounds } from '../../../lib/bounds.js';
import type { Clock } from '../../../lib/clock.js';
import { Inbox } from '../../../lib/inbox/inbox.js';
import type { CounterName, Delivery, DeliveryReceipt, InboundSms } from '../../../lib/message.js';
import { ReceiptTracker } from '../../../lib/receipt/receipt-tracker.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Change, Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';

export interface BenchOptions {
  /** Its storage ends with the process, as memory does; else only a crash ends what was not written. */
  readonly isVolatile?: boolean;
  readonly bounds?: Partial<Bounds>;
  /** What its storage is made of. */
  readonly makeStorage?: (clock: Clock) => Storage;
}

export class Bench {
  readonly clock = new FakeClock();
  readonly lines: string[] = [];
  readonly counts: Partial<Record<CounterName, number>> = {};
  readonly #options: BenchOptions;
  readonly #records: Storage;
  readonly #answers = new Map<number, number>();
  storage: Storage;
  tracker: ReceiptTracker;
  inbox: Inbox;

  constructor(options: BenchOptions = {}) {
    this.#options = options;
    this.#records = (options.makeStorage ?? memoryStorage)(this.clock);
    this.storage = this.#makeStorage();
    this.tracker = this.#makeTracker();
    this.inbox = this.#makeInbox();
  }

  #makeStorage(): Storage {
    const records = this.#records;
    const isVolatile = this.#options.isVolatile ?? records.isVolatile === true;
    return {
      isVolatile,
      open: () => records.open(),
      write: (changes) => records.write(changes),
      read: (table, key) => records.read(table, key),
      keys: (table) => records.keys(table),
      scan: (table) => records.scan(table),
      count: (table) => records.count(table),
      close: () => records.close(),
    };
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
      bounds: { ...DEFAULT_BOUNDS, ...this.#options.bounds },
      count: (counter, by) => (this.counts[counter] = (this.counts[counter] ?? 0) + by),
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

  /** As `restart`, and what the old process does from now on reaches nothing. */
  async crash(): Promise<void> {
    this.storage.write = () => new Promise(() => undefined);
    this.storage = this.#makeStorage();
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
        const number = (this.#answers.get(sessionId) ?? 0) + 1;
        this.#answers.set(sessionId, number);
        return number;
      });
    });
  }

  /** The gateway has read all answers of a session so far. */
  async read(sessionId = 1): Promise<void> {
    this.inbox.answersRead(sessionId, this.#answers.get(sessionId) ?? 0);
    await this.clock.advance(0);
  }

  /** A session ends, and the next is bound. */
  async lose(sessionId = 1): Promise<void> {
    this.inbox.sessionOver(sessionId, false);
    this.inbox.bound();
    await this.clock.advance(0);
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

  /** Has each write wait until it is said whether it succeeds; returns who says so, in their order. */
  holdStorage(): { readonly ended: ((isKept: boolean) => void)[]; readonly mend: () => void } {
    const { storage } = this;
    const write = storage.write.bind(storage);
    const ended: ((isKept: boolean) => void)[] = [];
    storage.write = (changes) =>
      new Promise((resolve, reject) => {
        ended.push((isKept) => {
          if (isKept) write(changes).then(resolve, reject);
          else reject(new Error('disk full'));
        });
      });
    return { ended, mend: () => (storage.write = write) };
  }
}

export const bench = (options?: BenchOptions) => new Bench(options).open();
