/** The promises made for each SMS: not lost, told once, not twice in silence, not too late, not too early, whole. */
import type { EpochMs, Millis } from '../../lib/clock.js';

import type { SubmitResult } from '../../lib/message.js';
import { halfIsTold, isUnanswered } from './check-halves.js';
import { mayBeHandedAgain } from './check-handings.js';
import { offeredToBoth } from './check-hosts.js';
import { sentAgainForItself } from './check-resent.js';
import { commandStatus } from '../../lib/pdu/command-status.js';
import { type Ledger, type SmsRecord, type SubmitSeen, toldOf } from './ledger.js';
import { ESME_RSUBMITFAIL, isRejected } from './poison.js';
import type { Plan } from './plan.js';
import type { Smsc } from './smsc.js';
import { mayBeLost } from './unreadable.js';

interface Case {
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly smsc: Smsc;
}

type Check = (sms: SmsRecord, of: Case, violated: (what: string) => void) => void;

const CHECKS: readonly Check[] = [
  told,
  toldOnce,
  acceptedIsTrue,
  halfIsTold,
  duplicatesAreFlagged,
  flagsHaveAReason,
  reportSendsOnce,
  rejectedWithReason,
  wholeAndInOrder,
  notAfterItsTime,
  notBeforeItsTime,
  notAfterItsEnd,
  sentAgainForItself,
  offeredToBoth,
  stoppedInsideIsFlagged,
  lastRefusalIsTold,
  deduplicated,
  alarmsFirst,
];

export function checkSms(sms: SmsRecord, of: Case): void {
  const violated = (what: string): void => of.ledger.violated(`SMS ${sms.number}: ${what}`);
  note(sms, of.ledger);
  for (const check of CHECKS) check(sms, of, violated);
}

function resultOf(sms: SmsRecord): SubmitResult | undefined {
  return toldOf(sms)?.result;
}

function told(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  if (ledger.isAwaited(sms) && !ledger.hasGivenUp('settled'))
    violated(sms.state === 'taken' ? 'was taken in and is lost' : 'was never answered');
  const { answer } = sms;
  const reported = toldOf(ledger.ownerOf(sms))?.result;
  if (answer === undefined || reported === undefined) return;
  if (!isSameResult(answer, reported)) violated('send() and onSettled tell different results');
}

function toldOnce(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  sms.results.forEach((again, index) => {
    const earlier = sms.results.slice(0, index);
    const before = earlier.findLast(({ listener }) => listener === again.listener);
    if (earlier[0] !== undefined && !isSameResult(earlier[0].result, again.result))
      violated('has two different results');
    if (before === undefined) return;
    if (before.run !== again.run && !again.result.recovered)
      violated('is reported again without `recovered`');
    if (!mayBeHandedAgain(ledger, [before, again], sms.results))
      violated('is reported twice, without a crash in between');
    else ledger.saw('result reported again after a crash');
  });
}

function isSameResult(one: SubmitResult, other: SubmitResult): boolean {
  const told = ({ id, outcome, messageIds, possibleDuplicate }: SubmitResult): string =>
    JSON.stringify([id, outcome, messageIds, possibleDuplicate]);
  return told(one) === told(other);
}

function acceptedIsTrue(sms: SmsRecord, { ledger, plan }: Case, violated: (what: string) => void): void {
  const result = resultOf(sms);
  if (result?.outcome !== 'accepted') return;
  const ids = result.messageIds.join();
  if (sms.acceptances.some(({ messageIds }) => messageIds.join() === ids)) return;
  // Of a long one that its receipts have told nobody knows in which order its segments had them.
  const isOwn = (id: string): boolean => sms.acceptances.some(({ messageIds }) => messageIds.includes(id));
  const isTold = (id: string): boolean =>
    isOwn(id) || mayTakeForItsOwn(sms, id, ledger) || isSwapped(sms, id, ledger);
  const mayBeReconciled = (sms.sms.onUncertain ?? plan.options.onUncertain) === 'reconcile';
  // A receipt of one that was forgotten, or of a submission of its own that was, may be taken for its own.
  if (ledger.hasForgotten) return;
  if (mayBeReconciled && (ledger.reached.has('unknownOutcomes') || result.messageIds.every(isTold))) return;
  violated(`is reported as accepted with ids that the gateway did not give it: ${ids}`);
}

