/**
 * Octets to PDUs.
 *
 * Requests are read strictly, since a wrong one is answered with an error. Of a response only what we use
 * is read, and its lengths are not judged by the specification's limits: refusing the answer to a submit_sm
 * would make an accepted SMS one of unknown outcome.
 * Source: SMPP 3.4 §4.
 */
import { commandName, isResponseId, type CommandName } from './command.js';
import { FrameReader } from './frame-reader.js';
import { PduError } from './pdu-error.js';
import type {
  Bind,
  BindResp,
  DeliverSm,
  DeliverSmResp,
  Pdu,
  StatusOnlyResp,
  SubmitSm,
  SubmitSmResp,
  UnknownRequest,
} from './pdu.js';
import { readDeliverTlvs, readSubmitTlvs } from './tlv.js';

/** Lengths without the NUL: SMPP 3.4 §5.2.11, §4.1.1, §5.2.8, §7.1.1. */
const SERVICE_TYPE_MAX = 5;
const SYSTEM_ID_MAX = 15;
const PASSWORD_MAX = 8;
const SYSTEM_TYPE_MAX = 12;
const ADDRESS_RANGE_MAX = 40;
const ADDRESS_MAX = 20;
const TIME_MAX = 16;

/**
 * One whole frame as a PDU. Octets in it are views of the frame: who keeps them copies them.
 *
 * A request with a command_id that is none of ours is `unknown`. A response with an error status has no body
 * (SMPP 3.4 §4.1.2, §4.4.2); whatever comes in its place is not read. A successful one may lack it too.
 *
 * @throws PduError kind `malformed` or `unknownResponse`, with what could be read of the header
 */
export function decodePdu(frame: Buffer): Pdu {
  const reader = new FrameReader(frame);
  const command = commandName(reader.command_id);
  return command === undefined ? readUnknown(reader) : READ[command](reader);
}

const READ: Readonly<Record<CommandName, (reader: FrameReader) => Pdu>> = {
  bind_receiver: (reader) => readBind(reader, 'bind_receiver'),
  bind_transmitter: (reader) => readBind(reader, 'bind_transmitter'),
  bind_transceiver: (reader) => readBind(reader, 'bind_transceiver'),
  bind_receiver_resp: (reader) => readBindResp(reader, 'bind_receiver_resp'),
  bind_transmitter_resp: (reader) => readBindResp(reader, 'bind_transmitter_resp'),
  bind_transceiver_resp: (reader) => readBindResp(reader, 'bind_transceiver_resp'),
  submit_sm: readSubmitSm,
  submit_sm_resp: readSubmitSmResp,
  deliver_sm: readDeliverSm,
  deliver_sm_resp: (reader) => readStatus(reader, 'deliver_sm_resp'),
  enquire_link: ({ sequence_number }) => ({ command: 'enquire_link', sequence_number }),
  enquire_link_resp: (reader) => readStatus(reader, 'enquire_link_resp'),
  unbind: ({ sequence_number }) => ({ command: 'unbind', sequence_number }),
  unbind_resp: (reader) => readStatus(reader, 'unbind_resp'),
  generic_nack: (reader) => readStatus(reader, 'generic_nack'),
};

function readUnknown(reader: FrameReader): UnknownRequest {
  const { command_id, sequence_number } = reader;
  if (isResponseId(command_id)) {
    throw new PduError('unknownResponse', 'The peer answered a request that is none of ours', reader);
  }
  return { command: 'unknown', command_id, sequence_number };
}

/** Of a response nothing but its header counts. */
function readStatus<Command extends (DeliverSmResp | StatusOnlyResp)['command']>(
  { command_status, sequence_number }: FrameReader,
  command: Command,
): { command: Command; command_status: number; sequence_number: number } {
  return { command, command_status, sequence_number };
}

function readSubmitSmResp(reader: FrameReader): SubmitSmResp {
  const { command_status, sequence_number } = reader;
  const message_id = readId(reader);
  return { command: 'submit_sm_resp', command_status, sequence_number, message_id };
}

function readBindResp(reader: FrameReader, command: BindResp['command']): BindResp {
  const { command_status, sequence_number } = reader;
  return { command, command_status, sequence_number, system_id: readId(reader) };
}

/** The one string of a response; no end is set to it but its NUL, or the frame's. */
function readId(reader: FrameReader): string {
  return reader.command_status === 0 ? reader.lastCString() : '';
}

function readBind(reader: FrameReader, command: Bind['command']): Bind {
  const { sequence_number } = reader;
  const system_id = reader.cString('system_id', SYSTEM_ID_MAX);
  const password = reader.cString('password', PASSWORD_MAX);
  const system_type = reader.cString('system_type', SYSTEM_TYPE_MAX);
  reader.uint8('interface_version');
  reader.uint8('addr_ton');
  reader.uint8('addr_npi');
  reader.cString('address_range', ADDRESS_RANGE_MAX);
  return { command, sequence_number, system_id, password, system_type };
}

function readSubmitSm(reader: FrameReader): SubmitSm {
  const { sequence_number } = reader;
  const pdu: SubmitSm = { command: 'submit_sm', sequence_number, ...readMessage(reader) };
  readSubmitTlvs(reader, pdu);
  return pdu;
}

/** By a literal: this runs for every receipt, and spreading takes several times as long. */
function readDeliverSm(reader: FrameReader): DeliverSm {
  const message = readMessage(reader);
  const pdu: DeliverSm = {
    command: 'deliver_sm',
    sequence_number: reader.sequence_number,
    source_addr_ton: message.source_addr_ton,
    source_addr_npi: message.source_addr_npi,
    source_addr: message.source_addr,
    dest_addr_ton: message.dest_addr_ton,
    dest_addr_npi: message.dest_addr_npi,
    destination_addr: message.destination_addr,
    esm_class: message.esm_class,
    data_coding: message.data_coding,
    registered_delivery: message.registered_delivery,
    short_message: message.short_message,
  };
  if (reader.left > 0) readDeliverTlvs(reader, pdu);
  return pdu;
}

/** What both messages begin with; a deliver_sm has no use for its priority and validity (SMPP 3.4 §4.6.1). */
type MandatoryPart = Omit<SubmitSm, 'command' | 'sequence_number'>;

function readMessage(reader: FrameReader): MandatoryPart {
  reader.cString('service_type', SERVICE_TYPE_MAX);
  const source_addr_ton = reader.uint8('source_addr_ton');
  const source_addr_npi = reader.uint8('source_addr_npi');
  const source_addr = reader.cString('source_addr', ADDRESS_MAX);
  const dest_addr_ton = reader.uint8('dest_addr_ton');
  const dest_addr_npi = reader.uint8('dest_addr_npi');
  const destination_addr = reader.cString('destination_addr', ADDRESS_MAX);
  const esm_class = reader.uint8('esm_class');
  reader.uint8('protocol_id');
  const priority_flag = reader.uint8('priority_flag');
  reader.cString('schedule_delivery_time', TIME_MAX);
  const validity_period = reader.cString('validity_period', TIME_MAX);
  const registered_delivery = reader.uint8('registered_delivery');
  reader.uint8('replace_if_present_flag');
  const data_coding = reader.uint8('data_coding');
  reader.uint8('sm_default_msg_id');
  const short_message = reader.octets('short_message', reader.uint8('sm_length'));
  return {
    source_addr_ton,
    source_addr_npi,
    source_addr,
    dest_addr_ton,
    dest_addr_npi,
    destination_addr,
    esm_class,
    data_coding,
    registered_delivery,
    short_message,
    priority_flag,
    validity_period,
  };
}
