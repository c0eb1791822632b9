/** The promises made for receipts: once answered never lost, tied to the right SMS, one verdict on each, and no silence. */
import type { Millis } from '../../lib/clock.js';
import { isOfHalf, isOfTwin, wasAnswered } from './check-answered.js';
import { checkCounts } from './check-halves.js';
import { mayBeHandedAgain, wasThere } from './check-handings.js';
import { isSwapped, mayTakeForItsOwn } from './check-sms.js';
import { noteReceipts } from './note-receipts.js';
import {
  type DeliveryRecord,
  type Ledger,
  type ListenerSeen,
  type ReceiptSeen,
  type SmsRecord,
  toldOf,
} from './ledger.js';

/** Contract: a receipt of no SMS is held for 60 s. */
const HELD_MS: Millis = 60_000;

export function checkReceipts(ledger: Ledger, now: Millis): void {
  const segments = ledger.receipts.filter(({ scope }) => scope === 'segment');
  for (const delivery of ledger.deliveries) {
    if (delivery.kind !== 'sms') checkTold(ledger, delivery, segments);
  }
  for (const seen of ledger.receipts) {
    if (seen.scope === 'overdue') checkOverdue(ledger, seen);
    else {
      checkTied(ledger, seen);
      checkOfOne(ledger, seen);
    }
  }
  checkOnce(ledger);
  for (const sms of ledger.sms) {
    noteReceipts(ledger, sms);
    checkFinalOnce(ledger, sms);
    checkVerdict(ledger, sms);
    checkCounts(ledger, sms);
    checkToldOverdue(ledger, sms, now);
  }
}

function checkTold(ledger: Ledger, delivery: DeliveryRecord, seen: readonly ReceiptSeen[]): void {
  const { keptAt, says, firstSentAt = 0 } = delivery;
  if (keptAt === undefined) return;
  const same = seen.filter(({ receipt }) => receipt.messageId === says && isTo(delivery.phone, receipt.to));
  // That another has had one with its id says nothing of this SMS.
  const isOfOne = isOfOneWithout(ledger, delivery);
  const told = isOfOne ? same.filter(({ receipt }) => receipt.raw === delivery.text) : same;
  const isExcused =
    ledger.hasGivenUp('message') ||
    isOfCopy(ledger, says) ||
    isOfTwin(ledger, says) ||
    (isOfNobodyYet(ledger, delivery) && !isOfOne) ||
    ledger.reached.has('sameIdSms');
  if (told.length === 0 && !isExcused) ledger.violated(`the receipt for ${says} was answered and is lost`);
  const runs = new Set(
    ledger.runs.filter(({ startedAt }) => startedAt > firstSentAt).map(({ number }) => number),
  );
  if (told.some(({ run }) => runs.has(run))) ledger.saw('receipt in a later run');
}

/** Until all of its own SMS is accepted, it belongs to one that is known to have its id. */
function isOfNobodyYet(ledger: Ledger, { says, phone, firstSentAt = 0 }: DeliveryRecord): boolean {
  const owners = ledger.ownersOf(says);
  if (owners.length < 2) return false;
  const [own, other] = owners.filter((each) => each.sms.to === phone);
  if (other !== undefined) return true;
  const result = (own && toldOf(own))?.result;
  const knownAt = Math.max(...(own?.submits ?? []).map(({ answeredAt = Infinity }) => answeredAt));
  const isKnown = knownAt + KNOWN_MS <= firstSentAt && result?.outcome === 'accepted';
  return ledger.hasForgotten || !isKnown || !result.messageIds.includes(says);
}

