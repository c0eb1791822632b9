/**
 * The accepted SMS whose receipts are to come: the index over them, and their records in storage.
 *
 *   open ─▶ being read, a slice at a time: nothing is found yet, and what is accepted waits ─▶ read
 *
 * A record stays for the whole wait, also after its final receipt: the same receipt may come again, and an
 * answer from the phone is tied to it. Storage that ends with the process has no records: it is given the index
 * itself at `close`, which knows all, in a fraction of the room.
 */
import { Alarm } from '../alarm.js';
import type { Bounds } from '../bounds.js';
import type { Clock, EpochMs, Millis } from '../clock.js';
import { damagedAs, SmppError } from '../errors.js';
import { RECEIPT_WAIT_MS } from '../inmobile.js';
import { jsonCopy } from '../json-copy.js';
import type { Change, Storage } from '../storage/storage.js';
import { TransitMap } from '../transit-map.js';
import { isSettled, type ReceivedReceipt, type TrackedRecord, type TrackedSms } from './join-receipt.js';
import { RecentCorrelations } from './recent-correlations.js';
import { storedTracked, trackedOf } from './stored-tracked.js';
import { TrackedIndex } from './tracked-index.js';

/** More than a gateway takes to deliver once more what it got no answer to. */
const LASTING_MS: Millis = 10 * 60_000;

/** Those that are too old count no more; they are forgotten together. */
const SWEEP_EVERY_MS: Millis = 60_000;

/** An SMS that was accepted is stored by then: a disk that failed works again. */
const STORED_WITHIN_MS: Millis = 10 * 60_000;

/** What is stored could not be read, and is read again after this. */
const READ_AGAIN_MS: Millis = 5_000;

/** Of the index in volatile storage. No id of an SMS has a space. */
const INDEX_KEY = 'the index';

export interface TrackedRecordsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly bounds: Bounds;
  readonly keepMs: Millis;
  readonly onFailure: (error: unknown) => void;
}

/** An SMS that is not in the index yet. */
interface Accepted {
  readonly record: TrackedRecord;
  /** When it was accepted, on the monotonic clock. */
  readonly since: Millis;
}

/** What became of an SMS, which storage is not told yet. */
export interface HeldRecord {
  readonly sms: number;
  readonly record: TrackedRecord;
  readonly owed: () => Change;
}

export class TrackedRecords {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #bounds: Bounds;
  readonly #keepMs: Millis;
  readonly #onFailure: (error: unknown) => void;
  readonly #isVolatile: boolean;
  #index: TrackedIndex;
  #recent: RecentCorrelations;
  /** Accepted before all that was before them is in the index; undefined when that is. */
  #accepted: Accepted[] | undefined;
  #reading: Promise<void> = DONE;
  #isOpen = false;
  /** Ends a pause before it is over. */
  #goOn: () => void = nothing;
  /** By our id. As many at most as receipts may wait to be confirmed: with no room to keep one, none is taken. */
  readonly #unstored = new TransitMap<string, TrackedRecord>();
  /** What became of an SMS by a receipt that is not taken yet, by our id. As many as listeners may have open. */
  readonly #held = new TransitMap<string, HeldRecord>();
  /** Those of them that no write under way has. */
  #toStore: TrackedRecord[] = [];
  /** What is owed of receipts by which they were replaced. */
  #owed: Change[] = [];
  #isStoreDue = false;
  readonly #sweep: Alarm;

  constructor({ storage, clock, bounds, keepMs, onFailure }: TrackedRecordsOptions) {
    this.#storage = storage;
    this.#clock = clock;
    this.#bounds = bounds;
    this.#keepMs = keepMs;
    this.#onFailure = onFailure;
    this.#isVolatile = storage.isVolatile === true;
    this.#sweep = new Alarm(clock, () => this.#forgetOld());
    this.#index = new TrackedIndex({ isWhole: this.#isVolatile, bounds });
    this.#recent = new RecentCorrelations(bounds);
  }

  get index(): TrackedIndex {
    return this.#index;
  }

  /** Whether all that is stored is in the index. Nothing is found before. */
  get isRead(): boolean {
    return this.#accepted === undefined;
  }

  /** Resolves when all is read, or it is closed. Never rejects. */
  get reading(): Promise<void> {
    return this.#reading;
  }