/** What says no less than another receipt that an SMS of unknown outcome was accepted. */
export function mayTakeForItsOwn(sms: SmsRecord, messageId: string, ledger: Ledger): boolean {
  const foreign = ledger.deliveries.find(({ kind, says }) => kind === 'foreign' && says === messageId);
  // It may have left long before the first that arrived.
  const firstAt = sms.askedAt;
  if (foreign?.firstSentAt === undefined || foreign.phone !== sms.sms.to) return false;
  if (foreign.firstSentAt < firstAt) return false;
  const isRecent = foreign.submittedAt > firstAt - OLDER_MS;
  // Its date decides nothing before it is known what the gateway's clock is ahead.
  const isOffsetKnown = ledger.receipts.some(
    ({ receipt, at }) => receipt.matched && at < foreign.firstSentAt!,
  );
  const { hasClockBeenSet, reached } = ledger;
  const hasForgotten = reached.has('unknownOutcomes') || reached.has('unknownReceipts');
  return isRecent || !isOffsetKnown || hasForgotten || hasClockBeenSet;
}

/** Each of several to a phone had its receipt, and which is whose is told by minutes. */
export function isSwapped(
  { sms: { to }, acceptances }: SmsRecord,
  messageId: string,
  ledger: Ledger,
): boolean {
  const hasForeign = ledger.deliveries.some(({ kind, phone }) => kind === 'foreign' && phone === to);
  if (acceptances.length === 0 && !hasForeign) return false;
  return ledger.sms.some(
    (other) =>
      other.sms.to === to &&
      other.acceptances.some(({ messageIds }) => messageIds.includes(messageId)) &&
      resultOf(other)?.messageIds.includes(messageId) !== true,
  );
}

/** Two minutes (contract section 4), the minute that a date is told by, and an answer that came late. */
const OLDER_MS: Millis = 300_000;

function duplicatesAreFlagged(sms: SmsRecord, _of: Case, violated: (what: string) => void): void {
  const result = resultOf(sms);
  if (result === undefined) return;
  const { outcome, possibleDuplicate } = result;
  const taken = sms.acceptances.length;
  if (taken > 1 && !possibleDuplicate) violated(`was sent ${taken} times and is not flagged`);
  if (taken > 0 && (outcome === 'expired' || outcome === 'cancelled'))
    violated(`is ${outcome}, and was sent`);
  if (taken > 0 && outcome === 'rejected' && !possibleDuplicate) violated('is rejected, and was sent');
}

/** A flag without any submit_sm that may have gone astray would cry wolf. */
function flagsHaveAReason(sms: SmsRecord, { ledger, smsc }: Case, violated: (what: string) => void): void {
  const result = resultOf(sms);
  if (result?.possibleDuplicate !== true) return;
  // That it was not under way any more could not be stored.
  if (result.recovered && ledger.diskFailed) return;
  const from = sms.askedAt;
  const until = toldOf(sms)!.at;
  if (ledger.crashedBetween(from, until)) return;
  if (sms.submits.some(({ answeredAt = Infinity, sentAt }) => answeredAt > sentAt + 29_000)) return;
  if (sms.submits.some((submit) => isUnanswered(submit, ledger, smsc))) return;
  if (isHalfAccepted(sms)) return;
  if (smsc.links.some(({ link: { lostAt } }) => lostAt !== undefined && lostAt >= from)) return;
  violated('is flagged as a possible duplicate, although every submit_sm was answered');
}

/** The gateway has some segments of an attempt, and not all. */
function isHalfAccepted({ submits }: SmsRecord): boolean {
  const accepted = new Map<string, Set<number>>();
  for (const { sessionId, reference, sequence, status } of submits) {
    if (status !== 0) continue;
    const attempt = `${sessionId} ${reference ?? ''}`;
    const before = accepted.get(attempt);
    // The whole went again with a reference that was forgotten at the end of a bound.
    if (before?.has(sequence) === true) return true;
    accepted.set(attempt, new Set(before).add(sequence));
  }
  return [...accepted.values()].some(({ size }) => size < (submits[0]?.total ?? 1));
}

function reportSendsOnce(sms: SmsRecord, { plan }: Case, violated: (what: string) => void): void {
  const policy = sms.sms.onUncertain ?? plan.options.onUncertain;
  if (policy === 'report' && sms.acceptances.length > 1) violated('was sent twice under `report`');
}

function rejectedWithReason(sms: SmsRecord, { plan }: Case, violated: (what: string) => void): void {
  const isLost = mayBeLost(plan, sms.newId) && resultOf(sms)?.status === undefined;
  if (resultOf(sms)?.outcome === 'rejected' && !isRejected(sms.poison) && !isLost)
    violated('was rejected for no good reason');
}