/** Of several SMS to its phone that had its id as it came, one has never had a final receipt: this was for it. */
function isOfOneWithout(ledger: Ledger, { says, phone, state, firstSentAt = 0 }: DeliveryRecord): boolean {
  const its = ledger.sms.filter(
    ({ sms, submits }) =>
      isTo(phone, sms.to) &&
      submits.some(({ messageId, sentAt }) => messageId === says && sentAt <= firstSentAt),
  );
  if (its.length < 2 || state === 'ENROUTE' || ledger.hasForgotten) return false;
  const isKnown = ({ submits, acceptances }: SmsRecord): boolean =>
    acceptances.length === 1 &&
    Math.max(...submits.map(({ answeredAt = Infinity }) => answeredAt)) + KNOWN_MS <= firstSentAt;
  const hasFinal = (owner: SmsRecord): boolean => {
    const result = toldOf(owner)?.result;
    if (result?.outcome !== 'accepted' || !result.messageIds.includes(says)) return true;
    return segmentsOf(ledger, result.id).some(({ receipt }) => receipt.isFinal && receipt.messageId === says);
  };
  if (!its.every(isKnown)) return false;
  ledger.saw('a receipt that several SMS to one phone may have');
  return !its.every(hasFinal);
}

/** What a slow disk and octets on their way add. */
const KNOWN_MS: Millis = 2_000;

/** Of a receipt that belongs to no SMS it is as the gateway wrote it, if it did. */
function isTo(phone: string, said: string | undefined): boolean {
  return said === undefined || said.replace(/^(\+|00)/, '') === phone || said === OURS;
}

/** Our sender, where the gateway writes both numbers the other way round. */
const OURS = '4520304050';

/** The gateway sent it twice, and the other one's receipt was told: this one says nothing new. */
export function isOfCopy({ sms, receipts }: Ledger, messageId: string): boolean {
  return sms.some((owner) => {
    if (owner.acceptances.length < 2) return false;
    if (!owner.submits.some((submit) => submit.messageId === messageId)) return false;
    const id = toldOf(owner)?.result.id;
    if (id === undefined) return false;
    return receipts.some(({ scope, receipt }) => scope === 'segment' && receipt.id === id);
  });
}

function checkTied(ledger: Ledger, seen: ReceiptSeen): void {
  if (seen.receipt.matched) checkMatched(ledger, seen);
  else checkUnmatched(ledger, seen);
}

function checkMatched(ledger: Ledger, { receipt: { messageId, id, raw } }: ReceiptSeen): void {
  if (ledger.hasForgotten || messageId === '') return;
  const owners = ledger.ownersOf(messageId);
  const isItself = (owner: SmsRecord): boolean => {
    const told = toldOf(owner)?.result;
    // Its flow failed at the result, and is not to get it before the run ends; or it was given up.
    const isUntold = told === undefined && (owner.state === 'stopped' || ledger.hasGivenUp('settled'));
    return isUntold || id === told?.id;
  };
  // Of several with that id, one whose phone it came from.
  const isSaidOf = ({ sms, submits }: SmsRecord): boolean => {
    if (raw === '') return true;
    const isExact = submits.some((submit) => submit.messageId === messageId);
    return ledger.deliveries.some(
      (delivery) =>
        delivery.text === raw && ((isExact && delivery.phone === sms.to) || isOfNobodyYet(ledger, delivery)),
    );
  };
  if (owners.length > 1) ledger.saw('an id that several SMS have');
  if (owners.some((owner) => isItself(owner) && isSaidOf(owner))) return;
  // Of one whose result nobody heard its own id is all that is known.
  const taker = ledger.sms.find((each) => (toldOf(each)?.result.id ?? each.newId) === id);
  if (owners.length === 0 && taker !== undefined && mayTakeForItsOwn(taker, messageId, ledger)) return;
  if (taker !== undefined && isSwapped(taker, messageId, ledger)) return;
  ledger.violated(`the receipt for ${messageId} is tied to the wrong SMS`);
}

