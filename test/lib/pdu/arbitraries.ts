/** Generated PDUs for the property tests: any that SMPP 3.4 allows and the codec writes. */
import fc from 'fast-check';

import type { DeliverSm, Pdu, ShortMessage, SubmitSm } from '../../../lib/pdu/pdu.js';

const octet = fc.nat(0xff);
const sequence_number = fc.integer({ min: 1, max: 0x7fffffff });
const command_status = fc.oneof(fc.constant(0), fc.nat(0xff), fc.constant(0x400));

/** Characters without NUL; ASCII, as the specification has it. */
function ascii(lengthMax: number): fc.Arbitrary<string> {
  const unit = fc.integer({ min: 1, max: 0x7f }).map((code) => String.fromCharCode(code));
  return fc.string({ unit, maxLength: lengthMax });
}

function octets(lengthMax: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ maxLength: lengthMax }).map((value) => Buffer.from(value));
}

const mandatory = {
  source_addr_ton: octet,
  source_addr_npi: octet,
  source_addr: ascii(20),
  dest_addr_ton: octet,
  dest_addr_npi: octet,
  destination_addr: ascii(20),
  esm_class: octet,
  data_coding: octet,
  registered_delivery: octet,
  short_message: octets(254),
};

const optional = {
  sar_msg_ref_num: fc.nat(0xffff),
  sar_total_segments: octet,
  sar_segment_seqnum: octet,
  message_payload: octets(600),
};

const requiredMessageKeys = Object.keys(mandatory) as (keyof typeof mandatory)[];

/** The fields that submit_sm and deliver_sm share, each optional one there or not. */
const shortMessage: fc.Arbitrary<ShortMessage> = fc
  .record({ ...mandatory, ...optional }, { requiredKeys: requiredMessageKeys })
  .map((fields) => ({ ...fields }));

export const submitSm: fc.Arbitrary<SubmitSm> = fc
  .record({
    sequence_number,
    shortMessage,
    priority_flag: octet,
    validity_period: fc.constantFrom('', '000001000000000R', '260131235959000+'),
  })
  .map(({ shortMessage: message, ...rest }) => ({ command: 'submit_sm', ...message, ...rest }));

/** Tags that no field of ours stands for. */
const unknown_tlvs = fc
  .array(fc.tuple(fc.integer({ min: 0x1400, max: 0x3fff }), octets(40)), { minLength: 1, maxLength: 5 })
  .map((entries) => new Map(entries));

export const deliverSm: fc.Arbitrary<DeliverSm> = fc
  .record({
    sequence_number,
    shortMessage,
    receipt: fc.record(
      { receipted_message_id: ascii(64), message_state: octet, unknown_tlvs },
      { requiredKeys: [] },
    ),
  })
  .map(({ sequence_number: sequence, shortMessage: message, receipt }) => ({
    command: 'deliver_sm',
    sequence_number: sequence,
    ...message,
    ...receipt,
  }));

const bind: fc.Arbitrary<Pdu> = fc
  .record({ sequence_number, system_id: ascii(15), password: ascii(8), system_type: ascii(12) })
  .chain((fields) =>
    fc
      .constantFrom('bind_transmitter' as const, 'bind_receiver' as const, 'bind_transceiver' as const)
      .map((command) => ({ command, ...fields })),
  );

const bindResp: fc.Arbitrary<Pdu> = fc
  .tuple(
    fc.constantFrom(
      'bind_transmitter_resp' as const,
      'bind_receiver_resp' as const,
      'bind_transceiver_resp' as const,
    ),
    sequence_number,
    ascii(15),
  )
  .map(([command, sequence, system_id]) => ({
    command,
    sequence_number: sequence,
    command_status: 0,
    system_id,
  }));

const submitSmResp: fc.Arbitrary<Pdu> = fc
  .tuple(sequence_number, command_status, ascii(64))
  .map(([sequence, status, id]) => ({
    command: 'submit_sm_resp',
    sequence_number: sequence,
    command_status: status,
    message_id: status === 0 ? id : '',
  }));

const statusAlone: fc.Arbitrary<Pdu> = fc
  .tuple(
    fc.constantFrom(
      'deliver_sm_resp' as const,
      'enquire_link_resp' as const,
      'unbind_resp' as const,
      'generic_nack' as const,
    ),
    sequence_number,
    command_status,
  )
  .map(([command, sequence, status]) => ({ command, sequence_number: sequence, command_status: status }));

const headerAlone: fc.Arbitrary<Pdu> = fc
  .tuple(fc.constantFrom('enquire_link' as const, 'unbind' as const), sequence_number)
  .map(([command, sequence]) => ({ command, sequence_number: sequence }));

export const anyPdu: fc.Arbitrary<Pdu> = fc.oneof(
  submitSm,
  deliverSm,
  bind,
  bindResp,
  submitSmResp,
  statusAlone,
  headerAlone,
);
