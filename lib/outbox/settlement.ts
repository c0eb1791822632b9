/**
 * The end of every SMS: its one result is made safe, then handed to whoever waits for it.
 *
 * What settled in one turn of the event loop is one write, or several when storage does not take it. In it the
 * entry (with its text) goes, and the result, the gateway's ids for the receipts and the dedupe key's result come: all
 * or nothing for each SMS. Volatile storage gets a result that nobody has taken at `close`.
 */
import type { Clock } from '../clock.js';
import { damagedAs, SmppError } from '../errors.js';
import type { SubmitResult } from '../message.js';
import { Mailbox, type MailboxBounds, type MailboxOptions } from '../storage/mailbox.js';
import type { Change, Storage } from '../storage/storage.js';
import type { Dedupe } from './dedupe.js';
import type { OutboxEntry, Progress } from './entry.js';
import { isRemains, type QueueItem } from './queue-item.js';
import { ownResult, readResult, storedResult } from './stored-result.js';

/** A result that could not be stored is tried again after this; until then it is not reported. */
const RETRY_MS = 1_000;

/** The gateway's ids of what it has of an SMS besides those of the result. */
export interface GivenIds {
  /** Of further submissions that it took whole, one a segment. */
  readonly copies?: NonNullable<Progress['copies']>;
  /** Of segments of each of the submissions that it did not take whole. */
  readonly halves?: readonly (readonly string[])[];
}

interface Settled {
  readonly item: QueueItem;
  readonly entry: OutboxEntry;
  readonly result: SubmitResult;
  /** Asked for once, however often they are written: from then on its receipts are matched. */
  tracking: readonly Change[] | undefined;
}

export interface SettlementOptions {
  readonly bounds: MailboxBounds;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly dedupe: Dedupe;
  /** The writes that have receipts matched to an SMS. */
  readonly tracking: (entry: OutboxEntry, result: SubmitResult, given: GivenIds) => readonly Change[];
  readonly halvesOf: (entry: OutboxEntry) => NonNullable<GivenIds['halves']>;
  /** A result is safe: the queue may forget the SMS. */
  readonly onSettled: (item: QueueItem, to: string) => void;
  readonly onFailure: (error: unknown) => void;
  readonly log: MailboxOptions<SubmitResult>['log'];
}

