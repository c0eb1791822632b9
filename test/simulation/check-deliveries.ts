/** The promises made for what comes from the gateway: once answered never lost, not twice, tied to the right SMS. */
import type { Millis } from '../../lib/clock.js';
import { OVERDUE_MS } from './flow.js';
import { mayBeToldAgain, mayTakeForItsOwn } from './check-sms.js';
import {
  type DeliveryRecord,
  type IncomingRecord,
  type Ledger,
  type ReceiptSeen,
  type SmsRecord,
  toldOf,
} from './ledger.js';

/** Contract: a receipt of no SMS is held for 60 s; a redelivery is known for 10 min. */
const HELD_MS: Millis = 60_000;
/** Parts wait 5 min for each other; what comes further apart comes out as it is. */
const TOGETHER_MS: Millis = 290_000;
const REMEMBERED_MS: Millis = 600_000;

export function checkReceipts(ledger: Ledger): void {
  const segments = ledger.receipts.filter(({ scope }) => scope === 'segment');
  for (const delivery of ledger.deliveries) {
    if (delivery.kind !== 'sms') checkTold(ledger, delivery, segments);
  }
  for (const seen of ledger.receipts) {
    if (seen.scope === 'overdue') checkOverdue(ledger, seen);
    else checkTied(ledger, seen);
  }
  for (const sms of ledger.sms) checkFinalOnce(ledger, sms);
}

function checkTold(
  ledger: Ledger,
  { keptAt, says, firstSentAt = 0 }: DeliveryRecord,
  seen: readonly ReceiptSeen[],
): void {
  if (keptAt === undefined) return;
  const told = seen.filter(({ receipt }) => receipt.messageId === says);
  const isExcused = ledger.reached.has('heldEvents') || isOfCopy(ledger, says);
  if (told.length === 0 && !isExcused) ledger.violated(`the receipt for ${says} was answered and is lost`);
  const runs = new Set(
    ledger.runs.filter(({ startedAt }) => startedAt > firstSentAt).map(({ number }) => number),
  );
  if (told.some(({ run }) => runs.has(run))) ledger.saw('receipt in a later run');
}

/** The gateway sent it twice, and the other one's receipt was told: this one says nothing new. */
export function isOfCopy({ sms, receipts }: Ledger, messageId: string): boolean {
  const owner = sms.find(({ submits }) => submits.some((submit) => submit.messageId === messageId));
  if (owner === undefined || owner.acceptances.length < 2) return false;
  const id = toldOf(owner)?.result.id;
  return id !== undefined && receipts.some(({ scope, receipt }) => scope === 'segment' && receipt.id === id);
}

function checkTied(ledger: Ledger, seen: ReceiptSeen): void {
  if (seen.receipt.matched) checkMatched(ledger, seen);
  else checkUnmatched(ledger, seen);
}

function checkMatched(ledger: Ledger, { receipt: { messageId, id } }: ReceiptSeen): void {
  if (ledger.hasForgotten) return;
  const isOwner = ({ submits }: SmsRecord): boolean =>
    submits.some((submit) => submit.messageId === messageId);
  const owner = ledger.sms.find(isOwner);
  const told = owner && toldOf(owner)?.result;
  // Its flow failed at the result, and is not to get it before the run ends; or it was given up.
  const isUntold = told === undefined && (owner?.state === 'stopped' || ledger.reached.has('heldEvents'));
  if (owner !== undefined && (id === told?.id || isUntold)) return;
  const taker = ledger.sms.find((each) => toldOf(each)?.result.id === id);
  if (owner === undefined && taker !== undefined && mayTakeForItsOwn(taker, messageId, ledger)) return;
  ledger.violated(`the receipt for ${messageId} is tied to the wrong SMS`);
}

function checkUnmatched(ledger: Ledger, { receipt, at, run }: ReceiptSeen): void {
  ledger.saw('receipt emitted unmatched');
  const { messageId, receivedAt } = receipt;
  // An SMS of which nothing is known any more, or a wait that a clock has changed.
  if (ledger.hasClockBeenSet || ledger.hasForgotten) return;
  const sms = ledger.sms.find((each) => {
    const result = toldOf(each)?.result;
    return result?.outcome === 'accepted' && result.messageIds.includes(messageId);
  });
  // Once its wait is over it stays unmatched, also for a listener that failed and is asked again.
  const first = ledger.receipts.find(
    (other) => other.receipt.messageId === messageId && other.receipt.receivedAt === receivedAt,
  );
  const isLate = (first?.at ?? at) - ((sms && toldOf(sms))?.at ?? Infinity) > 0;
  if (isLate) ledger.violated(`the receipt for ${messageId} is tied to no SMS`);
  const { firstSentAt = 0 } = ledger.deliveries.find(({ says }) => says === messageId) ?? {};
  const isFirstRun = ledger.runs[run]!.startedAt < firstSentAt;
  if (isFirstRun && at - firstSentAt < HELD_MS && !ledger.reached.has('heldReceipts')) {
    ledger.violated(`the receipt for ${messageId} was given up after ${Math.round(at - firstSentAt)} ms`);
  }
}

