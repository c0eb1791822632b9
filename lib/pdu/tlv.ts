/**
 * Optional parameters (TLVs) of submit_sm and deliver_sm.
 *
 * A TLV is taken by its length, whatever its value looks like. One that is repeated counts the first time.
 * One of a field of ours with the wrong size for it is treated like one that we do not know: a deliver_sm
 * must not be lost over it. Tags are those of the npm package `smpp`.
 * Source: SMPP 3.4 §3.2.4, §5.3.2.
 */
import { tlvs } from 'smpp';

import type { FrameReader } from './frame-reader.js';
import { refuse, type FrameWriter } from './frame-writer.js';
import type { DeliverSm, ShortMessage, SubmitSm } from './pdu.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

const SAR_MSG_REF_NUM = tlvs.sar_msg_ref_num.id;
const SAR_TOTAL_SEGMENTS = tlvs.sar_total_segments.id;
const SAR_SEGMENT_SEQNUM = tlvs.sar_segment_seqnum.id;
const MESSAGE_PAYLOAD = tlvs.message_payload.id;
const RECEIPTED_MESSAGE_ID = tlvs.receipted_message_id.id;
const MESSAGE_STATE = tlvs.message_state.id;

/** A message_id without its NUL (SMPP 3.4 §5.2.23, §5.3.2.12). */
export const MESSAGE_ID_MAX = 64;

const TLV_HEADER_LENGTH = 4;
const TLV_VALUE_MAX = 0xffff;

/** Reads all that is left of a submit_sm as TLVs into its fields; others are ignored. */
export function readSubmitTlvs(reader: FrameReader, pdu: Mutable<SubmitSm>): void {
  while (reader.left > 0) {
    const tag = reader.uint16('TLV tag');
    takeMessageTlv(pdu, tag, reader.octets('TLV', reader.uint16('TLV length')));
  }
}

/** Reads all that is left of a deliver_sm as TLVs into its fields; others go to `unknown_tlvs`. */
export function readDeliverTlvs(reader: FrameReader, pdu: Mutable<DeliverSm>): void {
  const unknown = new Map<number, Uint8Array>();
  while (reader.left > 0) {
    const tag = reader.uint16('TLV tag');
    const value = reader.octets('TLV', reader.uint16('TLV length'));
    if (takeMessageTlv(pdu, tag, value) || takeReceiptTlv(pdu, tag, value)) continue;
    if (!unknown.has(tag)) unknown.set(tag, value);
  }
  if (unknown.size > 0) pdu.unknown_tlvs = unknown;
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

/** True when a field that both messages have took the TLV. */
function takeMessageTlv(pdu: Mutable<ShortMessage>, tag: number, value: Buffer): boolean {
  if (tag === MESSAGE_PAYLOAD) pdu.message_payload ??= value;
  else if (tag === SAR_MSG_REF_NUM && value.length === 2) pdu.sar_msg_ref_num ??= value.readUInt16BE();
  else return value.length === 1 && takeSarOctet(pdu, tag, value.readUInt8());
  return true;
}

function takeSarOctet(pdu: Mutable<ShortMessage>, tag: number, value: number): boolean {
  if (tag === SAR_TOTAL_SEGMENTS) pdu.sar_total_segments ??= value;
  else if (tag === SAR_SEGMENT_SEQNUM) pdu.sar_segment_seqnum ??= value;
  else return false;
  return true;
}

/** True when a field of the receipt took the TLV. */
function takeReceiptTlv(pdu: Mutable<DeliverSm>, tag: number, value: Buffer): boolean {
  if (tag === RECEIPTED_MESSAGE_ID) pdu.receipted_message_id ??= textBeforeNul(value);
  else if (tag === MESSAGE_STATE && value.length === 1) pdu.message_state ??= value.readUInt8();
  else return false;
  return true;
}

/** Gateways send C-octet strings in TLVs with their NUL and without it. */
function textBeforeNul(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString('latin1', 0, end < 0 ? value.length : end);
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