/** Stopped when the gateway had some of its segments: whether that sends them, nobody knows. */
function stoppedInsideIsFlagged(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  const result = resultOf(sms);
  if (result?.outcome !== 'accepted' || result.possibleDuplicate) return;
  const last = sms.submits.at(-1);
  const isOfStoppedRun = ({ run, status, answeredAt, total }: SubmitSeen): boolean =>
    total > 1 &&
    run !== last?.run &&
    ledger.runs[run]!.end === 'stop' &&
    status === 0 &&
    answeredAt !== undefined;
  if (sms.submits.some(isOfStoppedRun))
    violated('was begun before a stop and sent again after it, unflagged');
}

/** What it was refused with as long as it lived is in its result. */
function lastRefusalIsTold(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  const result = resultOf(sms);
  if (result?.outcome !== 'expired' || ledger.crashedBetween(sms.askedAt, toldOf(sms)!.at)) return;
  const refused = sms.submits.filter(({ status, answeredAt }) => status !== 0 && answeredAt !== undefined);
  if (refused.length === 0) return;
  ledger.saw('expired after refusals');
  const { status = 'none', reason = '' } = result;
  if (!refused.some((submit) => commandStatus(submit.status).name === status) || !reason.includes(status))
    violated(`expired after refusals, and its result says ${status}: ${reason}`);
}

/** Each attempt at a long SMS: one session, one reference, its segments in order from the first. */
function wholeAndInOrder(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  const attempts = new Map<string, number>();
  for (const { sessionId, reference, sequence, total } of sms.submits) {
    if (total < 2) continue;
    const key = `${sessionId} ${reference ?? ''}`;
    const seen = attempts.get(key) ?? 0;
    if (sequence > seen + 1) violated(`segment ${sequence} came before segment ${seen + 1} on its session`);
    attempts.set(key, Math.max(seen, sequence));
  }
  const references = new Set(sms.submits.filter(({ total }) => total > 1).map(({ reference }) => reference));
  const sessions = new Set(sms.submits.map(({ sessionId }) => sessionId));
  const isForgotten = ledger.reached.has('referencePhones') || ledger.hasClockBeenSet;
  if (references.size > 0 && references.size < sessions.size && !isForgotten) {
    violated('went again over another session with its old reference');
  }
}

/** Unless the wall clock was set while nobody could tell: between two runs, age is all that is known. */
function notAfterItsTime(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  if (ledger.clockSetAt.some((at) => at >= sms.askedAt)) return;
  const { sendAt = sms.askedWall, expiresAfterMs = Infinity } = sms.sms;
  const scheduledMs = Math.max(0, Number(sendAt) - sms.askedWall);
  const dueAt = sms.askedAt + scheduledMs;
  const until = dueAt + expiresAfterMs;
  // Its life begins when it can be seen that it is due.
  const seenDueAt = ledger.stalls.find((stall) => stall.from <= dueAt && dueAt < stall.until)?.until ?? dueAt;
  const latest = seenDueAt + expiresAfterMs;
  // Under a reference that was used before, an attempt cannot be told from another.
  const graceMs = (submit: SubmitSeen): Millis =>
    ledger.reached.has('referencePhones') && submit.total > 1 ? Infinity : graceOf(sms, submit);
  const late = sms.submits.find((submit) => submit.sentAt > latest + graceMs(submit));
  if (late !== undefined) violated(`was submitted ${Math.round(late.sentAt - latest)} ms after its time`);
  const expiredAt = resultOf(sms)?.outcome === 'expired' ? (toldOf(sms)?.at ?? Infinity) : Infinity;
  if (expiredAt < until - ROUNDING_MS) violated('expired before its time');
}

/** The first half of an SMS helps nobody, so its further segments go too; one that was refused goes soon or never. */
function graceOf({ submits }: SmsRecord, { sessionId, reference, sequence }: SubmitSeen): Millis {
  if (sequence === 1) return ROUNDING_MS;
  const same = submits.filter((each) => each.sessionId === sessionId && each.reference === reference);
  return same.filter((each) => each.sequence === sequence).length === 1 ? Infinity : RESUMED_MS;
}

/** The window and the pace may hold a segment up that was due in time. */
const RESUMED_MS: Millis = 2_000;

/** Wall clocks are whole milliseconds. */
const ROUNDING_MS: Millis = 2;

