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
import { TransitMap } from '../transit-map.js';
import type { Dedupe } from './dedupe.js';
import type { OutboxEntry } from './entry.js';

/** A result that could not be stored is tried again after this; until then it is not reported. */
const RETRY_MS = 1_000;

/** Whoever waits for one SMS waits on one promise. */
interface Awaited {
  readonly result: Promise<SubmitResult>;
  readonly resolve: (result: SubmitResult) => void;
  readonly reject: (error: unknown) => void;
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
  readonly #awaited = new TransitMap<string, Awaited>();
  /** Those who wait for a result to be safe, and do not take it. */
  readonly #watching = new Map<string, (isSafe: boolean) => void>();
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
    const earlier = this.#awaited.get(id);
    if (earlier !== undefined) return earlier.result;
    let settle: Omit<Awaited, 'result'> | undefined;
    const result = new Promise<SubmitResult>((resolve, reject) => (settle = { resolve, reject }));
    // The promise has called its executor by now.
    if (settle !== undefined) this.#awaited.set(id, Object.assign(settle, { result }));
    return result;
  }

  /** Resolves when the result of an SMS is safe, with false when the gateway is stopped first. One may ask for each. */
  isSafe(id: string): Promise<boolean> {
    return new Promise((resolve) => this.#watching.set(id, resolve));
  }

  /** It was not taken in: those who wait for its result get the reason. */
  refuse(id: string, reason: unknown): void {
    this.#awaited.get(id)?.reject(reason);
    this.#awaited.delete(id);
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
    for (const { reject } of this.#awaited.values()) reject(error);
    this.#awaited.clear();
    for (const watch of this.#watching.values()) watch(false);
    this.#watching.clear();
    await this.results.close();
  }

  open(): Promise<void> {
    this.#isClosed = false;
    return this.results.open();
  }

  async #flush(): Promise<void> {
    let isAgain = false;
    while (this.#batch.length > 0) {
      const batch = this.#batch;
      this.#batch = [];
      if (await this.#store(batch, isAgain)) {
        isAgain = false;
        for (const { result } of batch) this.#report(result);
        continue;
      }
      isAgain = true;
      this.#batch = [...batch, ...this.#batch];
      if (this.#isClosed) break;
      await new Promise<void>((resolve) => this.#options.clock.after(RETRY_MS, resolve));
    }
    this.#flushing = undefined;
  }

  /** @param isAgain some of the batch could not be stored before */
  async #store(batch: readonly Settled[], isAgain: boolean): Promise<boolean> {
    try {
      const changes: Change[] = [];
      for (const settled of batch) this.#addChanges(changes, settled);
      await this.#options.storage.write(isAgain ? await this.#withoutOutdated(changes) : changes);
      return true;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }

  #addChanges(changes: Change[], { entry, result }: Settled): void {
    changes.push(
      { table: 'outbox', key: entry.id },
      { table: 'progress', key: entry.id },
      this.results.keeping(entry.id, result),
    );
    for (const change of this.#options.tracking(entry, result)) changes.push(change);
    for (const change of this.#options.dedupe.settle(entry, result)) changes.push(change);
  }

  /** A receipt may have come since the first try, and may have been stored: what is tracked then knows more. */
  async #withoutOutdated(changes: readonly Change[]): Promise<Change[]> {
    const { storage } = this.#options;
    const isOutdated = await Promise.all(
      changes.map(async ({ table, key, value }) => {
        return table === 'tracked' && value !== undefined && (await storage.read(table, key)) !== undefined;
      }),
    );
    return changes.filter((_change, index) => isOutdated[index] !== true);
  }

  #report(result: SubmitResult): void {
    this.#options.onSettled(result);
    this.#watching.get(result.id)?.(true);
    this.#watching.delete(result.id);
    const awaited = this.#awaited.get(result.id);
    if (awaited !== undefined) {
      this.#awaited.delete(result.id);
      awaited.resolve(result);
    }
    this.results.deliver(result.id, result, awaited !== undefined);
  }
}
