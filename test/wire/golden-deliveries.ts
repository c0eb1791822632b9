/** Golden PDUs of receiving. Source: SMPP 3.4 §4.6; gateway.md for the receipt's text. */
import type { DeliverSm } from '../../lib/pdu/pdu.js';
import { both, type GoldenPdu } from './golden-pdu.js';

const RECEIPT_TEXT =
  'id:ble50673-f8b8-41e8-a143-07a43bb8c86b sub:001 dlvrd:001 submit date:1911121314 ' +
  'done date:1911121314 stat:DELIVRD err:000';

export const DELIVERIES: readonly GoldenPdu[] = [
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
