/**
 * Optional parameters (TLVs) of submit_sm and deliver_sm.
 *
 * A TLV is taken by its length, whatever its value looks like. One that is repeated counts the first time.
 * One of a field of ours with the wrong size for it is treated like one that we do not know: a deliver_sm
 * must not be lost over it. Tags are those of the npm package `smpp`.
 * Source: SMPP 3.4 §3.2.4, §5.3.2.
 */
import { tlvs } from 'smpp';

import { MESSAGE_ID_OCTETS_MAX } from '../inmobile.js';
import type { MessageReader } from './frame-reader.js';
import { refuse, type FrameWriter } from './frame-writer.js';
import type { DeliverSm, ShortMessage, SubmitSm } from './pdu.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

type NumberField = 'sar_msg_ref_num' | 'sar_total_segments' | 'sar_segment_seqnum' | 'message_state';

interface NumberTlv {
  readonly field: NumberField;
  readonly octets: 1 | 2;
}

const SAR_MSG_REF_NUM = tlvs.sar_msg_ref_num.id;
const SAR_TOTAL_SEGMENTS = tlvs.sar_total_segments.id;
const SAR_SEGMENT_SEQNUM = tlvs.sar_segment_seqnum.id;
export const MESSAGE_PAYLOAD = tlvs.message_payload.id;
const RECEIPTED_MESSAGE_ID = tlvs.receipted_message_id.id;
const MESSAGE_STATE = tlvs.message_state.id;

const SAR_NUMBERS: ReadonlyMap<number, NumberTlv> = new Map([
  [SAR_MSG_REF_NUM, { field: 'sar_msg_ref_num', octets: 2 }],
  [SAR_TOTAL_SEGMENTS, { field: 'sar_total_segments', octets: 1 }],
  [SAR_SEGMENT_SEQNUM, { field: 'sar_segment_seqnum', octets: 1 }],
] as const);

const RECEIPT_NUMBERS: ReadonlyMap<number, NumberTlv> = new Map([
  ...SAR_NUMBERS,
  [MESSAGE_STATE, { field: 'message_state', octets: 1 }],
] as const);

const REPEATED = 'comes twice: the first counts';

/** A message_id without its NUL (SMPP 3.4 §5.2.23, §5.3.2.12). */
export const MESSAGE_ID_MAX = 64;

const TLV_HEADER_LENGTH = 4;
const TLV_VALUE_MAX = 0xffff;

/** Reads all that is left of a submit_sm as TLVs into its fields; others are ignored. */
export function readSubmitTlvs(reader: MessageReader, pdu: Mutable<SubmitSm>): void {
  while (reader.left > 0) {
    const tag = reader.uint16('TLV tag');
    const value = reader.octets('TLV', reader.uint16('TLV length'));
    if (tag === MESSAGE_PAYLOAD) pdu.message_payload ??= value;
    else takeNumber(pdu, SAR_NUMBERS.get(tag), value);
  }
}

/** Reads all that is left of a deliver_sm as TLVs into its fields; others go to `unknown_tlvs`. */
export function readDeliverTlvs(reader: MessageReader, pdu: Mutable<DeliverSm>): void {
  const unknown = new Map<number, Uint8Array>();
  while (reader.left > 0) {
    const tag = reader.uint16('TLV tag');
    const value = reader.octets('TLV', reader.uint16('TLV length'));
    if (!takeTlv(reader, pdu, tag, value) && !unknown.has(tag)) unknown.set(tag, value);
  }
  if (unknown.size > 0) pdu.unknown_tlvs = unknown;
  if (hasTwoTexts(pdu))
    reader.flaw('short_message', 'stands beside a message_payload that says something else');
}

/** Only one of them is to be there (SMPP 3.4 §5.3.2.32). */
function hasTwoTexts({ short_message, message_payload }: DeliverSm): boolean {
  if (message_payload === undefined || message_payload.length === 0) return false;
  return Buffer.compare(short_message, message_payload.subarray(0, short_message.length)) !== 0;
}

/** Whether a TLV with this tag is one of ours: two octets at a wrong place are hardly ever such a tag. */
export function isOurTag(tag: number): boolean {
  return RECEIPT_NUMBERS.has(tag) || tag === MESSAGE_PAYLOAD || tag === RECEIPTED_MESSAGE_ID;
}

