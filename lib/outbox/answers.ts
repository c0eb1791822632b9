/**
 * What follows the answers of the gateway, or their absence: settle, or back to the queue.
 *
 * The one place where an SMS gets its outcome. The numbers of retrying stand in `retry-policy.ts`.
 * Source: contract section 4 (answers to submit_sm); gateway.md (unknown outcome).
 */
import type { Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import type { Log } from '../failure-log.js';
import type { LateAnswer } from '../link.js';
import type { CounterName, OnUncertain } from '../message.js';
import type { Change, Storage } from '../storage/storage.js';
import { FIRST_ATTEMPT, type GatewayRefusal, type OutboxEntry, type Progress } from './entry.js';
import type { Pace } from './pace.js';
import type { Queue } from './queue.js';
import { isWaiting, remainsOf, type LeavingItem, type NewItem, type QueueItem } from './queue-item.js';
import type { Loss, ReadBack } from './read-back.js';
import { afterUnknown, RECONCILE_MS, transientWaitMs } from './retry-policy.js';
import { resultOf, type End } from './result-of.js';
import type { SegmentIds } from './segment-ids.js';
import type { Settlement } from './settlement.js';
import type { Remembered, Submission, Verdict } from './submission.js';
import { Throttling, type Submitted } from './throttling.js';
import { Reconciling, UnknownOutcomes, type UnknownReceipt } from './unknown-outcomes.js';
import { ownWaitMs, type SubmitFailures } from './submit-failures.js';

/** What a command_status asks of us; the classes of `lib/pdu/command-status.ts`. */
export interface Refusal {
  readonly name: string;
  readonly sentence: string;
  readonly class:
    'ok' | 'submitFailed' | 'throttled' | 'queueFull' | 'transient' | 'unbound' | 'credentials' | 'permanent';
}

const LOST: Readonly<Record<Loss, string>> = {
  gone: 'storage has it no more: send it again',
  damaged: 'its record in storage is damaged: check the disk, and send it again',
  unreadable: 'it could not be read back from storage: check the disk, and send it again',
};

/** As said of one that ends for another reason. */
const UNREAD: Readonly<Record<Loss, string>> = {
  gone: 'storage has it no more',
  damaged: 'its record in storage is damaged',
  unreadable: 'its record could not be read from storage in time',
};

/** Refusals of a segment whose others are accepted: some 15 s, longer than a gateway's hiccup. */
const AS_A_WHOLE_AFTER = 5;

/** As long a sign of a restart may come after a refusal that was part of it (contract section 4). */
const MAYBE_RESTART_MS: Millis = 60_000;

/** What goes on for a day is said often enough for who looks now. */
const SAY_AGAIN_MS: Millis = 3_600_000;
/** Statuses remembered as said; a gateway that has more of its own may have one said again. */
const SAID_MAX = 100;

/** What an earlier process has sent is read by then; a disk that fails so long holds up nothing any more. */
const READ_WITHIN_MS: Millis = 3_600_000;

const UNKNOWN_REASON = 'it was submitted and the answer never came: the gateway may have sent it or not';

export interface AnswersOptions {
  readonly bounds: Pick<Bounds, 'unknownOutcomes'>;
  readonly segmentIds: SegmentIds;
  readonly queue: Queue;
  readonly pace: Pace;
  readonly failures: SubmitFailures<QueueItem>;
  readonly settlement: Settlement;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onUncertain: OnUncertain;
  readonly refusal: (status: number) => Refusal;
  readonly readBack: ReadBack;
  /** Goes on with a long message over its own link; false when that is gone. */
  readonly resume: (submission: Submission, at: Millis) => boolean;
  readonly wake: () => void;
  /** The gateway accepted an SMS, so it is not in maintenance. */
  readonly onAccepted: () => void;
  /** The gateway answered ESME_RSUBMITFAIL. */
  readonly onSubmitFailed: () => void;
  /** Whether a failed submit at `failedAt` was part of a restart of the gateway. */
  readonly isRestart: (failedAt: Millis) => boolean;
  /** Receipts for this recipient that belong to no SMS we know. */
  readonly unknownReceipts: (to: string) => readonly UnknownReceipt[];
  /** Resolves when it is known whose the receipts are that an earlier process may have got. By default they are. */
  readonly receiptsRead?: () => Promise<void>;
  /** The writes that have receipts matched to an SMS by the ids of a submission that was given up. */
  readonly trackingLate: (sms: Remembered, messageIds: readonly string[]) => readonly Change[];
  readonly count: (counter: CounterName, by: number) => void;
  readonly onFailure: (error: unknown) => void;
  readonly log: Log;
}

const isHeld = ({ state }: QueueItem): boolean => state === 'held';

export class Answers {
  readonly #options: AnswersOptions;
  readonly #reconciling = new Reconciling();
  /** Until when those of them wait that did so before all receipts were known; undefined when they are. */
  #unread: Map<QueueItem, Millis> | undefined;
  readonly #unknownOutcomes: UnknownOutcomes;
  /** Writes of progress under way. */
  readonly #storing = new Set<Promise<void>>();
  readonly #throttling: Throttling;
  /** When each status was last told in the log. */
  readonly #saidAt = new Map<string, Millis>();
  /** One function for all SMS. */
  readonly #isFinal = (status: number): boolean => this.isFinal(status);

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.#throttling = new Throttling(options.pace);
    const isAnyAnswerDue = (to: string): boolean => options.queue.isAnyAnswerDue(to);
    this.#unknownOutcomes = new UnknownOutcomes({ ...options, isAnyAnswerDue });
  }

  /** Reads what an earlier process knew. */
  open(): Promise<void> {
    const read = this.#options.receiptsRead?.();
    if (read !== undefined) {
      this.#unread = new Map();
      void read.then(() => this.#receiptsRead()); // which never rejects
    }
    return this.#unknownOutcomes.open();
  }

  /** All that an earlier process left is there again. */
  allRecovered(): void {
    for (const to of this.#unknownOutcomes.allRecovered()) this.receiptCame(to);
  }

  /** Those that wait for a receipt, and got none of those that came meanwhile, wait no longer than others. */
  #receiptsRead(): void {
    const { queue, wake } = this.#options;
    const unread = this.#unread;
    this.#unread = undefined;
    if (unread === undefined || unread.size === 0) return;
    for (const [item, until] of unread) {
      if (isWaiting(item) && this.#reconciling.has(item)) queue.delay(item, until);
    }
    wake();
  }

  /** Whether a refusal is the gateway's last word. */
  isFinal(status: number): boolean {
    const { class: kind } = this.#options.refusal(status);
    return kind === 'permanent' || kind === 'credentials';
  }

  /** Everything that was under way of a submission has its answer, or never will. */
  concluded(submission: Submission): void {
    const { item, link } = submission;
    const { entry } = item.body; // which what follows may let go
    const verdict = submission.verdict(this.#isFinal);
    if (verdict.kind === 'accepted') {
      this.#accepted(submission);
      if (submission.unnamedSegments > 0) this.#remember(submission, entry);
      this.#settle(item, { outcome: 'accepted', messageIds: submission.messageIds, host: link.host });
    } else {
      if (submission.isPartial) this.#halfSent(submission);
      submission.isUnknown = verdict.kind === 'unknown';
      if (submission.isUnknown) this.#remember(submission, entry);
      this.#notAccepted(submission, verdict);
      // Receipts may come for the half of it that the gateway has.
      if (submission.isPartial && !submission.hasMore) this.#remember(submission, entry);
    }
    if (this.#reconciling.size > 0) this.receiptCame(entry.to); // one that waits may have been this one's own
    this.#options.wake();
  }

  #halfSent(submission: Submission): void {
    const item: QueueItem = submission.item; // which may be anywhere by now
    const half = idsIn(submission.messageIds);
    item.progress = { ...item.progress, half };
    if (item.state === 'marked') item.unmarked = { ...item.unmarked, half };
    this.#options.segmentIds.add(item, half);
  }

  #notAccepted(submission: Submission, verdict: Exclude<Verdict, { kind: 'accepted' }>): void {
    const { item } = submission;
    if (verdict.kind !== 'lost') item.shunned = submission.link.host;
    const { copies, refusedLate } = item.progress;
    const isFinal = verdict.kind === 'refused' && this.isFinal(verdict.status);
    if (copies !== undefined) this.#acceptedBefore(item);
    else if (verdict.kind === 'unknown') this.unknown(item);
    else if (refusedLate !== undefined && this.isFinal(refusedLate.status) && !isFinal)
      this.#reject(item, refusedLate);
    else if (verdict.kind === 'lost') this.returned(item, this.#waitMsAfterLate(item));
    else if (verdict.kind === 'misread') this.#misread(submission, verdict.status);
    else this.#refused(submission, verdict.status);
  }

  /** Once more over another session, where its octets may be read; then it is the SMS. */
  #misread(submission: Submission, status: number): void {
    const { item, link, number } = submission;
    const { failures, clock } = this.#options;
    const refused = { status, host: link.host };
    if (failures.wasMisread(item, link.id) || this.#wasMisreadBefore(item)) {
      this.#reject(item, refused);
      return;
    }
    item.progress = { ...item.progress, refused };
    this.#say(this.#options.refusal(status), link.host, clock.now());
    this.returned(item, 'held');
    if (isHeld(item)) failures.misread(item, { session: link, number, status });
  }

  /** By an earlier process: only so a final refusal is known of one that waits. */
  #wasMisreadBefore({ recovered: isRecovered, failure, progress: { refused } }: QueueItem): boolean {
    return (
      isRecovered && failure?.misreadBy === undefined && refused !== undefined && this.isFinal(refused.status)
    );
  }

  /** Receipts of it may come, and are not to be taken for those of another SMS. Once for each submission. */
  #remember(submission: Submission, { id, to, receipt }: OutboxEntry): void {
    submission.letGo();
    if (submission.unknownOutcome !== undefined) return;
    const { submittedAt, unnamedSegments, messageIds } = submission;
    if (receipt === 'never') return;
    const unknownOutcome = this.#unknownOutcomes.add({
      id,
      to,
      submittedAt,
      givenUpAt: this.#options.clock.now(),
      left: unnamedSegments,
      ids: Array.from({ length: submission.item.segments }, (_, segment) => messageIds[segment] ?? ''),
    });
    submission.rememberedAs(unknownOutcome);
  }

  /**
   * An answer came to a submission that was given up. It counts as in time for an SMS that waits, and for one that has
   * left again as that attempt ends; of one that is settled it says what else its receipts may name.
   */
  answeredLate(submission: Submission, { status, messageId }: LateAnswer): void {
    const { unknownOutcome, messageIds } = submission;
    if (unknownOutcome !== undefined && (status !== 0 || messageId !== '')) {
      const accepted = status === 0 ? { messageId, segment: messageIds.lastIndexOf(messageId) } : undefined;
      this.#unknownOutcomes.answered(unknownOutcome, accepted);
    }
    if (!submission.isOver) {
      this.#options.wake(); // it goes on
      return;
    }
    const verdict = submission.verdict(this.#isFinal);
    if (submission.isPartial && isWithUs(submission.item)) {
      this.#halfSent(submission);
      this.#keepProgress(submission.item);
    }
    if (verdict.kind === 'accepted') this.#acceptedLate(submission);
    else if (verdict.kind !== 'unknown') this.#knownAsRefused(submission, verdict);
  }

  #acceptedLate(submission: Submission): void {
    this.#accepted(submission);
    const { link, messageIds, unknownOutcome } = submission;
    if (unknownOutcome !== undefined && submission.unnamedSegments === 0)
      this.#unknownOutcomes.over(unknownOutcome);
    const item: QueueItem = submission.item; // which may be anywhere by now
    if (isWaiting(item)) {
      if (item.state === 'marked') item.progress = item.unmarked; // it has not left again
      this.#settle(item, { outcome: 'accepted', messageIds, host: link.host });
    } else if (item.state === 'underWay') {
      item.progress = { ...item.progress, copies: [...(item.progress.copies ?? []), messageIds] };
      this.#keepProgress(item);
    } else this.#trackLate(item, submission);
    this.#options.wake();
  }

  /** The gateway accepted one segment of an SMS, and others are still to come. */
  segmentAccepted(submission: Submission, messageId: string): void {
    this.#options.segmentIds.add(submission.item, [messageId]);
    this.#hasAccepted(submission);
  }

  /** Ids of what the gateway has of each submission of a long SMS that it did not take whole, as far as it told. */
  halvesOf({ id, to }: OutboxEntry): readonly (readonly string[])[] {
    return this.#unknownOutcomes.idsOf(id, to);
  }

  #hasAccepted({ link, number, submittedAt, isPartial }: Submission): void {
    const { failures, clock } = this.#options;
    if (isPartial) this.#throttling.accepted(submittedAt, clock);
    if (!failures.isIdle) failures.accepted(link.id, number, clock.now());
  }

  /** Back to its place in the queue after `waitMs`, unless its time is over. */
  returned(item: QueueItem, waitMs: Millis | 'held'): void {
    if (item.state !== 'underWay' && item.state !== 'marked') return;
    const { clock, queue } = this.#options;
    const now = clock.now();
    item.progress = { ...item.progress, underWay: false };
    if (waitMs === 'held') queue.hold(item);
    else queue.release(item, now, waitMs);
    if (item.expiresAt <= now) this.expired(item);
    else this.#keepProgress(item);
    this.#options.wake();
  }

  /** Resolves when nothing is being stored any more. */
  async atRest(): Promise<void> {
    while (this.#storing.size > 0) await Promise.all(this.#storing);
  }

  #keepProgress(item: QueueItem): void {
    const storing = this.#storeProgress(item)
      .catch(this.#options.onFailure)
      .finally(() => this.#storing.delete(storing));
    this.#storing.add(storing);
  }

  /** Its own record counts from now on; once that is stored, its round has it no more. */
  async #storeProgress(item: QueueItem): Promise<void> {
    const { storage } = this.#options;
    item.hasRecord = true;
    await storage.write([{ table: 'progress', key: item.id, value: item.progress }]);
    const roundOver = item.round?.leave();
    item.round = undefined;
    if (roundOver !== undefined) await storage.write([roundOver]);
  }

  /** An earlier process had it under way. */
  recovered(item: LeavingItem): void {
    if (item.progress.copies !== undefined) this.#acceptedBefore(item);
    else {
      this.#unknownOutcomes.addRecovered(item.body.entry);
      this.unknown(item);
    }
  }

  /** An earlier process had it, and nothing is left of it but what other records say. */
  recoveredAsLost(item: LeavingItem, why: Loss): void {
    const { copies, underWay, unknowns } = item.progress;
    if (underWay && copies === undefined) item.progress = { ...item.progress, unknowns: unknowns + 1 };
    if (copies === undefined) this.lost(item, why);
    else this.#acceptedBefore(item);
  }

  /** How long an SMS that an earlier process had wait for its receipt still does so. */
  reconcilesForMs({ id, to, onUncertain = this.#options.onUncertain }: OutboxEntry): Millis {
    const givenUpAt = onUncertain === 'reconcile' ? this.#unknownOutcomes.givenUpAt(id, to) : undefined;
    return givenUpAt === undefined ? 0 : givenUpAt + RECONCILE_MS - this.#options.clock.now();
  }

  /** Waits for a receipt that can only be its own; one that comes before it has left again counts too. */
  reconcile(item: LeavingItem, waitMs: Millis): void {
    const { to } = item.body.entry;
    this.#reconciling.add(item, to);
    this.#unread?.set(item, this.#options.clock.now() + waitMs);
    this.returned(item, this.#unread === undefined ? waitMs : Math.max(waitMs, READ_WITHIN_MS));
    this.receiptCame(to);
  }

  /** Written and not answered: nobody knows. The user chose what happens. */
  unknown(item: LeavingItem): void {
    item.progress = { ...item.progress, unknowns: item.progress.unknowns + 1 };
    this.#followPolicy(item);
  }

  expired(item: QueueItem): void {
    this.#end(item, 'expired', 'it was still queued when its time was over');
  }

  cancelled(item: QueueItem, reason = 'it was cancelled'): void {
    this.#end(item, 'cancelled', reason);
  }

  /** What it was cannot be read back from storage, so it cannot be sent. */
  lost(item: QueueItem, why: Loss): void {
    this.#options.queue.settling(item);
    this.#options.log('error', `SMS ${item.id} is lost: ${LOST[why]}`);
    this.#settleAsLost(item, this.#endOf(item, 'rejected', LOST[why]));
  }

  /**
   * A receipt for this recipient came, or may be told from others now. An SMS that waits for one is accepted, with its
   * ids, once each of its segments has its answer or a receipt that can only be its own.
   */
  receiptCame(to: string): void {
    this.#unknownOutcomes.explain(to);
    for (const item of this.#reconciling.to(to)) {
      const [messageIds, ...copies] = this.#unknownOutcomes.wholesOf(item.id, to, item.segments);
      if (messageIds === undefined || !isWaiting(item)) continue;
      if (item.state === 'marked') item.progress = item.unmarked; // it has not left again
      if (copies.length > 0) item.progress = { ...item.progress, copies };
      this.#unknownOutcomes.tracked(item.id, to);
      this.#settle(item, { outcome: 'accepted', messageIds });
    }
  }

  /** The result of an SMS is safe: its receipts are matched, so that others may be told from them. */
  settled(to: string): void {
    if (this.#reconciling.size > 0) this.receiptCame(to);
  }

  /** Its progress as the next submission begins. */
  nextProgress(item: NewItem | LeavingItem): Progress {
    const { attempts, unknowns, possibleDuplicate, refused, half } = this.#counted(item);
    if (attempts === 0 && unknowns === 0 && refused === undefined && half === undefined) return FIRST_ATTEMPT;
    return {
      attempts: attempts + 1,
      unknowns,
      possibleDuplicate: possibleDuplicate || unknowns > 0 || half !== undefined,
      underWay: true,
      ...(refused && { refused }),
      ...(half && { half }),
    };
  }

  /** What is known of a restart as it leaves is what counts, and not what was as it was marked. */
  countAnew(item: LeavingItem): void {
    const { failure } = item;
    if (failure === undefined) return;
    const { isRestart, clock } = this.#options;
    item.progress = item.unmarked;
    item.progress = this.nextProgress(item);
    failure.excused = 0;
    const since = clock.now() - MAYBE_RESTART_MS;
    failure.attemptsAt = failure.attemptsAt.filter((at) => at >= since && !isRestart(at));
  }

  /** A refusal that was the gateway's trouble is not an attempt. */
  #counted(item: QueueItem): Progress {
    const { failure, progress } = item;
    if (failure === undefined) return progress;
    const { isRestart } = this.#options;
    const excused = failure.excused + failure.attemptsAt.filter((at) => isRestart(at)).length;
    return excused === 0 ? progress : { ...progress, attempts: progress.attempts - excused };
  }

  /** Whatever it was, the gateway takes SMS. */
  #accepted(submission: Submission): void {
    this.#throttling.accepted(submission.submittedAt, this.#options.clock);
    this.#options.onAccepted();
    this.#hasAccepted(submission);
  }

  /** A submission that was given up was accepted meanwhile, so whatever became of this last one, the SMS is. */
  #acceptedBefore(item: QueueItem): void {
    const { copies: [messageIds = [], ...copies] = [], ...progress } = item.progress;
    item.progress = copies.length === 0 ? progress : { ...progress, copies };
    this.#settle(item, { outcome: 'accepted', messageIds });
  }

  /** A submission that was given up was refused, or the gateway made nothing of it. */
  #knownAsRefused(submission: Submission, verdict: Verdict): void {
    const item: QueueItem = submission.item; // which may be anywhere by now
    if (!isWithUs(item)) return;
    if (item.state === 'marked') item.progress = item.unmarked; // it has not left again
    if (submission.isUnknown) item.progress = lessUnknown(item.progress);
    submission.isUnknown = false;
    if (verdict.kind === 'refused') this.#refusedLate(submission, verdict.status);
    else if (isWaiting(item)) this.#waitAnew(item, 0);
  }

  #refusedLate(submission: Submission, status: number): void {
    const item: QueueItem = submission.item;
    const refused = { status, host: submission.link.host };
    const isFinal = this.isFinal(status);
    if (isFinal && isWaiting(item)) {
      this.#reject(item, refused);
      return;
    }
    if (!isFinal) this.#say(this.#options.refusal(status), refused.host, this.#options.clock.now());
    item.progress = { ...item.progress, refused };
    if (item.state !== 'underWay') {
      this.#waitAnew(item, this.#ownWaitMs(item, refused));
      return;
    }
    const { refusedLate = refused } = item.progress;
    item.progress = {
      ...item.progress,
      refusedLate: this.isFinal(refusedLate.status) ? refusedLate : refused,
    };
    this.#keepProgress(item);
  }

  /** One that waited for a receipt need not any more; one that waits for another reason does so no shorter. */
  #waitAnew(item: QueueItem, waitMs: Millis): void {
    const { queue, clock } = this.#options;
    if (item.state === 'marked') {
      this.returned(item, waitMs);
      return;
    }
    const now = clock.now();
    const isReconciled = this.#reconciling.has(item) && item.progress.unknowns === 0;
    if (isReconciled) this.#reconciling.delete(item);
    queue.delay(item, isReconciled ? now + waitMs : Math.max(item.notBefore, now + waitMs));
    this.#keepProgress(item);
    this.#options.wake();
  }

  /** What an SMS waits that was refused in an earlier submission after it had left again. */
  #waitMsAfterLate(item: QueueItem): Millis {
    const { refusedLate } = item.progress;
    return refusedLate === undefined ? 0 : this.#ownWaitMs(item, refusedLate);
  }

  /** Refusals that one has behind it which an earlier process had. */
  timesRefusedBefore({ refused, attempts }: Progress): number {
    const kind = refused && this.#options.refusal(refused.status).class;
    return kind === undefined || isDoubted(kind) ? 0 : attempts;
  }

  /** What one waits whose refusal came too late to say whose trouble it was. */
  #ownWaitMs(item: QueueItem, { status }: GatewayRefusal): Millis {
    const kind = this.#options.refusal(status).class;
    if (isDoubted(kind)) return ownWaitMs((item.refusals += 1));
    const now = this.#options.clock.now();
    return this.#waitMs({ item, submittedAt: now }, kind, now);
  }

  #trackLate(item: QueueItem, { messageIds, remembered }: Submission): void {
    if (remembered === undefined) return;
    const { settlement, storage, trackingLate, onFailure } = this.#options;
    const track = (isSafe: boolean) =>
      isSafe ? storage.write(trackingLate(remembered, messageIds)) : undefined;
    const isSafe = item.state === 'gone' ? Promise.resolve(true) : settlement.isSafe(item.id);
    isSafe.then(track).catch(onFailure);
  }

  #refused(submission: Submission, status: number): void {
    const { item, link } = submission;
    const now = this.#options.clock.now();
    const refusal = this.#options.refusal(status);
    const refused = { status, host: link.host };
    if (this.isFinal(status)) {
      this.#reject(item, refused);
      return;
    }
    item.progress = { ...item.progress, refused };
    if (isDoubted(refusal.class)) {
      this.#submitFailed(submission, refusal, now);
      return;
    }
    this.#say(refusal, link.host, now);
    const waitMs = this.#waitMs(submission, refusal.class, now);
    const isInTime = now + waitMs < item.expiresAt;
    if (submission.isPartial && isInTime && this.#options.resume(submission, now + waitMs)) return;
    this.returned(item, waitMs);
  }

  /** Only when the gateway can have nothing else of it; one of unknown outcome ends as that. */
  #reject(item: QueueItem, refused: GatewayRefusal): void {
    const { name, sentence } = this.#options.refusal(refused.status);
    if (item.progress.unknowns === 0) {
      const { host } = refused;
      this.#settle(item, { outcome: 'rejected', status: name, reason: sentence, host });
      return;
    }
    item.progress = { ...item.progress, refused };
    this.#settle(item, { outcome: 'uncertain', reason: UNKNOWN_REASON });
  }

  /** One line for each status, whoever met it. */
  #say({ name, sentence }: Refusal, host: string, now: Millis): void {
    const saidAt = this.#saidAt.get(name);
    if (saidAt !== undefined && now - saidAt < SAY_AGAIN_MS) return;
    this.#saidAt.delete(name);
    this.#saidAt.set(name, now);
    const [oldest] = this.#saidAt.keys();
    if (this.#saidAt.size > SAID_MAX && oldest !== undefined) this.#saidAt.delete(oldest);
    this.#options.log('warn', `${host} answered an SMS with ${name}. ${sentence}`);
  }

  #waitMs(submitted: Submitted, kind: Refusal['class'], now: Millis): Millis {
    submitted.item.timesRefused += 1;
    if (kind === 'throttled') return this.#throttling.throttledWaitMs(submitted, now);
    if (kind === 'queueFull') return this.#throttling.queueFullWaitMs(submitted, now);
    return transientWaitMs((submitted.item.refusals += 1));
  }

  /** It is held until it is known whose trouble that is. */
  #submitFailed(submission: Submission, refusal: Refusal, now: Millis): void {
    const { item, link, number } = submission;
    const { failures, onSubmitFailed } = this.#options;
    const isUnbound = refusal.class === 'unbound';
    const wasOwn = item.failure !== undefined && item.failure.waits > 0;
    if (wasOwn) this.#say(refusal, link.host, now);
    else if (!isUnbound) onSubmitFailed();
    if (submission.isPartial && this.#isResumed(submission, now)) return;
    this.returned(item, 'held');
    if (!isHeld(item)) return; // its time is over
    const status = item.progress.refused?.status ?? 0;
    failures.refused(item, { session: link, number, status, isUnbound }, now);
  }

  /** The gateway has its other segments: the refused one goes again over this session, and once as a whole elsewhere. */
  #isResumed(submission: Submission, now: Millis): boolean {
    const { item } = submission;
    item.refusals += 1;
    const at = now + ownWaitMs(item.refusals);
    return item.refusals !== AS_A_WHOLE_AFTER && at < item.expiresAt && this.#options.resume(submission, at);
  }

  #followPolicy(item: LeavingItem): void {
    const { onUncertain = this.#options.onUncertain, receipt } = item.body.entry;
    const { unknowns, refusedLate } = item.progress;
    const isRefused = refusedLate !== undefined && this.isFinal(refusedLate.status);
    const next = isRefused ? 'settle' : afterUnknown(onUncertain, unknowns);
    if (next === 'settle') {
      if (isRefused) item.progress = { ...item.progress, refused: refusedLate };
      this.#settle(item, { outcome: 'uncertain', reason: UNKNOWN_REASON });
      return;
    }
    const waitMs = this.#waitMsAfterLate(item);
    if (next === 'resend' || receipt === 'never') this.returned(item, waitMs);
    else this.reconcile(item, Math.max(RECONCILE_MS, waitMs));
  }

  #end(item: QueueItem, outcome: 'expired' | 'cancelled', reason: string): void {
    this.#settle(item, this.#endOf(item, outcome, reason));
  }

  /** With an unknown outcome behind it, that is what it ends as. */
  #endOf(item: QueueItem, outcome: 'expired' | 'cancelled' | 'rejected', reason: string): End {
    if (item.state === 'marked') item.progress = item.unmarked; // it has not left
    const isUnknown = item.progress.unknowns > 0;
    return isUnknown ? { outcome: 'uncertain', reason: `${UNKNOWN_REASON}; ${reason}` } : { outcome, reason };
  }

  #settle(item: QueueItem, end: End): void {
    this.#options.queue.settling(item);
    // Without a closure: nearly every SMS comes by here with its body.
    if (item.body !== undefined) this.#settleWith(item.body.entry, item, end);
    else this.#settleUnread(item, end);
  }

  #settleUnread(item: QueueItem, end: End): void {
    this.#options.readBack.read(item, 'settle', (result) => {
      if (typeof result !== 'string') {
        this.#settleWith(result.entry, item, end);
        return;
      }
      // What could not be read just now may be many, and the failures of storage are told.
      if (result !== 'unreadable')
        this.#options.log(
          'error',
          `SMS ${item.id} is ${end.outcome}, and its content is lost: ${UNREAD[result]}`,
        );
      const { reason } = end;
      this.#settleAsLost(
        item,
        reason === undefined ? end : { ...end, reason: `${reason}; ${UNREAD[result]}` },
      );
    });
  }

  #settleAsLost(item: QueueItem, end: End): void {
    const { clock } = this.#options;
    this.#settleWith(remainsOf(item, { wall: clock.wall(), now: clock.now() }), item, end);
  }

  #settleWith(entry: OutboxEntry, item: QueueItem, end: End): void {
    const { clock, count, settlement } = this.#options;
    this.#reconciling.delete(item);
    if (item.segments > 1) this.#options.segmentIds.forget(item);
    item.progress = this.#counted(item);
    this.#options.failures.forget(item);
    const result = resultOf(item, entry, this.#withRefusal(item, end), clock.wall());
    count(end.outcome, 1);
    if (result.possibleDuplicate) count('possibleDuplicates', 1);
    settlement.settle(item, entry, result);
  }

  /** How it ended otherwise than by the gateway's own word, with what the gateway said last. */
  #withRefusal({ progress: { refused } }: QueueItem, end: End): End {
    if (refused === undefined || end.outcome === 'accepted' || end.outcome === 'rejected') return end;
    const { name } = this.#options.refusal(refused.status);
    const reason = `${end.reason ?? ''}; the last answer, from ${refused.host}, was ${name}`;
    return { ...end, reason, status: name, host: refused.host };
  }
}

/** Whose trouble it is has to be found out first. */
function isDoubted(kind: Refusal['class']): boolean {
  return kind === 'submitFailed' || kind === 'unbound';
}

/** It waits, or has left again. */
function isWithUs(item: QueueItem): boolean {
  return isWaiting(item) || item.state === 'underWay';
}

/** Of the segments that have one. */
function idsIn(messageIds: readonly string[]): string[] {
  return Object.values(messageIds).filter((messageId) => messageId !== '');
}

function lessUnknown(progress: Progress): Progress {
  return { ...progress, unknowns: Math.max(0, progress.unknowns - 1) };
}
