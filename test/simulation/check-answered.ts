/** Which receipts are of segments whose ids the client has to know, whatever becomes of the SMS. */
import type { Millis } from '../../lib/clock.js';
import type { DeliveryReceipt } from '../../lib/message.js';
import type { Ledger, ReceiptSeen } from './ledger.js';

/** Later it is given up. */
const ANSWERED_WITHIN_MS: Millis = 29_000;

/** What a slow disk and octets on their way add. */
const KNOWN_MS: Millis = 2_000;

/** The segment had its answer in time, and in the run in which its receipt came unmatched. */
export function wasAnswered(
  ledger: Ledger,
  { messageId, to }: DeliveryReceipt,
  { at, run }: Pick<ReceiptSeen, 'at' | 'run'>,
): boolean {
  const [owner, ...others] = ledger.ownersOf(messageId);
  if (owner === undefined || others.length > 0 || owner.sms.to !== to) return false;
  if (owner.sms.receipt === 'never' || ledger.diskFailed) return false;
  return owner.submits.some((submit) => {
    const { sentAt, answeredAt = Infinity } = submit;
    const isInTime = answeredAt - sentAt < ANSWERED_WITHIN_MS && answeredAt + KNOWN_MS < at;
    return submit.messageId === messageId && submit.run === run && isInTime;
  });
}
