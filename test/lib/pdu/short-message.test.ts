import assert from 'node:assert/strict';

import fc from 'fast-check';

import { SHORT_SENDER } from '../../../lib/address-type.js';
import type { Segment } from '../../../lib/message.js';
import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodePdu } from '../../../lib/pdu/encode.js';
import type { DeliverSm } from '../../../lib/pdu/pdu.js';
import { toDelivery, toSubmitSm } from '../../../lib/pdu/short-message.js';

const HOUR_MS = 3_600_000;

function segment(properties: Partial<Segment> = {}): Segment {
  return {
    to: '4512345678',
    from: 'inMobile',
    octets: Buffer.from('Hello'),
    dataCoding: 0,
    hasUserDataHeader: false,
    asPayload: false,
    receipt: 'always',
    validityMs: 24 * HOUR_MS,
    urgent: false,
    ...properties,
  };
}

function deliverSm(fields: Partial<DeliverSm> = {}): DeliverSm {
  return {
    command: 'deliver_sm',
    sequence_number: 1,
    source_addr_ton: 1,
    source_addr_npi: 1,
    source_addr: '4512345678',
    dest_addr_ton: 3,
    dest_addr_npi: 0,
    destination_addr: '1204',
    esm_class: 0,
    data_coding: 8,
    registered_delivery: 0,
    short_message: Buffer.from('OK'),
    ...fields,
  };
}

describe('toSubmitSm', () => {
  it('carries a segment', () => {
    assert.deepEqual(toSubmitSm(segment(), 7, SHORT_SENDER), {
      command: 'submit_sm',
      sequence_number: 7,
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
    });
  });

  for (const [from, ton, npi] of [
    ['inMobile', 5, 0],
    ['4x', 5, 0],
    ['12 34', 5, 0],
    ['1', 3, 0],
    ['12345678', 3, 0],
    ['123456789', 1, 1],
    ['451234567890123', 1, 1],
  ] as const) {
    it(`gives the sender "${from}" TON ${ton} and NPI ${npi}`, () => {
      const { source_addr_ton, source_addr_npi } = toSubmitSm(segment({ from }), 1, SHORT_SENDER);
      assert.deepEqual([source_addr_ton, source_addr_npi], [ton, npi]);
    });
  }

  it('gives a short sender the type that somebody chose for it', () => {
    const chosen = { ton: 0, npi: 1 };
    const types = ['12345678', '123456789', '12345678'].map((from, index) => {
      const pdu = toSubmitSm(segment({ from }), 1, index === 2 ? SHORT_SENDER : chosen);
      return [pdu.source_addr_ton, pdu.source_addr_npi];
    });
    assert.deepEqual(types, [
      [0, 1],
      [1, 1],
      [3, 0],
    ]);
  });

  for (const [receipt, bits] of [
    ['always', 1],
    ['on-failure', 2],
    ['never', 0],
  ] as const) {
    it(`asks for a receipt ${receipt} with registered_delivery ${bits}`, () => {
      assert.equal(toSubmitSm(segment({ receipt }), 1, SHORT_SENDER).registered_delivery, bits);
    });
  }

  it('marks a user data header in esm_class', () => {
    assert.equal(toSubmitSm(segment({ hasUserDataHeader: true }), 1, SHORT_SENDER).esm_class, 0x40);
  });

  it('marks an urgent segment in priority_flag', () => {
    assert.equal(toSubmitSm(segment({ urgent: true }), 1, SHORT_SENDER).priority_flag, 1);
  });

  for (const dataCoding of [0x00, 0x10, 0x08, 0x18]) {
    it(`keeps data coding ${dataCoding}`, () => {
      assert.equal(toSubmitSm(segment({ dataCoding }), 1, SHORT_SENDER).data_coding, dataCoding);
    });
  }

  it('puts a payload in message_payload, and nothing in short_message', () => {
    const { short_message, message_payload } = toSubmitSm(segment({ asPayload: true }), 1, SHORT_SENDER);
    assert.deepEqual([short_message.length, message_payload], [0, Buffer.from('Hello')]);
  });

  it('puts SAR numbers in their parameters', () => {
    const pdu = toSubmitSm(segment({ sar: { reference: 500, total: 3, sequence: 2 } }), 1, SHORT_SENDER);
    assert.deepEqual([pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum], [500, 3, 2]);
  });

  for (const [validityMs, validity_period] of [
    [1_000, '000000000001000R'],
    [1_999, '000000000001000R'],
    [61_000, '000000000101000R'],
    [300_000, '000000000500000R'],
    [24 * HOUR_MS - 1, '000000235959000R'],
    [24 * HOUR_MS, '000001000000000R'],
    [31 * 24 * HOUR_MS, '000031000000000R'],
  ] as const) {
    it(`writes ${validityMs} ms of validity as ${validity_period}`, () => {
      assert.equal(toSubmitSm(segment({ validityMs }), 1, SHORT_SENDER).validity_period, validity_period);
    });
  }

  it('leaves the validity to the gateway when none is given', () => {
    assert.equal(toSubmitSm(segment({ validityMs: undefined }), 1, SHORT_SENDER).validity_period, '');
  });

  for (const validityMs of [999, 0, -5_000]) {
    it(`writes ${validityMs} ms of validity as one second, since 0 would mean the gateway's default`, () => {
      assert.equal(toSubmitSm(segment({ validityMs }), 1, SHORT_SENDER).validity_period, '000000000001000R');
    });
  }

  for (const validityMs of [60 * 24 * HOUR_MS, Number.POSITIVE_INFINITY]) {
    it(`writes ${validityMs} ms of validity as 31 days`, () => {
      assert.equal(toSubmitSm(segment({ validityMs }), 1, SHORT_SENDER).validity_period, '000031000000000R');
    });
  }

  it('makes a submit_sm that can be written and read again', () => {
    const pdu = toSubmitSm(segment({ sar: { reference: 1, total: 2, sequence: 1 } }), 1, SHORT_SENDER);
    assert.deepEqual(decodePdu(encodePdu(pdu)), pdu);
  });

  it('never writes a validity longer than was asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 40 * 24 * HOUR_MS }), (validityMs) => {
        const { validity_period } = toSubmitSm(segment({ validityMs }), 1, SHORT_SENDER);
        const [, days, hours, minutes, seconds] = (
          /^0000(\d\d)(\d\d)(\d\d)(\d\d)000R$/.exec(validity_period) ?? []
        ).map(Number);
        assert.ok((((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000 <= validityMs);
      }),
    );
  });
});

