/** The receipts that the model of the gateway sends for a segment it has accepted: when, how often, saying what. */
import type { SubmitSm } from '../../lib/pdu/pdu.js';
import type { Chance } from './chance.js';
import type { Ledger } from './ledger.js';
import type { SmscMailbox } from './smsc-mailbox.js';

const RECEIPT_CLASS = 0x04;
const ASKS_FOR_RECEIPT = 0x03;

export interface AcceptedSegment {
  readonly pdu: SubmitSm;
  readonly messageId: string;
  readonly host: number;
}

/** Sends them; returns how long the submit_sm_resp is held back at least, so that a receipt can overtake it. */
export function sendReceipts(
  { pdu, messageId, host }: AcceptedSegment,
  { mailbox, chance, ledger }: { mailbox: SmscMailbox; chance: Chance; ledger: Ledger },
): number {
  if ((pdu.registered_delivery & ASKS_FOR_RECEIPT) === 0 || chance.happens(0.08)) return 0;
  const isEarly = chance.happens(0.08);
  const phone = `${chance.happens(0.2) ? '+' : ''}${pdu.destination_addr}`;
  const send = (state: string, delayMs: number): void => {
    mailbox.add(
      { kind: 'receipt', says: messageId, state },
      {
        source_addr: phone,
        destination_addr: pdu.source_addr,
        esm_class: RECEIPT_CLASS,
        short_message: Buffer.from(receiptText(messageId, state), 'latin1'),
      },
      { delayMs, origin: host },
    );
  };
  const delayMs = isEarly ? 1 : delayOf(chance);
  if (chance.happens(0.1)) send('ENROUTE', Math.max(1, delayMs / 2));
  const state = chance.happens(0.8) ? 'DELIVRD' : chance.oneOf(['UNDELIV', 'EXPIRED', 'REJECTD']);
  send(state, delayMs);
  if (chance.happens(0.08)) {
    ledger.saw('receipt twice');
    send(state, delayMs + chance.between(1, 20_000));
  }
  return isEarly ? chance.between(200, 3_000) : 0;
}

/** Seconds mostly; a phone that is off brings minutes. */
function delayOf(chance: Chance): number {
  return chance.happens(0.15) ? chance.between(60_000, 400_000) : chance.between(200, 30_000);
}

function receiptText(messageId: string, state: string): string {
  const isDelivered = state === 'DELIVRD' || state === 'ENROUTE';
  return (
    `id:${messageId} sub:001 dlvrd:00${state === 'DELIVRD' ? 1 : 0} submit date:2601011200 ` +
    `done date:2601011201 stat:${state} err:${isDelivered ? '000' : '001'}`
  );
}
