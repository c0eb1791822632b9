/**
 * PDUs written by hand from the specification's tables, octet by octet, with what they say.
 *
 * Not made by any encoder, so that an error in ours cannot confirm itself. Each line is octets, then `|` and
 * what they are; text stands in quotes.
 * Source: the clause of SMPP 3.4 that each names; gateway.md for texts and data codings.
 */
import type { DeliverSm, Pdu, SubmitSm, SubmitSmResp } from '../../lib/pdu/pdu.js';

export interface GoldenPdu {
  readonly name: string;
  readonly source: string;
  readonly octets: Buffer;
  readonly pdu: Pdu;
  /** `read`: a peer may send this, but we would write it otherwise. */
  readonly direction: 'both' | 'read';
}

/** `0000 'text' 00 | remark` lines as octets. */
export function octetsOf(lines: string): Buffer {
  const parts = lines
    .split('\n')
    .flatMap((line) => line.replace(/\|.*/, '').match(/'[^']*'|[0-9a-fA-F]+/g) ?? [])
    .map((part) =>
      part.startsWith("'") ? Buffer.from(part.slice(1, -1), 'latin1') : Buffer.from(part, 'hex'),
    );
  return Buffer.concat(parts);
}

function both(name: string, source: string, lines: string, pdu: Pdu): GoldenPdu {
  return { name, source, octets: octetsOf(lines), pdu, direction: 'both' };
}

function readOnly(name: string, source: string, lines: string, pdu: Pdu): GoldenPdu {
  return { name, source, octets: octetsOf(lines), pdu, direction: 'read' };
}

const BINDS: readonly GoldenPdu[] = [
  readOnly(
    "the specification's own sample, a bind_transmitter",
    'SMPP 3.4 §3.2.2',
    `0000002F 00000002 00000000 00000001
     53 4D 50 50 33 54 45 53 54 00
     73 65 63 72 65 74 30 38 00
     53 55 42 4D 49 54 31 00
     00 01 01 00`,
    {
      command: 'bind_transmitter',
      sequence_number: 1,
      system_id: 'SMPP3TEST',
      password: 'secret08',
      system_type: 'SUBMIT1',
    },
  ),
  both(
    'a bind_transceiver',
    'SMPP 3.4 §4.1.5',
    `00000022 00000009 00000000 00000001
     'account' 00 | system_id
     'pass' 00    | password
     00           | system_type
     34           | interface_version
     00 00        | addr_ton, addr_npi
     00           | address_range`,
    {
      command: 'bind_transceiver',
      sequence_number: 1,
      system_id: 'account',
      password: 'pass',
      system_type: '',
    },
  ),
  both(
    'a bind_transmitter with the longest fields and the last sequence number',
    'SMPP 3.4 §4.1.1',
    `0000003A 00000002 00000000 7FFFFFFF
     'fifteen-letters' 00
     'eightlet' 00
     'twelve-chars' 00
     34 00 00 00`,
    {
      command: 'bind_transmitter',
      sequence_number: 0x7fffffff,
      system_id: 'fifteen-letters',
      password: 'eightlet',
      system_type: 'twelve-chars',
    },
  ),
  both(
    'a bind_receiver',
    'SMPP 3.4 §4.1.3',
    `00000019 00000001 00000000 00000002 'a' 00 'b' 00 00 34 0000 00`,
    {
      command: 'bind_receiver',
      sequence_number: 2,
      system_id: 'a',
      password: 'b',
      system_type: '',
    },
  ),
  both('a bind_transceiver_resp', 'SMPP 3.4 §4.1.6', `00000019 80000009 00000000 00000001 'inMobile' 00`, {
    command: 'bind_transceiver_resp',
    command_status: 0,
    sequence_number: 1,
    system_id: 'inMobile',
  }),
  readOnly(
    'a bind_transmitter_resp with sc_interface_version',
    'SMPP 3.4 §4.1.2',
    `0000001E 80000002 00000000 00000001 'inMobile' 00 0210 0001 34`,
    { command: 'bind_transmitter_resp', command_status: 0, sequence_number: 1, system_id: 'inMobile' },
  ),
  both('a refused bind_receiver_resp', 'SMPP 3.4 §4.1.4', `00000010 80000001 0000000D 00000002`, {
    command: 'bind_receiver_resp',
    command_status: 0x0d,
    sequence_number: 2,
    system_id: '',
  }),
];

const SUBMITS: readonly GoldenPdu[] = [
  both(
    'a submit_sm in GSM7 from a name, valid for a day',
    'SMPP 3.4 §4.4.1, §7.1.1.2; gateway.md: data coding 0x00',
    `00000048 00000004 00000000 0000000A
     00                    | service_type
     05 00 'inMobile' 00   | source_addr_ton, source_addr_npi, source_addr
     01 01 '4512345678' 00 | dest_addr_ton, dest_addr_npi, destination_addr
     00 00 00              | esm_class, protocol_id, priority_flag
     00                    | schedule_delivery_time
     '000001000000000R' 00 | validity_period
     01 00                 | registered_delivery, replace_if_present_flag
     00 00                 | data_coding, sm_default_msg_id
     05 'Hello'            | sm_length, short_message`,
    {
      command: 'submit_sm',
      sequence_number: 10,
      source_addr_ton: 5,
      source_addr_npi: 0,
      source_addr: 'inMobile',
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '4512345678',
      esm_class: 0,
      data_coding: 0,
      registered_delivery: 1,
      short_message: Buffer.from('Hello'),
      priority_flag: 0,
      validity_period: '000001000000000R',
    },
  ),
  both(
    'an urgent flash submit_sm in UTF-16 from a number',
    'SMPP 3.4 §4.4.1; gateway.md: data coding 0x18; D18',
    `00000039 00000004 00000000 0000000B
     00
     01 01 '4512345678' 00
     01 01 '4587654321' 00
     00 00 01
     00
     00
     02 00
     18 00
     04 4F60 597D`,
    {
      command: 'submit_sm',
      sequence_number: 11,
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: '4512345678',
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: '4587654321',
      esm_class: 0,
      data_coding: 0x18,
      registered_delivery: 2,
      short_message: Buffer.from([0x4f, 0x60, 0x59, 0x7d]),
      priority_flag: 1,
      validity_period: '',
    },
  ),
  both(
    'a submit_sm with a user data header',
    'SMPP 3.4 §5.2.12; 3GPP 23.040 §9.2.3.24.1',
    `00000037 00000004 00000000 0000000C
     00
     03 00 '1234' 00
     01 01 '4512345678' 00
     40 00 00
     00
     00
     01 00
     00 00
     08 05 00 03 CC 02 01 'Hi'`,
    shortCodeSubmit(12, { esm_class: 0x40, short_message: Buffer.from('050003cc02014869', 'hex') }),
  ),
  both(
    'a submit_sm with SAR parameters',
    'SMPP 3.4 §5.3.2.22 to §5.3.2.24',
    `00000041 00000004 00000000 0000000D
     00
     03 00 '1234' 00
     01 01 '4512345678' 00
     00 00 00
     00
     00
     01 00
     00 00
     02 'Hi'
     020C 0002 00CC | sar_msg_ref_num
     020E 0001 02   | sar_total_segments
     020F 0001 01   | sar_segment_seqnum`,
    shortCodeSubmit(13, {
      short_message: Buffer.from('Hi'),
      sar_msg_ref_num: 0xcc,
      sar_total_segments: 2,
      sar_segment_seqnum: 1,
    }),
  ),
  both(
    'a submit_sm with message_payload',
    'SMPP 3.4 §5.3.2.32',
    `00000038 00000004 00000000 0000000E
     00
     03 00 '1234' 00
     01 01 '4512345678' 00
     00 00 00
     00
     00
     01 00
     00 00
     00
     0424 0005 'Hello'`,
    shortCodeSubmit(14, { short_message: Buffer.alloc(0), message_payload: Buffer.from('Hello') }),
  ),
  both(
    'a submit_sm_resp',
    'SMPP 3.4 §4.4.2; gateway.md: message id',
    `00000035 80000004 00000000 0000000A 'ble50673-f8b8-41e8-a143-07a43bb8c86b' 00`,
    submitSmResp(10, 0, 'ble50673-f8b8-41e8-a143-07a43bb8c86b'),
  ),
  both(
    'a submit_sm_resp of a restart',
    'SMPP 3.4 §4.4.2; gateway.md: restart',
    `00000010 80000004 00000045 0000000A`,
    submitSmResp(10, 0x45, ''),
  ),
  readOnly(
    'a refusing submit_sm_resp that has a body all the same',
    'SMPP 3.4 §4.4.2; D27',
    `00000016 80000004 0000000B 0000000A 00 0427 0001 05`,
    submitSmResp(10, 0x0b, ''),
  ),
  readOnly(
    'an accepting submit_sm_resp without a body',
    'a lenient reading of SMPP 3.4 §4.4.2',
    `00000010 80000004 00000000 0000000A`,
    submitSmResp(10, 0, ''),
  ),
];

const RECEIPT_TEXT =
  'id:ble50673-f8b8-41e8-a143-07a43bb8c86b sub:001 dlvrd:001 submit date:1911121314 ' +
  'done date:1911121314 stat:DELIVRD err:000';

const DELIVERIES: readonly GoldenPdu[] = [
  both(
    'a deliver_sm with an incoming SMS',
    'SMPP 3.4 §4.6.1',
    `00000031 00000005 00000000 00000007
     00
     01 01 '4512345678' 00
     03 00 '1204' 00
     00 00 00
     00
     00
     00 00
     00 00
     02 'OK'`,
    {
      command: 'deliver_sm',
      sequence_number: 7,
      source_addr_ton: 1,
      source_addr_npi: 1,
      source_addr: '4512345678',
      dest_addr_ton: 3,
      dest_addr_npi: 0,
      destination_addr: '1204',
      esm_class: 0,
      data_coding: 0,
      registered_delivery: 0,
      short_message: Buffer.from('OK'),
    },
  ),
  both(
    "a deliver_sm with inMobile's receipt",
    'SMPP 3.4 §4.6.1, Appendix B; gateway.md: delivery report',
    `000000AD 00000005 00000000 00000008
     00
     01 01 '4512345678' 00
     05 00 'inMobile' 00
     04 00 00
     00
     00
     00 00
     00 00
     7A '${RECEIPT_TEXT}'`,
    receipt(8),
  ),
  both(
    'a deliver_sm with a receipt in parameters too, one of which we do not know',
    'SMPP 3.4 §4.6.1, §5.3.2.12, §5.3.2.31, §5.3.2.35',
    `000000E2 00000005 00000000 00000009
     00
     01 01 '4512345678' 00
     05 00 'inMobile' 00
     04 00 00
     00
     00
     00 00
     00 00
     7A '${RECEIPT_TEXT}'
     001E 0025 'ble50673-f8b8-41e8-a143-07a43bb8c86b' 00 | receipted_message_id
     0427 0001 02                                        | message_state
     0423 0003 03 0000                                   | network_error_code`,
    {
      ...receipt(9),
      receipted_message_id: 'ble50673-f8b8-41e8-a143-07a43bb8c86b',
      message_state: 2,
      unknown_tlvs: new Map([[0x0423, Buffer.from([3, 0, 0])]]),
    },
  ),
  both('a deliver_sm_resp', 'SMPP 3.4 §4.6.2', `00000011 80000005 00000000 00000007 00`, {
    command: 'deliver_sm_resp',
    command_status: 0,
    sequence_number: 7,
  }),
  both('a refusing deliver_sm_resp', 'SMPP 3.4 §4.6.2', `00000010 80000005 00000064 00000007`, {
    command: 'deliver_sm_resp',
    command_status: 0x64,
    sequence_number: 7,
  }),
];

const HEADERS_ALONE: readonly GoldenPdu[] = [
  both('an enquire_link', 'SMPP 3.4 §4.11.1', `00000010 00000015 00000000 00000014`, {
    command: 'enquire_link',
    sequence_number: 20,
  }),
  both('an enquire_link_resp', 'SMPP 3.4 §4.11.2', `00000010 80000015 00000000 00000014`, {
    command: 'enquire_link_resp',
    command_status: 0,
    sequence_number: 20,
  }),
  both('an unbind', 'SMPP 3.4 §4.2.1', `00000010 00000006 00000000 00000015`, {
    command: 'unbind',
    sequence_number: 21,
  }),
  both('an unbind_resp', 'SMPP 3.4 §4.2.2', `00000010 80000006 00000000 00000015`, {
    command: 'unbind_resp',
    command_status: 0,
    sequence_number: 21,
  }),
  both('a generic_nack', 'SMPP 3.4 §4.3.1', `00000010 80000000 00000003 00000000`, {
    command: 'generic_nack',
    command_status: 3,
    sequence_number: 0,
  }),
  both(
    'a request of a kind that we do not know',
    'SMPP 3.4 §5.1.2.1',
    `00000010 0000000B 00000000 00000016`,
    {
      command: 'unknown',
      command_id: 0x0b,
      sequence_number: 22,
    },
  ),
  readOnly(
    'a query_sm, which inMobile does not support and we do not read',
    'SMPP 3.4 §4.8.1; gateway.md: message types',
    `00000016 00000003 00000000 00000017 'id' 00 00 00 00`,
    { command: 'unknown', command_id: 3, sequence_number: 23 },
  ),
];

export const GOLDEN_PDUS: readonly GoldenPdu[] = [...BINDS, ...SUBMITS, ...DELIVERIES, ...HEADERS_ALONE];

function shortCodeSubmit(
  sequence_number: number,
  fields: Partial<SubmitSm> & Pick<SubmitSm, 'short_message'>,
): SubmitSm {
  return {
    command: 'submit_sm',
    sequence_number,
    source_addr_ton: 3,
    source_addr_npi: 0,
    source_addr: '1234',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: '4512345678',
    esm_class: 0,
    data_coding: 0,
    registered_delivery: 1,
    priority_flag: 0,
    validity_period: '',
    ...fields,
  };
}

function submitSmResp(sequence_number: number, command_status: number, message_id: string): SubmitSmResp {
  return { command: 'submit_sm_resp', command_status, sequence_number, message_id };
}

function receipt(sequence_number: number): DeliverSm {
  return {
    command: 'deliver_sm',
    sequence_number,
    source_addr_ton: 1,
    source_addr_npi: 1,
    source_addr: '4512345678',
    dest_addr_ton: 5,
    dest_addr_npi: 0,
    destination_addr: 'inMobile',
    esm_class: 4,
    data_coding: 0,
    registered_delivery: 0,
    short_message: Buffer.from(RECEIPT_TEXT),
  };
}
