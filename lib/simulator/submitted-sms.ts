/**
 * Reads one submit_sm: its fields from the npm package's PDU, its message from the octets.
 *
 * The package keeps no octets once it has decoded a message (smpp 0.5.1, lib/defs.js `filters.message`), and
 * only octets can be joined and compared. Not a decoder of PDUs: it finds the message, and nothing else.
 * Source: SMPP 3.4 §4.4.1, §5.3.2.22 to 24, §5.3.2.32; 3GPP 23.040 §9.2.3.24.
 */
import { consts, tlvs, type PDU } from 'smpp';
import { SOURCE_ADDR_MAX } from '../inmobile.js';
import type { Concatenation } from './accepted-sms.js';

export interface SubmittedSms {
  /** As the gateway keeps it: at most 15 characters. */
  readonly from: string;
  readonly to: string;
  readonly dataCoding: number;
  readonly esmClass: number;
  readonly registeredDelivery: number;
  /** short_message or message_payload as received, with its user data header. */
  readonly octets: Buffer;
  /** Without the header. */
  readonly body: Buffer;
  readonly concatenation?: Concatenation;
}

/** Information elements of 3GPP 23.040 that number the parts of a long message. */
const CONCATENATION_8_BIT = 0x00;
const CONCATENATION_16_BIT = 0x08;

/**
 * @param frame the whole PDU
 * @param pdu the same, decoded
 * @returns undefined where the message does not lie within the PDU
 */
export function readSubmittedSms(frame: Buffer, pdu: PDU): SubmittedSms | undefined {
  const octets = messageOctets(frame);
  if (octets === undefined) return undefined;
  const esmClass = numberField(pdu, 'esm_class');
  const hasHeader = (esmClass & consts.ESM_CLASS.UDH_INDICATOR) !== 0 && octets.length > 0;
  const headerEnd = hasHeader ? 1 + (octets[0] ?? 0) : 0;
  const concatenation = hasHeader ? readHeader(octets.subarray(1, headerEnd)) : readSar(pdu);
  return {
    from: textField(pdu, 'source_addr').slice(0, SOURCE_ADDR_MAX),
    to: textField(pdu, 'destination_addr'),
    dataCoding: numberField(pdu, 'data_coding'),
    esmClass,
    registeredDelivery: numberField(pdu, 'registered_delivery'),
    octets,
    body: octets.subarray(headerEnd),
    ...(concatenation === undefined ? {} : { concatenation }),
  };
}

/** A C-octet string of a decoded PDU; empty where it has none. */
export function textField(pdu: PDU, name: string): string {
  const value = pdu[name];
  return typeof value === 'string' ? value : '';
}

/** An integer of a decoded PDU; 0 where it has none. */
function numberField(pdu: PDU, name: string): number {
  const value = pdu[name];
  return typeof value === 'number' ? value : 0;
}

/** How the fields of submit_sm lie one after the other: a C-octet string, or so many octets. */
const FIELDS_BEFORE_MESSAGE = ['string', 2, 'string', 2, 'string', 3, 'string', 'string', 4] as const;
const HEADER_OCTETS = 16;

function messageOctets(frame: Buffer): Buffer | undefined {
  let at = HEADER_OCTETS;
  for (const field of FIELDS_BEFORE_MESSAGE) {
    at = field === 'string' ? frame.indexOf(0, at) + 1 : at + field;
    if (at === 0) return undefined;
  }
  const length = frame[at];
  if (length === undefined || at + 1 + length > frame.length) return undefined;
  if (length > 0) return frame.subarray(at + 1, at + 1 + length);
  return payloadOctets(frame.subarray(at + 1));
}

function payloadOctets(optional: Buffer): Buffer | undefined {
  for (let at = 0; at + 4 <= optional.length;) {
    const end = at + 4 + optional.readUInt16BE(at + 2);
    if (end > optional.length) return undefined;
    if (optional.readUInt16BE(at) === tlvs.message_payload.id) return optional.subarray(at + 4, end);
    at = end;
  }
  return Buffer.alloc(0);
}

function readSar(pdu: PDU): Concatenation | undefined {
  if (!('sar_msg_ref_num' in pdu)) return undefined;
  return {
    by: 'sar',
    reference: numberField(pdu, 'sar_msg_ref_num'),
    total: numberField(pdu, 'sar_total_segments'),
    sequence: numberField(pdu, 'sar_segment_seqnum'),
  };
}

function readHeader(elements: Buffer): Concatenation | undefined {
  for (let at = 0; at + 2 <= elements.length; at += 2 + (elements[at + 1] ?? 0)) {
    const content = elements.subarray(at + 2, at + 2 + (elements[at + 1] ?? 0));
    if (elements[at] === CONCATENATION_8_BIT && content.length === 3) {
      return { by: 'udh8', reference: content.readUInt8(0), ...place(content.subarray(1)) };
    }
    if (elements[at] === CONCATENATION_16_BIT && content.length === 4) {
      return { by: 'udh16', reference: content.readUInt16BE(0), ...place(content.subarray(2)) };
    }
  }
  return undefined;
}

const place = (octets: Buffer): { total: number; sequence: number } => ({
  total: octets.readUInt8(0),
  sequence: octets.readUInt8(1),
});
