/** Whose receipts the client has to know, whatever becomes of the SMS, and whose decide nothing of it. */
import type { Millis } from '../../lib/clock.js';
import type { DeliveryReceipt } from '../../lib/message.js';
import { type Ledger, type ReceiptSeen, type SmsRecord, toldOf } from './ledger.js';

/** Later it is given up. */
const ANSWERED_WITHIN_MS: Millis = 29_000;

/** What a slow disk and octets on their way add. */
const KNOWN_MS: Millis = 2_000;

/**
 * The segment had its answer in time, and in the run in which its receipt came unmatched. With too many SMS of unknown
 * outcome the ids of some are forgotten.
 */
export function wasAnswered(
  ledger: Ledger,
  { messageId, to }: DeliveryReceipt,
  { at, run }: Pick<ReceiptSeen, 'at' | 'run'>,
): boolean {
  const [owner, ...others] = ledger.ownersOf(messageId);
  if (owner === undefined || others.length > 0 || owner.sms.to !== to) return false;
  if (owner.sms.receipt === 'never' || ledger.diskFailed || ledger.reached.has('unknownOutcomes'))
    return false;
  return owner.submits.some((submit) => {
    const { sentAt, answeredAt = Infinity } = submit;
    const isInTime = answeredAt - sentAt < ANSWERED_WITHIN_MS && answeredAt + KNOWN_MS < at;
    return submit.messageId === messageId && submit.run === run && isInTime;
  });
}

/**
 * What the gateway has of a submission that it did not take whole decides nothing of one that it took. Nor does what it has
 * of another that it took whole, where an answer was lost, or came after the receipt: then nobody but the gateway knew that
 * it did.
 */
export function isOfHalf(
  { deliveries }: Ledger,
  { submits, acceptances }: SmsRecord,
  { messageId, raw }: DeliveryReceipt,
  messageIds: readonly string[],
): boolean {
  if (messageIds.includes(messageId)) return false;
  const whole = acceptances.find((acceptance) => acceptance.messageIds.includes(messageId));
  if (whole === undefined) return submits.some((submit) => submit.messageId === messageId);
  if (whole.messageIds.some((id) => id !== '' && messageIds.includes(id))) return false;
  const came = deliveries.find(({ text }) => text === raw)?.firstSentAt ?? Infinity;
  return submits.some(
    ({ messageId: id, answeredAt }) =>
      whole.messageIds.includes(id) && (answeredAt === undefined || answeredAt > came),
  );
}

/**
 * Another segment has this id in another letter case, and no answer told us of both: the SMS was not accepted, or accepted as
 * its receipts proved, by the ids in them. Two that differ in letter case alone are one segment's then.
 */
export function isOfTwin(ledger: Ledger, messageId: string): boolean {
  return ledger.ownersOf(messageId).some((owner) => {
    const folded = owner.submits.filter((each) => each.messageId.toLowerCase() === messageId.toLowerCase());
    return folded.length > 1 && !isAcceptedByAnswers(owner);
  });
}

/** Its ids are those of one submission, in the order of its segments. Receipts tell them in the order in which they come. */
function isAcceptedByAnswers(owner: SmsRecord): boolean {
  const result = toldOf(owner)?.result;
  if (result?.outcome !== 'accepted') return false;
  return owner.acceptances.some(({ messageIds }) => messageIds.join() === result.messageIds.join());
}