function checkUnmatched(ledger: Ledger, { receipt, at, run }: ReceiptSeen): void {
  ledger.saw('receipt emitted unmatched');
  const { messageId, receivedAt } = receipt;
  // An SMS of which nothing is known any more, or a wait that a clock has changed.
  if (ledger.hasClockBeenSet || ledger.hasForgotten) return;
  const sms = ledger.sms.find((each) => {
    const result = toldOf(each)?.result;
    return (
      result?.outcome === 'accepted' && result.messageIds.includes(messageId) && isTo(result.to, receipt.to)
    );
  });
  // Once its wait is over it stays unmatched, also for a listener that failed and is asked again.
  const first = ledger.receipts.find(
    (other) => other.receipt.messageId === messageId && other.receipt.receivedAt === receivedAt,
  );
  const isLate = (first?.at ?? at) - ((sms && toldOf(sms))?.at ?? Infinity) > 0;
  if (isLate) ledger.violated(`the receipt for ${messageId} is tied to no SMS`);
  // Where more wait than are held, the oldest goes on as it is.
  const gaveWay = ledger.reached.has('heldReceipts');
  if (!gaveWay && wasAnswered(ledger, receipt, { at: first?.at ?? at, run }))
    ledger.violated(`the receipt for ${messageId} is tied to no SMS, and its segment had its answer`);
  // Several may say the same.
  const sentAt = ledger.deliveries.flatMap(({ text, firstSentAt: instant = Infinity }) =>
    text === receipt.raw ? [instant] : [],
  );
  const firstSentAt = sentAt.length === 0 ? 0 : Math.min(...sentAt);
  const isFirstRun = ledger.runs[run]!.startedAt < firstSentAt;
  if (isFirstRun && at - firstSentAt < HELD_MS && !gaveWay) {
    ledger.violated(`the receipt for ${messageId} was given up after ${Math.round(at - firstSentAt)} ms`);
  }
}

/** What a receipt says was said by the gateway, all of it in one and the same receipt of its own. */
function checkOfOne(ledger: Ledger, { receipt }: ReceiptSeen): void {
  const { raw, messageId, state, errorCode } = receipt;
  // Of a segment that had no id nothing was ever said; nor is what was said of one that was forgotten.
  if (raw === '' && (state === 'UNKNOWN' || ledger.reached.has('failedSegments'))) return;
  const said = /^id:(\S+) .* stat:(\w+) err:(\d+)$/.exec(raw);
  const isOne =
    said !== null && said[1] === messageId && said[2] === state && Number(said[3]) === Math.abs(errorCode);
  if (!isOne) ledger.violated(`a receipt says ${state} ${errorCode} of ${messageId}, and its text: ${raw}`);
  if (!ledger.deliveries.some(({ text }) => text === raw))
    ledger.violated(`a receipt has a text that nobody sent: ${raw}`);
}

/** Said of an accepted SMS that asked for a receipt, when it is late, as long as there is none, and once. */
function checkOverdue(ledger: Ledger, seen: ReceiptSeen): void {
  ledger.saw('receipt overdue');
  const { receipt, at } = seen;
  const sms = ledger.sms.find((each) => toldOf(each)?.result.id === receipt.id);
  if (ledger.hasForgotten || (sms === undefined && ledger.hasGivenUp('settled'))) return;
  const result = (sms && toldOf(sms))?.result;
  const violated = (what: string): void =>
    ledger.violated(`SMS ${sms?.number ?? '?'}: its receipt is overdue, ${what}`);
  // Its answer may have come late, after it was settled.
  if (result?.outcome !== 'accepted' && sms?.poison?.answer !== 'late') violated('and it was not accepted');
  if (sms?.sms.receipt !== 'always') violated('and it asked for none');
  const sameSms = ledger.receipts.filter((other) => other.receipt.id === receipt.id && other.at < at);
  // The process died over the answer: it was sent again, and the receipt of the first is nobody's.
  const isCopy = (run: number): boolean => (sms?.acceptances.length ?? 0) > 1 && run !== seen.run;
  const isVerdict = ({ scope, run, receipt: { isFinal } }: ReceiptSeen): boolean =>
    scope === 'message' && isFinal && !isCopy(run);
  // Whoever has not taken it is handed it again: as long as that lasts it does not count as come.
  const handed = sameSms.filter(({ scope }) => scope !== 'overdue');
  const last = new Map(handed.map((each) => [`${each.listener} ${each.scope} ${each.receipt.raw}`, each]));
  const isTaken = [...last.values()].every(({ taking: { doneAt = Infinity } }) => doneAt < at);
  if (isTaken && sameSms.some(isVerdict)) violated('and it came before');
  if (hasCome(ledger, sms, at)) violated('and it had come, whoever was there for it');
  const said = saidOverdue(ledger, sameSms, waitOf(ledger, seen));
  const before = said.findLast(({ listener }) => listener === seen.listener);
  // In one run each listener is told by itself; the next knows what is owed by the wait alone.
  const all = before?.run === seen.run ? said.filter(({ listener }) => listener === seen.listener) : said;
  if (before !== undefined && !mayBeHandedAgain(ledger, [before, seen], [...all, seen]))
    violated('and that was said before');
  const acceptedAt = sms?.acceptances[0]?.at ?? Infinity;
  if (!ledger.hasClockBeenSet && at < acceptedAt + waitOf(ledger, seen)) violated('although it is not late');
}

