/**
 * The accepted SMS whose receipts are to come: which of them a message id belongs to, which went to a phone last, and
 * what is known of each. Outside the heap, in columns and octets: every SMS that is accepted comes by here and stays
 * for days, and objects that stay cost the garbage collector more than all else that an SMS takes. No I/O.
 *
 * An SMS goes by a number, which counts up in the order of acceptance.
 */
import { randomInt } from 'node:crypto';
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { EpochMs, Millis } from '../clock.js';
import {
  type HalfSegment,
  isOpenFor,
  isSettled,
  type ReceivedReceipt,
  type TrackedRecord,
} from './join-receipt.js';
import { hashOf, KeyChains } from './key-chains.js';
import { type Outcome, outcomeOf, Outcomes } from './outcomes.js';
import { PackedSms } from './packed-sms.js';
import { TrackedColumns } from './tracked-columns.js';

/** One in so many gives way at a time: their records go in one write. */
const SHARE = 100;

/** Keep the keys of different kinds apart; each index adds a number of its own, so that nobody can choose keys of one hash. */
const MESSAGE_ID = 0x1b873593;
const PHONE = 0x2c1b3c6d;

/** Of one SMS, which may all have one id. */
const SEGMENTS_MAX = 255;

const NOBODY: readonly string[] = [];

/** How much an SMS needs a receipt. */
const SETTLED = 0;
const OPEN = 1;
const AWAITED = 2;

/** The outcome of those whose own is no shared one: more than may be shared. */
const UNUSUAL = 0xffff;

interface Halves {
  readonly halves: readonly HalfSegment[];
  readonly isHalf?: true;
}

export interface TrackedIndexOptions {
  /** Nobody else keeps the records: correlations are kept too. */
  readonly isWhole: boolean;
  readonly bounds?: Bounds;
  /** SMS that it has room for at once. Default `trackedRoom`. */
  readonly room?: number;
}

/** Most SMS have one message id, and a phone: enough for two segments each. */
const KEYS_EACH = 3;

export class TrackedIndex {
  readonly #isWhole: boolean;
  readonly #max: number;
  readonly #octetsMax: number;
  readonly #columns: TrackedColumns;
  readonly #packed: PackedSms;
  readonly #idSeed = MESSAGE_ID ^ randomInt(2 ** 32);
  readonly #phoneSeed = PHONE ^ randomInt(2 ** 32);
  readonly #keys: KeyChains;
  readonly #outcomes: Outcomes;
  /** By SMS. */
  readonly #unusual = new Map<number, Outcome>();
  /** Of those that have some, by SMS, and the SMS by each of their message ids in lower case. */
  readonly #copies = new Map<number, NonNullable<TrackedRecord['copies']>>();
  /** As `#copies`. */
  readonly #halves = new Map<number, Halves>();
  readonly #byCopyId = new Map<string, Set<number>>();
  #copyIds = 0;
  readonly #copyIdsMax: number;
  readonly #sameIdSmsMax: number;
  /** Of those that have one, by SMS. */
  readonly #failures = new Map<number, NonNullable<TrackedRecord['failure']>>();
  readonly #failuresMax: number;

  constructor({ isWhole, bounds = DEFAULT_BOUNDS, room = 0 }: TrackedIndexOptions) {
    this.#isWhole = isWhole;
    this.#max = bounds.trackedSms;
    this.#octetsMax = bounds.trackedOctets;
    this.#copyIdsMax = bounds.copyIds;
    this.#sameIdSmsMax = bounds.sameIdSms;
    this.#failuresMax = bounds.failedSegments;
    this.#columns = new TrackedColumns({ trackedRoom: doubledTo(room, bounds) });
    this.#packed = new PackedSms(bounds);
    this.#keys = new KeyChains({ ...bounds, trackedRoom: doubledTo(room * KEYS_EACH, bounds) });
    this.#outcomes = new Outcomes(bounds);
  }