/** Said of an accepted SMS that asked for a receipt, when it is late, as long as there is none, and once. */
function checkOverdue(ledger: Ledger, seen: ReceiptSeen): void {
  ledger.saw('receipt overdue');
  const { receipt, at } = seen;
  const sms = ledger.sms.find((each) => toldOf(each)?.result.id === receipt.id);
  if (ledger.hasForgotten || (sms === undefined && ledger.reached.has('heldEvents'))) return;
  const result = (sms && toldOf(sms))?.result;
  const violated = (what: string): void =>
    ledger.violated(`SMS ${sms?.number ?? '?'}: its receipt is overdue, ${what}`);
  // Its answer may have come late, after it was settled.
  if (result?.outcome !== 'accepted' && sms?.poison?.answer !== 'late') violated('and it was not accepted');
  if (sms?.sms.receipt !== 'always') violated('and it asked for none');
  const sameSms = ledger.receipts.filter((other) => other.receipt.id === receipt.id && other.at < at);
  // The process died over the answer: it was sent again, and the receipt of the first is nobody's.
  const isCopy = (run: number): boolean => (sms?.acceptances.length ?? 0) > 1 && run !== seen.run;
  if (sameSms.some(({ scope, run, receipt: { isFinal } }) => scope === 'message' && isFinal && !isCopy(run)))
    violated('and it came before');
  const before = sameSms.findLast(({ scope }) => scope === 'overdue');
  if (before !== undefined && !mayBeReceivedAgain(ledger, before, seen)) violated('and that was said before');
  const acceptedAt = sms?.acceptances[0]?.at ?? Infinity;
  if (!ledger.hasClockBeenSet && at < acceptedAt + OVERDUE_MS) violated('although it is not late');
}

/** One verdict on each SMS, once every segment has its receipt; again only after a crash. */
function checkFinalOnce(ledger: Ledger, sms: SmsRecord): void {
  const id = toldOf(sms)?.result.id;
  const result = toldOf(sms)?.result;
  if (id === undefined || result?.outcome !== 'accepted' || result.messageIds.length === 0) return;
  const finals = ledger.receipts.filter(
    ({ scope, receipt }) => scope === 'message' && receipt.id === id && receipt.isFinal,
  );
  finals.slice(1).forEach((again, index) => {
    const before = finals[index]!;
    // One copy failed, and another was delivered.
    const isBetter = sms.acceptances.length > 1 && again.receipt.delivered && !before.receipt.delivered;
    if (!isBetter && !ledger.hasForgotten && !mayBeReceivedAgain(ledger, before, again)) {
      ledger.violated(`SMS ${sms.number} has two final receipts, without a crash in between`);
    }
  });
  const isComplete = result.messageIds.every((messageId) => hasFinal(ledger, messageId));
  const isGone = ledger.hasForgotten || ledger.reached.has('heldEvents');
  if (isComplete && finals.length === 0 && !isGone)
    ledger.violated(`SMS ${sms.number} has all its receipts, and no verdict`);
  if (isComplete && result.messageIds.length > 1) ledger.saw('receipt matched to a long SMS');
}

function mayBeReceivedAgain(ledger: Ledger, before: ReceiptSeen, again: ReceiptSeen): boolean {
  const { end } = ledger.runs[before.run]!;
  return (before.run !== again.run && end !== undefined) || ledger.diskFailed;
}

function hasFinal(ledger: Ledger, messageId: string): boolean {
  return ledger.receipts.some(
    ({ scope, receipt }) =>
      scope === 'segment' && receipt.messageId === messageId && receipt.matched && receipt.isFinal,
  );
}

export function checkIncoming(ledger: Ledger): void {
  for (const incoming of ledger.incoming) {
    checkEmitted(ledger, incoming);
    checkOnce(ledger, incoming);
  }
}

function checkEmitted(ledger: Ledger, { number, texts, missing, deliveries, emitted }: IncomingRecord): void {
  if (deliveries.some(({ keptAt }) => keptAt === undefined)) return;
  if (emitted.length === 0) {
    if (ledger.reached.has('heldEvents')) return;
    ledger.violated(`incoming SMS ${number} was answered and is lost`);
    return;
  }
  if (spanOf(deliveries) > TOGETHER_MS || gaveWay(ledger)) return;
  const expected = texts.filter((_, part) => part !== missing).join('');
  for (const { sms } of emitted) {
    if (sms.text !== expected) ledger.violated(`incoming SMS ${number} came out as ${sms.text}`);
    if (sms.complete !== (missing === undefined))
      ledger.violated(`incoming SMS ${number}: complete is ${sms.complete}`);
  }
}

/** A long SMS was given up for others before its time. */
function gaveWay({ reached }: Ledger): boolean {
  return reached.has('openMessages') || reached.has('openPartsOctets');
}

/** From the first part that was kept to the last. */
function spanOf(deliveries: readonly DeliveryRecord[]): Millis {
  const keptAt = deliveries.map((delivery) => delivery.firstSentAt ?? 0);
  const lastAt = deliveries.map((delivery) => delivery.keptAt ?? 0);
  return Math.max(...lastAt) - Math.min(...keptAt);
}

function checkOnce(ledger: Ledger, { number, deliveries, emitted }: IncomingRecord): void {
  emitted.slice(1).forEach((again, index) => {
    const before = emitted[index]!;
    if (spanOf(deliveries) > TOGETHER_MS || gaveWay(ledger) || ledger.reached.has('seenDeliveries')) return;
    if (mayBeToldAgain(ledger, before, again)) ledger.saw('incoming SMS emitted again after a crash');
    else if (!deliveries.some((delivery) => cameLate(delivery, ledger) || delivery.wentBack))
      ledger.violated(`incoming SMS ${number} was emitted twice`);
  });
}

/** Sent again when nobody remembers it any more; from one run to the next its age is that of the wall clock. */
function cameLate(
  { firstSentAt = 0, lastSentAt = 0 }: DeliveryRecord,
  { clockSetAt, runs }: Ledger,
): boolean {
  if (lastSentAt - firstSentAt >= REMEMBERED_MS) return true;
  const isMeanwhile = (at: Millis = 0): boolean => at > firstSentAt && at < lastSentAt;
  return clockSetAt.some(isMeanwhile) && runs.some(({ startedAt }) => isMeanwhile(startedAt));
}