function waitOf({ listeners }: Ledger, { listener }: ReceiptSeen): Millis {
  return listeners[listener]!.plan.overdueMs;
}

function saidOverdue(
  ledger: Ledger,
  receipts: readonly ReceiptSeen[],
  waitMs: Millis,
): readonly ReceiptSeen[] {
  return receipts.filter((seen) => seen.scope === 'overdue' && waitOf(ledger, seen) === waitMs);
}

/** After a start none is said to be missing for a minute. */
const START_GRACE_MS: Millis = 61_000;

/** By then it is said. */
const SAID_WITHIN_MS: Millis = 10_000;

/** Whoever asks is told of each SMS whose receipts have not all come in time. */
function checkToldOverdue(ledger: Ledger, sms: SmsRecord, now: Millis): void {
  const result = toldOf(sms)?.result;
  if (result?.outcome !== 'accepted' || sms.sms.receipt !== 'always' || sms.acceptances.length > 1) return;
  if (ledger.hasClockBeenSet || ledger.hasForgotten || ledger.diskFailed) return;
  if (ledger.reached.has('overdueReports')) return;
  for (const listener of ledger.listeners) {
    if (!listener.plan.kinds.includes('overdue')) continue;
    const missedAt = missedBy(listener, { ledger, sms, now });
    if (missedAt !== undefined)
      ledger.violated(
        `SMS ${sms.number}: nobody said until ${Math.round(missedAt)} that its receipt is overdue`,
      );
  }
}

function missedBy(
  { number, plan: { overdueMs }, stays }: ListenerSeen,
  { ledger, sms, now }: { readonly ledger: Ledger; readonly sms: SmsRecord; readonly now: Millis },
): Millis | undefined {
  const { id, messageIds } = toldOf(sms)!.result;
  const answered = sms.submits.map(({ answeredAt }) => answeredAt).filter((at) => at !== undefined);
  // Reconciled by its receipt.
  if (answered.length < messageIds.length) return undefined;
  const dueAt = Math.max(...answered) + overdueMs;
  const receipts = ledger.receipts.filter(({ receipt }) => receipt.id === id);
  if (isCovered(ledger, receipts, overdueMs)) return undefined;
  const said = saidOverdue(ledger, receipts, overdueMs);
  for (const { run, from, until } of stays) {
    const { startedAt, stoppingAt = Infinity, endedAt = Infinity } = ledger.runs[run]!;
    if (from > dueAt && startedAt <= dueAt) continue;
    // None is there before the store is open.
    const sayAt = turnAt(receipts, run, Math.max(dueAt, from + START_GRACE_MS));
    const saidBy = sayAt + SAID_WITHIN_MS + ledger.stalledMs(sayAt);
    if (saidBy > Math.min(until, stoppingAt, endedAt, now)) continue;
    if (comeBy(ledger, sms, saidBy)) continue;
    // Known by the wait alone, by those who come later.
    if (!said.some((seen) => seen.listener === number || seen.run < run || seen.at < from)) return saidBy;
    const last = said.findLast((seen) => seen.listener === number && seen.run === run);
    const againAt = turnAt(receipts, run, last?.taking.failedAt ?? Infinity);
    const againBy = againAt + SAID_WITHIN_MS + ledger.stalledMs(last?.at ?? 0);
    if (againBy <= Math.min(until, stoppingAt, endedAt, now) && !comeBy(ledger, sms, againBy)) return againBy;
  }
  return undefined;
}

