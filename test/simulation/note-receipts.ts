/** Which receipts of long SMS a run has met. */
import type { Ledger, SmsRecord } from './ledger.js';

/** In which order they came for a long SMS, and what they said. */
export function noteReceipts(ledger: Ledger, { submits, sms: { receipt } }: SmsRecord): void {
  const ids = submits
    .filter(({ total, messageId }) => total > 1 && messageId !== '')
    .map((each) => each.messageId);
  if (ids.length < 2 || receipt === undefined || receipt === 'never') return;
  const came = ledger.deliveries.filter(({ says, keptAt }) => keptAt !== undefined && ids.includes(says));
  const finals = came.filter(({ state }) => state !== 'ENROUTE');
  const isContradicted = finals.some((one) =>
    finals.some((other) => other.says === one.says && other.state !== one.state),
  );
  if (isContradicted) ledger.saw(`receipts of a long SMS that contradict each other, receipt ${receipt}`);
  const sent = [...finals].sort((one, other) => (one.firstSentAt ?? 0) - (other.firstSentAt ?? 0));
  const isOtherwise = sent.some(({ says }, index) => {
    const before = sent[index - 1];
    return before !== undefined && ids.indexOf(says) < ids.indexOf(before.says);
  });
  if (isOtherwise)
    ledger.saw(`receipts of a long SMS in another order than its segments, receipt ${receipt}`);
}
