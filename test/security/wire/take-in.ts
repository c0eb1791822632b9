/**
 * All that a peer's octets go through in this package before anything is stored, in one call: the framer, the
 * codec and the session, then the readers of parts, receipts and texts. No I/O.
 */
import { readPart, type WholeMessage } from '../../../lib/inbox/message-part.js';
import { readSms } from '../../../lib/inbox/read-sms.js';
import { Reassembler } from '../../../lib/inbox/reassembler.js';
import { fingerprintOf } from '../../../lib/inbox/redelivery-guard.js';
import type { Delivery } from '../../../lib/message.js';
import { parseReceipt } from '../../../lib/receipt/parse-receipt.js';
import type { Session } from '../../../lib/session/session.js';

export interface TakenIn {
  readonly session: Session<string>;
  readonly deliveries: readonly Delivery[];
  /** Texts of the SMS that came out of them. */
  readonly texts: readonly string[];
  /** What the session writes in answer. */
  readonly answers: readonly Buffer[];
  /** Remarks for the log. */
  readonly remarks: readonly string[];
}

/** @param reassembler where parts wait; by default one that nothing is in */
export function takeIn(
  session: Session<string>,
  chunks: readonly Buffer[],
  reassembler: Reassembler = new Reassembler(1_000),
): TakenIn {
  const taken = { deliveries: [] as Delivery[], texts: [] as string[] };
  const answers: Buffer[] = [];
  const remarks: string[] = [];
  for (const chunk of chunks) {
    for (const effect of session.receive(chunk, 0)) {
      if (effect.kind === 'write') answers.push(effect.bytes);
      else if (effect.kind === 'ignored') remarks.push(effect.what);
      else if (effect.kind === 'delivered') {
        taken.deliveries.push(effect.delivery);
        takeDelivery(effect.delivery, reassembler, taken);
        for (const answer of session.respond(effect.sequence_number, 0, 0)) {
          if (answer.kind === 'write') answers.push(answer.bytes);
        }
      }
    }
  }
  return { session, answers, remarks, ...taken };
}

function takeDelivery(
  delivery: Delivery,
  reassembler: Reassembler,
  taken: { readonly texts: string[] },
): void {
  fingerprintOf(delivery);
  const { part, place } = readPart(delivery, 0);
  const messages: readonly WholeMessage[] =
    place === undefined
      ? [{ total: 1, parts: [{ ...part, sequence: 1 }] }]
      : reassembler.add(part, place, 0).messages;
  if (parseReceipt(delivery) !== undefined) return;
  for (const message of messages) {
    const sms = readSms(message);
    if (sms !== undefined) taken.texts.push(sms.text);
  }
}
