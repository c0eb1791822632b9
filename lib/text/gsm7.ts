/**
 * The GSM 7-bit default alphabet and its extension table: text to septets and back.
 *
 * One septet stands in one octet, as SMPP carries it (gateway.md: data codings); packing eight septets into
 * seven octets is the gateway's business. National shift tables are not used: the gateway has no data coding
 * for them.
 * Source: 3GPP 23.038 §6.2.1 (alphabet) and §6.2.1.1 (extension table).
 */
import { SmppError } from '../errors.js';
import { codePointName, codeUnitsOf, textOfCodeUnits } from './code-units.js';
import { takeOctets } from './octet-pool.js';
import { OCTET_WORDS, readUnits, takeWritten, UNIT_WORDS, WRITTEN_OCTETS } from './octet-pool.js';

/** Character by septet, 0x00 to 0x7F; 0x1B is the escape to the extension table, not a character. */
const ALPHABET =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';

/** Character by the septet that follows an escape. */
const EXTENSION: readonly (readonly [septet: number, character: string])[] = [
  [0x0a, '\f'],
  [0x14, '^'],
  [0x28, '{'],
  [0x29, '}'],
  [0x2f, '\\'],
  [0x3c, '['],
  [0x3d, '~'],
  [0x3e, ']'],
  [0x40, '|'],
  [0x65, '€'],
];

export const ESCAPE = 0x1b;

/** In `SEPTET`: no such character. Not a septet of the extension table, so it cannot be mistaken for one. */
const MISSING = 0xff;
/** In `SEPTET`: the septet in the lower bits follows an escape. */
const ESCAPED = 0x80;

/** By UTF-16 code unit. All 65 536 stand in it, so that a look-up needs no test of its bounds. */
const SEPTET = new Uint8Array(0x10000).fill(MISSING);

/** By octet: the code unit it decodes to. An octet over 0x7F is no septet and becomes U+FFFD. */
const BASIC_UNIT = new Uint16Array(0x100).fill(0xfffd);

/** By the octet after an escape; 0 is none, for NUL is in neither table. */
const EXTENSION_UNIT = new Uint16Array(0x100);

for (let septet = 0; septet < ALPHABET.length; septet += 1) {
  BASIC_UNIT[septet] = ALPHABET.charCodeAt(septet);
  if (septet !== ESCAPE) SEPTET[ALPHABET.charCodeAt(septet)] = septet;
}
for (const [septet, character] of EXTENSION) {
  EXTENSION_UNIT[septet] = character.charCodeAt(0);
  SEPTET[character.charCodeAt(0)] = ESCAPED | septet;
}
// A lone escape, and one that is followed by another (reserved for a further table), show as a space: §6.2.1.
BASIC_UNIT[ESCAPE] = 0x20;

/** By two units of Latin-1, the first in the lower octet: their septets as `SEPTET` has them. Half the look-ups. */
const SEPTETS_OF_TWO = Uint16Array.from(
  { length: 0x10000 },
  (_, two) => septetOf(two & 0xff) | (septetOf(two >> 8) << 8),
);

/** What a unit beyond Latin-1 has, in two units at once. */
const ANY_WIDE = 0xff00ff00 | 0;

/** Names of this module: the compiler takes those for constants, which loops of this kind run twice as fast with. */
const READ = UNIT_WORDS;
const WRITTEN = OCTET_WORDS;

/** The marks of `SEPTET` in four octets at once. */
const ANY_MARK = 0x80808080 | 0;

/** Whether every character of `text` is in GSM 03.38 or its extension table. */
export function isGsm7(text: string): boolean {
  return firstMissing(text, 0) < 0;
}

/** Index of the first UTF-16 code unit from `start` on that GSM7 lacks; negative when there is none. */
export function firstMissing(text: string, start: number): number {
  for (let index = start; index < text.length; index += 1) {
    if (SEPTET[text.charCodeAt(index)] === MISSING) return index;
  }
  return -1;
}

/**
 * `text` as septets, one an octet, with an escape before each character of the extension table.
 *
 * @throws SmppError SMPP_MESSAGE naming the first character that GSM7 lacks
 */