/** Nobody had ever asked for this wait as a longer one was said: that says it too. */
function isCovered(ledger: Ledger, receipts: readonly ReceiptSeen[], waitMs: Millis): boolean {
  const asking = ledger.listeners.filter(
    ({ plan }) => plan.kinds.includes('overdue') && plan.overdueMs === waitMs,
  );
  const firstAsked = Math.min(...asking.flatMap(({ stays }) => stays.map(({ from }) => from)));
  return receipts.some(
    (seen) => seen.scope === 'overdue' && waitOf(ledger, seen) > waitMs && seen.at < firstAsked,
  );
}

/** As long as a listener is at a receipt of an SMS nothing else is said of it: that receipt may be what is missing. */
function turnAt(receipts: readonly ReceiptSeen[], run: number, at: Millis): Millis {
  let turn = at;
  for (const seen of receipts) {
    if (seen.run !== run || seen.scope === 'overdue' || seen.at > turn) continue;
    turn = Math.max(turn, seen.taking.doneAt ?? seen.taking.failedAt ?? Infinity);
  }
  return turn;
}

/** All the receipts that can come were answered by then, and nobody else can have them. */
function hasCome(ledger: Ledger, sms: SmsRecord | undefined, at: Millis): boolean {
  const result = (sms && toldOf(sms))?.result;
  if (result === undefined || sms?.acceptances.length !== 1 || ledger.diskFailed) return false;
  const named = result.messageIds.filter((messageId) => messageId !== '');
  const kept = ledger.deliveries.filter(
    ({ phone, state, keptAt = Infinity }) => phone === result.to && state !== 'ENROUTE' && keptAt < at,
  );
  const isKept = (messageId: string): boolean =>
    kept.some((each) => each.says === messageId && !mayBeUnread(ledger, sms, each));
  return named.length > 0 && named.every((id) => isKept(id) && isOnlyIts(ledger, id));
}

/** It came before its SMS was stored, and gave way before that; or its octets went bad before they were read. */
function mayBeUnread(
  { reached, rotten }: Ledger,
  { submits }: SmsRecord,
  { firstSentAt = 0 }: DeliveryRecord,
): boolean {
  const knownAt = Math.max(...submits.map(({ answeredAt = Infinity }) => answeredAt)) + KNOWN_MS;
  return rotten.has('event') || (reached.has('heldEvents') && firstSentAt < knownAt);
}

/** Nobody else has the id, and no receipt with it gave way, as one of no SMS, before its SMS was known. */
function isOnlyIts(ledger: Ledger, messageId: string): boolean {
  const isNobodys = ({ receipt }: ReceiptSeen): boolean =>
    !receipt.matched && receipt.messageId === messageId;
  return ledger.ownersOf(messageId).length === 1 && !ledger.receipts.some(isNobodys);
}

/** All the receipts that can come had come by then, or were taken for its own. */
function comeBy({ deliveries, receipts }: Ledger, sms: SmsRecord, at: Millis): boolean {
  const { id, messageIds } = toldOf(sms)!.result;
  const named = messageIds.filter((messageId) => messageId !== '');
  const isFinal = (messageId: string): boolean =>
    deliveries.some(
      ({ says, phone, state, firstSentAt = Infinity }) =>
        says === messageId && phone === sms.sms.to && state !== 'ENROUTE' && firstSentAt <= at,
    );
  if (named.length > 0 && named.every(isFinal)) return true;
  return receipts.some(
    (seen) => seen.scope === 'message' && seen.receipt.id === id && seen.receipt.isFinal && seen.at <= at,
  );
}