/** Writes the TLVs of either message, by rising tag. */
export function writeMessageTlvs(writer: FrameWriter, pdu: ShortMessage): void {
  if (pdu.sar_msg_ref_num !== undefined) {
    writeHeader(writer, SAR_MSG_REF_NUM, 2);
    writer.uint16('sar_msg_ref_num', pdu.sar_msg_ref_num);
  }
  if (pdu.sar_total_segments !== undefined) {
    writeHeader(writer, SAR_TOTAL_SEGMENTS, 1);
    writer.uint8('sar_total_segments', pdu.sar_total_segments);
  }
  if (pdu.sar_segment_seqnum !== undefined) {
    writeHeader(writer, SAR_SEGMENT_SEQNUM, 1);
    writer.uint8('sar_segment_seqnum', pdu.sar_segment_seqnum);
  }
  if (pdu.message_payload !== undefined) writeOctets(writer, MESSAGE_PAYLOAD, pdu.message_payload);
}

/** Writes what a deliver_sm has beyond that. */
export function writeReceiptTlvs(writer: FrameWriter, pdu: DeliverSm): void {
  if (pdu.receipted_message_id !== undefined) {
    writeHeader(writer, RECEIPTED_MESSAGE_ID, pdu.receipted_message_id.length + 1);
    writer.cString('receipted_message_id', pdu.receipted_message_id, MESSAGE_ID_MAX);
  }
  if (pdu.message_state !== undefined) {
    writeHeader(writer, MESSAGE_STATE, 1);
    writer.uint8('message_state', pdu.message_state);
  }
  for (const [tag, value] of pdu.unknown_tlvs ?? []) writeOctets(writer, tag, value);
}

/** No TLVs of these PDUs take more octets than this. */
export function roomForTlvs(pdu: SubmitSm | DeliverSm): number {
  const sar = 3 * TLV_HEADER_LENGTH + 4;
  let room = sar + roomForOctets(pdu.message_payload);
  if (pdu.command === 'submit_sm') return room;
  room += 2 * TLV_HEADER_LENGTH + MESSAGE_ID_MAX + 2;
  for (const value of pdu.unknown_tlvs?.values() ?? []) room += roomForOctets(value);
  return room;
}

function roomForOctets(value: Uint8Array | undefined): number {
  return value === undefined ? 0 : TLV_HEADER_LENGTH + value.length;
}

/** True when a field took the TLV, or has its value. */
function takeTlv(reader: MessageReader, pdu: Mutable<DeliverSm>, tag: number, value: Buffer): boolean {
  if (tag === MESSAGE_PAYLOAD) {
    if (pdu.message_payload === undefined) pdu.message_payload = value;
    else reader.flaw('message_payload', REPEATED);
    return true;
  }
  if (tag === RECEIPTED_MESSAGE_ID) {
    if (pdu.receipted_message_id === undefined) pdu.receipted_message_id = idBeforeNul(reader, value);
    else reader.flaw('receipted_message_id', REPEATED);
    return true;
  }
  const number = RECEIPT_NUMBERS.get(tag);
  if (number === undefined) return false;
  if (pdu[number.field] !== undefined) reader.flaw(number.field, REPEATED);
  else if (!takeNumber(pdu, number, value)) reader.flaw(number.field, 'has the wrong length');
  return pdu[number.field] !== undefined;
}

/** True when the field has it now; one of another size than its own says nothing that can be relied on. */
function takeNumber(
  pdu: Partial<Record<NumberField, number>>,
  number: NumberTlv | undefined,
  value: Buffer,
): boolean {
  if (number?.octets !== value.length) return false;
  pdu[number.field] ??= value.readUIntBE(0, number.octets);
  return true;
}

/** Gateways send C-octet strings in TLVs with their NUL and without it. */
function idBeforeNul(reader: MessageReader, value: Buffer): string {
  const nul = value.indexOf(0);
  const length = nul < 0 ? value.length : nul;
  if (length > MESSAGE_ID_OCTETS_MAX)
    reader.flaw('receipted_message_id', `is longer than ${MESSAGE_ID_OCTETS_MAX} characters`);
  return value.toString('latin1', 0, Math.min(length, MESSAGE_ID_OCTETS_MAX));
}

function writeOctets(writer: FrameWriter, tag: number, value: Uint8Array): void {
  if (value.length > TLV_VALUE_MAX) refuse('TLV', `is longer than ${TLV_VALUE_MAX} octets`);
  writeHeader(writer, tag, value.length);
  writer.octets(value);
}

function writeHeader(writer: FrameWriter, tag: number, length: number): void {
  writer.uint16('TLV tag', tag);
  writer.uint16('TLV length', length);
}
