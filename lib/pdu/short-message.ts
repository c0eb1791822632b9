/**
 * The one border of names: our `Segment` becomes a submit_sm, a deliver_sm becomes our `Delivery`.
 *
 * No text is made or read here, only octets are moved. Source: contract section 4; SMPP 3.4 §5.2.
 */
import { consts } from 'smpp';

import type { AddressType } from '../address-type.js';
import type { Delivery, ReceiptRequest, Segment } from '../message.js';
import type { DeliverSm, SubmitSm } from './pdu.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

const { TON, NPI, ESM_CLASS, REGISTERED_DELIVERY } = consts;

/** A number of up to this many digits is a short code of the network, not an international one (contract 4). */
const SHORT_SENDER_MAX = 8;

/** Level 1 of 0 to 3: most networks know two levels only (SMPP 3.4 §5.2.14). */
const URGENT_PRIORITY = 1;

/**
 * The submit_sm that carries one segment.
 *
 * @param shortSender the type of a sender of up to 8 digits
 */
export function toSubmitSm(segment: Segment, sequence_number: number, shortSender: AddressType): SubmitSm {
  const source = sourceType(segment.from, shortSender);
  const pdu: SubmitSm = {
    command: 'submit_sm',
    sequence_number,
    source_addr_ton: source.ton,
    source_addr_npi: source.npi,
    source_addr: segment.from,
    dest_addr_ton: TON.INTERNATIONAL,
    dest_addr_npi: NPI.ISDN,
    destination_addr: segment.to,
    esm_class: segment.hasUserDataHeader ? ESM_CLASS.UDH_INDICATOR : 0,
    data_coding: segment.dataCoding,
    registered_delivery: RECEIPT_BITS[segment.receipt],
    short_message: segment.asPayload ? NOTHING : segment.octets,
    priority_flag: segment.urgent ? URGENT_PRIORITY : 0,
    validity_period: segment.validityMs === undefined ? '' : relativeTime(segment.validityMs),
  };
  if (segment.asPayload) return { ...pdu, message_payload: segment.octets };
  if (segment.sar === undefined) return pdu;
  return {
    ...pdu,
    sar_msg_ref_num: segment.sar.reference,
    sar_total_segments: segment.sar.total,
    sar_segment_seqnum: segment.sar.sequence,
  };
}

/** What a deliver_sm says. Its octets stay a view of what the socket read: who keeps them copies them. */
export function toDelivery(pdu: DeliverSm): Delivery {
  const kind = kindOf(pdu.esm_class);
  const delivery: Mutable<Delivery> = {
    from: pdu.source_addr,
    to: pdu.destination_addr,
    octets: contentOf(pdu, kind),
    dataCoding: pdu.data_coding,
    kind,
    hasUserDataHeader: (pdu.esm_class & ESM_CLASS.UDH_INDICATOR) !== 0,
  };
  const sar = sarOf(pdu);
  if (sar !== undefined) delivery.sar = sar;
  // An empty receipted_message_id says no more than none.
  if (pdu.receipted_message_id) delivery.receiptedMessageId = pdu.receipted_message_id;
  if (pdu.message_state !== undefined) delivery.messageState = pdu.message_state;
  return delivery;
}

const NOTHING = new Uint8Array(0);

/** registered_delivery bits 1 and 0 (SMPP 3.4 §5.2.17). */
const RECEIPT_BITS: Readonly<Record<ReceiptRequest, number>> = {
  always: REGISTERED_DELIVERY.FINAL,
  'on-failure': REGISTERED_DELIVERY.FAILURE,
  never: 0,
};

const ALPHANUMERIC: AddressType = { ton: TON.ALPHANUMERIC, npi: NPI.UNKNOWN };
const INTERNATIONAL: AddressType = { ton: TON.INTERNATIONAL, npi: NPI.ISDN };

/** Most SMS have the sender of the one before. */
let lastSource = { from: '', shortSender: INTERNATIONAL, type: INTERNATIONAL };

function sourceType(from: string, shortSender: AddressType): AddressType {
  if (from !== lastSource.from || shortSender !== lastSource.shortSender)
    lastSource = { from, shortSender, type: typeOfSource(from, shortSender) };
  return lastSource.type;
}

function typeOfSource(from: string, shortSender: AddressType): AddressType {
  if (/\D/.test(from)) return ALPHANUMERIC;
  return from.length <= SHORT_SENDER_MAX ? shortSender : INTERNATIONAL;
}

/** 31 days: the largest DD that a strict gateway takes, and beyond what any keeps a message for. */
const VALIDITY_MAX_S = 31 * 86_400;

/** "00" to "99". */
const TWO_DIGITS: readonly string[] = Array.from({ length: 100 }, (_, number) =>
  String(number).padStart(2, '0'),
);

/**
 * Relative time `YYMMDDhhmmss000R` (SMPP 3.4 §7.1.1.2). Years and months stay 00, since a month has no fixed
 * length. Rounded down, so that nothing is delivered after its time; at least 1 s, since 0 means the
 * gateway's default.
 */
function relativeTime(durationMs: number): string {
  const seconds = Math.min(Math.max(1, Math.floor(durationMs / 1000)), VALIDITY_MAX_S);
  if (seconds !== lastTime.seconds) lastTime = { seconds, text: textOfTime(seconds) };
  return lastTime.text;
}

/** Most SMS that have one have that of the one before. */
let lastTime = { seconds: 0, text: '' };

function textOfTime(seconds: number): string {
  const days = TWO_DIGITS[Math.floor(seconds / 86_400)];
  const hours = TWO_DIGITS[Math.floor(seconds / 3_600) % 24];
  const minutes = TWO_DIGITS[Math.floor(seconds / 60) % 60];
  return `0000${days}${hours}${minutes}${TWO_DIGITS[seconds % 60]}000R`;
}

/**
 * message_payload where there is one with something in it, and not short_message. But of a receipt short_message, where
 * both are there: that is where SMPP 3.4 Appendix B has its fields, and an intermediary may have put the SMS beside it.
 */
function contentOf({ message_payload, short_message }: DeliverSm, kind: Delivery['kind']): Uint8Array {
  if (message_payload === undefined || message_payload.length === 0) return short_message;
  const isReceipt = kind === 'receipt' || kind === 'notification';
  return isReceipt && short_message.length > 0 ? short_message : message_payload;
}

/** Bits 5 to 2 of esm_class (SMPP 3.4 §5.2.12): the others may be set beside any of these. */
const MESSAGE_TYPE_BITS = 0x3c;

function kindOf(esm_class: number): Delivery['kind'] {
  switch (esm_class & MESSAGE_TYPE_BITS) {
    case 0:
      return 'sms';
    case ESM_CLASS.MC_DELIVERY_RECEIPT:
      return 'receipt';
    case ESM_CLASS.INTERMEDIATE_DELIVERY:
      return 'notification';
    default:
      return 'other';
  }
}

/** The three TLVs mean nothing without one another (SMPP 3.4 §5.3.2.22 to §5.3.2.24). */
function sarOf(pdu: DeliverSm): Delivery['sar'] {
  const { sar_msg_ref_num: reference, sar_total_segments: total, sar_segment_seqnum: sequence } = pdu;
  if (reference === undefined || total === undefined || sequence === undefined) return undefined;
  return { reference, total, sequence };
}