function notBeforeItsTime(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  const { sendAt } = sms.sms;
  if (sendAt === undefined) return;
  const first = sms.submits[0];
  if (first === undefined) return;
  // Once due, it stays so.
  const isClockSet = ledger.clockSetAt.some((at) => at >= sms.askedAt);
  if (first.sentWall < Number(sendAt) - ROUNDING_MS && !isClockSet)
    violated('was submitted before its instant');
  ledger.saw('sent at its instant');
}

function notAfterItsEnd(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  const last = sms.submits.at(-1)?.sentAt ?? -Infinity;
  const endedAt = toldOf(sms)?.at ?? Infinity;
  if (last > endedAt) violated('was submitted after its result was reported');
  if (sms.cancelledAt !== undefined && last > sms.cancelledAt)
    violated('was submitted after it was cancelled');
  if (sms.cancelledAt !== undefined && endedAt < Infinity) {
    const { outcome } = toldOf(sms)!.result;
    if (outcome !== 'cancelled' && outcome !== 'uncertain') violated(`was cancelled, and is ${outcome}`);
  }
  const isRefused =
    sms.state === 'refused' && sms.wants === 'id' && !ledger.crashedBetween(sms.askedAt, Infinity);
  if (!isRefused || sms.results.length === 0) return;
  if (isLeftToTheDisk(sms, ledger)) ledger.saw('told that it is stopped, and sent after the next start');
  else violated('was not taken in, and has a result');
}

/** A stop was given up as it was under way to the disk: whoever waits is told that it may yet arrive there. */
function isLeftToTheDisk({ askedRun, refused }: SmsRecord, { runs }: Ledger): boolean {
  const { stoppingAt = Infinity, endedAt = Infinity, end } = runs[askedRun]!;
  const isGivenUp = end === 'stop' && endedAt - stoppingAt >= GIVEN_UP_MS;
  return isGivenUp && refused?.code === 'SMPP_STOPPED' && refused.at === endedAt;
}

/** A stop takes so long whatever hangs. */
const GIVEN_UP_MS: Millis = 4_900;

function deduplicated(sms: SmsRecord, { ledger }: Case, violated: (what: string) => void): void {
  const { dedupeKey } = sms.sms;
  if (dedupeKey === undefined || sms.id === undefined || ledger.reached.has('dedupeKeys')) return;
  const owner = ledger.ownerOf(sms);
  if (owner !== sms) {
    ledger.saw('deduplicated');
    if (sms.submits.length > 0) violated('was submitted, although its dedupe key was taken');
    if (isNeverSent(owner) && toldOf(owner)!.at < sms.askedAt)
      violated('was suppressed by the dedupe key of an SMS that was never sent');
    return;
  }
  const isOlder = (other: SmsRecord): boolean =>
    other.sms.dedupeKey === dedupeKey && other.takenAt < sms.askedAt;
  if (
    !ledger.hasClockBeenSet &&
    ledger.sms.some((other) => isOlder(other) && holdsAt(sms.askedWall, ledger.ownerOf(other), sms, ledger))
  ) {
    violated('was taken in under a dedupe key that another SMS had');
  }
}

function holdsAt(wall: EpochMs, owner: SmsRecord, sms: SmsRecord, ledger: Ledger): boolean {
  if (owner === sms) return false;
  // Nobody heard how it ended: it may have freed its key.
  if (resultOf(owner) === undefined && ledger.hasGivenUp('settled') && owner.acceptances.length === 0)
    return false;
  return !isNeverSent(owner) || resultOf(owner)!.settledAt > wall;
}

/** It ended so that its dedupe key is free again. */
function isNeverSent(sms: SmsRecord): boolean {
  return ['rejected', 'expired', 'cancelled'].includes(resultOf(sms)?.outcome ?? '');
}

/** What was chosen before it may leave while it is read and marked; a slow disk takes long for that. */
const MARKED_MS: Millis = 500;

