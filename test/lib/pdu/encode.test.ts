import assert from 'node:assert/strict';

import fc from 'fast-check';

import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodeAll, encodePdu } from '../../../lib/pdu/encode.js';
import type { Bind, DeliverSm, Pdu, SubmitSm } from '../../../lib/pdu/pdu.js';
import { SmppError } from '../../../lib/errors.js';
import { anyPdu } from './arbitraries.js';

const SUBMIT_SM: SubmitSm = {
  command: 'submit_sm',
  sequence_number: 1,
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
  validity_period: '',
};

const BIND: Bind = {
  command: 'bind_transceiver',
  sequence_number: 1,
  system_id: 'a',
  password: 'b',
  system_type: '',
};

const DELIVER_SM: DeliverSm = {
  command: 'deliver_sm',
  sequence_number: 1,
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
};

const SECRET = 'Secret~';

/** Fields that are one too long, or hold what SMPP cannot carry. */
const REFUSED: readonly (readonly [field: string, pdu: Pdu])[] = [
  ['source_addr', { ...SUBMIT_SM, source_addr: SECRET.repeat(3) }],
  ['destination_addr', { ...SUBMIT_SM, destination_addr: SECRET.repeat(3) }],
  ['validity_period', { ...SUBMIT_SM, validity_period: '0'.repeat(17) }],
  ['short_message', { ...SUBMIT_SM, short_message: Buffer.alloc(255) }],
  ['command_length', { ...SUBMIT_SM, message_payload: Buffer.alloc(0xffff) }],
  ['TLV', { ...SUBMIT_SM, message_payload: Buffer.alloc(0x1_0000) }],
  ['system_id', { ...BIND, system_id: SECRET + SECRET + '16' }],
  ['password', { ...BIND, password: SECRET + '89' }],
  ['system_type', { ...BIND, system_type: SECRET + '890123' }],
  ['receipted_message_id', { ...DELIVER_SM, receipted_message_id: 'x'.repeat(65) }],
  [
    'message_id',
    { command: 'submit_sm_resp', command_status: 0, sequence_number: 1, message_id: 'x'.repeat(65) },
  ],
  ['destination_addr', { ...SUBMIT_SM, destination_addr: '1\0 2' }],
  ['source_addr', { ...SUBMIT_SM, source_addr: 'Ωmega' }],
  ['data_coding', { ...SUBMIT_SM, data_coding: 256 }],
  ['esm_class', { ...SUBMIT_SM, esm_class: -1 }],
  ['priority_flag', { ...SUBMIT_SM, priority_flag: 0.5 }],
  ['sar_msg_ref_num', { ...SUBMIT_SM, sar_msg_ref_num: 0x1_0000 }],
  ['message_state', { ...DELIVER_SM, message_state: Number.NaN }],
  ['TLV tag', { ...DELIVER_SM, unknown_tlvs: new Map([[0x1_0000, Buffer.alloc(1)]]) }],
  ['sequence_number', { command: 'enquire_link', sequence_number: 2 ** 32 }],
];

/** The longest that the specification allows (SMPP 3.4 §4.1.1, §4.4.1). */
const LONGEST: readonly (readonly [field: string, pdu: Pdu])[] = [
  ['source_addr', { ...SUBMIT_SM, source_addr: 'x'.repeat(20) }],
  ['destination_addr', { ...SUBMIT_SM, destination_addr: '1'.repeat(20) }],
  ['short_message', { ...SUBMIT_SM, short_message: Buffer.alloc(254) }],
  [
    'message_payload',
    { ...SUBMIT_SM, short_message: Buffer.alloc(0), message_payload: Buffer.alloc(65_480) },
  ],
  ['system_id', { ...BIND, system_id: 'x'.repeat(15) }],
  ['password', { ...BIND, password: 'x'.repeat(8) }],
  ['system_type', { ...BIND, system_type: 'x'.repeat(12) }],
  [
    'message_id',
    { command: 'submit_sm_resp', command_status: 0, sequence_number: 1, message_id: 'x'.repeat(64) },
  ],
];

