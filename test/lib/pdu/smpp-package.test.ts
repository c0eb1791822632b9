/**
 * The codec against an independent one, the npm package `smpp`: the same octets for the same fields, and
 * each reads what the other writes. Left out is only what the package gets wrong (D19, D22, D26).
 */
import assert from 'node:assert/strict';

import fc from 'fast-check';
import { PDU } from 'smpp';

import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodePdu } from '../../../lib/pdu/encode.js';
import type { DeliverSm, Pdu, SubmitSm } from '../../../lib/pdu/pdu.js';
import { anyPdu, deliverSm, submitSm } from './arbitraries.js';

/** The package drops parameters that it does not know (D22). */
function withoutUnknownTlvs(pdu: Pdu): Exclude<Pdu, { command: 'unknown' }> {
  assert.ok(pdu.command !== 'unknown');
  if (pdu.command !== 'deliver_sm') return pdu;
  const known: DeliverSm & { unknown_tlvs?: unknown } = { ...pdu };
  delete known.unknown_tlvs;
  return known;
}

/** The package's octets for the same fields; it writes interface_version 5.0 unless told (D28). */
function packageOctets(pdu: Exclude<Pdu, { command: 'unknown' }>): Buffer {
  return new PDU(pdu.command, { ...pdu, interface_version: 0x34 }).toBuffer();
}

const BINARY = 0x04;
const UDH_INDICATOR = 0x40;

/** The package keeps octets only of binary content without a user data header (D15, D19). */
function keptByPackage<Message extends SubmitSm | DeliverSm>(pdu: Message): Message {
  return { ...pdu, data_coding: BINARY, esm_class: pdu.esm_class & ~UDH_INDICATOR };
}

const SAME_FIELDS = [
  'command',
  'sequence_number',
  'source_addr_ton',
  'source_addr_npi',
  'source_addr',
  'dest_addr_ton',
  'dest_addr_npi',
  'destination_addr',
  'esm_class',
  'data_coding',
  'registered_delivery',
  'sar_msg_ref_num',
  'sar_total_segments',
  'sar_segment_seqnum',
  'receipted_message_id',
  'message_state',
] as const;

function sameFieldsOf(pdu: object): unknown[] {
  const fields = pdu as Readonly<Record<string, unknown>>;
  return SAME_FIELDS.map((name) => fields[name]);
}

function messageOf(field: unknown): unknown {
  return (field as { readonly message: unknown } | undefined)?.message;
}

describe('the codec and the npm package smpp', () => {
  it('write the same octets for any PDU', () => {
    fc.assert(
      fc.property(anyPdu.map(withoutUnknownTlvs), (pdu) => {
        assert.equal(encodePdu(pdu).toString('hex'), packageOctets(pdu).toString('hex'));
      }),
      { numRuns: 2000 },
    );
  });

  it('write the same octets for any submit_sm', () => {
    fc.assert(
      fc.property(submitSm, (pdu) => {
        assert.equal(encodePdu(pdu).toString('hex'), packageOctets(pdu).toString('hex'));
      }),
      { numRuns: 2000 },
    );
  });

  it('write the same octets for any deliver_sm', () => {
    fc.assert(
      fc.property(deliverSm.map(withoutUnknownTlvs), (pdu) => {
        assert.equal(encodePdu(pdu).toString('hex'), packageOctets(pdu).toString('hex'));
      }),
      { numRuns: 2000 },
    );
  });

  it('agree on any PDU that the package writes', () => {
    fc.assert(
      fc.property(anyPdu.map(withoutUnknownTlvs), (pdu) => {
        assert.deepEqual(decodePdu(packageOctets(pdu)), pdu);
      }),
      { numRuns: 2000 },
    );
  });

  it('agree on the fields of any message that the codec writes', () => {
    fc.assert(
      fc.property(fc.oneof(submitSm, deliverSm), (pdu) => {
        assert.deepEqual(sameFieldsOf(new PDU(encodePdu(pdu))), sameFieldsOf(pdu));
      }),
      { numRuns: 2000 },
    );
  });

  it('agree on the octets of any binary message that the codec writes', () => {
    fc.assert(
      fc.property(fc.oneof(submitSm, deliverSm).map(keptByPackage), (pdu) => {
        const read = new PDU(encodePdu(pdu));
        assert.deepEqual(
          [messageOf(read.short_message), messageOf(read.message_payload)],
          [pdu.short_message, pdu.message_payload],
        );
      }),
      { numRuns: 2000 },
    );
  });
});
