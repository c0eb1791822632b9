/**
 * PDUs that no peer should send, by name, and what a bound session makes of each: the corpus that the mutants
 * start from besides the golden PDUs, and a table of its own.
 *
 * `read` it is delivered or answered for what can be read of it · `kept` that is nothing, and it is delivered as binary
 * without addresses · `refused` answered generic_nack · `ignored` a response that cannot be used · `ended` the
 * session is closed.
 * Source: SMPP 3.4 §3.2, §4.6.1, §5.3; 3GPP 23.040 §9.2.3.24.
 */
import { octetsOf } from '../../wire/golden-pdu.js';
import { withRightLength } from './mutate.js';

export type Fate = 'read' | 'kept' | 'refused' | 'ignored' | 'ended';

export interface HostilePdu {
  readonly name: string;
  readonly octets: Buffer;
  readonly fate: Fate;
}

const LENGTHS_THAT_END = [
  0, 1, 2, 4, 8, 15, 65_537, 0x100000, 0x7fff_ffff, 0x8000_0000, 0xf000_0010, 0xffff_ffff,
];

/** A PDU with a body and the command_length that it has. */
function pdu(id: string, body: Buffer | string): Buffer {
  const octets = typeof body === 'string' ? octetsOf(body) : body;
  return withRightLength(Buffer.concat([octetsOf(`00000000 ${id} 00000000 00000007`), octets]));
}

interface Message {
  readonly esmClass?: string;
  readonly dataCoding?: string;
  /** sm_length and short_message, as octets. */
  readonly message?: string;
  readonly tlvs?: string | Buffer;
}

/** A deliver_sm that is sound but for what is given. */
export function deliverSm({
  esmClass = '00',
  dataCoding = '00',
  message = "02 'OK'",
  tlvs = '',
}: Message): Buffer {
  const mandatory = octetsOf(
    `00 01 01 '4512345678' 00 03 00 '1204' 00 ${esmClass} 00 00 00 00 00 00 ${dataCoding} 00 ${message}`,
  );
  return pdu('00000005', Buffer.concat([mandatory, typeof tlvs === 'string' ? octetsOf(tlvs) : tlvs]));
}

const row = (name: string, octets: Buffer, fate: Fate): HostilePdu => ({ name, octets, fate });

const HEADERS = [
  ...LENGTHS_THAT_END.map((length) => {
    const octets = octetsOf('00000000 00000015 00000000 00000007');
    octets.writeUInt32BE(length, 0);
    return row(`a command_length of ${length}`, octets, 'ended');
  }),
  row('an unknown request', pdu('00000fff', ''), 'refused'),
  row('a request of 64 KiB that nobody knows', pdu('00000fff', Buffer.alloc(65_520)), 'refused'),
  row('an unknown response', pdu('80000fff', ''), 'ignored'),
  row('an outbind', pdu('0000000b', "'id' 00 'pw' 00"), 'refused'),
  row('an alert_notification', pdu('00000102', "01 01 '45' 00 01 01 '45' 00"), 'refused'),
  row(
    'a submit_sm from the gateway',
    pdu('00000004', "00 01 01 '1' 00 01 01 '2' 00 000000 00 00 00000000 00"),
    'refused',
  ),
  row('a bind from the gateway', pdu('00000009', "'id' 00 'pw' 00 00 34 00 00 00"), 'refused'),
  row('a bind from the gateway without a body', pdu('00000009', ''), 'refused'),
  row('a second answer to our bind', pdu('80000009', "'again' 00"), 'ignored'),
  row('a submit_sm_resp to nothing', pdu('80000004', "'id' 00"), 'ignored'),
  row('a submit_sm_resp whose id has no end', pdu('80000004', "'id'"), 'ignored'),
  row(
    'a submit_sm_resp with an id of 60 000 characters',
    pdu('80000004', Buffer.alloc(60_000, 0x41)),
    'ignored',
  ),
  row('an unbind_resp to nothing', pdu('80000006', ''), 'ignored'),
  row('a generic_nack to nothing', pdu('80000000', ''), 'ignored'),
  row('an enquire_link with a body', pdu('00000015', '0102030405'), 'read'),
  row('a deliver_sm_resp', pdu('80000005', '00'), 'ignored'),
];

const STRINGS = [
  row('a deliver_sm without a body', pdu('00000005', ''), 'kept'),
  row('a service_type without an end', pdu('00000005', Buffer.alloc(300, 0x41)), 'kept'),
  row(
    'a source_addr of 21 characters',
    pdu('00000005', `00 01 01 '${'4'.repeat(21)}' 00 010100 000000 0000 00000000 00`),
    'read',
  ),
  row('a source_addr of 60 000 characters', pdu('00000005', Buffer.alloc(60_000, 0x34)), 'kept'),
  row('nothing but NULs', pdu('00000005', Buffer.alloc(17)), 'read'),
  row('fewer NULs than fields', pdu('00000005', Buffer.alloc(16)), 'read'),
  row(
    'addresses of control characters',
    pdu('00000005', "00 0101 1b5b33316d0d0a 00 0101 e280ae 00 000000 00 00 00000000 02 'OK'"),
    'read',
  ),
];

