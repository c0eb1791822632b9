/**
 * Smart substitution: plain equivalents for characters that GSM7 lacks, so that one degree sign does not make
 * an SMS cost twice as much.
 *
 * Only what GSM7 lacks is ever replaced (never `æøåÆØÅ`, `é`, `€` or `Ω`), and only if the whole text then
 * fits. What has no plain equivalent, such as emoji and other scripts, is left and goes as UTF-16.
 * Source: contract 3.4; canonical decomposition by the Unicode Standard §3.11. The table is our own; what has
 * more than one reading is not in it, such as `÷`, which is also how Danes write a minus sign.
 */
import type { Substitution } from '../message.js';
import { firstMissing, isGsm7 } from './gsm7.js';

export interface SubstitutionRule {
  /** Characters and sequences that GSM7 lacks; of two that match, the longer one counts. */
  readonly from: readonly string[];
  readonly to: string;
}

/** What is replaced by what. Accented letters of Latin script stand in no rule: they lose their accent. */
export const SUBSTITUTIONS: readonly SubstitutionRule[] = [
  // Punctuation that word processors and phones put in by themselves.
  { from: each('‘’‚‛‹›′´`ʼʻʹ'), to: "'" },
  { from: each('“”„‟«»″'), to: '"' },
  { from: each('\u2010\u2011‒–—―−⁃'), to: '-' },
  { from: each('•‣◦▪'), to: '-' },
  { from: ['…'], to: '...' },
  { from: each('·∙⋅‧'), to: '.' },
  { from: ['¦'], to: '|' },
  // White space, and what nobody sees.
  { from: ['\t', '\u00a0', '\u1680', ...range(0x2000, 0x200a), '\u202f', '\u205f', '\u3000'], to: ' ' },
  { from: ['\v', '\u0085', '\u2028', '\u2029'], to: '\n' },
  { from: ['\u00ad', ...range(0x200b, 0x200f), ...range(0x202a, 0x202e), '\ufeff'], to: '' },
  { from: [...range(0x2060, 0x2064), ...range(0x2066, 0x2069), '\ufe0e', '\ufe0f'], to: '' },
  // Control characters, such as the NULs that pad a text from a PLC. CR, LF and FF are in GSM7.
  { from: [...range(0x00, 0x08), ...range(0x0e, 0x1f), ...range(0x7f, 0x84), ...range(0x86, 0x9f)], to: '' },
  // Units and measures. `º` and `˚` are what keyboards give for a degree sign.
  { from: ['°C', 'ºC', '˚C', '℃'], to: 'C' },
  { from: ['°F', 'ºF', '˚F', '℉'], to: 'F' },
  { from: each('°˚'), to: 'deg' },
  { from: each('µμ'), to: 'u' },
  { from: ['¹'], to: '1' },
  { from: ['²'], to: '2' },
  { from: ['³'], to: '3' },
  { from: ['½'], to: '1/2' },
  { from: ['¼'], to: '1/4' },
  { from: ['¾'], to: '3/4' },
  { from: ['±'], to: '+/-' },
  { from: ['×'], to: 'x' },
  { from: each('⁄∕'), to: '/' },
  { from: ['∗'], to: '*' },
  { from: ['∶'], to: ':' },
  { from: ['≤'], to: '<=' },
  { from: ['≥'], to: '>=' },
  { from: ['≠'], to: '!=' },
  { from: each('≈∼'), to: '~' },
  { from: ['→'], to: '->' },
  { from: ['←'], to: '<-' },
  { from: ['↔'], to: '<->' },
  { from: ['⇒'], to: '=>' },
  { from: ['∆'], to: 'Δ' },
  { from: ['∑'], to: 'Σ' },
  { from: ['∏'], to: 'Π' },
  // Signs.
  { from: ['©'], to: '(C)' },
  { from: ['®'], to: '(R)' },
  { from: ['™'], to: '(TM)' },
  { from: ['№'], to: 'No' },
  // Latin letters that are not a letter with an accent.
  { from: ['º'], to: 'o' },
  { from: ['ª'], to: 'a' },
  { from: ['ı'], to: 'i' },
  { from: ['ł'], to: 'l' },
  { from: ['Ł'], to: 'L' },
  { from: each('đð'), to: 'd' },
  { from: each('ĐÐ'), to: 'D' },
  { from: ['þ'], to: 'th' },
  { from: ['Þ'], to: 'Th' },
  { from: ['ħ'], to: 'h' },
  { from: ['Ħ'], to: 'H' },
  { from: ['ŧ'], to: 't' },
  { from: ['Ŧ'], to: 'T' },
  { from: ['ŋ'], to: 'ng' },
  { from: ['Ŋ'], to: 'NG' },
  { from: ['ǥ'], to: 'g' },
  { from: ['Ǥ'], to: 'G' },
  { from: ['ĸ'], to: 'q' }, // Greenlandic: so spelt since the reform of 1973
  { from: ['ŀ'], to: 'l' },
  { from: ['Ŀ'], to: 'L' },
  { from: ['ŉ'], to: "'n" },
  { from: ['ſ'], to: 's' },
  { from: ['ƒ'], to: 'f' },
  { from: ['œ'], to: 'oe' },
  { from: ['Œ'], to: 'OE' },
  { from: ['ẞ'], to: 'SS' },
  { from: ['ĳ'], to: 'ij' },
  { from: ['Ĳ'], to: 'IJ' },
  { from: ['ﬀ'], to: 'ff' },
  { from: ['ﬁ'], to: 'fi' },
  { from: ['ﬂ'], to: 'fl' },
  { from: ['ﬃ'], to: 'ffi' },
  { from: ['ﬄ'], to: 'ffl' },
];

