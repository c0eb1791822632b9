/**
 * The octet `data_coding`: which alphabet a message is in, whether it is flash, and its octets as text.
 *
 * Sending uses inMobile's four values only; reading survives all 256. SMPP 3.4 §5.2.19 gives 0x00 to 0x0F its
 * own meaning and takes the rest from 3GPP 23.038 §4:
 *
 * | data_coding            | alphabet                                                       | flash     |
 * | ---------------------- | -------------------------------------------------------------- | --------- |
 * | 0x00                   | gsm7 (the gateway's default)                                   | no        |
 * | 0x01, 0x03             | latin1 (IA5 is a subset of it)                                 | no        |
 * | 0x08                   | ucs2                                                           | no        |
 * | 0x02, 0x04             | binary                                                         | no        |
 * | 0x05-0x07, 0x09, 0x0A, 0x0D, 0x0E | binary: JIS, Cyrillic, Hebrew, Korean … are not decoded | no        |
 * | 0x0B, 0x0C, 0x0F       | gsm7: reserved                                                 | no        |
 * | 0x10-0x1F              | bits 3-2: gsm7, binary, ucs2, reserved                         | class 0   |
 * | 0x20-0x3F, 0x60-0x7F   | binary: compressed text                                        | class 0 * |
 * | 0x40-0x5F              | as 0x10-0x1F (to be deleted when read)                         | class 0 * |
 * | 0x80-0xBF              | gsm7: reserved                                                 | no        |
 * | 0xC0-0xDF, 0xE0-0xEF   | gsm7, ucs2 (message waiting)                                   | no        |
 * | 0xF0-0xFF              | bit 2: gsm7, binary                                            | class 0   |
 *
 * \* where bit 4 says that the class bits mean something. Reserved values are read as GSM7, as 23.038 §4 asks.
 */
import { DATA_CODING } from '../inmobile.js';
import type { InboundEncoding } from '../message.js';
import { textOfCodeUnits } from './code-units.js';
import { decodeGsm7, encodeGsm7 } from './gsm7.js';
import { OCTET_WORDS, readUnits, takeWritten, UNIT_WORDS } from './octet-pool.js';

/** What the gateway takes (gateway.md: data codings). `ucs2` is UTF-16, big-endian. */
export type Encoding = 'gsm7' | 'ucs2';

/** SMPP 3.4 §5.2.19, by the value 0x00 to 0x0F. */
const SMPP_ALPHABETS: readonly InboundEncoding[] = [
  'gsm7',
  'latin1',
  'binary',
  'latin1',
  'binary',
  'binary',
  'binary',
  'binary',
  'ucs2',
  'binary',
  'binary',
  'gsm7',
  'gsm7',
  'binary',
  'binary',
  'gsm7',
];

/** 3GPP 23.038 §4, by bits 3-2 of the general groups; the last is reserved. */
const GENERAL_ALPHABETS: readonly InboundEncoding[] = ['gsm7', 'binary', 'ucs2', 'gsm7'];

/** Names of this module: see `gsm7.ts`. */
const READ = UNIT_WORDS;
const WRITTEN = OCTET_WORDS;

/** inMobile's `data_coding` for text in this encoding; `flash` is message class 0. */
export function dataCodingOf(encoding: Encoding, flash: boolean): number {
  if (encoding === 'gsm7') return flash ? DATA_CODING.gsm7Flash : DATA_CODING.gsm7;
  return flash ? DATA_CODING.ucs2Flash : DATA_CODING.ucs2;
}

/** What any octet `data_coding` says; the table is at the head of this file. */
export function readDataCoding(dataCoding: number): {
  readonly encoding: InboundEncoding;
  readonly flash: boolean;
} {
  const group = (dataCoding >> 4) & 0x0f;
  const isClassZero = (dataCoding & 0b11) === 0;
  if (group === 0) return { encoding: SMPP_ALPHABETS[dataCoding & 0x0f] ?? 'gsm7', flash: false };
  if (group < 8) return { encoding: generalAlphabet(dataCoding), flash: (group & 1) === 1 && isClassZero };
  if (group === 0xf) return { encoding: (dataCoding & 0b100) === 0 ? 'gsm7' : 'binary', flash: isClassZero };
  return { encoding: group === 0xe ? 'ucs2' : 'gsm7', flash: false };
}

/**
 * `text` as octets: GSM7 septets one an octet, or UTF-16 in big-endian order without a byte order mark.
 *
 * @throws SmppError SMPP_MESSAGE when the encoding is `gsm7` and a character is not in it
 */
export function encodeText(text: string, encoding: Encoding): Uint8Array {
  return encoding === 'gsm7' ? encodeGsm7(text) : encodeUtf16(text);
}

/**
 * Octets as text. Never throws; binary is '', because its octets are not text.
 *
 * UTF-16 is big-endian unless a byte order mark says otherwise, and the mark is no part of the text. Lone
 * surrogates survive; half a code unit at the end becomes U+FFFD, for something was there.
 */
export function decodeText(octets: Uint8Array, encoding: InboundEncoding): string {
  switch (encoding) {
    case 'gsm7':
      return decodeGsm7(octets);
    case 'ucs2':
      return decodeUtf16(octets);
    case 'latin1':
      return textOfCodeUnits(new Uint16Array(octets));
    case 'binary':
      return '';
  }
}

/** Bit 5 is compression (3GPP 23.042), which no phone in use sends and nothing here undoes. */
function generalAlphabet(dataCoding: number): InboundEncoding {
  if ((dataCoding & 0x20) !== 0) return 'binary';
  return GENERAL_ALPHABETS[(dataCoding >> 2) & 0b11] ?? 'gsm7';
}

function encodeUtf16(text: string): Uint8Array {
  if (!readUnits(text)) return encodeLongUtf16(text);
  const { length } = text;
  for (let index = 0; 2 * index < length; index += 1) {
    const units = READ[index] ?? 0;
    WRITTEN[index] = ((units & 0x00ff00ff) << 8) | ((units >>> 8) & 0x00ff00ff);
  }
  return takeWritten(2 * length);
}

/** Unit by unit: for texts that no SMS holds, and machines of the other order of octets. */
function encodeLongUtf16(text: string): Uint8Array {
  const octets = new Uint8Array(2 * text.length);
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    octets[2 * index] = unit >> 8;
    octets[2 * index + 1] = unit & 0xff;
  }
  return octets;
}

function decodeUtf16(octets: Uint8Array): string {
  const mark = ((octets[0] ?? 0) << 8) | (octets[1] ?? 0);
  const start = mark === 0xfeff || mark === 0xfffe ? 2 : 0;
  const high = mark === 0xfffe ? 1 : 0;
  const units = new Uint16Array((octets.length - start + 1) >> 1);
  for (let index = 0; index < units.length; index += 1) {
    const at = start + 2 * index;
    units[index] = ((octets[at + high] ?? 0) << 8) | (octets[at + 1 - high] ?? 0);
  }
  if ((octets.length - start) % 2 === 1) units[units.length - 1] = 0xfffd;
  return textOfCodeUnits(units);
}
