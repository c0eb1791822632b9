/** The receipts that the model of the gateway sends for a segment it has accepted: when, how often, saying what. */
import type { Millis } from '../../lib/clock.js';
import type { SubmitSm } from '../../lib/pdu/pdu.js';
import type { Chance } from './chance.js';
import type { Ledger } from './ledger.js';
import type { SmscMailbox } from './smsc-mailbox.js';

const RECEIPT_CLASS = 0x04;
const ASKS_FOR_RECEIPT = 0x03;

/** Where receipts come from. */
interface Office {
  readonly mailbox: SmscMailbox;
  readonly chance: Chance;
  readonly ledger: Ledger;
  readonly clock: GatewayClock;
}

export interface AcceptedSegment {
  readonly pdu: SubmitSm;
  readonly messageId: string;
  readonly host: number;
}

/** Writes the instants of a receipt. */
export interface GatewayClock {
  /** In virtual time. */
  readonly now: Millis;
  /** What it writes for an instant of virtual time. */
  readonly write: (at: Millis) => string;
}

/** Sends them; returns how long the submit_sm_resp is held back at least, so that a receipt can overtake it. */
export function sendReceipts(
  { pdu, messageId, host }: AcceptedSegment,
  { mailbox, chance, ledger, clock }: Office,
): number {
  if ((pdu.registered_delivery & ASKS_FOR_RECEIPT) === 0 || chance.happens(0.08)) return 0;
  const isEarly = chance.happens(0.08);
  const phone = `${chance.happens(0.2) ? '+' : ''}${pdu.destination_addr}`;
  const submittedAt = clock.now;
  const send = (state: string, delayMs: number): void => {
    const dates = { submitted: clock.write(submittedAt), done: clock.write(submittedAt + delayMs) };
    mailbox.add(
      { kind: 'receipt', says: messageId, state, phone: pdu.destination_addr, submittedAt },
      {
        source_addr: phone,
        destination_addr: pdu.source_addr,
        esm_class: RECEIPT_CLASS,
        short_message: Buffer.from(receiptText(messageId, state, dates), 'latin1'),
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

/** For an SMS that is not ours. */
export function sendForeign(
  { phone, messageId, submittedAt }: { phone: string; messageId: string; submittedAt: Millis },
  { mailbox, ledger, clock }: Omit<Office, 'chance'>,
): void {
  ledger.saw('receipt of an SMS that is not ours');
  const dates = { submitted: clock.write(submittedAt), done: clock.write(clock.now) };
  mailbox.add(
    { kind: 'foreign', says: messageId, state: 'DELIVRD', phone, submittedAt },
    {
      source_addr: phone,
      destination_addr: '4520304050',
      esm_class: RECEIPT_CLASS,
      short_message: Buffer.from(receiptText(messageId, 'DELIVRD', dates), 'latin1'),
    },
    { delayMs: 1 },
  );
}

function receiptText(
  messageId: string,
  state: string,
  { submitted, done }: { readonly submitted: string; readonly done: string },
): string {
  const isDelivered = state === 'DELIVRD' || state === 'ENROUTE';
  return (
    `id:${messageId} sub:001 dlvrd:00${state === 'DELIVRD' ? 1 : 0} submit date:${submitted} ` +
    `done date:${done} stat:${state} err:${isDelivered ? '000' : '001'}`
  );
}