/** One verdict on each SMS, once every segment has its receipt; again only after a crash. */
function checkFinalOnce(ledger: Ledger, sms: SmsRecord): void {
  const id = toldOf(sms)?.result.id;
  const result = toldOf(sms)?.result;
  if (id === undefined || result?.outcome !== 'accepted' || result.messageIds.length === 0) return;
  const finals = finalsOf(ledger, id);
  finals.forEach((again, index) => {
    const before = finals.slice(0, index).findLast(({ listener }) => listener === again.listener);
    if (before === undefined) return;
    // One copy failed, and another was delivered; or the gateway knows more by now.
    const isBetter =
      (sms.acceptances.length > 1 && again.receipt.delivered && !before.receipt.delivered) ||
      (before.receipt.state === 'UNKNOWN' && again.receipt.state !== 'UNKNOWN');
    if (!isBetter && !ledger.hasForgotten && !mayBeReceivedAgain(ledger, [before, again], id)) {
      ledger.violated(`SMS ${sms.number} has two final receipts, without a crash in between`);
    }
  });
  const isComplete = isDecided(ledger, sms, id, result.messageIds);
  // What gave way as it waited was nobody's.
  const isGone = ledger.hasForgotten || ledger.hasGivenUp('message') || ledger.reached.has('heldReceipts');
  // Whoever was there as the last of them came was told.
  const wasHeard = segmentsOf(ledger, id).every(
    ({ at, taking: { doneAt = at } }) =>
      wasThere(ledger, 'message', at) && wasThere(ledger, 'message', doneAt),
  );
  if (isComplete && finals.length === 0 && !isGone && wasHeard)
    ledger.violated(`SMS ${sms.number} has all its receipts, and no verdict`);
  if (isComplete && result.messageIds.length > 1) ledger.saw('receipt matched to a long SMS');
}

/** The same of a segment, or of the whole, to a listener: again only where somebody may not have taken it. */
function checkOnce(ledger: Ledger): void {
  const told = new Map<string, ReceiptSeen>();
  for (const seen of ledger.receipts) {
    const { scope, listener, receipt } = seen;
    const { id, messageId, state, raw } = receipt;
    if (id === undefined || scope === 'overdue') continue;
    const key = `${scope} ${listener} ${id} ${messageId} ${state} ${raw}`;
    const before = told.get(key);
    told.set(key, seen);
    if (before === undefined || ledger.hasForgotten || isCopied(ledger, id)) continue;
    if (!mayBeReceivedAgain(ledger, [before, seen], id))
      ledger.violated(`a receipt for ${messageId} came twice, without a crash in between`);
  }
}

/** The gateway may have it twice. */
function isCopied({ sms }: Ledger, id: string): boolean {
  return sms.some((each) => toldOf(each)?.result.id === id && each.acceptances.length > 1);
}

function finalsOf(ledger: Ledger, id: string): readonly ReceiptSeen[] {
  return ledger.receipts.filter(
    ({ scope, receipt }) => scope === 'message' && receipt.id === id && receipt.isFinal,
  );
}

/** No more receipts can come that say anything of the whole. */
function isDecided(ledger: Ledger, record: SmsRecord, id: string, messageIds: readonly string[]): boolean {
  const { sms } = record;
  const finals = segmentsOf(ledger, id).filter(
    ({ receipt }) => receipt.isFinal && !isOfHalf(ledger, record, receipt, messageIds),
  );
  if (sms.receipt === 'on-failure' && finals.some(({ receipt }) => !receipt.delivered)) {
    if (messageIds.length > 1) ledger.saw('long SMS failed in part, of which failures are told');
    return true;
  }
  const named = messageIds.filter((messageId) => messageId !== '');
  if (named.length < messageIds.length) {
    if (sms.receipt === 'on-failure') return false;
    ledger.saw('segment without an id');
  }
  return named.length > 0 && named.every((each) => finals.some(({ receipt }) => receipt.messageId === each));
}