/** Takes the place of a rule above right after a digit, where `10²` must not become 102, nor `1½` 11/2. */
export const SUBSTITUTIONS_AFTER_DIGIT: readonly SubstitutionRule[] = [
  { from: ['¹'], to: '^1' },
  { from: ['²'], to: '^2' },
  { from: ['³'], to: '^3' },
  { from: ['½'], to: ' 1/2' },
  { from: ['¼'], to: ' 1/4' },
  { from: ['¾'], to: ' 3/4' },
];

/** A character or sequence that GSM7 lacks. */
export interface Unfit {
  readonly from: string;
  /** In UTF-16 code units. */
  readonly index: number;
  /** Its plain equivalent, all in GSM7; undefined when it has none. */
  readonly to: string | undefined;
}

const REPLACEMENT = byCharacter(SUBSTITUTIONS);
const REPLACEMENT_AFTER_DIGIT = byCharacter(SUBSTITUTIONS_AFTER_DIGIT);

/** Combining marks but overlays. */
const ACCENTS = '\\u0300-\\u0333\\u0339-\\u036f';

/** Coloured form, tone of skin, and the tags that make a black flag England's. */
const EMOJI_ADDITIONS = '[\\ufe0f\\p{EMod}\\u{e0020}-\\u{e007f}]*';

/**
 * What has to be replaced as one, where it stands: a Latin letter with combining accents, a degree sign with its scale,
 * an emoji or flag with all that belongs to it, or any single character. Overlays (U+0334 to U+0338) are no accents: to
 * drop one would turn a text that is struck through into its opposite.
 */
const UNFIT = new RegExp(
  [
    `\\p{Script=Latin}[${ACCENTS}]+`,
    '[°º˚][CF]',
    '\\p{RI}{2}',
    `\\p{ExtPict}${EMOJI_ADDITIONS}(?:\\u200d\\p{ExtPict}${EMOJI_ADDITIONS})*`,
    '[^]',
  ].join('|'),
  'uy',
);

/** A letter that GSM7 has, with an accent of its own behind it. */
const ACCENTED = new RegExp(`\\p{Script=Latin}[${ACCENTS}]`, 'uy');

/** What may stand behind a degree sign. */
const SCALE_C = 0x43;
const SCALE_F = 0x46;

/** Everything in `text` that GSM7 lacks, in order; lazily, so that a caller can stop at the first. */
export function* unfitForGsm7(text: string): Generator<Unfit> {
  let end = 0;
  for (let missing = firstMissing(text, 0); missing >= 0; missing = firstMissing(text, end)) {
    const unfit = unfitAround(text, end, missing);
    end = unfit.index + unfit.from.length;
    yield unfit;
  }
}