export function encodeGsm7(text: string): Uint8Array {
  const octets = encodeGsm7IfPossible(text);
  if (octets !== undefined) return octets;
  throw missingCharacter(text);
}

/** As `encodeGsm7`; undefined when a character is not in GSM 03.38. */
export function encodeGsm7IfPossible(text: string): Uint8Array | undefined {
  if (!readUnits(text)) return withEscapes(Uint8Array.from(codeUnitsOf(text), septetOf), text.length);
  const seen = writeNarrow(text.length) ?? writeAny(text.length);
  return (seen & ANY_MARK) === 0 ? takeWritten(text.length) : withEscapes(WRITTEN_OCTETS, text.length);
}

/**
 * Septets, one an octet, as text. Never throws.
 *
 * An escape before a septet that the extension table lacks is passed over, and the septet shows as in the
 * default alphabet (3GPP 23.038 §6.2.1.1); an escape at the end, or before another, shows as a space; an octet
 * over 0x7F as U+FFFD.
 */
export function decodeGsm7(octets: Uint8Array): string {
  const units = new Uint16Array(octets.length);
  let length = 0;
  for (let index = 0; index < octets.length; index += 1) {
    let octet = octets[index] ?? 0;
    let extended = 0;
    if (octet === ESCAPE && index + 1 < octets.length) {
      index += 1;
      octet = octets[index] ?? 0;
      extended = EXTENSION_UNIT[octet] ?? 0;
    }
    units[length++] = extended === 0 ? (BASIC_UNIT[octet] ?? 0) : extended;
  }
  return textOfCodeUnits(units.subarray(0, length));
}

/**
 * Writes the septets of the units that were read, all of Latin-1: returns what is set in any of them. Undefined when
 * another unit was among them, and what was written means nothing.
 *
 * Without a branch in the loop it runs at twice the speed; few texts need the second way.
 */
function writeNarrow(length: number): number | undefined {
  let seen = 0;
  let units = 0;
  for (let index = 0; 4 * index < length; index += 1) {
    const first = READ[2 * index] ?? 0;
    const second = READ[2 * index + 1] ?? 0;
    const septets =
      (SEPTETS_OF_TWO[(first & 0xff) | ((first >>> 8) & 0xff00)] ?? 0) |
      ((SEPTETS_OF_TWO[(second & 0xff) | ((second >>> 8) & 0xff00)] ?? 0) << 16);
    WRITTEN[index] = septets;
    seen |= septets;
    units |= first | second;
  }
  return (units & ANY_WIDE) === 0 ? seen : undefined;
}

/** As `writeNarrow`, of any units. */
function writeAny(length: number): number {
  let seen = 0;
  for (let index = 0; 4 * index < length; index += 1) {
    const first = READ[2 * index] ?? 0;
    const second = READ[2 * index + 1] ?? 0;
    const septets =
      septetOf(first & 0xffff) |
      (septetOf(first >>> 16) << 8) |
      (septetOf(second & 0xffff) << 16) |
      (septetOf(second >>> 16) << 24);
    WRITTEN[index] = septets;
    seen |= septets;
  }
  return seen;
}

/** As `SEPTET` has it. */
function septetOf(unit: number): number {
  return SEPTET[unit] ?? MISSING;
}

/** The first `count` septets as `SEPTET` has them, with those of the extension table behind an escape; undefined if one is missing. */
function withEscapes(marked: Uint8Array, count: number): Uint8Array | undefined {
  let escapes = 0;
  for (let index = 0; index < count; index += 1) {
    const septet = marked[index] ?? MISSING;
    if (septet === MISSING) return undefined;
    escapes += septet >> 7;
  }
  const octets = takeOctets(count + escapes);
  let length = 0;
  for (let index = 0; index < count; index += 1) {
    const septet = marked[index] ?? MISSING;
    if (septet >= ESCAPED) octets[length++] = ESCAPE;
    octets[length++] = septet & 0x7f;
  }
  return octets;
}

function missingCharacter(text: string): SmppError {
  const index = firstMissing(text, 0);
  return new SmppError(
    'SMPP_MESSAGE',
    `text: GSM7 has no ${codePointName(text, index)} (index ${index}); leave it out, or use UTF-16`,
    { field: 'text' },
  );
}
