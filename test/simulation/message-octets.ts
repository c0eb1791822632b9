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

/**
 * How the parts of a long incoming SMS differ: `binary` the last is · `classes` every other is for the display, and a
 * euro sign is cut between any two · `halves` so is a character of two UTF-16 units · `marks` each begins with a byte order
 * mark.
 */
export type PartMix = 'plain' | 'binary' | 'classes' | 'halves' | 'marks';

const BINARY = 0x04;
const CLASS_0 = 0x10;
const PAGER = '\u{1f4df}';

/** What comes out of parts that say this. */
export function wholeText(texts: readonly string[], mix: PartMix): string {
  if (mix === 'binary') return texts.slice(0, -1).join('');
  return texts.join(mix === 'classes' ? '€' : mix === 'halves' ? PAGER : '');
}

interface PlaceOf {
  readonly reference: number;
  readonly total: number;
  readonly sequence: number;
}

function bodyOf(
  text: string,
  { total, sequence }: PlaceOf,
  mix: PartMix,
): [body: Buffer, dataCoding: number] {
  const isFirst = sequence === 1;
  const isLast = sequence === total;
  switch (mix) {
    case 'binary':
      return [Buffer.from(text, 'latin1'), isLast ? BINARY : 0];
    case 'classes':
      return [
        Buffer.from(`${isFirst ? '' : 'e'}${text}${isLast ? '' : '\u001b'}`, 'latin1'),
        sequence % 2 === 0 ? CLASS_0 : 0,
      ];
    case 'halves':
      return [utf16(`${isFirst ? '' : PAGER[1]}${text}${isLast ? '' : PAGER[0]}`), UCS2_BIT];
    case 'marks':
      return [utf16(`\ufeff${text}`), UCS2_BIT];
    default:
      return [Buffer.from(text, 'latin1'), 0];
  }
}

/** The higher octet first. */
function utf16(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

/** Fields of a deliver_sm that carries one part of an incoming SMS. */
export function partFields(
  text: string,
  place: PlaceOf,
  { carrier, mix }: { readonly carrier: PartCarrier; readonly mix: PartMix },
): Partial<ShortMessage> {
  const { reference, total, sequence } = place;
  const [body, data_coding] = bodyOf(text, place, mix);
  if (total === 1) return { data_coding, short_message: body };
  if (carrier === 'sar') {
    return {
      data_coding,
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
  return { data_coding, esm_class: UDH_BIT, short_message: Buffer.concat([Buffer.from(header), body]) };
}
