/**
 * Text to octets and back, and a text to the parts of a long message, for the simulated gateway.
 *
 * On the npm package's GSM 03.38 tables and Node's UTF-16, not on `lib/text`: an error of ours must not meet
 * its mirror image here.
 * Source: gateway.md (data codings); 3GPP 23.038 §6; 3GPP 23.040 §9.2.3.24.1.
 */
import { encodings } from 'smpp';
import { DATA_CODING } from '../inmobile.js';

/** Octets of text in one part: 140 octets of SMS less the header, in septets or UTF-16 code units. */
const GSM7_SINGLE_MAX = 160;
const GSM7_PART_MAX = 152;
const UTF16_SINGLE_MAX = 140;
const UTF16_PART_MAX = 132;
const ESCAPE = 0x1b;

/** Whether the gateway knows this data coding. */
export function isKnownDataCoding(dataCoding: number): boolean {
  return (Object.values(DATA_CODING) as readonly number[]).includes(dataCoding);
}

/** The text of a message in one of the four data codings, without its user data header. */
export function readText(octets: Buffer, dataCoding: number): string {
  if (!isUtf16(dataCoding)) return encodings.ASCII.decode(octets);
  const whole = Buffer.from(octets.subarray(0, octets.length & ~1));
  return whole.swap16().toString('utf16le');
}

/** A text as the octets of one message, in GSM7 where it fits. */
export function writeText(text: string, isFlash: boolean): { octets: Buffer; dataCoding: number } {
  if (encodings.ASCII.match(text)) {
    const dataCoding = isFlash ? DATA_CODING.gsm7Flash : DATA_CODING.gsm7;
    return { octets: encodings.ASCII.encode(text), dataCoding };
  }
  const dataCoding = isFlash ? DATA_CODING.ucs2Flash : DATA_CODING.ucs2;
  return { octets: Buffer.from(text, 'utf16le').swap16(), dataCoding };
}

/** Octets cut to what fits one SMS each, never inside an escape pair or a surrogate pair. */
export function splitOctets(octets: Buffer, dataCoding: number): Buffer[] {
  const isWide = isUtf16(dataCoding);
  if (octets.length <= (isWide ? UTF16_SINGLE_MAX : GSM7_SINGLE_MAX)) return [octets];
  const parts: Buffer[] = [];
  for (let start = 0; start < octets.length;) {
    const end = cutAt(octets, start + (isWide ? UTF16_PART_MAX : GSM7_PART_MAX), isWide);
    parts.push(octets.subarray(start, end));
    start = end;
  }
  return parts;
}

function cutAt(octets: Buffer, end: number, isWide: boolean): number {
  if (end >= octets.length) return octets.length;
  if (isWide) return isHighSurrogate(octets[end - 2]) ? end - 2 : end;
  return octets[end - 1] === ESCAPE ? end - 1 : end;
}

const isUtf16 = (dataCoding: number): boolean =>
  dataCoding === DATA_CODING.ucs2 || dataCoding === DATA_CODING.ucs2Flash;

const isHighSurrogate = (octet: number | undefined): boolean =>
  octet !== undefined && (octet & 0xfc) === 0xd8;