/** No segment of another SMS leaves while an alarm waits that was never tried. */
function alarmsFirst(sms: SmsRecord, of: Case, violated: (what: string) => void): void {
  const { ledger, plan } = of;
  if (sms.sms.priority !== 'alarm' || !wasFirstInLine(sms, of)) return;
  const firstAt = sms.submits[0]?.sentAt ?? Infinity;
  const markedMs = MARKED_MS + 6 * plan.syncMaxMs;
  const until = Math.min(
    firstAt - markedMs,
    endedAt(sms),
    sms.askedAt + (sms.sms.expiresAfterMs ?? Infinity),
  );
  const before: number[] = [];
  for (const other of ledger.sms) {
    if (other.sms.priority === 'alarm') continue;
    if (other.takenAt < sms.askedAt && (other.submits[0]?.sentAt ?? 0) > firstAt)
      ledger.saw('alarm overtook');
    const wentFirst = other.submits.some(({ sentAt, run }) => {
      const from = Math.max(sms.takenAt, ledger.runs[run]!.startedAt) + markedMs;
      return sentAt < until && sentAt > from && !isAlarmUnderWay(ledger, sentAt, markedMs);
    });
    if (wentFirst && sms.wants === 'id') before.push(other.number);
  }
  // While one is read whose content is not in memory, others may leave.
  const readBackMax = ledger.reached.has('bodies') ? 2 * (plan.options.window ?? 10) : 0;
  // While the gateway may be restarting, the next that is tried is chosen before its place is free.
  const triedMax = ledger.refusals.some(
    ({ at, status }) => status === ESME_RSUBMITFAIL && at < firstAt && at > sms.askedAt - TRIAL_MS,
  )
    ? 1
    : 0;
  if (before.length > Math.max(readBackMax, triedMax))
    violated(`is an alarm, and SMS ${before.join()} went first`);
}

/** A refusal may be that of a restart for a minute. */
const TRIAL_MS: Millis = 70_000;

/** A second long SMS to a phone begins after the first. */
export function isBehindLong(sms: SmsRecord, ledger: Ledger): boolean {
  const [first] = sms.submits;
  if (sms.sms.text.length <= ONE_SEGMENT || (first !== undefined && first.total < 2)) return false;
  return ledger.sms.some((other) => {
    if (other === sms || other.sms.to !== sms.sms.to || (other.submits[0]?.total ?? 1) < 2) return false;
    return (toldOf(other)?.at ?? Infinity) > sms.takenAt;
  });
}

/** Longer ones may have several segments. */
export const ONE_SEGMENT = 60;

/** Alarms are going: those that wait are being marked, which a slow disk takes some time for. */
function isAlarmUnderWay({ alarms }: Ledger, at: Millis, withinMs: Millis): boolean {
  return alarms.some(({ submits }) => submits.some(({ sentAt }) => sentAt <= at && sentAt > at - withinMs));
}

/** Nothing was in its way, and it was not tried before without being seen. */
function wasFirstInLine(sms: SmsRecord, { ledger, plan, smsc }: Case): boolean {
  if (sms.sms.sendAt !== undefined || sms.state !== 'taken' || ledger.ownerOf(sms) !== sms) return false;
  if (mayBeLost(plan, sms.newId) || isBehindLong(sms, ledger)) return false;
  // Marked as under way when the process died: it was tried, for all that the next one knows.
  if (resultOf(sms)?.possibleDuplicate === true || resultOf(sms)?.outcome === 'uncertain') return false;
  return !ledger.diskFailed && !smsc.links.some(({ link: { lostAt = 0 } }) => lostAt >= sms.askedAt);
}

/** Cancelled, or told how it ended. */
function endedAt(sms: SmsRecord): Millis {
  return sms.cancelledAt ?? toldOf(sms)?.at ?? Infinity;
}

const OUTCOMES = ['accepted', 'rejected', 'uncertain', 'expired', 'cancelled'] as const;

function note(sms: SmsRecord, ledger: Ledger): void {
  const result = resultOf(sms);
  const outcome = OUTCOMES.find((each) => each === result?.outcome);
  if (outcome !== undefined) ledger.saw(outcome);
  if (result?.possibleDuplicate === true) ledger.saw('possible duplicate');
  if (result?.recovered === true) ledger.saw('recovered');
  if (result?.outcome === 'accepted' && result.host === undefined) ledger.saw('reconciled by a receipt');
  if (sms.acceptances.length > 1) ledger.saw('duplicate at the gateway');
  if (sms.submits.some(({ status, answeredAt }) => status === 0 && answeredAt === undefined)) {
    ledger.saw('accepted, and the answer lost');
  }
  if (new Set(sms.submits.map(({ host }) => host)).size > 1) ledger.saw('sent again over the other host');
  const attempts = new Set(sms.submits.filter(({ total }) => total > 1).map(({ sessionId }) => sessionId));
  if (attempts.size > 1) ledger.saw('long SMS lost half-way and sent again');
}
