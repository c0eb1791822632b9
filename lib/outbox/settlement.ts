/**
 * The end of every SMS: its one result is made safe, then handed to whoever waits for it.
 *
 * What settled in one turn of the event loop is one write. In that write the entry (with its text) goes, and
 * the result, the gateway's ids for the receipts and the dedupe key's result come: all or nothing.
 */
import type { Clock } from '../clock.js';
import { SmppError } from '../errors.js';
import type { SubmitResult } from '../message.js';
import { Mailbox } from '../storage/mailbox.js';
import type { Change, Storage } from '../storage/storage.js';
import type { Dedupe } from './dedupe.js';
import type { OutboxEntry } from './entry.js';

/** A result that could not be stored is tried again after this; until then it is not reported. */
const RETRY_MS = 1_000;

interface Waiter {
  readonly resolve: (result: SubmitResult) => void;
  readonly reject: (error: SmppError) => void;
}

interface Settled {
  readonly entry: OutboxEntry;
  readonly result: SubmitResult;
}

export interface SettlementOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly dedupe: Dedupe;
  /** The writes that have receipts matched to an accepted SMS. */
  readonly tracking: (entry: OutboxEntry, result: SubmitResult) => readonly Change[];
  /** A result is safe: the queue may forget the SMS. */
  readonly onSettled: (result: SubmitResult) => void;
  readonly onFailure: (error: unknown) => void;
}

export class Settlement {
  readonly #options: SettlementOptions;
  /** Results until a subscriber took them. */
  readonly results: Mailbox<SubmitResult>;
  readonly #waiters = new Map<string, Waiter[]>();
  #batch: Settled[] = [];
  #flushing: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.results = new Mailbox<SubmitResult>({
      storage: options.storage,
      table: 'result',
      clock: options.clock,
      revive: (value) => ({ ...(value as SubmitResult), recovered: true }),
      onFailure: options.onFailure,
    });
  }

  /** The result of an SMS that is not settled yet. Rejects with SMPP_STOPPED when the gateway is stopped first. */
  waitFor(id: string): Promise<SubmitResult> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const waiters = this.#waiters.get(id);
      if (waiters === undefined) this.#waiters.set(id, [waiter]);
      else waiters.push(waiter);
    });
  }

  /** Nobody will get a result for it: it was not taken in. */
  forget(id: string): void {
    this.#waiters.delete(id);
  }

  settle(entry: OutboxEntry, result: SubmitResult): void {
    this.#batch.push({ entry, result });
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /** Stores what is settled, and rejects those who still wait. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#flushing;
    const error = new SmppError(
      'SMPP_STOPPED',
      'the gateway was stopped before this SMS was settled; it stays in the queue, and its result comes by onSettled',
    );
    for (const waiters of this.#waiters.values()) for (const waiter of waiters) waiter.reject(error);
    this.#waiters.clear();
    this.results.close();
  }

  open(): Promise<void> {
    this.#isClosed = false;
    return this.results.open();
  }

  async #flush(): Promise<void> {
    while (this.#batch.length > 0) {
      const batch = this.#batch;
      this.#batch = [];
      if (await this.#store(batch)) {
        for (const { result } of batch) this.#report(result);
        continue;
      }
      this.#batch = [...batch, ...this.#batch];
      if (this.#isClosed) break;
      await new Promise<void>((resolve) => this.#options.clock.after(RETRY_MS, resolve));
    }
    this.#flushing = undefined;
  }

  async #store(batch: readonly Settled[]): Promise<boolean> {
    try {
      await this.#options.storage.write(batch.flatMap((settled) => this.#changes(settled)));
      return true;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }

  #changes({ entry, result }: Settled): Change[] {
    return [
      { table: 'outbox', key: entry.id },
      { table: 'progress', key: entry.id },
      this.results.keeping(entry.id, result),
      ...this.#options.tracking(entry, result),
      ...this.#options.dedupe.settle(entry, result),
    ];
  }

  #report(result: SubmitResult): void {
    this.#options.onSettled(result);
    const waiters = this.#waiters.get(result.id);
    if (waiters !== undefined) {
      this.#waiters.delete(result.id);
      for (const waiter of waiters) waiter.resolve(result);
    }
    this.results.deliver(result.id, result, waiters !== undefined);
  }
}
