/**
 * The accepted SMS whose receipts are to come, in storage, and the index over them on the heap.
 *
 * A record stays for the whole wait, also after its final receipt: the same receipt may come again, and an
 * answer from the phone is tied to it.
 */
import type { Clock, EpochMs, Millis } from '../clock.js';
import type { Change, Storage } from '../storage/storage.js';
import { TransitMap } from '../transit-map.js';
import type { TrackedRecord, TrackedSms } from './join-receipt.js';
import type { Waiting } from './overdue-watch.js';
import { RecentRecords } from './recent-records.js';
import { type Tracked, TrackedIndex } from './tracked-index.js';

/** Records that are too old are not found in storage any more; the index forgets them when so many came since. */
const SWEEP_EVERY = 1_000;

/** More than a gateway takes to deliver once more what it got no answer to. */
const LASTING_MS: Millis = 10 * 60_000;

export interface TrackedRecordsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly keepMs: Millis;
  readonly onFailure: (error: unknown) => void;
}

/** The wait of an SMS for its final receipt; undefined when none is to come. */
type WaitOf = (record: TrackedRecord) => Waiting | undefined;

export class TrackedRecords {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #keepMs: Millis;
  readonly #onFailure: (error: unknown) => void;
  #index = new TrackedIndex();
  #recent = new RecentRecords();
  /** By our id. As many at most as receipts may wait to be confirmed: with no room to keep one, none is taken. */
  readonly #unstored = new TransitMap<string, TrackedRecord>();
  /** Those of them that no write under way has. */
  #toStore: TrackedRecord[] = [];
  #isStoreDue = false;
  #added = 0;

  constructor({ storage, clock, keepMs, onFailure }: TrackedRecordsOptions) {
    this.#storage = storage;
    this.#clock = clock;
    this.#keepMs = keepMs;
    this.#onFailure = onFailure;
  }

  /** Reads what is stored into the index, in order of acceptance. */
  async open(waitOf: WaitOf): Promise<void> {
    this.#index = new TrackedIndex();
    this.#recent = new RecentRecords();
    for await (const [, value] of this.#storage.scan('tracked')) {
      if (isTrackedRecord(value)) endWaits(this.#index.add(indexed(value, waitOf(value))));
    }
  }

  /** Receipts of this SMS are found from now on. Returns what records that, and deletes those that gave way to it. */
  add(sms: TrackedSms, waitOf: WaitOf): readonly Change[] {
    const { id, messageIds, to, from, acceptedAt, receipt, correlation } = sms;
    // It was added before, but could not be stored, and may have had a receipt meanwhile.
    const known = this.#unstored.get(id) ?? this.#index.entryOf(sms)?.record;
    if (known !== undefined) return [this.#changeTo(known)];
    const reports = messageIds.length === 1 ? NO_REPORT : messageIds.map(() => null);
    // A literal: spreading takes several times the memory, and this is done for every SMS.
    const fresh = { id, messageIds, to, from, acceptedAt, receipt, reports, overdueMs: 0 };
    const record: TrackedRecord = correlation === undefined ? fresh : Object.assign(fresh, { correlation });
    const change = this.#changeTo(record);
    const tracked = indexed(record, waitOf(record));
    tracked.record = record;
    const gaveWay = this.#index.add(tracked);
    this.#recent.add(tracked);
    this.#added += 1;
    if (this.#added % SWEEP_EVERY === 0) endWaits(this.#removeOld());
    if (gaveWay.length === 0) return [change];
    endWaits(gaveWay);
    return [change, ...gaveWay.map((tracked): Change => ({ table: 'tracked', key: tracked.id }))];
  }

  async read(id: string): Promise<TrackedRecord | undefined> {
    const unstored = this.#unstored.get(id);
    if (unstored !== undefined) return unstored;
    const value = await this.#storage.read('tracked', id);
    return isTrackedRecord(value) ? value : undefined;
  }

  /**
   * Stores what has become of an SMS, once that was emitted, with what else this turn of the event loop brings. What
   * could not be stored counts all the same, and is written with the next that can: whoever had the receipt would
   * get it again.
   */
  replace(record: TrackedRecord, tracked = this.#index.entryOf(record)): void {
    if (tracked?.record !== undefined) tracked.record = record;
    this.#unstored.set(record.id, record);
    this.#toStore.push(record);
    if (this.#isStoreDue) return;
    this.#isStoreDue = true;
    queueMicrotask(() => {
      this.#isStoreDue = false;
      void this.store([]);
    });
  }

  /** Writes what was replaced, and `changes` with it: all or none. Never rejects. */
  async store(changes: readonly Change[]): Promise<void> {
    const records = this.#toStore;
    if (records.length + changes.length === 0) return;
    this.#toStore = [];
    const isLast = (record: TrackedRecord): boolean => this.#unstored.get(record.id) === record;
    try {
      await this.#storage.write([...records.map((record) => this.#changeTo(record)), ...changes]);
      for (const record of records) if (isLast(record)) this.#unstored.delete(record.id);
    } catch (error) {
      this.#toStore.unshift(...records.filter(isLast));
      this.#onFailure(error);
    }
  }

  /** The SMS that a message id belongs to. */
  find(messageId: string): Tracked | undefined {
    return this.#index.find(messageId);
  }

  /** Whether an SMS will be known for as long as a receipt may be delivered again. */
  isLasting({ acceptedAt }: Tracked, now: EpochMs): boolean {
    return acceptedAt + this.#keepMs - LASTING_MS > now;
  }

  /** Our last SMS to a phone, while its record is kept. */
  lastTo(phone: string): { readonly id: string; readonly sentAt: EpochMs } | undefined {
    const last = this.#index.lastTo(phoneKey(phone));
    if (last === undefined || last.acceptedAt + this.#keepMs < this.#clock.wall()) return undefined;
    return { id: last.id, sentAt: last.acceptedAt };
  }

  #removeOld(): readonly Tracked[] {
    return this.#index.removeBefore(this.#clock.wall() - this.#keepMs);
  }

  #changeTo(record: TrackedRecord): Change {
    return { table: 'tracked', key: record.id, value: record, keepUntil: record.acceptedAt + this.#keepMs };
  }
}

/** A number as the same phone's other spellings have it too. */
export function phoneKey(phone: string): string {
  return phone.startsWith('+') || phone.startsWith('00') ? phone.replace(/^(?:\+|00)/, '') : phone;
}

function indexed({ id, messageIds, to, acceptedAt }: TrackedSms, waiting: Waiting | undefined): Tracked {
  return { id, messageIds, phone: phoneKey(to), acceptedAt, waiting, record: undefined, next: undefined };
}

/** Nobody is told any more that no receipt came for them: it would not be found. */
function endWaits(forgotten: readonly Tracked[]): void {
  for (const { waiting } of forgotten) if (waiting !== undefined) waiting.isOver = true;
}

/** Of nearly every SMS as it is accepted: one list for all of them. */
const NO_REPORT: TrackedRecord['reports'] = [null];

/** Enough to tell a record of ours from anything else; the engine has checked that it is whole. */
function isTrackedRecord(value: unknown): value is TrackedRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { id, messageIds, reports } = value as Partial<TrackedRecord>;
  return typeof id === 'string' && Array.isArray(messageIds) && Array.isArray(reports);
}
