/**
 * The accepted SMS whose receipts are to come, in storage, and the index over them on the heap.
 *
 * A record stays for the whole wait, also after its final receipt: the same receipt may come again, and an
 * answer from the phone is tied to it.
 */
import type { Clock, EpochMs, Millis } from '../clock.js';
import type { Change, Storage } from '../storage/storage.js';
import type { TrackedRecord, TrackedSms } from './join-receipt.js';
import { TrackedIndex } from './tracked-index.js';

/** Records that are too old are not found in storage any more; the index forgets them when so many came since. */
const SWEEP_EVERY = 1_000;

export interface TrackedRecordsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly keepMs: Millis;
  readonly onFailure: (error: unknown) => void;
}

interface Added {
  readonly record: TrackedRecord;
  /** The write that stores it. */
  readonly change: Change;
  /** Our ids of those whose receipts are not found any more. */
  readonly forgotten: readonly string[];
}

export class TrackedRecords {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #keepMs: Millis;
  readonly #onFailure: (error: unknown) => void;
  #index = new TrackedIndex();
  #added = 0;

  constructor({ storage, clock, keepMs, onFailure }: TrackedRecordsOptions) {
    this.#storage = storage;
    this.#clock = clock;
    this.#keepMs = keepMs;
    this.#onFailure = onFailure;
  }

  /** Reads what is stored into the index, and gives it in order of acceptance. */
  async *open(): AsyncGenerator<TrackedRecord> {
    this.#index = new TrackedIndex();
    for await (const [, value] of this.#storage.scan('tracked')) {
      if (!isTrackedRecord(value)) continue;
      this.#index.add(value.id, indexed(value));
      yield value;
    }
  }

  /** Receipts of this SMS are found from now on. */
  add(sms: TrackedSms): Added {
    const { id, messageIds, to, from, acceptedAt, receipt, correlation } = sms;
    const reports = messageIds.map(() => null);
    // A literal: spreading takes several times the memory, and this is done for every SMS.
    const known = { id, messageIds, to, from, acceptedAt, receipt, reports, overdueMs: 0 };
    const record: TrackedRecord = correlation === undefined ? known : Object.assign(known, { correlation });
    const gaveWay = this.#index.add(sms.id, indexed(sms));
    this.#added += 1;
    const tooOld = this.#added % SWEEP_EVERY === 0 ? this.#removeOld() : [];
    return { record, change: this.#changeTo(record), forgotten: [...gaveWay, ...tooOld] };
  }

  async read(id: string): Promise<TrackedRecord | undefined> {
    const value = await this.#storage.read('tracked', id);
    return isTrackedRecord(value) ? value : undefined;
  }

  /**
   * Stores what has become of an SMS, once that was emitted. Never rejects: whoever had the receipt would get it
   * again, and a change that is lost is emitted again anyway when its receipt is.
   */
  async replace(record: TrackedRecord): Promise<void> {
    try {
      await this.#storage.write([this.#changeTo(record)]);
    } catch (error) {
      this.#onFailure(error);
    }
  }

  /** Our id of the SMS that a message id belongs to. */
  find(messageId: string): string | undefined {
    return this.#index.find(messageId);
  }

  /** Our last SMS to a phone, while its record is kept. */
  lastTo(phone: string): { readonly id: string; readonly sentAt: EpochMs } | undefined {
    const last = this.#index.lastTo(phoneKey(phone));
    return last !== undefined && last.sentAt + this.#keepMs >= this.#clock.wall() ? last : undefined;
  }

  #removeOld(): readonly string[] {
    return this.#index.removeBefore(this.#clock.wall() - this.#keepMs);
  }

  #changeTo(record: TrackedRecord): Change {
    return { table: 'tracked', key: record.id, value: record, keepUntil: record.acceptedAt + this.#keepMs };
  }
}

/** A number as the same phone's other spellings have it too. */
export function phoneKey(phone: string): string {
  return phone.replace(/^(?:\+|00)/, '');
}

function indexed({ messageIds, to, acceptedAt }: TrackedSms) {
  return { messageIds, phone: phoneKey(to), acceptedAt };
}

/** Enough to tell a record of ours from anything else; the engine has checked that it is whole. */
function isTrackedRecord(value: unknown): value is TrackedRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { id, messageIds, reports } = value as Partial<TrackedRecord>;
  return typeof id === 'string' && Array.isArray(messageIds) && Array.isArray(reports);
}
