/**
 * PDUs to octets.
 *
 * A value that SMPP cannot carry is refused with the field's name, never cut and never shown.
 * Source: SMPP 3.4 §4; contract section 4.
 */
import { COMMAND_ID } from './command.js';
import { refuse, FrameWriter } from './frame-writer.js';
import { HEADER_LENGTH } from './framer.js';
import type { Bind, DeliverSm, DeliverSmResp, Pdu, SubmitSm } from './pdu.js';
import { MESSAGE_ID_MAX, roomForTlvs, writeMessageTlvs, writeReceiptTlvs } from './tlv.js';

/** SMPP 3.4, in each bind; the npm package would say 5.0 (D28). */
const INTERFACE_VERSION = 0x34;

/** SMPP 3.4 §5.2.1 to §5.2.3, without the NUL. */
const SYSTEM_ID_MAX = 15;
const PASSWORD_MAX = 8;
const SYSTEM_TYPE_MAX = 12;

/** SMPP 3.4 §5.2.8 and §5.2.9, without the NUL. */
const ADDRESS_MAX = 20;

/** SMPP 3.4 §7.1.1, without the NUL. */
const TIME_MAX = 16;

/** SMPP 3.4 §4.4.1: 255 octets and more go as message_payload. */
const SHORT_MESSAGE_MAX = 254;

/** More than the fields of fixed length and the NULs of any PDU take together, header included. */
const FIXED_ROOM = HEADER_LENGTH + 32;

/**
 * One PDU's octets.
 *
 * The body of a response with an error status is left out (SMPP 3.4 §4.1.2, §4.4.2).
 *
 * @throws SMPP_PROTOCOL naming the field when a value has no place in SMPP 3.4
 */
export function encodePdu(pdu: Pdu): Buffer {
  return pdu.command === 'deliver_sm_resp' ? encodeDeliverSmResp(pdu) : encodeAll([pdu]);
}

/**
 * The octets of many PDUs, one after another in one buffer: one write carries them all.
 *
 * @throws SMPP_PROTOCOL naming the field when a value has no place in SMPP 3.4; then none is encoded
 */
export function encodeAll(pdus: readonly Pdu[]): Buffer {
  let room = 0;
  for (const pdu of pdus) room += roomFor(pdu);
  const writer = new FrameWriter(room);
  for (const pdu of pdus) writePdu(writer, pdu);
  return writer.written;
}

/** Written for every receipt, and always alike: it has the way without a look at what a PDU may hold. */
function encodeDeliverSmResp({ command_status, sequence_number }: DeliverSmResp): Buffer {
  const writer = new FrameWriter(HEADER_LENGTH + 1);
  writer.begin(COMMAND_ID.deliver_sm_resp, command_status, sequence_number);
  if (command_status === 0) writer.uint8('message_id', 0); // unused, SMPP 3.4 §4.6.2
  writer.end();
  return writer.written;
}

/** No PDU of these values takes more octets than this. */
function roomFor(pdu: Pdu): number {
  if ('short_message' in pdu) return roomForMessage(pdu);
  if ('password' in pdu) {
    return FIXED_ROOM + pdu.system_id.length + pdu.password.length + pdu.system_type.length;
  }
  if ('system_id' in pdu) return FIXED_ROOM + pdu.system_id.length;
  if ('message_id' in pdu) return FIXED_ROOM + pdu.message_id.length;
  return FIXED_ROOM;
}

function roomForMessage(pdu: SubmitSm | DeliverSm): number {
  const addresses = pdu.source_addr.length + pdu.destination_addr.length;
  return FIXED_ROOM + addresses + TIME_MAX + pdu.short_message.length + roomForTlvs(pdu);
}

function writePdu(writer: FrameWriter, pdu: Pdu): void {
  const command_id = pdu.command === 'unknown' ? pdu.command_id : COMMAND_ID[pdu.command];
  const command_status = 'command_status' in pdu ? pdu.command_status : 0;
  writer.begin(command_id, command_status, pdu.sequence_number);
  if (command_status === 0) writeBody(writer, pdu);
  writer.end();
}

/** What follows the header is told by the fields; a PDU without any is a header alone. */
function writeBody(writer: FrameWriter, pdu: Pdu): void {
  if ('short_message' in pdu) writeMessage(writer, pdu);
  else if ('password' in pdu) writeBind(writer, pdu);
  else if ('system_id' in pdu) writer.cString('system_id', pdu.system_id, SYSTEM_ID_MAX);
  else if ('message_id' in pdu) writer.cString('message_id', pdu.message_id, MESSAGE_ID_MAX);
  else if (pdu.command === 'deliver_sm_resp') writer.uint8('message_id', 0); // unused, SMPP 3.4 §4.6.2
}

function writeBind(writer: FrameWriter, pdu: Bind): void {
  writer.cString('system_id', pdu.system_id, SYSTEM_ID_MAX);
  writer.cString('password', pdu.password, PASSWORD_MAX);
  writer.cString('system_type', pdu.system_type, SYSTEM_TYPE_MAX);
  writer.uint8('interface_version', INTERFACE_VERSION);
  writer.uint8('addr_ton', 0);
  writer.uint8('addr_npi', 0);
  writer.uint8('address_range', 0);
}

/** Fields that are always 0 or empty are one NUL. */
function writeMessage(writer: FrameWriter, pdu: SubmitSm | DeliverSm): void {
  writer.uint8('service_type', 0);
  writer.uint8('source_addr_ton', pdu.source_addr_ton);
  writer.uint8('source_addr_npi', pdu.source_addr_npi);
  writer.cString('source_addr', pdu.source_addr, ADDRESS_MAX);
  writer.uint8('dest_addr_ton', pdu.dest_addr_ton);
  writer.uint8('dest_addr_npi', pdu.dest_addr_npi);
  writer.cString('destination_addr', pdu.destination_addr, ADDRESS_MAX);
  writer.uint8('esm_class', pdu.esm_class);
  writer.uint8('protocol_id', 0);
  writer.uint8('priority_flag', pdu.command === 'submit_sm' ? pdu.priority_flag : 0);
  writer.uint8('schedule_delivery_time', 0);
  writer.cString('validity_period', pdu.command === 'submit_sm' ? pdu.validity_period : '', TIME_MAX);
  writer.uint8('registered_delivery', pdu.registered_delivery);
  writer.uint8('replace_if_present_flag', 0);
  writer.uint8('data_coding', pdu.data_coding);
  writer.uint8('sm_default_msg_id', 0);
  const { short_message } = pdu;
  if (short_message.length > SHORT_MESSAGE_MAX)
    refuse('short_message', `is over ${SHORT_MESSAGE_MAX} octets`);
  writer.uint8('sm_length', short_message.length);
  writer.octets(short_message);
  writeMessageTlvs(writer, pdu);
  if (pdu.command === 'deliver_sm') writeReceiptTlvs(writer, pdu);
}