  /** Begins to read what is stored; volatile storage is read when it resolves. */
  async open(): Promise<void> {
    this.#isOpen = true;
    this.#accepted = [];
    if (this.#isVolatile) await this.#read();
    else this.#reading = this.#readInTime();
  }

  /** Gives volatile storage what it was spared: the index as it is; other storage what it did not take before. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#goOn();
    await this.#reading;
    this.#sweep.clear();
    if (this.#isVolatile)
      await this.#storage.write([{ table: 'tracked', key: INDEX_KEY, value: this.#index }]);
    else await this.store([]);
  }

  /** Beside all else that begins: some hundred thousand take seconds. */
  async #readInTime(): Promise<void> {
    while (this.#isOpen) {
      try {
        await this.#read();
        return;
      } catch (error) {
        this.#onFailure(error);
        await this.#pause();
      }
    }
  }

  #pause(): Promise<void> {
    if (!this.#isOpen) return DONE;
    return new Promise((resolve) => {
      const cancel = this.#clock.after(READ_AGAIN_MS, resolve);
      this.#goOn = () => {
        cancel();
        resolve();
      };
    });
  }

  /** In order of acceptance. */
  async #read(): Promise<void> {
    const accepted = this.#accepted ?? [];
    // Growing some hundred thousand to the double takes the loop a tenth of a second.
    const room = this.#storage.count('tracked') + accepted.length;
    this.#index = new TrackedIndex({ isWhole: this.#isVolatile, bounds: this.#bounds, room });
    this.#recent = new RecentCorrelations(this.#bounds);
    const { wall, now } = { wall: this.#clock.wall(), now: this.#clock.now() };
    const later = new Set(accepted.map(({ record }) => record.id)); // when it is not the first try
    const ofFolder: Change[] = [];
    for await (const [key, value] of this.#storage.scan('tracked')) {
      if (!this.#isOpen) return;
      if (value instanceof TrackedIndex) {
        this.#index = value;
        continue;
      }
      if (this.#isVolatile) ofFolder.push({ table: 'tracked', key });
      const record = later.has(key) ? undefined : trackedOf(key, value);
      if (record !== undefined) this.#index.add(record, now - Math.max(0, wall - record.acceptedAt));
    }
    // They have come from a folder, and are in the index from now on.
    if (ofFolder.length > 0) await this.#storage.write(ofFolder);
    this.#accepted = undefined;
    const gaveWay = accepted.flatMap((each) => this.#addToIndex(each));
    this.#forgetOld();
    if (gaveWay.length > 0) this.store(gaveWay).catch(this.#onFailure);
  }

  /** Receipts of this SMS are found from now on. Returns what records that, and deletes those that gave way to it. */
  add(sms: TrackedSms): readonly Change[] {
    const { id, messageIds, to, from, acceptedAt, receipt, copies, halves, isHalf } = sms;
    // The sender's result has the same object, and may change it. The index packs it at once.
    const correlation = this.#isVolatile ? sms.correlation : jsonCopy(sms.correlation);
    const reports = messageIds.length === 1 ? NO_REPORT : messageIds.map(() => null);
    // A literal: spreading takes several times the memory, and this is done for every SMS.
    const fresh = { id, messageIds, to, from, acceptedAt, receipt, reports, overdueMs: 0 };
    const record: TrackedRecord = correlation === undefined ? fresh : Object.assign(fresh, { correlation });
    if (copies !== undefined) Object.assign(record, { copies });
    if (halves !== undefined) Object.assign(record, isHalf === true ? { halves, isHalf } : { halves });
    const since = this.#clock.now() - Math.max(0, this.#clock.wall() - acceptedAt);
    if (this.#accepted !== undefined) {
      this.#accepted.push({ record, since });
      return [this.#changeTo(record)];
    }
    const gaveWay = this.#addToIndex({ record, since });
    if (this.#isVolatile) return NOTHING;
    const change = this.#changeTo(record);
    return gaveWay.length === 0 ? [change] : [change, ...gaveWay];
  }

  /** Returns what deletes those that give way to it. */
  #addToIndex({ record, since }: Accepted): readonly Change[] {
    const { receipt, correlation } = record;
    const number = this.#index.add(record, since);
    if (this.#index.isPartial(number) && receipt !== 'never') this.#recent.add(number, correlation);
    if (!this.#sweep.isSet) this.#sweep.set(this.#clock.now() + this.#keepMs);
    const gaveWay = this.#index.giveWay();
    return gaveWay.length === 0 ? NOTHING : gaveWay.map((key): Change => ({ table: 'tracked', key }));
  }

  /** As `add`, of one that nobody else writes: what cannot be stored at once is written with the next that can. */
  addAlone(sms: TrackedSms): readonly Change[] {
    const [own, ...gaveWay] = this.add(sms);
    const added = this.#index.findOwn(sms.id, sms.to);
    const record = own === undefined ? undefined : trackedOf(sms.id, own.value);
    if (added === undefined || record === undefined) return NOTHING; // volatile
    this.replace(added, record);
    return gaveWay;
  }

  /** An SMS that is kept, by our id. */
  findOwn(id: string, phone: string): number | undefined {
    return this.#whileKept(this.#index.findOwn(id, phone));
  }

  /** Receipts of this SMS are found by these ids too. */
  async addCopy(sms: number, messageIds: readonly string[]): Promise<void> {
    this.#index.addCopy(sms, messageIds);
    const record = await this.read(sms);
    if (record === undefined || this.#isVolatile) return;
    // What storage has may be older than this copy, or newer.
    const copies = [...(record.copies ?? []).filter((copy) => copy.join() !== messageIds.join()), messageIds];
    this.replace(sms, { ...record, copies });
  }

  /** What is known of an SMS; undefined when storage is to be asked. */
  peek(sms: number): TrackedRecord | undefined {
    if (!this.#index.has(sms)) return undefined;
    if (!this.#index.isPartial(sms)) return this.#index.recordOf(sms);
    const correlation = this.#recent.get(sms);
    return correlation === undefined ? undefined : { ...this.#index.recordOf(sms), correlation };
  }

  /**
   * What is known of an SMS; undefined when it is forgotten. Without its correlation when storage has lost that.
   *
   * @throws, rejecting, SMPP_STORAGE when storage does not have it yet, or cannot be read
   */
  async read(sms: number): Promise<TrackedRecord | undefined> {
    if (!this.#index.has(sms)) return undefined;
    const known = this.peek(sms);
    if (known !== undefined) return known;
    const stored = await this.#readStored(this.#index.idOf(sms)).catch(damagedAs('damaged'));
    if (stored !== undefined && stored !== 'damaged') return stored;
    if (!this.#index.has(sms)) return undefined;
    const isYoung = this.#index.since(sms) + STORED_WITHIN_MS > this.#clock.now();
    if (stored === undefined && isYoung) throw notStoredYet();
    return this.#index.recordOf(sms);
  }

  /** Of an SMS to a phone, by our id. */
  async correlationOf(id: string, phone: string): Promise<unknown> {
    if (!this.#isVolatile) return jsonCopy((await this.#readStored(id))?.correlation);
    const sms = this.#index.findOwn(id, phone);
    return sms === undefined || this.#isOver(sms) ? undefined : this.#index.recordOf(sms).correlation;
  }

  /**
   * Stores what has become of an SMS, once that was emitted, with what else this turn of the event loop brings. What
   * could not be stored counts all the same, and is written with the next that can: whoever had the receipt would
   * get it again.
   */
  replace(sms: number, record: TrackedRecord): void {
    this.#letGo(record.id);
    this.#index.update(sms, record);
    if (this.#isVolatile || !this.#index.has(sms)) return;
    if (isSettled(record)) this.#recent.remove(sms);
    this.#unstored.set(record.id, record);
    this.#toStore.push(record);
    this.#storeSoon();
  }

  /**
   * As `replace`, by a receipt that nobody has taken yet: storage hears of it in the write that forgets that one, or with
   * what is owed of it as soon as more becomes of the SMS. So a crash loses none, and it costs no write of its own.
   *
   * @param owed the write that says what is owed
   * @returns to be released when it is taken, or when what is owed of it is written
   */
  hold(sms: number, record: TrackedRecord, owed: () => Change): HeldRecord | undefined {
    this.#letGo(record.id);
    this.#index.update(sms, record);
    if (this.#isVolatile || !this.#index.has(sms)) return undefined;
    if (isSettled(record)) this.#recent.remove(sms);
    this.#unstored.set(record.id, record);
    const held = { sms, record, owed };
    this.#held.set(record.id, held);
    return held;
  }

  /** It is written with the next that is. */
  release(held: HeldRecord): void {
    if (this.#held.get(held.record.id) !== held) return;
    this.#held.delete(held.record.id);
    if (this.#index.has(held.sms)) this.#toStore.push(held.record);
  }

  /** More is to become of that SMS: an earlier receipt says nothing new then, so what is owed of it is written. */
  #letGo(id: string): void {
    const held = this.#held.size === 0 ? undefined : this.#held.get(id);
    if (held === undefined) return;
    this.release(held);
    this.#owed.push(held.owed());
    this.#storeSoon();
  }

  #storeSoon(): void {
    if (this.#isStoreDue) return;
    this.#isStoreDue = true;
    queueMicrotask(() => {
      this.#isStoreDue = false;
      this.store([]).catch(this.#onFailure);
    });
  }

  /**
   * Writes what was replaced, and `changes` with or after it: all in one write, or in several when storage does not take
   * it. What could not be stored is written with the next.
   */
  async store(changes: readonly Change[]): Promise<void> {
    const owed = this.#owed;
    this.#owed = [];
    try {
      await this.#storeWith(owed.length === 0 ? changes : [...owed, ...changes]);
    } catch (error) {
      this.#owed.unshift(...owed);
      throw error;
    }
  }

  async #storeWith(changes: readonly Change[]): Promise<void> {
    const isLast = (record: TrackedRecord): boolean => this.#unstored.get(record.id) === record;
    for (let most = Infinity; this.#toStore.length + changes.length > 0;) {
      const records = this.#toStore.splice(0, most);
      const isAll = this.#toStore.length === 0;
      const puts = records.map((record) => this.#changeTo(record));
      try {
        await this.#storage.write(isAll ? [...puts, ...changes] : puts, 'later');
      } catch (error) {
        this.#toStore.unshift(...records.filter(isLast));
        if (records.length < 2) throw error;
        most = Math.ceil(records.length / 2);
        continue;
      }
      for (const record of records) if (isLast(record)) this.#unstored.delete(record.id);
      if (isAll) return;
    }
  }

  /** The SMS that a receipt belongs to, while it is kept; as good as it can be told when its phone fits none. */
  find(received: ReceivedReceipt): number | undefined {
    return this.#whileKept(this.isRead ? this.#index.find(received) : undefined);
  }

  /** As `find`; none when one whose phone fits may yet become known. */
  findFitting(received: ReceivedReceipt): number | undefined {
    // It may be among those still to be read, whatever has its id already.
    return this.#whileKept(this.isRead ? this.#index.findFitting(received) : undefined);
  }

  /** Whether an SMS will be known for as long as a receipt may be delivered again. */
  isLasting(sms: number): boolean {
    return this.#index.since(sms) + this.#keepMs - LASTING_MS > this.#clock.now();
  }

  /** Our last SMS to a phone, accepted until then, while it is kept. */
  lastTo(phone: string, until: EpochMs): { readonly id: string; readonly sentAt: EpochMs } | undefined {
    const last = this.#index.lastTo(phone, until);
    if (last === undefined || this.#isOver(last)) return undefined;
    return { id: this.#index.idOf(last), sentAt: this.#index.acceptedAt(last) };
  }

  /** Those whose wait is over; also when nothing has been sent since. */
  #forgetOld(): void {
    const now = this.#clock.now();
    this.#index.removeOld(now - this.#keepMs);
    const { oldest, end } = this.#index;
    this.#recent.removeBefore(oldest);
    if (oldest < end)
      this.#sweep.set(Math.max(this.#index.since(oldest) + this.#keepMs, now + SWEEP_EVERY_MS));
  }

  #whileKept(sms: number | undefined): number | undefined {
    return sms === undefined || this.#isOver(sms) ? undefined : sms;
  }

  /** It was kept for the whole wait, by a clock that does not jump; records in storage end by the wall clock. */
  #isOver(sms: number): boolean {
    return this.#index.since(sms) + this.#keepMs < this.#clock.now();
  }

  async #readStored(id: string): Promise<TrackedRecord | undefined> {
    const unstored = this.#unstored.get(id);
    if (unstored !== undefined) return unstored;
    return trackedOf(id, await this.#storage.read('tracked', id));
  }

  #changeTo(record: TrackedRecord): Change {
    return changeTo(record, this.#keepMs);
  }
}

/** What volatile storage has of the table, as records of the SMS one by one. */
export function trackedOneByOne(change: Change): readonly Change[] {
  const index = change.value;
  if (!(index instanceof TrackedIndex)) return [change];
  const records: Change[] = [];
  for (let sms = index.oldest; sms < index.end; sms += 1)
    records.push(changeTo(index.recordOf(sms), RECEIPT_WAIT_MS));
  return records;
}

function changeTo(record: TrackedRecord, keepMs: Millis): Change {
  const { id, acceptedAt } = record;
  return { table: 'tracked', key: id, value: storedTracked(record), keepUntil: acceptedAt + keepMs };
}

/** It is accepted, and its record is under way, or will be written once the disk works again. */
function notStoredYet(): SmppError {
  return new SmppError('SMPP_STORAGE', 'the SMS of a receipt is not stored yet; the receipt waits for it');
}

const NOTHING: readonly Change[] = [];
const DONE = Promise.resolve();

function nothing(): undefined {
  return undefined;
}

/** Of nearly every SMS as it is accepted: one list for all of them. */
const NO_REPORT: TrackedRecord['reports'] = [null];
