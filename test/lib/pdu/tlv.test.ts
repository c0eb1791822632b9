import assert from 'node:assert/strict';

import { decodePdu } from '../../../lib/pdu/decode.js';
import type { DeliverSm, Pdu } from '../../../lib/pdu/pdu.js';
import { octetsOf } from '../../wire/golden-pdu.js';

const ID = 'ble50673-f8b8-41e8-a143-07a43bb8c86b';

function withTlvs(command_id: string, tlvs: string): Pdu {
  const octets = octetsOf(
    `00000000 ${command_id} 00000000 00000007 00 01 01 '45' 00 03 00 '1204' 00 00 00 00 00 00 00 00 00 00 00 ${tlvs}`,
  );
  octets.writeUInt32BE(octets.length, 0);
  return decodePdu(octets);
}

function deliverSm(tlvs: string): DeliverSm {
  const pdu = withTlvs('00000005', tlvs);
  assert.ok(pdu.command === 'deliver_sm');
  return pdu;
}

describe('TLVs of a deliver_sm', () => {
  for (const [how, tlv] of [
    ['with its NUL', `001E 0025 '${ID}' 00`],
    ['without a NUL', `001E 0024 '${ID}'`],
    ['with octets after its NUL', `001E 0027 '${ID}' 00 4142`],
  ] as const) {
    it(`reads a receipted_message_id ${how}`, () => {
      assert.equal(deliverSm(`${tlv} 0427 0001 02`).receipted_message_id, ID);
    });
  }

  it('reads what follows a receipted_message_id without a NUL (D21)', () => {
    assert.equal(deliverSm(`001E 0024 '${ID}' 0427 0001 02`).message_state, 2);
  });

  it('takes the first of a repeated message_payload', () => {
    assert.deepEqual(deliverSm("0424 0002 'OK' 0424 0003 'Yes'").message_payload, Buffer.from('OK'));
  });

  for (const [length, tlv] of [
    ['no octets', '0427 0000'],
    ['two octets', '0427 0002 0002'],
    ['four octets', '0427 0004 00000002'],
  ] as const) {
    it(`leaves message_state out when it has ${length} (D21)`, () => {
      assert.equal(deliverSm(tlv).message_state, undefined);
    });
  }

  it('keeps a parameter of the wrong size like an unknown one', () => {
    assert.deepEqual(deliverSm('0427 0002 0002').unknown_tlvs, new Map([[0x0427, Buffer.from([0, 2])]]));
  });

  it('takes the first of a repeated parameter', () => {
    assert.equal(deliverSm('0427 0001 02 0427 0001 05').message_state, 2);
  });

  it('takes the first of a repeated unknown parameter', () => {
    assert.deepEqual(deliverSm('1400 0001 01 1400 0001 02').unknown_tlvs?.get(0x1400), Buffer.from([1]));
  });

  it('takes the first of a repeated parameter that has the right size', () => {
    assert.equal(deliverSm('0427 0000 0427 0001 05').message_state, 5);
  });

  it('keeps unknown parameters by tag', () => {
    assert.deepEqual(
      deliverSm('0423 0003 03 0000 1400 0000').unknown_tlvs,
      new Map([
        [0x0423, Buffer.from([3, 0, 0])],
        [0x1400, Buffer.alloc(0)],
      ]),
    );
  });

  it('has no unknown_tlvs when each parameter is known', () => {
    assert.equal('unknown_tlvs' in deliverSm('0427 0001 02'), false);
  });

  it('reads ten thousand parameters', () => {
    assert.equal(deliverSm('1400 0000 '.repeat(10_000)).unknown_tlvs?.size, 1);
  });

  it('reads SAR parameters in any order', () => {
    const { sar_msg_ref_num, sar_total_segments, sar_segment_seqnum } = deliverSm(
      '020F 0001 02 020C 0002 0102 020E 0001 03',
    );
    assert.deepEqual([sar_msg_ref_num, sar_total_segments, sar_segment_seqnum], [0x0102, 3, 2]);
  });

  it('reads an empty message_payload', () => {
    assert.deepEqual(deliverSm('0424 0000').message_payload, Buffer.alloc(0));
  });
});

describe('TLVs of a submit_sm', () => {
  it('are ignored when they are none of its own', () => {
    assert.deepEqual(withTlvs('00000004', '0427 0001 02 1400 0001 01'), withTlvs('00000004', ''));
  });
});
