/**
 * Writes DER, the encoding of certificates: as much of it as `certificate.ts` needs. It reads nothing.
 *
 * Source: ITU-T X.690 §8 and §10.
 */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** From this year on a date is a GeneralizedTime (RFC 5280 §4.1.2.5). */
const GENERALIZED_TIME_YEAR = 2050;

/** One element: tag, length, content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(body.length), body]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => element(TAG.sequence, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => element(TAG.set, ...items);
export const octetString = (octets: Uint8Array): Buffer => element(TAG.octetString, octets);
export const utf8String = (text: string): Buffer => element(TAG.utf8String, Buffer.from(text, 'utf8'));
export const boolean = (value: boolean): Buffer => element(TAG.boolean, Buffer.from([value ? 0xff : 0]));

/** Whole octets, so no unused bits unless said. */
export const bitString = (octets: Uint8Array, unusedBits = 0): Buffer =>
  element(TAG.bitString, Buffer.from([unusedBits]), octets);

/** A number that is not negative, big-endian. */
export function integer(octets: Uint8Array): Buffer {
  const needsSign = ((octets[0] ?? 0) & 0x80) !== 0;
  return element(TAG.integer, needsSign ? Buffer.concat([Buffer.from([0]), octets]) : octets);
}

/** @param dotted such as `2.5.4.3` */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return element(TAG.objectId, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** A date with seconds, in UTC. */
export function time(date: Date): Buffer {
  const digits = date
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const isGeneralized = date.getUTCFullYear() >= GENERALIZED_TIME_YEAR;
  return isGeneralized
    ? element(TAG.generalizedTime, Buffer.from(digits, 'latin1'))
    : element(TAG.utcTime, Buffer.from(digits.slice(2), 'latin1'));
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}

function base128(value: number): number[] {
  const octets = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) octets.unshift((rest & 0x7f) | 0x80);
  return octets;
}