export class Settlement {
  readonly #options: SettlementOptions;
  /** Results until every listener has taken them. */
  readonly results: Mailbox<SubmitResult>;
  /** Those who wait for a result to be safe, and do not take it. */
  readonly #watching = new Map<string, ((isSafe: boolean) => void)[]>();
  #batch: Settled[] = [];
  #flushing: Promise<void> | undefined;
  #endWait: (() => void) | undefined;
  #isClosed = false;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.results = new Mailbox<SubmitResult>({
      storage: options.storage,
      bounds: options.bounds,
      table: 'result',
      clock: options.clock,
      kind: 'results',
      revive: (value, id, isEarlier) => readResult(id, value, isEarlier),
      cameAt: ({ settledAt }) => settledAt,
      record: storedResult,
      forget: (changes) => options.storage.write(changes, 'later'),
      onFailure: options.onFailure,
      log: options.log,
    });
  }

  /** Resolves when the result of an SMS is safe, with false when the gateway is stopped first. */
  isSafe(id: string): Promise<boolean> {
    return new Promise((resolve) => this.#watching.set(id, [...(this.#watching.get(id) ?? []), resolve]));
  }

  settle(item: QueueItem, entry: OutboxEntry, result: SubmitResult): void {
    this.#batch.push({ item, entry, result, tracking: undefined });
    this.#flushing ??= Promise.resolve().then(() => this.#flush());
  }

  /**
   * Stores what is settled, and rejects those who still wait; what settles from now on is tried once.
   *
   * @param left SMS in the queue
   */
  async finish(left: () => Iterable<QueueItem>): Promise<void> {
    this.#isClosed = true;
    this.#endWait?.();
    await this.#flushing;
    this.reject(left(), stoppedFirst());
  }

  /** Rejects those who still wait. */
  reject(left: Iterable<QueueItem>, reason: unknown): void {
    for (const item of left) {
      item.waiter?.reject(reason);
      item.waiter = undefined;
    }
    for (const watch of [...this.#watching.values()].flat()) watch(false);
    this.#watching.clear();
  }

  open(): Promise<void> {
    this.#isClosed = false;
    return this.results.open();
  }

  async #flush(): Promise<void> {
    /** So many of the first in line could not be stored before. */
    let again = 0;
    let most = Infinity;
    while (this.#batch.length > 0) {
      const batch = this.#take(most);
      if (await this.#store(batch, again > 0)) {
        again = Math.max(0, again - batch.length);
        most = again === 0 ? Infinity : 2 * most; // it may have been the disk, and not the size
        this.#leaveRounds(batch);
        for (const settled of batch) this.#reportSafely(settled);
        continue;
      }
      again = Math.max(again, batch.length);
      this.#batch = [...batch, ...this.#batch];
      // It may be more than storage takes at once.
      most = Math.ceil(batch.length / 2);
      if (batch.length > 1) continue;
      if (this.#isClosed) break;
      await this.#wait();
    }
    this.#flushing = undefined;
  }

  /** Until storage is worth another try, or everything comes to its end. */
  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(RETRY_MS, resolve);
      this.#endWait = () => {
        cancel();
        resolve();
      };
    });
    this.#endWait = undefined;
  }

  /** The first in line, so many at most. */
  #take(most: number): readonly Settled[] {
    if (this.#batch.length > most) return this.#batch.splice(0, most);
    const batch = this.#batch;
    this.#batch = [];
    return batch;
  }

  /** @param isAgain some of the batch could not be stored before */
  async #store(batch: readonly Settled[], isAgain: boolean): Promise<boolean> {
    try {
      const outdated = isAgain ? await this.#outdated(batch) : undefined;
      // From here to the write without a pause: what is tracked has receipts at once, whose writes are to follow it.
      const changes: Change[] = [];
      for (const settled of batch) this.#addChanges(changes, settled);
      await this.#options.storage.write(
        outdated === undefined ? changes : changes.filter((change) => !outdated.has(change)),
      );
      return true;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }

  #addChanges(changes: Change[], settled: Settled): void {
    const { item, entry, result } = settled;
    settled.tracking ??= this.#tracking(settled);
    if (item.isStored) changes.push({ table: 'outbox', key: entry.id });
    if (!this.results.isSpared) changes.push(this.results.keeping(entry.id, storedResult(result)));
    if (item.hasRecord) changes.push({ table: 'progress', key: entry.id });
    for (const change of settled.tracking) changes.push(change);
    if (mayHoldKey(entry)) changes.push(...this.#options.dedupe.settling(entry, result));
  }

  #tracking({ item, entry, result }: Settled): readonly Change[] {
    const { tracking, halvesOf } = this.#options;
    const { copies } = item.progress;
    const isAccepted = result.outcome === 'accepted';
    const given = copies === undefined ? NO_OTHERS : { copies };
    if (entry.segments > 1) {
      const known = new Set(isAccepted ? [result.messageIds, ...(copies ?? [])].flat() : []);
      const halves = halvesOf(entry)
        .map((ids) => ids.filter((id) => !known.has(id) && known.add(id)))
        .filter((ids) => ids.length > 0);
      if (halves.length > 0) return tracking(entry, result, { ...given, halves });
    }
    return isAccepted ? tracking(entry, result, given) : NO_CHANGES;
  }

  /** A receipt may have come since an earlier try, and may have been stored: what is tracked then knows more. */
  async #outdated(batch: readonly Settled[]): Promise<ReadonlySet<Change>> {
    const { storage } = this.#options;
    const outdated = new Set<Change>();
    let left = batch
      .flatMap(({ tracking = NO_CHANGES }) => tracking)
      .filter(({ table, value }) => table === 'tracked' && value !== undefined);
    for (let isNews = left.length > 0; isNews;) {
      const stored = await Promise.all(
        left.map(({ table, key }) => storage.read(table, key).catch(damagedAs(undefined))),
      );
      const found = left.filter((_, index) => stored[index] !== undefined);
      for (const change of found) outdated.add(change);
      left = left.filter((_, index) => stored[index] === undefined);
      isNews = found.length > 0; // reading those took a while, in which others may have come
    }
    return outdated;
  }

  /** Not awaited: a record of a round that is over says nothing of any SMS. */
  #leaveRounds(batch: readonly Settled[]): void {
    const over: Change[] = [];
    for (const { item } of batch) {
      const change = item.round?.leave();
      if (change !== undefined) over.push(change);
    }
    if (over.length > 0) this.#options.storage.write(over, 'later').catch(this.#options.onFailure);
  }

  /** One that cannot be told keeps no other from being told; its result is safe, and comes again after a restart. */
  #reportSafely(settled: Settled): void {
    try {
      this.#report(settled);
    } catch (error) {
      this.#options.onFailure(error);
    }
  }

  #report({ item, entry, result }: Settled): void {
    this.#options.onSettled(item, entry.to);
    if (mayHoldKey(entry)) this.#options.dedupe.settled(entry, result);
    if (this.#watching.size > 0) {
      for (const watch of this.#watching.get(item.id) ?? []) watch(true);
      this.#watching.delete(item.id);
    }
    item.waiter?.resolve(this.results.isHeard ? ownResult(result) : result);
    this.results.deliver(item.id, result, item.waiter?.isSenders);
  }
}

const NO_CHANGES: readonly Change[] = [];
const NO_OTHERS: GivenIds = {};

/** Of one whose record is lost nobody knows. */
function mayHoldKey(entry: OutboxEntry): boolean {
  return entry.dedupeKey !== undefined || isRemains(entry);
}

function stoppedFirst(): SmppError {
  const message =
    'the gateway was stopped before this SMS was settled; it stays in the queue, and its result comes by onSettled';
  return new SmppError('SMPP_STOPPED', message);
}
