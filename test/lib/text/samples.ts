/** Texts that tests of this folder share: the alphabet by the specification's own table, and hostile strings. */
import fc from 'fast-check';

/** 3GPP 23.038 §6.2.1, typed anew column by column, so that a slip in the code's table is not repeated here. */
const COLUMNS = [
  ['@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å'],
  ['Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', undefined, 'Æ', 'æ', 'ß', 'É'],
  [' ', '!', '"', '#', '¤', '%', '&', "'", '(', ')', '*', '+', ',', '-', '.', '/'],
  ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?'],
  ['¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O'],
  ['P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§'],
  ['¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o'],
  ['p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à'],
];

/** 3GPP 23.038 §6.2.1.1. */
const EXTENDED: readonly (readonly [string, number])[] = [
  ['\f', 0x0a],
  ['^', 0x14],
  ['{', 0x28],
  ['}', 0x29],
  ['\\', 0x2f],
  ['[', 0x3c],
  ['~', 0x3d],
  [']', 0x3e],
  ['|', 0x40],
  ['€', 0x65],
];

/** All 137 characters with their octets. */
export const GSM7: readonly (readonly [character: string, octets: readonly number[]])[] = [
  ...COLUMNS.flat().flatMap((character, septet) =>
    character === undefined ? [] : [[character, [septet]] as const],
  ),
  ...EXTENDED.map(([character, septet]) => [character, [0x1b, septet]] as const),
];

export const GSM7_CHARACTERS: readonly string[] = GSM7.map(([character]) => character);

/** What a cut or a substitution may stumble over. */
const HOSTILE = [
  ...['😀', '👍🏽', '👨‍👩‍👧', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🇩🇰', '🇸', '1️⃣', '❤️', '©️'],
  ...['e\u0301', 'a\u030a', 'x\u0302\u0323', 'क्षि', '각', 'नि', '\u0301', '\u200d', '\ufe0f'],
  ...['\r\n', '\r', '\n', '\t', '\0', '\u001b', '\ufeff', '\ufffd'],
  ...['°', '°C', '“', '…', '²', 'ç', 'Ł', 'Ж', '中', '≮'],
  ...['\ud83d', '\ude00', '\udbff\udfff'],
];

/**
 * Any text: lone surrogates, clusters of all kinds and the whole of Unicode among GSM7. Not U+FFFE, which is no
 * character: at the start of octets it is a byte order mark.
 */
export const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...GSM7_CHARACTERS),
      fc.constantFrom(...HOSTILE),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 90 }),
    ),
    { maxLength: 120 },
  )
  .map((pieces) => pieces.join('').replaceAll('\ufffe', ''));

export const gsm7Text = fc
  .array(fc.oneof(fc.constantFrom(...GSM7_CHARACTERS), fc.constantFrom('\r\n', '€', '[', ']')), {
    maxLength: 500,
  })
  .map((characters) => characters.join(''));

/** Text that is UTF-16 and mostly clusters. */
export const clusterText = fc
  .array(fc.constantFrom(...HOSTILE.filter((piece) => !/\p{Surrogate}/u.test(piece)), 'a', 'é', 'Ж'), {
    maxLength: 200,
  })
  .map((pieces) => pieces.join(''));
