/**
 * The receipt of an accepted SMS, as the text and the fields of its deliver_sm.
 *
 * Source: gateway.md (delivery report); SMPP 3.4 Appendix B, §5.2.12, §5.3.2.12, §5.3.2.35. That its dates are
 * Danish local time is *assumed*: inMobile states no time zone.
 */
import { consts, type PduFields } from 'smpp';
import type { EpochMs } from '../clock.js';
import type { PlannedReceipt } from './scenario.js';

/** What a receipt says about an SMS. */
export interface ReceiptFacts {
  readonly messageId: string;
  readonly submittedAt: EpochMs;
  readonly doneAt: EpochMs;
  readonly text: string;
}

/** Addresses of the SMS itself; its receipt goes the other way. */
export interface Addresses {
  readonly from: string;
  readonly to: string;
}

const MESSAGE_STATE: Readonly<Record<PlannedReceipt['state'], number>> = {
  ENROUTE: consts.MESSAGE_STATE.ENROUTE,
  DELIVRD: consts.MESSAGE_STATE.DELIVERED,
  EXPIRED: consts.MESSAGE_STATE.EXPIRED,
  DELETED: consts.MESSAGE_STATE.DELETED,
  UNDELIV: consts.MESSAGE_STATE.UNDELIVERABLE,
  ACCEPTD: consts.MESSAGE_STATE.ACCEPTED,
  UNKNOWN: consts.MESSAGE_STATE.UNKNOWN,
  REJECTD: consts.MESSAGE_STATE.REJECTED,
};

/** Characters of the SMS that the text field of Appendix B has room for. */
const TEXT_FIELD_MAX = 20;

/** The deliver_sm of a receipt. */
export function receiptFields(plan: PlannedReceipt, facts: ReceiptFacts, { from, to }: Addresses): PduFields {
  const text = plan.form === 'dialect' ? dialectText(plan, facts) : receiptText(plan, facts);
  const tlvs =
    plan.form === 'tlv'
      ? { receipted_message_id: facts.messageId, message_state: MESSAGE_STATE[plan.state] }
      : {};
  return {
    ...addressFields({ from: to, to: from }),
    esm_class: consts.ESM_CLASS.MC_DELIVERY_RECEIPT,
    data_coding: 0,
    short_message: Buffer.from(text, 'latin1'),
    ...tlvs,
  };
}

/** Source and destination with the type of number that their form shows. */
export function addressFields({ from, to }: Addresses): PduFields {
  return {
    source_addr_ton: typeOfNumber(from),
    source_addr_npi: typeOfNumber(from) === consts.TON.INTERNATIONAL ? consts.NPI.ISDN : consts.NPI.UNKNOWN,
    source_addr: from,
    dest_addr_ton: typeOfNumber(to),
    dest_addr_npi: typeOfNumber(to) === consts.TON.INTERNATIONAL ? consts.NPI.ISDN : consts.NPI.UNKNOWN,
    destination_addr: to,
  };
}

/** Shorter numbers are short codes. */
const INTERNATIONAL_DIGITS_MIN = 9;

function typeOfNumber(address: string): number {
  if (!/^\d*$/.test(address)) return consts.TON.ALPHANUMERIC;
  return address.length < INTERNATIONAL_DIGITS_MIN ? consts.TON.NETWORK_SPECIFIC : consts.TON.INTERNATIONAL;
}

/** To the letter as inMobile publishes it. */
function receiptText({ state, err }: PlannedReceipt, facts: ReceiptFacts): string {
  return [
    `id:${facts.messageId} sub:001 dlvrd:${state === 'DELIVRD' ? '001' : '000'}`,
    `submit date:${minutes(facts.submittedAt)} done date:${minutes(facts.doneAt)}`,
    `stat:${state} err:${threeDigits(err)}`,
  ].join(' ');
}

function dialectText({ state, err }: PlannedReceipt, facts: ReceiptFacts): string {
  return [
    `Stat:${state.toLowerCase()} ERR:${threeDigits(err)} ID:${facts.messageId}`,
    `Submit Date:${seconds(facts.submittedAt)} Done Date:${seconds(facts.doneAt)}`,
    `Sub:001 Dlvrd:001 Text:${facts.text.slice(0, TEXT_FIELD_MAX).replace(/[^\x20-\x7e]/g, '?')}`,
  ].join(' ');
}

const threeDigits = (err: number): string => String(err).padStart(3, '0');

/** YYMMDDhhmm */
const minutes = (at: EpochMs): string => seconds(at).slice(0, 10);

const DANISH_TIME = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Copenhagen',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** YYMMDDhhmmss */
function seconds(at: EpochMs): string {
  return DANISH_TIME.format(at).replace(/\D/g, '').slice(2, 14);
}
