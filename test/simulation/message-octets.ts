/**
 * The content of a submit_sm as the model of the gateway reads it, and of a deliver_sm as it writes it.
 *
 * Own code: the client's text and user data headers are not trusted here.
 */
import type { ShortMessage, SubmitSm } from '../../lib/pdu/pdu.js';

export interface ReadSubmit {
  readonly text: string;
  readonly reference: number | undefined;
  readonly sequence: number;
  readonly total: number;
}

const UDH_BIT = 0x40;
const UCS2_BIT = 0x08;

export function readSubmit(pdu: SubmitSm): ReadSubmit {
  const octets = Buffer.from(pdu.message_payload ?? pdu.short_message);
  const headerLength = (pdu.esm_class & UDH_BIT) === 0 ? 0 : (octets[0] ?? 0) + 1;
  const text = readText(octets.subarray(headerLength), pdu.data_coding);
  return { text, ...readPlace(octets.subarray(0, headerLength), pdu) };
}

function readText(octets: Buffer, dataCoding: number): string {
  if ((dataCoding & UCS2_BIT) === 0) return octets.toString('latin1');
  return Buffer.from(octets).swap16().toString('utf16le');
}

function readPlace(header: Buffer, pdu: ShortMessage): Omit<ReadSubmit, 'text'> {
  if (header[1] === 0x00) return { reference: header[3], total: header[4] ?? 0, sequence: header[5] ?? 0 };
  if (header[1] === 0x08) {
    return { reference: header.readUInt16BE(3), total: header[5] ?? 0, sequence: header[6] ?? 0 };
  }
  return {
    reference: pdu.sar_msg_ref_num,
    total: pdu.sar_total_segments ?? 1,
    sequence: pdu.sar_segment_seqnum ?? 1,
  };
}

export type PartCarrier = 'udh8' | 'udh16' | 'sar';

/** Fields of a deliver_sm that carries one part of an incoming SMS. */
export function partFields(
  text: string,
  place: { readonly reference: number; readonly total: number; readonly sequence: number },
  carrier: PartCarrier,
): Partial<ShortMessage> {
  const { reference, total, sequence } = place;
  const body = Buffer.from(text, 'latin1');
  if (total === 1) return { short_message: body };
  if (carrier === 'sar') {
    return {
      short_message: body,
      sar_msg_ref_num: reference,
      sar_total_segments: total,
      sar_segment_seqnum: sequence,
    };
  }
  const header =
    carrier === 'udh8'
      ? [5, 0, 3, reference & 0xff, total, sequence]
      : [6, 8, 4, reference >> 8, reference & 0xff, total, sequence];
  return { esm_class: UDH_BIT, short_message: Buffer.concat([Buffer.from(header), body]) };
}