  /**
   * Adds an SMS; returns its number.
   *
   * @param since when it was accepted, on the monotonic clock
   */
  add(record: TrackedRecord, since: Millis): number {
    const { messageIds, acceptedAt, receipt, correlation } = record;
    const hasCorrelation = correlation !== undefined;
    const place = this.#packed.add(record, this.#isWhole ? correlation : undefined);
    const isAwaited = isAwaitedAs(record);
    const outcome = this.#outcomes.take(record) ?? UNUSUAL;
    const columns = { place, acceptedAt, since, receipt, isAwaited, hasCorrelation, outcome };
    const sms = this.#columns.add(columns);
    if (outcome === UNUSUAL) this.#unusual.set(sms, outcomeOf(record));
    for (const messageId of messageIds) {
      if (messageId !== '') this.#keys.add(hashOf(messageId, this.#idSeed), sms);
    }
    this.#keys.add(hashOf(phoneKey(record.to), this.#phoneSeed), sms);
    this.#setFailure(sms, record.failure);
    for (const copy of record.copies ?? []) this.addCopy(sms, copy);
    if (record.halves !== undefined) this.#addHalves(sms, record.halves, record.isHalf);
    return sms;
  }

  /** Has an SMS found by further message ids, one a segment. */
  addCopy(sms: number, messageIds: readonly string[]): void {
    if (!this.has(sms)) return;
    this.#copies.set(sms, [...(this.#copies.get(sms) ?? []), messageIds]);
    this.#findBy(messageIds, sms);
  }

