/**
 * Tells whoever asks that an SMS has no final receipt after some time: each listener once for each SMS, whatever the
 * others do, and each wait once over a restart. When that is, is `overdue-watch.ts`; what is said, `join-receipt.ts`.
 *
 *   due ─▶ told to all who ask for this wait ─▶ all have taken it ─▶ stored
 *             ▲    └─ rejected by one ─▶ 5 s ─┐
 *             └──── to that one alone ────────┘
 *
 * What one who leaves has not taken goes to those who come next with the same wait; with nobody left it is due again as
 * somebody comes. A listener that never answers holds up neither the others nor the receipts of the SMS.
 */
import { Alarm } from '../alarm.js';
import { AllTaken } from '../all-taken.js';
import type { Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import { isStopped, SmppError } from '../errors.js';
import type { Unsubscribe } from '../message.js';
import { isSettled, overdueReceipt, type TrackedRecord } from './join-receipt.js';
import { type Overdue, OverdueWatch } from './overdue-watch.js';
import { type Asker, BACK_WITHIN_MS, OverdueWaits } from './overdue-waits.js';
import type { ReceiptListener } from './receipt-listeners.js';
import type { Storage } from '../storage/storage.js';
import type { Steps } from '../steps.js';
import type { TrackedRecords } from './tracked-records.js';

export interface OverdueReportsOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'overdueReports'>;
  readonly records: TrackedRecords;
  /** Shared with the receipts: both replace the record of their SMS. */
  readonly steps: Steps<number>;
  readonly onFailure: (error: unknown) => void;
}

/** After a start the gateway first hands over the receipts that came meanwhile. */
const START_GRACE_MS: Millis = 60_000;

/** Somebody who could not be told is told again after this. */
const RETRY_MS: Millis = 5_000;

/** Waits are minutes long: what is overdue within a second is reported together. */
const CHECK_EVERY_MS: Millis = 1_000;

/** Listeners that are being told as it closes are waited for this long: a stop takes 5 s at most. */
const CLOSE_MS: Millis = 800;

/** That an SMS is overdue, until all who ask for its wait have taken that. */
interface Report extends Overdue {
  /** Who was told, or is to be. */
  readonly told: Set<Asker>;
  /** Those of them who have not taken it. */
  readonly owing: Set<Asker>;
  /** Those of them who are taking it. */
  readonly taking: Set<Asker>;
  /** Since when nobody is there for one who left and had not taken it, or who is still to be told; else undefined. */
  vacantAt: Millis | undefined;
  /** When it is told next; infinity: it is not. */
  retryAt: Millis;
}

interface Retry {
  readonly report: Report;
  readonly at: Millis;
}

export class OverdueReports {
  readonly #options: OverdueReportsOptions;
  readonly #alarm: Alarm;
  readonly #waits: OverdueWaits;
  /** Under way, by wait and SMS, the oldest first. */
  readonly #reports = new Map<string, Report>();
  /** In the order of their time, since each is asked for the same time later. */
  #retries: Retry[] = [];
  #watch: OverdueWatch;
  #isClosed = true;
  #checkedAt: Millis = -Infinity;
  /** Answers that are not there yet. */
  #taking = 0;
  readonly #allTaken: AllTaken;
  /** When the first of what nobody is there for is nobody's. */
  #leftAloneAt: Millis = Infinity;

  constructor(options: OverdueReportsOptions) {
    this.#options = options;
    this.#waits = new OverdueWaits(options);
    this.#watch = new OverdueWatch(options.records.index);
    this.#allTaken = new AllTaken(options.clock);
    this.#alarm = new Alarm(options.clock, () => this.#check());
  }

  /** Reads who asked for what in the last run. */
  open(): Promise<void> {
    return this.#waits.open();
  }