/** @param end of the one before, which what is around `missing` cannot reach into */
function unfitAround(text: string, end: number, missing: number): Unfit {
  const index = isAccentOf(text, end, missing) ? missing - 1 : missing;
  const from = standsAlone(text, index) ? text.charAt(index) : unfitAt(text, index);
  return { from, index, to: replacementOf(from, isDigit(text.charCodeAt(index - 1))) };
}

/** Whether what is missing is an accent of a letter before it, which is no part of what was before. */
function isAccentOf(text: string, start: number, missing: number): boolean {
  if (missing === start || !isCombining(text.charCodeAt(missing))) return false;
  ACCENTED.lastIndex = missing - 1;
  return ACCENTED.test(text);
}

/** Whether nothing can belong to the character here: quicker than to ask what does, and true of nearly all. */
function standsAlone(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  const next = text.charCodeAt(index + 1);
  return !isSurrogate(unit) && !(next >= 0x300) && next !== SCALE_C && next !== SCALE_F;
}

function unfitAt(text: string, index: number): string {
  UNFIT.lastIndex = index;
  return UNFIT.exec(text)?.[0] ?? text.charAt(index);
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

function isCombining(unit: number): boolean {
  return unit >= 0x300 && unit <= 0x36f;
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/**
 * `text` with every character that GSM7 lacks replaced, and what was replaced; undefined when one has no plain
 * equivalent, for then the text goes as UTF-16 and is left alone. A text that is GSM7 comes back as it is.
 */
export function substitute(
  text: string,
): { readonly text: string; readonly substituted: Substitution[] } | undefined {
  const substituted: Substitution[] = [];
  let replaced = '';
  let copied = 0;
  for (let missing = firstMissing(text, 0); missing >= 0; missing = firstMissing(text, copied)) {
    // Beyond the basic plane nothing has an equivalent (an emoji, mostly): that is known without a look at it.
    if (isSurrogate(text.charCodeAt(missing))) return undefined;
    const { from, index, to } = unfitAround(text, copied, missing);
    if (to === undefined) return undefined;
    substituted.push({ from, to, index });
    replaced += text.slice(copied, index) + to;
    copied = index + from.length;
  }
  return { text: replaced + text.slice(copied), substituted };
}

function replacementOf(from: string, isAfterDigit: boolean): string | undefined {
  const afterDigit = isAfterDigit ? REPLACEMENT_AFTER_DIGIT.get(from) : undefined;
  return afterDigit ?? REPLACEMENT.get(from) ?? withoutEmojiStyle(from) ?? withoutAccents(from);
}

/** `©` followed by the selector of its coloured form is still `©`. */
function withoutEmojiStyle(from: string): string | undefined {
  return from.endsWith('\ufe0f') ? REPLACEMENT.get(from.slice(0, -1)) : undefined;
}

/** Letters are taken apart but once: few are ever used. */
const PLAIN_MAX = 1_000;
let plain = new Map<string, string | undefined>();

/** With its accents, in code units; of more marks normalising takes time that grows with the square of their count. */
const LETTER_MAX = 32;

function withoutAccents(from: string): string | undefined {
  if (from.length > LETTER_MAX) return undefined;
  if (plain.has(from)) return plain.get(from);
  if (plain.size >= PLAIN_MAX) plain = new Map();
  const letter = plainLetter(from);
  plain.set(from, letter);
  return letter;
}

/**
 * The composed form, or the letter with the first of its accents that GSM7 has, or the bare letter: `ế` becomes
 * `é`, `č` becomes `c`. Letters only, for the bar of `≮` is no accent.
 */
function plainLetter(from: string): string | undefined {
  const composed = from.normalize('NFC');
  if (isGsm7(composed)) return composed;
  const [letter = '', ...marks] = from.normalize('NFD');
  if (!/^\p{L}/u.test(letter)) return undefined;
  return [...marks, ''].map((mark) => (letter + mark).normalize('NFC')).find(isGsm7);
}

function byCharacter(rules: readonly SubstitutionRule[]): ReadonlyMap<string, string> {
  return new Map(rules.flatMap(({ from, to }) => from.map((character) => [character, to] as const)));
}

function each(characters: string): string[] {
  return Array.from(characters);
}

function range(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => String.fromCharCode(first + offset));
}