/** The worst first. */
const WORST_FIRST = ['REJECTD', 'UNDELIV', 'EXPIRED', 'DELETED', 'UNKNOWN', 'DELIVRD'];

/** The worst of what its segments had come to when it was said. */
function checkVerdict(ledger: Ledger, sms: SmsRecord): void {
  const result = toldOf(sms)?.result;
  if (result?.outcome !== 'accepted' || sms.acceptances.length > 1 || ledger.hasForgotten) return;
  const all = ledger.receipts.filter(({ receipt }) => receipt.id === result.id);
  // One with too much open gets it later than others.
  if (ledger.reached.has('unconfirmed') || ledger.reached.has('unconfirmedCharacters')) return;
  // What a listener did not take comes again, behind others.
  if (all.some(({ taking: { failedAt } }) => failedAt !== undefined)) return;
  // One that gave way before its SMS was known, and comes again to who rejected it, is of the SMS then.
  const segments = ledger.receipts.filter(
    ({ scope, receipt }) =>
      scope === 'segment' &&
      (receipt.matched ? receipt.id === result.id : result.messageIds.includes(receipt.messageId)) &&
      !isOfHalf(ledger, sms, receipt, result.messageIds),
  );
  if (hasGivenWay(ledger, result.messageIds, segments)) return;
  for (const verdict of finalsOf(ledger, result.id)) {
    const index = ledger.receipts.indexOf(verdict);
    const states = new Map<string, string>();
    for (const { receipt } of segments.filter((each) => ledger.receipts.indexOf(each) < index))
      states.set(receipt.messageId, receipt.state);
    const known = [...states.values()];
    // Where there is but one id, it stands for all segments.
    const isAlone = new Set(result.messageIds.filter((id) => id !== '')).size < 2;
    if (result.messageIds.includes('') && !isAlone && sms.sms.receipt !== 'on-failure') known.push('UNKNOWN');
    const worst = WORST_FIRST.find((state) => known.includes(state));
    if (known.length > 1 && new Set(known).size > 1)
      ledger.saw('segments of a long SMS that end differently');
    if (worst !== verdict.receipt.state)
      ledger.violated(`SMS ${sms.number} is ${verdict.receipt.state}, and its segments are ${known.join()}`);
    const { total } = verdict.receipt.segments;
    if (total !== result.segments) ledger.violated(`SMS ${sms.number} is said to have ${total} segments`);
  }
}

/** A receipt of one of these gave way for want of room: what it says counts, though nobody was told. */
function hasGivenWay(
  ledger: Ledger,
  messageIds: readonly string[],
  segments: readonly ReceiptSeen[],
): boolean {
  if (!ledger.hasGivenUp('segment')) return false;
  const told = new Set(segments.map(({ receipt }) => receipt.raw));
  return ledger.deliveries.some(
    ({ says, text, state, keptAt }) =>
      keptAt !== undefined && state !== 'ENROUTE' && messageIds.includes(says) && !told.has(text),
  );
}

function segmentsOf(ledger: Ledger, id: string): readonly ReceiptSeen[] {
  return ledger.receipts.filter(({ scope, receipt }) => scope === 'segment' && receipt.id === id);
}

/** Those of both scopes are handed on together, and each has to be taken: another one later makes up for none. */
function mayBeReceivedAgain(ledger: Ledger, pair: readonly [ReceiptSeen, ReceiptSeen], id: string): boolean {
  const same = ledger.receipts.filter(({ scope, receipt }) => receipt.id === id && scope !== 'overdue');
  const eventOf = ({ scope, receipt }: ReceiptSeen): string => `${scope} ${receipt.raw}`;
  return [...new Set(same.map(eventOf))].some((event) =>
    mayBeHandedAgain(
      ledger,
      pair,
      same.filter((seen) => eventOf(seen) === event),
    ),
  );
}
