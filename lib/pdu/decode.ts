/**
 * Octets to PDUs.
 *
 * Requests are read strictly, since a wrong one is answered with an error; but a deliver_sm is read as far as it can be,
 * for the gateway has no other way to give us what is in it. Of a response only what we use is read, and its lengths are
 * not judged by the specification's limits: refusing the answer to a submit_sm would make an accepted SMS one of unknown
 * outcome.
 * Source: SMPP 3.4 §4.
 */
import { commandName, isResponseId, type CommandName } from './command.js';
import { MESSAGE_ID_OCTETS_MAX } from '../inmobile.js';
import { DamagedFrame } from './damaged-frame.js';
import { FrameReader, type MessageReader } from './frame-reader.js';
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

/** TON ends at 6, NPI at 18 (SMPP 3.4 §5.2.5, §5.2.6): another value is a character of an address. */
const TYPES_MAX = 0x1f;

const TOO_LONG = `is longer than ${MESSAGE_ID_OCTETS_MAX} characters`;

/**
 * One whole frame as a PDU. Octets in it are views of the frame: who keeps them copies them.
 *
 * A request with a command_id that is none of ours is `unknown`. A response with an error status has no body
 * (SMPP 3.4 §4.1.2, §4.4.2); whatever comes in its place is not read. A successful one may lack it too.
 *
 * @param flaws where it is said what of the PDU could not be read, a line each, without content
 * @throws PduError kind `malformed` or `unknownResponse`, with what could be read of the header; of a deliver_sm only when
 *   that is no header
 */
export function decodePdu(frame: Buffer, flaws: string[] = []): Pdu {
  const reader = new FrameReader(frame);
  const command = commandName(reader.command_id);
  if (command === undefined) return readUnknown(reader);
  return command === 'deliver_sm' ? readDeliverSm(reader, frame, flaws) : READ[command](reader, flaws);
}

type ReadPdu = (reader: FrameReader, flaws: string[]) => Pdu;

const READ: Readonly<Record<Exclude<CommandName, 'deliver_sm'>, ReadPdu>> = {
  bind_receiver: (reader) => readBind(reader, 'bind_receiver'),
  bind_transmitter: (reader) => readBind(reader, 'bind_transmitter'),
  bind_transceiver: (reader) => readBind(reader, 'bind_transceiver'),
  bind_receiver_resp: (reader) => readBindResp(reader, 'bind_receiver_resp'),
  bind_transmitter_resp: (reader) => readBindResp(reader, 'bind_transmitter_resp'),
  bind_transceiver_resp: (reader) => readBindResp(reader, 'bind_transceiver_resp'),
  submit_sm: readSubmitSm,
  submit_sm_resp: readSubmitSmResp,
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

function readSubmitSmResp(reader: FrameReader, flaws: string[]): SubmitSmResp {
  const { command_status, sequence_number } = reader;
  const id = readText(reader);
  const message_id = id.slice(0, MESSAGE_ID_OCTETS_MAX);
  if (message_id !== id) flaws.push(`submit_sm_resp ${sequence_number}: message_id ${TOO_LONG}`);
  return { command: 'submit_sm_resp', command_status, sequence_number, message_id };
}

function readBindResp(reader: FrameReader, command: BindResp['command']): BindResp {
  const { command_status, sequence_number } = reader;
  return { command, command_status, sequence_number, system_id: readText(reader) };
}

/** The one string of a response; no end is set to it but its NUL, or the frame's. */
function readText(reader: FrameReader): string {
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

function readDeliverSm(reader: FrameReader, frame: Buffer, flaws: string[]): DeliverSm {
  const { sequence_number } = reader;
  try {
    return readDelivery(reader, sequence_number);
  } catch (error) {
    if (!(error instanceof PduError)) throw error;
  }
  const { pdu, damaged } = readDamaged(frame, sequence_number);
  for (const flaw of damaged.flaws) flaws.push(`deliver_sm ${sequence_number}: ${flaw}`);
  return pdu;
}

interface Reading {
  readonly pdu: DeliverSm;
  readonly damaged: DamagedFrame;
}

/**
 * As it stands; but when a string runs on into the numbers behind it, and all comes out even once its NUL is taken to be
 * missing, so.
 */
function readDamaged(frame: Buffer, sequence_number: number): Reading {
  const readAs = (damaged: DamagedFrame) => ({ pdu: readDelivery(damaged, sequence_number), damaged });
  const asItStands = readAs(new DamagedFrame(frame));
  const { isWhole, runsOn } = asItStands.damaged;
  if (isWhole || runsOn === undefined) return asItStands;
  const mended = readAs(new DamagedFrame(frame, runsOn));
  return isSound(mended) ? mended : asItStands;
}

/** But for the NUL. */
function isSound({ pdu, damaged }: Reading): boolean {
  const types = pdu.source_addr_ton | pdu.source_addr_npi | pdu.dest_addr_ton | pdu.dest_addr_npi;
  const { isWhole, runsOn, flaws } = damaged;
  return isWhole && runsOn === undefined && flaws.length === 1 && types <= TYPES_MAX;
}

/** By a literal: this runs for every receipt, and spreading takes several times as long. */
function readDelivery(reader: MessageReader, sequence_number: number): DeliverSm {
  const message = readMessage(reader);
  const pdu: DeliverSm = {
    command: 'deliver_sm',
    sequence_number,
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

function readMessage(reader: MessageReader): MandatoryPart {
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
  const short_message = reader.shortMessage();
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