describe('toDelivery', () => {
  it('says what a deliver_sm carries', () => {
    assert.deepEqual(toDelivery(deliverSm()), {
      from: '4512345678',
      to: '1204',
      octets: Buffer.from('OK'),
      dataCoding: 8,
      kind: 'sms',
      hasUserDataHeader: false,
    });
  });

  for (const [esm_class, kind] of [
    [0x00, 'sms'],
    [0x03, 'sms'],
    [0x40, 'sms'],
    [0x80, 'sms'],
    [0x04, 'receipt'],
    [0x07, 'receipt'],
    [0x44, 'receipt'],
    [0x20, 'notification'],
    [0x23, 'notification'],
    [0x08, 'other'],
    [0x10, 'other'],
    [0x18, 'other'],
    [0x24, 'other'],
  ] as const) {
    it(`takes esm_class 0x${esm_class.toString(16).padStart(2, '0')} for kind ${kind}`, () => {
      assert.equal(toDelivery(deliverSm({ esm_class })).kind, kind);
    });
  }

  it('knows a user data header by its bit, whatever the other bits', () => {
    assert.deepEqual(
      [0x40, 0x43, 0x44, 0xc0, 0x00, 0x83].map(
        (esm_class) => toDelivery(deliverSm({ esm_class })).hasUserDataHeader,
      ),
      [true, true, true, true, false, false],
    );
  });

  it('prefers message_payload to short_message', () => {
    assert.deepEqual(
      toDelivery(deliverSm({ message_payload: Buffer.from('Yes') })).octets,
      Buffer.from('Yes'),
    );
  });

  it('prefers short_message of a receipt, which is where its fields are', () => {
    const receipt = deliverSm({ esm_class: 4, message_payload: Buffer.from('The SMS itself') });
    assert.deepEqual(toDelivery(receipt).octets, Buffer.from('OK'));
  });

  it('takes message_payload of a receipt that has nothing in short_message', () => {
    const message_payload = Buffer.from('id:a-1');
    const receipt = deliverSm({ esm_class: 4, short_message: Buffer.alloc(0), message_payload });
    assert.deepEqual(toDelivery(receipt).octets, message_payload);
  });

  it('takes short_message when message_payload is empty', () => {
    assert.deepEqual(toDelivery(deliverSm({ message_payload: Buffer.alloc(0) })).octets, Buffer.from('OK'));
  });

  it('has the SAR numbers when all three are there', () => {
    const pdu = deliverSm({ sar_msg_ref_num: 500, sar_total_segments: 3, sar_segment_seqnum: 2 });
    assert.deepEqual(toDelivery(pdu).sar, { reference: 500, total: 3, sequence: 2 });
  });

  for (const missing of ['sar_msg_ref_num', 'sar_total_segments', 'sar_segment_seqnum'] as const) {
    it(`has no SAR numbers without ${missing}`, () => {
      const fields = { sar_msg_ref_num: 1, sar_total_segments: 2, sar_segment_seqnum: 1 };
      const present = Object.entries(fields).filter(([name]) => name !== missing);
      assert.equal('sar' in toDelivery(deliverSm(Object.fromEntries(present))), false);
    });
  }

  it('has the id and the state that a receipt has in parameters', () => {
    const { receiptedMessageId, messageState } = toDelivery(
      deliverSm({ receipted_message_id: 'ble50673', message_state: 0 }),
    );
    assert.deepEqual([receiptedMessageId, messageState], ['ble50673', 0]);
  });

  it('takes an empty receipted_message_id for none', () => {
    assert.equal('receiptedMessageId' in toDelivery(deliverSm({ receipted_message_id: '' })), false);
  });
});