  /** Reports none within the first minute from now. Call it when all records are read. */
  begin(): void {
    const { records, clock } = this.#options;
    this.#watch = new OverdueWatch(records.index, clock.now() + START_GRACE_MS);
    for (const [afterMs, from] of this.#waits.asked()) this.#watch.watch(afterMs, from);
    this.#isClosed = false;
    this.#arm();
  }

  /** An SMS was accepted, and is overdue after the shortest wait. For nearly every SMS it rings before that already. */
  added(): void {
    if (!this.#isClosed) this.#alarm.set(this.#options.clock.now() + this.#watch.shortestMs);
  }

  subscribe(afterMs: Millis, listener: ReceiptListener): Unsubscribe {
    const asker = { listener, goneAt: Infinity };
    this.#watch.watch(afterMs, this.#waits.add(afterMs, asker));
    for (const report of this.#reports.values()) {
      if (report.afterMs === afterMs && report.vacantAt !== undefined) this.#retry(report, 0);
    }
    this.#arm();
    return () => this.#leave(afterMs, asker);
  }

  /** Tells nobody any more. Resolves when those who are being told have taken it, or when that takes too long. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#alarm.clear();
    if (this.#taking > 0) await this.#allTaken.within(CLOSE_MS);
    await this.#keepPassedBy();
    this.#reports.clear();
    this.#retries = [];
    await this.#waits.close();
  }

  /** What somebody has taken, and who has left beside those who stay has not: nobody of them is told again. */
  async #keepPassedBy(): Promise<void> {
    const { onFailure } = this.#options;
    const passedBy = [...this.#reports.values()].filter(({ afterMs, told, owing }) => {
      const isOver = [...owing].every(({ goneAt }) => goneAt < Infinity);
      return isOver && owing.size < told.size && this.#waits.askersOf(afterMs).size > 0;
    });
    const keeping = passedBy.flatMap((report) => {
      const writing = this.#withRecord(report, (record) => this.#keep(report, record));
      return writing === undefined ? [] : [writing.catch(onFailure)];
    });
    if (keeping.length === 0) return;
    const kept = new AllTaken(this.#options.clock);
    void Promise.all(keeping).then(() => kept.reached());
    await kept.within(CLOSE_MS);
  }

  #leave(afterMs: Millis, asker: Asker): void {
    if (asker.goneAt < Infinity) return;
    asker.goneAt = this.#options.clock.now();
    this.#waits.remove(afterMs, asker);
    if (this.#waits.askersOf(afterMs).size === 0) this.#watch.unwatch(afterMs);
    for (const report of this.#reports.values()) {
      // What it is taking at this moment it mostly takes yet.
      if (report.owing.has(asker)) this.#retry(report, report.taking.has(asker) ? RETRY_MS : 0);
    }
    this.#arm();
  }

  #arm(): void {
    if (this.#isClosed) return;
    const at = Math.min(this.#watch.nextAt ?? Infinity, this.#retries[0]?.at ?? Infinity, this.#leftAloneAt);
    this.#alarm.set(Math.max(at, this.#checkedAt + CHECK_EVERY_MS));
  }

  #check(): void {
    const { clock } = this.#options;
    const now = (this.#checkedAt = clock.now());
    const again = this.#retries.filter(({ at }) => at <= now);
    this.#retries = this.#retries.filter(({ at }) => at > now);
    for (const { report, at } of again) {
      if (report.retryAt !== at) continue; // it was told earlier
      report.retryAt = Infinity;
      this.#tell(report);
    }
    this.#leftAloneAt = Infinity;
    for (const report of this.#reports.values()) {
      if (isLeftAlone(report, now)) this.#tell(report);
      else this.#isVacant(report);
    }
    for (const overdue of this.#watch.take(now)) this.#tell(this.#reportOf(overdue));
    this.#arm();
  }

  #reportOf({ sms, afterMs }: Overdue): Report {
    const key = keyOf({ sms, afterMs });
    const known = this.#reports.get(key);
    if (known !== undefined) return known;
    const report = newReport(sms, afterMs, this.#checkedAt);
    this.#reports.set(key, report);
    this.#giveWay();
    return report;
  }

  /** Those who neither take nor refuse must not fill the memory. */
  #giveWay(): void {
    const { bounds, onFailure } = this.#options;
    if (this.#reports.size <= bounds.overdueReports) return;
    for (const report of this.#reports.values()) {
      this.#reports.delete(keyOf(report));
      break;
    }
    const message = `${bounds.overdueReports} wait to be confirmed already: the oldest is told after the next start`;
    onFailure(new SmppError('SMPP_QUEUE_FULL', message));
  }

  #retry(report: Report, afterMs: Millis): void {
    const at = this.#options.clock.now() + afterMs;
    if (at >= report.retryAt) return;
    report.retryAt = at;
    if (afterMs === 0) this.#retries.unshift({ report, at });
    else this.#retries.push({ report, at });
  }

  /** In turn with the receipts of its SMS: who has the final one is not told that there is none. */
  #tell(report: Report): void {
    this.#withRecord(report, (record) => this.#tellOf(report, record))?.catch((error: unknown) => {
      this.#options.onFailure(error);
      this.#retry(report, RETRY_MS);
      this.#arm();
    });
  }

  #tellOf(report: Report, record: TrackedRecord | undefined): void {
    if (this.#isClosed || this.#reports.get(keyOf(report)) !== report) return;
    if (record === undefined || isSettled(record)) {
      this.#reports.delete(keyOf(report));
      return;
    }
    this.#passOn(report);
    for (const asker of report.owing) {
      if (!report.taking.has(asker)) this.#tellOne(report, record, asker);
    }
    if (this.#isTaken(report)) this.#keep(report, record);
  }

  /** What those who left owe goes to those who have not been told. */
  #passOn(report: Report): void {
    const now = this.#options.clock.now();
    for (const asker of report.owing) {
      // What one was taking as it left it mostly takes yet.
      if (asker.goneAt + (report.taking.has(asker) ? RETRY_MS : 0) > now) continue;
      report.owing.delete(asker);
      report.vacantAt ??= now;
      this.#isVacant(report);
    }
    if (report.vacantAt !== undefined) this.#fill(report, now);
  }

  #isVacant({ vacantAt = Infinity }: Report): void {
    this.#leftAloneAt = Math.min(this.#leftAloneAt, vacantAt + BACK_WITHIN_MS);
  }

  #fill(report: Report, now: Millis): void {
    if (isLeftAlone(report, now)) report.vacantAt = undefined;
    for (const asker of this.#waits.askersOf(report.afterMs)) {
      if (report.told.has(asker)) continue;
      report.told.add(asker);
      report.owing.add(asker);
      report.vacantAt = undefined;
    }
  }

  #tellOne(report: Report, record: TrackedRecord, asker: Asker): void {
    const receipt = overdueReceipt(record, report.afterMs, this.#options.clock.wall());
    try {
      const taking = asker.listener(receipt);
      if (taking === undefined) report.owing.delete(asker);
      else this.#await(report, asker, taking);
    } catch (error) {
      this.#rejected(report, error);
    }
  }

  #await(report: Report, asker: Asker, taking: Promise<void>): void {
    report.taking.add(asker);
    this.#taking += 1;
    const taken = (): Promise<void> | undefined => {
      report.taking.delete(asker);
      report.owing.delete(asker);
      return this.#isTaken(report)
        ? this.#withRecord(report, (record) => this.#keep(report, record))
        : undefined;
    };
    const rejected = (error: unknown): void => {
      report.taking.delete(asker);
      this.#rejected(report, error);
    };
    void Promise.resolve(taking) // a listener may return what is no promise
      .then(taken, rejected)
      .catch(this.#options.onFailure)
      .finally(() => {
        this.#taking -= 1;
        if (this.#taking === 0) this.#allTaken.reached();
      });
  }

  #rejected(report: Report, error: unknown): void {
    if (!isStopped(error)) this.#options.onFailure(error);
    this.#retry(report, RETRY_MS);
    this.#arm();
  }

  /** Whether all who ask for this wait have. With none of them left it is due again as somebody comes. */
  #isTaken(report: Report): boolean {
    if (report.owing.size > 0) return false;
    const isAlone = this.#waits.askersOf(report.afterMs).size === 0;
    if (report.vacantAt === undefined || isAlone) this.#reports.delete(keyOf(report));
    return report.vacantAt === undefined;
  }

  #keep({ sms, afterMs }: Report, record: TrackedRecord | undefined): void {
    if (record === undefined || isSettled(record)) return;
    const overdueMs = Math.max(record.overdueMs, afterMs);
    const owedMs = this.#waits.lately().filter((other) => {
      const isOwed = other > record.overdueMs || record.owedMs?.includes(other) === true;
      return isOwed && other < overdueMs && other !== afterMs;
    });
    this.#options.records.replace(sms, withOverdue(record, overdueMs, owedMs));
  }

  /** In turn with all else that replaces the record. */
  #withRecord({ sms }: Report, work: (record: TrackedRecord | undefined) => void): Promise<void> | undefined {
    const { steps, records } = this.#options;
    return steps.run(sms, () => {
      const record = records.peek(sms);
      if (record === undefined) return records.read(sms).then(work);
      work(record);
      return undefined;
    });
  }
}

function newReport(sms: number, afterMs: Millis, now: Millis): Report {
  return {
    sms,
    afterMs,
    told: new Set(),
    owing: new Set(),
    taking: new Set(),
    vacantAt: now,
    retryAt: Infinity,
  };
}

/** Who left does not come back. */
function isLeftAlone({ vacantAt = Infinity }: Report, now: Millis): boolean {
  return vacantAt + BACK_WITHIN_MS <= now;
}

function keyOf({ sms, afterMs }: Overdue): string {
  return `${sms} ${afterMs}`;
}

function withOverdue(
  { owedMs: _, ...record }: TrackedRecord,
  overdueMs: Millis,
  owedMs: readonly Millis[],
): TrackedRecord {
  return owedMs.length === 0 ? { ...record, overdueMs } : { ...record, overdueMs, owedMs };
}
