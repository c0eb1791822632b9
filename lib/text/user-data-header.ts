/**
 * The user data header (UDH): what joins the segments of a long SMS.
 *
 * It stands before the text in the same octets. Only the two concatenation elements are read or written; of national
 * shift tables it is told that there are some, and any other (ports) is passed over. In SMPP the septets after it are
 * not packed, so there are no fill bits.
 * Source: 3GPP 23.040 §9.2.3.24, §9.2.3.24.1 (8-bit reference), §9.2.3.24.8 (16-bit reference), §9.2.3.24.15 and 16
 * (national shift tables).
 */
/** Bits of the reference. 16 leaves one septet or UTF-16 unit less for text, and collides less often. */
export type ReferenceWidth = 8 | 16;

/** Place of one segment in its long SMS. */
export interface Concatenation {
  /** The same in all segments of one SMS. */
  readonly reference: number;
  /** 1 to 255. */
  readonly total: number;
  /** 1 to `total`. */
  readonly sequence: number;
}

export interface UserData {
  /** The octets after the header; a view, not a copy. */
  readonly body: Uint8Array;
  readonly concatenation?: Concatenation & { readonly width: ReferenceWidth };
  /** Septets of the text are not those of the default alphabet and its extension table. */
  readonly hasNationalTable?: true;
}

type Elements = Omit<UserData, 'body'>;

const IEI_CONCATENATION_8 = 0x00;
const IEI_CONCATENATION_16 = 0x08;
const IEI_NATIONAL_SINGLE_SHIFT = 0x24;
const IEI_NATIONAL_LOCKING_SHIFT = 0x25;

/** Writes the header to the beginning of `octets`; returns its length. */
export function writeConcatenationHeader(
  octets: Uint8Array,
  { reference, total, sequence }: Concatenation,
  width: ReferenceWidth,
): number {
  const length = width === 8 ? 6 : 7;
  octets[0] = length - 1;
  octets[1] = width === 8 ? IEI_CONCATENATION_8 : IEI_CONCATENATION_16;
  octets[2] = length - 3;
  if (width === 16) octets[3] = reference >> 8;
  octets[length - 3] = reference;
  octets[length - 2] = total;
  octets[length - 1] = sequence;
  return length;
}

/**
 * Parts header and text. Never throws, whatever the octets are.
 *
 * A header that is longer than the octets is not one: all of them are body, so that nothing is lost. An element
 * that runs past the header ends the reading of it. Of several valid concatenation elements the last counts
 * (3GPP 23.040 §9.2.3.24); one with total 0, or a sequence outside 1 to total, is ignored (§9.2.3.24.1).
 */
export function parseUserData(octets: Uint8Array, hasHeader: boolean): UserData {
  const end = 1 + (octets[0] ?? 0);
  if (!hasHeader || end > octets.length) return { body: octets };
  const body = octets.subarray(end);
  let elements: Elements = {};
  let at = 1;
  while (at + 2 <= end) {
    const data = at + 2;
    const next = data + (octets[at + 1] ?? 0);
    if (next > end) break;
    elements = withElement(elements, octets[at], octets.subarray(data, next));
    at = next;
  }
  return { body, ...elements };
}

function withElement(before: Elements, identifier: number | undefined, data: Uint8Array): Elements {
  if (identifier === IEI_NATIONAL_SINGLE_SHIFT || identifier === IEI_NATIONAL_LOCKING_SHIFT)
    return { ...before, hasNationalTable: true };
  const concatenation = readConcatenation(identifier, data);
  return concatenation === undefined ? before : { ...before, concatenation };
}

function readConcatenation(identifier: number | undefined, data: Uint8Array): UserData['concatenation'] {
  const [first = 0, second = 0, third = 0, fourth = 0] = data;
  if (identifier === IEI_CONCATENATION_8 && data.length === 3) {
    return validPlace({ reference: first, total: second, sequence: third, width: 8 });
  }
  if (identifier === IEI_CONCATENATION_16 && data.length === 4) {
    return validPlace({ reference: (first << 8) | second, total: third, sequence: fourth, width: 16 });
  }
  return undefined;
}

/** Total 0 has no valid sequence either. */
function validPlace(place: NonNullable<UserData['concatenation']>): UserData['concatenation'] {
  return place.sequence >= 1 && place.sequence <= place.total ? place : undefined;
}