describe('encodePdu', () => {
  it('writes what decodePdu reads, whatever the PDU', () => {
    fc.assert(
      fc.property(anyPdu, (pdu) => {
        assert.deepEqual(decodePdu(encodePdu(pdu)), pdu);
      }),
      { numRuns: 2000 },
    );
  });

  for (const [field, pdu] of REFUSED) {
    it(`refuses a ${pdu.command} with a bad ${field}, naming the field`, () => {
      assert.throws(
        () => encodePdu(pdu),
        (error) => error instanceof SmppError && error.code === 'SMPP_PROTOCOL' && error.field === field,
      );
    });
  }

  it('never shows the value of a field that it refuses', () => {
    for (const [, pdu] of REFUSED) {
      assert.throws(
        () => encodePdu(pdu),
        (error) =>
          error instanceof SmppError && !/Secret|mega|\0/.test(JSON.stringify(error) + error.message),
      );
    }
  });

  for (const [field, pdu] of LONGEST) {
    it(`takes a ${pdu.command} with the longest ${field}`, () => {
      assert.deepEqual(decodePdu(encodePdu(pdu)), pdu);
    });
  }

  it('writes a character of Latin-1 as its octet', () => {
    assert.ok(encodePdu({ ...SUBMIT_SM, source_addr: 'Ærø' }).includes(Buffer.from([0xc6, 0x72, 0xf8, 0])));
  });

  it('says interface_version 3.4 in every bind (D28)', () => {
    const modes = ['bind_transmitter', 'bind_receiver', 'bind_transceiver'] as const;
    assert.deepEqual(
      modes.map((command) => encodePdu({ ...BIND, command }).at(-4)),
      [0x34, 0x34, 0x34],
    );
  });

  it('leaves the body of a refusing response out', () => {
    const pdu = {
      command: 'submit_sm_resp',
      command_status: 0x45,
      sequence_number: 1,
      message_id: 'id',
    } as const;
    assert.equal(encodePdu(pdu).length, 16);
  });

  it('echoes a sequence number beyond the specified range, as an answer must', () => {
    const pdu = { command: 'enquire_link_resp', command_status: 0, sequence_number: 0xffffffff } as const;
    assert.deepEqual(decodePdu(encodePdu(pdu)), pdu);
  });
});

describe('encodeAll', () => {
  it('has room for the longest of every field at once', () => {
    const address = 'x'.repeat(20);
    const message = { source_addr: address, destination_addr: address, short_message: Buffer.alloc(254, 7) };
    const parameters = {
      sar_msg_ref_num: 0xffff,
      sar_total_segments: 255,
      sar_segment_seqnum: 255,
      message_payload: Buffer.alloc(300, 8),
    };
    const pdus: Pdu[] = [
      { ...SUBMIT_SM, ...message, ...parameters, validity_period: '000001000000000R' },
      {
        ...DELIVER_SM,
        ...message,
        ...parameters,
        receipted_message_id: 'x'.repeat(64),
        message_state: 9,
        unknown_tlvs: new Map([[0x1400, Buffer.alloc(300, 9)]]),
      },
    ];
    assert.deepEqual(
      pdus.map((pdu) => decodePdu(encodeAll([pdu]))),
      pdus,
    );
  });

  it('writes the PDUs one after another', () => {
    fc.assert(
      fc.property(fc.array(anyPdu, { maxLength: 20 }), (pdus) => {
        assert.deepEqual(encodeAll(pdus), Buffer.concat(pdus.map((pdu) => encodePdu(pdu))));
      }),
      { numRuns: 200 },
    );
  });

  it('writes nothing for no PDUs', () => {
    assert.equal(encodeAll([]).length, 0);
  });

  it('refuses all when one cannot be written', () => {
    assert.throws(() => encodeAll([SUBMIT_SM, { ...SUBMIT_SM, destination_addr: '1'.repeat(21) }]));
  });
});
