/** Golden PDUs of the session: binds, unbind, enquire_link, generic_nack. Source: SMPP 3.4 §4.1 to §4.3, §4.11. */
import { both, readOnly, type GoldenPdu } from './golden-pdu.js';

export const BINDS: readonly GoldenPdu[] = [
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

export const HEADERS_ALONE: readonly GoldenPdu[] = [
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
