/** Golden PDUs of sending. Source: SMPP 3.4 §4.4; gateway.md for data codings and ids. */
import type { SubmitSm, SubmitSmResp } from '../../lib/pdu/pdu.js';
import { both, readOnly, type GoldenPdu } from './golden-pdu.js';

export const SUBMITS: readonly GoldenPdu[] = [
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
