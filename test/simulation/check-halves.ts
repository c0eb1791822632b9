/** The promises made for a long SMS of which the gateway has some segments and not all. */
import type { Millis } from '../../lib/clock.js';
import type { SubmitResult } from '../../lib/message.js';
import { type Ledger, type SmsRecord, type SubmitSeen, toldOf } from './ledger.js';
import type { Smsc } from './smsc.js';

/** Of one that was not accepted: what the gateway said that it has of it, by one submission, in order. */
export function halfIsTold(
  sms: SmsRecord,
  { ledger, smsc }: { readonly ledger: Ledger; readonly smsc: Smsc },
  violated: (what: string) => void,
): void {
  const result = toldOf(sms)?.result;
  if (result === undefined || result.outcome === 'accepted') return;
  const { messageIds, segments } = result;
  const named = sms.submits.filter(({ status, messageId }) => status === 0 && messageId !== '');
  if (messageIds.length > 0) ledger.saw('ended with some of its segments at the gateway');
  if (
    messageIds.length >= Math.max(2, segments) ||
    !messageIds.every((id) => named.some((each) => each.messageId === id))
  )
    violated(
      `is ${result.outcome}, with ids that are not those of some of its segments: ${messageIds.join()}`,
    );
  const places = messageIds.map((id) => named.find((each) => each.messageId === id)?.sequence ?? 0);
  const isOneId = new Set(named.map(({ messageId }) => messageId)).size < named.length;
  if (!isOneId && places.some((place, index) => index > 0 && place <= places[index - 1]!))
    violated(`is ${result.outcome}, and the ids of its segments are in another order: ${places.join()}`);
  // That it is known could not be stored, or nobody had the time to.
  if (
    ledger.crashedBetween(sms.askedAt, toldOf(sms)!.at) ||
    ledger.clockSetAt.length > 0 ||
    ledger.diskFailed ||
    ledger.reached.has('lateAnswers')
  )
    return;
  const isKnown = (submit: SubmitSeen): boolean =>
    !isUnanswered(submit, ledger, smsc) && submit.answeredAt! < settledAt(sms, result);
  if (messageIds.length === 0 && named.some(isKnown))
    violated(`is ${result.outcome}, and its result does not tell what the gateway has of it`);
}

/** A listener may be told later. */
function settledAt({ askedAt, askedWall }: SmsRecord, result: SubmitResult): Millis {
  return askedAt + (result.settledAt - askedWall);
}

/** No more than its segments; all of them only where the gateway has all, by one submission. */
export function checkCounts(ledger: Ledger, sms: SmsRecord): void {
  const result = toldOf(sms)?.result;
  if (result === undefined || result.segments < 2) return;
  for (const { scope, receipt } of ledger.receipts) {
    if (receipt.id !== result.id || scope === 'overdue') continue;
    const { total, delivered, failed } = receipt.segments;
    if (total !== result.segments || delivered + failed > total)
      ledger.violated(`SMS ${sms.number} has ${delivered} and ${failed} of ${total} segments`);
    if (
      delivered === total &&
      sms.acceptances.length === 0 &&
      !ledger.hasForgotten &&
      receipt.messageId !== ''
    )
      ledger.violated(`SMS ${sms.number} is delivered as a whole, and the gateway never had it so`);
    if (scope === 'message' && receipt.messageId === '')
      ledger.violated(`SMS ${sms.number} has a receipt without an id`);
  }
}

/** Also when its answer was still under way as the link closed, or as the run ended. */
export function isUnanswered(
  { answeredAt, sessionId, run }: SubmitSeen,
  ledger: Ledger,
  smsc: Smsc,
): boolean {
  const link = smsc.links.find(({ session }) => session.id === sessionId)?.link;
  const { leftAt = Infinity, closedAt: goneAt = Infinity } = link ?? {};
  // A link that was left is still open for a moment: what came after the unbind_resp is of no session any more.
  const closedAt = Math.min(leftAt, goneAt, ledger.runs[run]?.endedAt ?? Infinity);
  return answeredAt === undefined || answeredAt >= closedAt;
}