const LENGTHS = [
  row('an sm_length beyond the PDU', deliverSm({ message: "ff 'OK'" }), 'read'),
  row('an sm_length of one too many', deliverSm({ message: "03 'OK'" }), 'read'),
  row('an sm_length of one too few', deliverSm({ message: "01 'OK'" }), 'read'),
  row('no sm_length', deliverSm({ message: '' }), 'read'),
  row('a short_message of 255 octets', deliverSm({ message: `ff ${'41'.repeat(255)}` }), 'read'),
  row('a short_message and a message_payload', deliverSm({ tlvs: "0424 0003 'abc'" }), 'read'),
  row('a message_payload beyond the PDU', deliverSm({ message: '00', tlvs: "0424 ffff 'abc'" }), 'read'),
  row('an empty message_payload', deliverSm({ message: '00', tlvs: '0424 0000' }), 'read'),
  row('half a TLV header', deliverSm({ tlvs: '0424 00' }), 'read'),
  row('a tag alone', deliverSm({ tlvs: '0424' }), 'read'),
  row('a TLV of no length', deliverSm({ tlvs: '1400 0000' }), 'read'),
  row('the same TLV twice', deliverSm({ tlvs: '020e 0001 02 020e 0001 03' }), 'read'),
  row(
    'SAR parameters of the wrong size',
    deliverSm({ tlvs: '020c 0001 01 020e 0002 0002 020f 0000' }),
    'read',
  ),
  row('SAR parameters in part', deliverSm({ tlvs: '020c 0002 0001' }), 'read'),
  row('SAR that says part 0 of 0', deliverSm({ tlvs: '020c 0002 0001 020e 0001 00 020f 0001 00' }), 'read'),
  row('SAR that says part 9 of 2', deliverSm({ tlvs: '020c 0002 0001 020e 0001 02 020f 0001 09' }), 'read'),
  row('a message_state of two octets', deliverSm({ esmClass: '04', tlvs: '0427 0002 0002' }), 'read'),
  row(
    'a receipted_message_id of 60 000 characters',
    deliverSm({ esmClass: '04', tlvs: Buffer.concat([octetsOf('001e ea60'), Buffer.alloc(60_000, 0x41)]) }),
    'read',
  ),
];

const HEADERS_OF_USER_DATA = [
  ['a UDH bit and no octets', '00'],
  ['a UDH longer than the message', '02 ff 00'],
  ['a UDH of length 0', "03 00 'ab'"],
  ['an element that runs past the header', '05 03 00 ff 01 02'],
  ['a concatenation of two octets', '05 04 00 02 01 02'],
  ['a concatenation of 0 parts', '07 05 00 03 01 00 00 41'],
  ['part 0', '07 05 00 03 01 02 00 41'],
  ['part 5 of 2', '07 05 00 03 01 02 05 41'],
  ['two concatenations that disagree', '0d 0b 00 03 01 02 01 08 04 00 01 03 02 41'],
  ['255 parts', '07 05 00 03 01 ff ff 41'],
  ['elements of no length', '06 04 00 00 08 00 41'],
  ['ports', '08 06 05 04 0b 84 23 f0 41'],
].map(([name, message]) =>
  row(`a user data header: ${name}`, deliverSm({ esmClass: '40', message: message! }), 'read'),
);

const TEXTS = [
  ...[
    '00',
    '01',
    '02',
    '03',
    '04',
    '05',
    '08',
    '09',
    '0a',
    '0d',
    '0e',
    '0f',
    '10',
    '18',
    '1f',
    '20',
    '80',
    'f0',
    'f4',
    'ff',
  ].map((dataCoding) =>
    row(`data coding 0x${dataCoding}`, deliverSm({ dataCoding, message: '05 1b 9b d8 3d ff' }), 'read'),
  ),
  row('half an escape pair', deliverSm({ message: '02 41 1b' }), 'read'),
  row('an escape to nothing', deliverSm({ message: '02 1b 7f' }), 'read'),
  row('half a surrogate pair', deliverSm({ dataCoding: '08', message: '02 d8 3d' }), 'read'),
  row('UTF-16 of an odd length', deliverSm({ dataCoding: '08', message: '03 00 41 00' }), 'read'),
  row(
    'UTF-16 with a byte order mark, little-endian',
    deliverSm({ dataCoding: '08', message: '04 ff fe 41 00' }),
    'read',
  ),
  row('a receipt without a text', deliverSm({ esmClass: '04', message: '00' }), 'read'),
  row(
    'a receipt of nothing but colons',
    deliverSm({ esmClass: '04', message: `64 ${'3a'.repeat(100)}` }),
    'read',
  ),
  row(
    'a receipt in a part of a long message',
    deliverSm({ esmClass: '44', message: "09 05 00 03 01 02 01 'id:'" }),
    'read',
  ),
  row('every bit of esm_class', deliverSm({ esmClass: 'ff' }), 'read'),
];

export const HOSTILE_PDUS: readonly HostilePdu[] = [
  ...HEADERS,
  ...STRINGS,
  ...LENGTHS,
  ...HEADERS_OF_USER_DATA,
  ...TEXTS,
];