  #addHalves(sms: number, halves: Halves['halves'], isHalf: true | undefined): void {
    this.#halves.set(sms, isHalf === undefined ? { halves } : { halves, isHalf });
    this.#findBy(halves.map(idOfHalf), sms);
  }

  #findBy(messageIds: readonly string[], sms: number): void {
    this.#copyIds += messageIds.length;
    for (const messageId of messageIds) {
      const lower = messageId.toLowerCase();
      const owners = this.#byCopyId.get(lower) ?? new Set();
      this.#byCopyId.set(lower, owners.add(sms));
    }
    while (this.#copyIds > this.#copyIdsMax) {
      const [copied = Infinity] = this.#copies.keys();
      const [halved = Infinity] = this.#halves.keys();
      this.#forgetCopies(Math.min(copied, halved));
    }
  }

  /** Whether an SMS is found by these message ids already, as far as they are any. */
  hasIds(sms: number, messageIds: readonly string[]): boolean {
    const known = this.#idsOf(sms);
    const halves = this.#halves.size === 0 ? undefined : this.#halves.get(sms)?.halves;
    const isKnown = (id: string): boolean =>
      known.some((ids) => ids.includes(id)) || halves?.some(({ messageId }) => messageId === id) === true;
    return messageIds.every((id) => id === '' || isKnown(id));
  }

  /** Our ids of those that have to give way now, and are forgotten; none where nobody else has their records. */
  giveWay(): readonly string[] {
    if (!this.#isFull()) return NOBODY;
    const gaveWay: string[] = [];
    do {
      const { oldest, size } = this.#columns;
      const end = oldest + Math.ceil(Math.min(size, this.#max) / SHARE);
      for (let sms = oldest; sms < end && !this.#isWhole; sms += 1) gaveWay.push(this.idOf(sms));
      this.#removeBefore(end);
    } while (this.#isFull());
    return gaveWay;
  }

  /** Forgets those accepted before `instant`, on the monotonic clock. */
  removeOld(instant: Millis): void {
    let { oldest } = this.#columns;
    while (oldest < this.#columns.next && this.#columns.since(oldest) < instant) oldest += 1;
    this.#removeBefore(oldest);
  }

  has(sms: number): boolean {
    return this.#columns.has(sms);
  }

  /**
   * The SMS that a receipt belongs to. The only one with exactly its id, whatever its phone says. Of several, or with the
   * id in another letter case, the one whose phone fits: the exact id before others, then the first whose final receipt is
   * awaited, then the last without one, then the last. When no phone fits, so among those with the exact id.
   */
  find(received: ReceivedReceipt): number | undefined {
    const { messageId } = received.parsed;
    if (messageId === '') return undefined;
    const named: number[] = [];
    let exact: number | undefined;
    let left = this.#sameIdSmsMax * SEGMENTS_MAX;
    this.#keys.find(hashOf(messageId, this.#idSeed), (sms) => {
      left -= 1;
      if (left < 0) return true;
      const messageIds = this.#packed.messageIdsAt(this.#columns.place(sms));
      if (messageIds.includes(messageId)) exact = sms;
      else if (!messageIds.some((id) => isFolded(id, messageId))) return false;
      if (named[named.length - 1] !== sms) named.push(sms);
      return named.length === this.#sameIdSmsMax;
    });
    const byCopy = this.#byCopyId.size === 0 ? undefined : this.#byCopyId.get(messageId.toLowerCase());
    if (byCopy === undefined && named.length === 1 && named[0] === exact) return exact;
    const candidates = new Set([...named, ...[...(byCopy ?? [])].slice(-this.#sameIdSmsMax)]);
    return this.#bestOf(candidates, received);
  }

  /** As `find`; none when a receipt is from a phone that no SMS with its id went to, as one that is under way may have. */
  findFitting(received: ReceivedReceipt): number | undefined {
    const sms = this.find(received);
    if (sms === undefined || this.#phoneFit(sms, received) > 0) return sms;
    return numberOf(received.phone) === undefined ? sms : undefined;
  }

  /** Whether another SMS has a message id of this one's too, in whichever letter case. */
  isShared(sms: number, messageId: string): boolean {
    if (this.#keys.find(hashOf(messageId, this.#idSeed), (other) => other !== sms) !== undefined) return true;
    const byCopy = this.#byCopyId.size === 0 ? undefined : this.#byCopyId.get(messageId.toLowerCase());
    return byCopy !== undefined && [...byCopy].some((other) => other !== sms);
  }

  /** By our own id, among those to a phone. */
  findOwn(id: string, phone: string): number | undefined {
    return this.#keys.find(hashOf(phoneKey(phone), this.#phoneSeed), (sms) => this.idOf(sms) === id);
  }

  /** Our last SMS to a phone, of those accepted until then. */
  lastTo(phone: string, until: EpochMs = Infinity): number | undefined {
    const key = phoneKey(phone);
    return this.#keys.find(hashOf(key, this.#phoneSeed), (sms) => {
      if (this.#columns.acceptedAt(sms) > until || this.#halves.get(sms)?.isHalf === true) return false;
      return phoneKey(this.#packed.phoneAt(this.#columns.place(sms))) === key;
    });
  }

  idOf(sms: number): string {
    return this.#packed.idAt(this.#columns.place(sms));
  }

  acceptedAt(sms: number): EpochMs {
    return this.#columns.acceptedAt(sms);
  }

  /** Its correlation is one that only storage has. */
  isPartial(sms: number): boolean {
    return !this.#isWhole && this.#columns.hasCorrelation(sms);
  }

  /** All that is known of it; without its correlation when that is not kept. */
  recordOf(sms: number): TrackedRecord {
    const { id, messageIds, to, from, correlation } = this.#packed.read(this.#columns.place(sms));
    const acceptedAt = this.#columns.acceptedAt(sms);
    const receipt = this.#columns.receipt(sms);
    const { reports, said, overdueMs, owedMs } = this.#outcomeOf(sms);
    const record = { id, messageIds, to, from, acceptedAt, receipt, reports, overdueMs };
    if (said !== undefined) Object.assign(record, { said });
    if (owedMs !== undefined) Object.assign(record, { owedMs });
    const copies = this.#copies.size === 0 ? undefined : this.#copies.get(sms);
    if (copies !== undefined) Object.assign(record, { copies });
    if (this.#halves.size > 0) Object.assign(record, this.#halves.get(sms));
    const failure = this.#failures.size === 0 ? undefined : this.#failures.get(sms);
    if (failure !== undefined) Object.assign(record, { failure });
    if (correlation !== undefined) Object.assign(record, { correlation });
    return record;
  }

  /** What has become of an SMS. */
  update(sms: number, record: TrackedRecord): void {
    if (!this.has(sms)) return;
    const outcome = this.#outcomes.take(record) ?? UNUSUAL;
    this.#leaveOutcome(sms);
    this.#columns.setOutcome(sms, outcome);
    if (outcome === UNUSUAL) this.#unusual.set(sms, outcomeOf(record));
    this.#setFailure(sms, record.failure);
    const known = this.#halves.get(sms);
    if (known !== undefined && record.halves !== undefined)
      this.#halves.set(sms, { ...known, halves: record.halves });
    if (isSettled(record)) this.#columns.endWait(sms);
  }

  /** The number of the oldest SMS; `end` when there is none. */
  get oldest(): number {
    return this.#columns.oldest;
  }

  /** The number of the next SMS to come. */
  get end(): number {
    return this.#columns.next;
  }

  /** From this number on, the first SMS whose final receipt is asked for and has not come; `end` when there is none. */
  nextAwaited(from: number): number {
    let sms = Math.max(from, this.#columns.oldest);
    while (sms < this.#columns.next && !this.#columns.isAwaited(sms)) sms += 1;
    return sms;
  }

  /** How many there are of those: it walks through all SMS. */
  countAwaited(): number {
    let count = 0;
    for (let sms = this.nextAwaited(0); sms < this.end; sms = this.nextAwaited(sms + 1)) count += 1;
    return count;
  }

  isAwaited(sms: number): boolean {
    return this.#columns.isAwaited(sms);
  }

  /** When it was accepted, on the monotonic clock. */
  since(sms: number): Millis {
    return this.#columns.since(sms);
  }

  /** Whether all who ask for this wait were told that its final receipt is missing. */
  isReported(sms: number, afterMs: Millis): boolean {
    const { overdueMs, owedMs } = this.#outcomeOf(sms);
    return overdueMs >= afterMs && owedMs?.includes(afterMs) !== true;
  }

  #bestOf(candidates: ReadonlySet<number>, received: ReceivedReceipt): number | undefined {
    const { messageId } = received.parsed;
    let best: number | undefined;
    let bestFit = 0;
    for (const sms of [...candidates].sort((left, right) => right - left)) {
      const likeness = 2 * this.#phoneFit(sms, received) + (this.hasIds(sms, [messageId]) ? 1 : 0);
      if (likeness === 0) continue;
      const need = candidates.size === 1 ? SETTLED : this.#needOf(sms, messageId);
      const fit = (AWAITED + 1) * likeness + need;
      // The receipts of several SMS to a phone come in their order more often than not.
      if (fit < bestFit || (fit === bestFit && need !== AWAITED)) continue;
      best = sms;
      bestFit = fit;
    }
    return best;
  }

  #needOf(sms: number, messageId: string): number {
    const half = this.#halves.get(sms)?.halves.find((each) => isFolded(each.messageId, messageId));
    if (half !== undefined) return half.report === undefined ? OPEN : SETTLED;
    const [messageIds = [], ...copies] = this.#idsOf(sms);
    const { reports } = this.#outcomeOf(sms);
    if (!isOpenFor({ messageIds, copies, reports }, messageId)) return SETTLED;
    // Of one that asks for failures alone none may ever come, so it is open for good.
    return this.#columns.receipt(sms) === 'always' ? AWAITED : OPEN;
  }

  /** 2 when it went to the phone that a receipt is from, 1 when to that in the place of our sender, else 0. */
  #phoneFit(sms: number, { phone, sender }: ReceivedReceipt): number {
    const place = this.#columns.place(sms);
    if (phone !== '' && this.#packed.isTo(place, phone)) return 2;
    const to = this.#packed.phoneAt(place);
    if (isSamePhone(to, phone)) return 2;
    return isSamePhone(to, sender) ? 1 : 0;
  }

  #idsOf(sms: number): readonly (readonly string[])[] {
    const messageIds = this.#packed.messageIdsAt(this.#columns.place(sms));
    return [messageIds, ...(this.#copies.get(sms) ?? [])];
  }

  #forgetCopies(sms: number): void {
    const copies = this.#copies.get(sms) ?? [];
    const halves = this.#halves.get(sms)?.halves ?? [];
    this.#copies.delete(sms);
    this.#halves.delete(sms);
    for (const messageId of [...copies.flat(), ...halves.map(idOfHalf)]) {
      this.#copyIds -= 1;
      const lower = messageId.toLowerCase();
      const owners = this.#byCopyId.get(lower);
      owners?.delete(sms);
      if (owners?.size === 0) this.#byCopyId.delete(lower);
    }
  }

  #setFailure(sms: number, failure: TrackedRecord['failure']): void {
    if (this.#failures.size > 0) this.#failures.delete(sms);
    if (failure === undefined) return;
    this.#failures.set(sms, failure);
    if (this.#failures.size <= this.#failuresMax) return;
    const [oldest = sms] = this.#failures.keys();
    this.#failures.delete(oldest);
  }

  #outcomeOf(sms: number): Outcome {
    const code = this.#columns.outcome(sms);
    const outcome = code === UNUSUAL ? this.#unusual.get(sms) : this.#outcomes.at(code);
    if (outcome === undefined) throw new Error('no such SMS is tracked');
    return outcome;
  }

  #leaveOutcome(sms: number): void {
    const code = this.#columns.outcome(sms);
    if (code === UNUSUAL) this.#unusual.delete(sms);
    else this.#outcomes.leave(code);
  }

  #isFull(): boolean {
    const { size } = this.#columns;
    return size > this.#max || (size > 1 && this.#packed.octets > this.#octetsMax);
  }

  #removeBefore(end: number): void {
    for (let sms = this.#columns.oldest; sms < end; sms += 1) {
      this.#leaveOutcome(sms);
      this.#columns.removeOldest();
    }
    for (const sms of this.#failures.keys()) if (sms < end) this.#failures.delete(sms);
    for (const sms of this.#copies.keys()) if (sms < end) this.#forgetCopies(sms);
    for (const sms of this.#halves.keys()) if (sms < end) this.#forgetCopies(sms);
    this.#keys.removeBefore(end);
    if (this.#columns.size === 0) this.#packed.clear();
    else this.#packed.removeBefore(this.#columns.place(end));
  }
}

/** Nobody waits for the receipt of one that was not accepted. */
function isAwaitedAs(record: TrackedRecord): boolean {
  return record.receipt === 'always' && !isSettled(record) && record.isHalf === undefined;
}

function idOfHalf({ messageId }: HalfSegment): string {
  return messageId;
}

function doubledTo(room: number, { trackedRoom }: Pick<Bounds, 'trackedRoom'>): number {
  let doubled = trackedRoom;
  while (doubled < room) doubled *= 2;
  return doubled;
}

function isFolded(id: string, other: string): boolean {
  return id.length === other.length && id.toLowerCase() === other.toLowerCase();
}

/** A number as the same phone's other spellings have it too. */
export function phoneKey(phone: string): string {
  return phone.startsWith('+') || phone.startsWith('00') ? phone.replace(/^(?:\+|00)/, '') : phone;
}

/** Country codes have one to three digits (ITU-T E.164 §6.2.1). */
const COUNTRY_CODE_MAX = 3;

/** As an international number, or a national one; with the 0 before it that one dials inside a country. */
const WRITTEN = /^(\+|00|)0*(\d+)$/;

/**
 * Whether a gateway may mean this phone, which is the digits of an international number, by what it writes: with + or 00,
 * without its country code, or with the 0 that stands for that.
 */
export function isSamePhone(phone: string, written: string): boolean {
  if (written === phone) return written !== '';
  const number = numberOf(written);
  if (number === undefined) return false;
  const { abroad, digits } = number;
  if (digits === phone) return true;
  return abroad === '' && phone.endsWith(digits) && phone.length - digits.length <= COUNTRY_CODE_MAX;
}

/** Undefined when it is no number. */
function numberOf(written: string): { readonly abroad: string; readonly digits: string } | undefined {
  const [, abroad = '', digits = ''] = WRITTEN.exec(written.replace(/[\s().-]/g, '')) ?? [];
  return digits === '' ? undefined : { abroad, digits };
}
