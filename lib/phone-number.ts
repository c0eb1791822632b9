/**
 * From what people write for a phone number to the digits that the gateway takes; pure.
 *
 *   with +, 00 or what one dials for abroad there ............ international
 *   begins with the default country's own code, and is valid so  international
 *   as one dials it inside the default country ............... national
 *   else (such as a national number without its 0) ........... whichever of the two it is valid as; as both: refused
 *
 * Whether a number exists is for the gateway to say; here it is how many digits each country's have, and with which
 * they begin where that decides between two readings.
 * Source: gateway.md, numbers (international format, digits only); contract sections 2 and 3.1, `defaultCountry`.
 */
import {
  getCountries,
  getCountryCallingCode,
  isSupportedCountry,
  Metadata,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/min';
import { kindOf, maskNumber, SmppError } from './errors.js';

export type { CountryCode } from 'libphonenumber-js/min';

/** E.164 allows 15 digits; with its country code no subscriber's number has fewer than 7. */
const DIGITS_MIN = 7;
const DIGITS_MAX = 15;
/** Country codes have one to three (ITU-T E.164 §6.2.1). */
const CODE_DIGITS_MAX = 3;
/** With all that people write around the digits. Nothing longer is looked at. */
export const WRITTEN_MAX = 200;
const ZERO = 0x30;
/** Needs nothing done to it, as most. */
const PLAIN = new RegExp(`^\\+?[1-9]\\d{${DIGITS_MIN - 1},${DIGITS_MAX - 1}}$`);

/** What people write as a digit or sign of double width in East Asia: ASCII lies so far below. */
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const FULL_WIDTH_FROM_ASCII = 0xfee0;
/**
 * Blanks of every kind, and the marks for writing direction and hyphenation that come along when a number is copied. Not
 * what ends a line: two numbers on two lines are not one.
 */
const INVISIBLE = /[\t\u00ad\p{Zs}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
/** Of these nobody thinks that two numbers lie at their sides; of a slash one may. */
const PUNCTUATION = /[().\-\u2010-\u2015\u2212]/g;
/** What a spreadsheet makes of a number: its decimal would become a digit. No number is grouped so. */
const DECIMAL = /\.\d$/;
const INTERNATIONAL_PREFIX = /^(?:\+|00)/;
/** What one leaves out who dials from abroad. */
const TRUNK = '(0)';
/** In North America one dials a 1 which is its country code: two are one too many, or the end of another prefix. */
const DIALLED_IN_NORTH_AMERICA = '11';
/** Machines' numbers in Denmark and Norway have 12 digits behind the country code, which the package does not know. */
const MACHINE = /^(?:4537|475[89])\d{10}$/;
/** Of what one dials for abroad in Indonesia the package knows but 008 and 009. */
const DIALLED_IN_INDONESIA = '00[1789]';

/** The country as an ISO code, or undefined when it is blank. */
export function readCountry(value: string): CountryCode | undefined {
  const code = value.trim().toUpperCase();
  if (code === '') return undefined;
  if (isSupportedCountry(code)) return code;
  throw new SmppError(
    'SMPP_OPTIONS',
    'defaultCountry: must be the two-letter code of a country, such as DK, or empty when every number is international',
    { field: 'defaultCountry' },
  );
}

/**
 * A phone number as digits with its country code, such as `4512345678`.
 *
 * Takes `+`, `00`, what the country dials for abroad, `tel:`, blanks, brackets, dashes, dots and full-width digits.
 *
 * @param field name of the property, for the error
 * @param country whose numbers may lack the country code; without one all must have it
 * @throws SMPP_MESSAGE naming the field, the value (masked) and the remedy
 */
export function readNumber(value: unknown, field: string, country: CountryCode | undefined): string {
  if (typeof value === 'string' && PLAIN.test(value)) {
    const plain = value.startsWith('+') ? plainAbroad(value.slice(1)) : plainOf(value, country);
    if (plain !== undefined) return plain;
  }
  const written = writtenNumber(value, field);
  const digits = written.replace(INTERNATIONAL_PREFIX, '');
  if (!/^\d+$/.test(digits)) throw refuse(field, `must be one phone number, ${strayOf(written)}`, value);
  const read = readDigits(written, trunkIn(value), country);
  if (read.other !== undefined) {
    throw refuse(field, readTwoWays(read.number, read.other, digits === written ? country : undefined));
  }
  if (read.number === undefined) throw refuse(field, notValid(digits, country), value);
  return read.number;
}

/**
 * One of our own numbers, which may be a short code, as it is written: for `isSameNumber`.
 *
 * @param field name of the property, for the error
 * @throws SMPP_MESSAGE when it can be no number: it would be equal to none
 */
export function readOwnNumber(value: unknown, field: string): string {
  const written = writtenNumber(value, field);
  const digits = written.replace(INTERNATIONAL_PREFIX, '');
  if (!/^\d+$/.test(digits)) {
    throw refuse(field, `must be one phone number or short code, ${strayOf(written)}`, value);
  }
  if (digits.length <= DIGITS_MAX) return String(value);
  throw refuse(field, `must be one phone number or short code, has ${digits.length} digits`, value);
}

/** Whether a way of writing means the number that the gateway writes so; a short code is equal to itself only. */
export function isSameNumber(written: string, digits: string, country: CountryCode | undefined): boolean {
  if (written.length > WRITTEN_MAX || digits.length > WRITTEN_MAX) return written === digits;
  const [asWritten, reading] = [withoutMarks(written), readingOf(written, country)];
  const given = withoutMarks(digits);
  return asWritten === given || reading === given || reading === readingOf(digits, country);
}

/** A text without what carries nothing in a phone number, if it is one: blanks, brackets, dashes, dots, `tel:`. */
export function withoutMarks(text: string): string {
  return withoutBlanks(text).replace(/^tel:/i, '').replace(PUNCTUATION, '');
}

function withoutBlanks(text: string): string {
  return text
    .trim()
    .replace(FULL_WIDTH, (sign) => String.fromCharCode(sign.charCodeAt(0) - FULL_WIDTH_FROM_ASCII))
    .replace(INVISIBLE, '');
}

/** Whether it is a number as a spreadsheet writes it, whose last digit is none of it. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text.trim());
}

/** A number as text. @throws SMPP_MESSAGE when it is not exact */
export function wholeNumber(value: number, field: string): string {
  if (Number.isSafeInteger(value) && value > 0) return String(value);
  throw refuse(field, `must be text or a whole number, ${faultOf(value)}`, value);
}

function faultOf(value: number): string {
  if (value <= 0) return 'is not above 0';
  return Number.isInteger(value) ? 'is too large to be exact' : 'is not whole';
}

/** What some digits are; `other` where they may as well be that. */
interface Read {
  readonly number: string | undefined;
  readonly other?: string;
}

function writtenNumber(value: unknown, field: string): string {
  if (value === undefined || value === null || value === '') {
    throw refuse(field, 'must be a phone number such as 4512345678, is missing');
  }
  if (typeof value === 'number') return wholeNumber(value, field);
  if (typeof value === 'string' && value.length > WRITTEN_MAX)
    throw refuse(field, `must be one phone number, has ${value.length} characters`);
  if (typeof value === 'string') return isDecimal(value) ? value : withoutMarks(value);
  throw refuse(field, `must be a phone number, is ${kindOf(value)}`);
}

/** For a comparison: the number, or what is written where that is none. */
function readingOf(text: string, country: CountryCode | undefined): string {
  const written = withoutMarks(text);
  const digits = written.replace(INTERNATIONAL_PREFIX, '');
  if (!/^\d+$/.test(digits)) return written.toLowerCase();
  const { number, other } = readDigits(written, trunkIn(text), country);
  return number === undefined || other !== undefined ? digits : number;
}

/** @param trunkAt as of `trunkIn` */
function readDigits(written: string, trunkAt: number | undefined, country: CountryCode | undefined): Read {
  const behind = behindPrefix(written, country);
  if (behind.length === 0) return readBare(written, country);
  const numbers = behind.flatMap((digits) => {
    const at = trunkAt === undefined ? undefined : trunkAt - (written.length - digits.length);
    return at !== undefined && planOf(digits)?.code.length === at ? readTrunk(digits, at) : abroadOf(digits);
  });
  const [number, other] = new Set(numbers.filter((one) => one !== undefined));
  return other === undefined ? { number } : { number, other };
}

/** What lies behind + or 00, and behind the longer prefix that is dialled in the country; empty for other digits. */
function behindPrefix(written: string, country: CountryCode | undefined): readonly string[] {
  if (written.startsWith('+')) return [written.slice('+'.length)];
  if (!written.startsWith('00')) return [];
  const digits = written.slice('00'.length);
  if (country === undefined || isValidOf(homeOf(country), digits)) return [digits];
  const dialled = homeOf(country).dialled?.exec(written)?.[0];
  return dialled === undefined || dialled === '00' ? [digits] : [digits, written.slice(dialled.length)];
}

/** How many signs lie before the (0) once the marks are gone. */
function trunkIn(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const [before, after] = withoutBlanks(value).split(TRUNK, 2);
  return before === undefined || after === undefined ? undefined : withoutMarks(before).length;
}

/** Left out is the 0, unless only with it the number is valid, as in Italy; valid both ways, it may be either. */
function readTrunk(digits: string, at: number): readonly (string | undefined)[] {
  const kept = judge(parsePhoneNumberFromString(`+${digits}`));
  const left = judge(parsePhoneNumberFromString(`+${digits.slice(0, at)}${digits.slice(at + 1)}`));
  if (kept.validity < VALID) return [left.number];
  return left.validity < VALID ? [kept.number] : [left.number, kept.number];
}

/** Digits behind a prefix. The trunk prefix that many write between, as in +44 020, is not part of the number. */
function abroadOf(digits: string): string | undefined {
  const plain = plainAbroad(digits);
  if (plain !== undefined) return plain;
  if (MACHINE.test(digits)) return digits;
  const { number } = judge(parsePhoneNumberFromString(`+${digits}`));
  return number !== digits && digits.startsWith(DIALLED_IN_NORTH_AMERICA) ? undefined : number;
}

/** Digits without a prefix. */
function readBare(digits: string, country: CountryCode | undefined): Read {
  const asAbroad = digits.startsWith('0') ? NO_NUMBER : judge(parsePhoneNumberFromString(`+${digits}`));
  const abroad = asAbroad.number === digits ? asAbroad : NO_NUMBER;
  if (country === undefined || isValidOf(homeOf(country), abroad.number)) return sureOf(abroad);
  const parsed = parsePhoneNumberFromString(digits, country);
  const home = judge(parsed);
  if (home.validity < abroad.validity) return sureOf(abroad);
  const isSure =
    home.validity > abroad.validity || home.number === abroad.number || isDialledSo(parsed, digits);
  return isSure || abroad.number === undefined ? home : { number: home.number, other: abroad.number };
}

/** How sure it is that digits are a number: none, one by their count, or by the digits that they begin with too. */
type Validity = 0 | 1 | 2;

const VALID: Validity = 2;
const NO_NUMBER = { number: undefined, validity: 0 } as const;

function sureOf(abroad: Read): Read {
  return sure(abroad.number) === undefined ? NO_NUMBER : abroad;
}

/**
 * A number that may lack its prefix. Where a country has numbers of many lengths the count of digits says little: a
 * national number of another country, or one that lacks a digit, would be one of them; it must begin as they do.
 */
function sure(abroad: string | undefined): string | undefined {
  const plan = abroad === undefined ? undefined : planOf(abroad);
  if (abroad === undefined || plan === undefined || plan.lengths.size === 1) return abroad;
  return plan.pattern.test(abroad.slice(plan.code.length)) ? abroad : undefined;
}

function judge(parsed: PhoneNumber | undefined): Read & { readonly validity: Validity } {
  const number = parsed?.number.slice('+'.length) ?? '';
  const isOfLength = number.length >= DIGITS_MIN && number.length <= DIGITS_MAX;
  if (!isOfLength || parsed?.isPossible() !== true || !isSettled(number)) return NO_NUMBER;
  return { number, validity: parsed.isValid() ? VALID : 1 };
}

/** The package may leave out a trunk prefix, but of several zeros it would leave out one each time. */
function isSettled(number: string): boolean {
  return (
    plainAbroad(number) !== undefined || parsePhoneNumberFromString(`+${number}`)?.number === `+${number}`
  );
}

/** False for a national number that lacks the trunk prefix with which it is dialled. */
function isDialledSo(number: PhoneNumber | undefined, digits: string): boolean {
  return number?.formatNational().replace(/\D/g, '') === digits;
}

/**
 * Digits without + that nobody doubts, found without the package's parser, which takes more than all else that is done
 * for an SMS; undefined when it must be asked.
 */
function plainOf(digits: string, country: CountryCode | undefined): string | undefined {
  const abroad = sure(plainAbroad(digits));
  if (country === undefined) return abroad;
  const home = homeOf(country);
  if (!mayBeNational(home, digits) || isValidOf(home, abroad)) return abroad;
  // Where there is no prefix to be dialled, a national number is dialled as it is.
  if (home.prefix !== undefined || planOf(digits)?.code === home.code) return undefined;
  return home.pattern.test(digits) ? home.code + digits : undefined;
}

function mayBeNational({ lengths, prefix }: Plan, digits: string): boolean {
  return lengths.has(digits.length) || prefix?.test(digits) === true;
}

/** Whether digits with a country code are a valid number of that country. */
function isValidOf({ code, pattern }: Plan, digits: string | undefined): boolean {
  return digits?.startsWith(code) === true && pattern.test(digits.slice(code.length));
}

/** Digits that are as many as numbers of their country are, behind its code. */
function plainAbroad(digits: string): string | undefined {
  const plan = planOf(digits);
  if (plan === undefined || digits.length < DIGITS_MIN || digits.length > DIGITS_MAX) return undefined;
  const { code, lengths, prefix } = plan;
  if (!lengths.has(digits.length - code.length)) return undefined;
  return prefix?.test(digits.slice(code.length)) === true ? undefined : digits;
}

/** How the numbers of a country are made up. */
interface Plan {
  /** Its country code. */
  readonly code: string;
  /** How many digits numbers have without it. */
  readonly lengths: ReadonlySet<number>;
  /** Of a national number that is valid. */
  readonly pattern: RegExp;
  /** What may be dialled before a national number, such as 0. */
  readonly prefix: RegExp | undefined;
  /** What is dialled before a country code, where it may be longer than 00. */
  readonly dialled: RegExp | undefined;
}

/**
 * By country code as a number, since every SMS is looked up here. Where several countries share it: the lengths that all
 * have, the patterns and prefixes of any.
 */
const plans: Plan[] = [];
const homes = new Map<CountryCode, Plan>();

/** Of the country whose code digits begin with; no code begins as another does, and none with a 0. */
function planOf(digits: string): Plan | undefined {
  if (plans.length === 0) fillPlans();
  if (digits.startsWith('0')) return undefined;
  let code = 0;
  for (let at = 0; at < CODE_DIGITS_MAX; at += 1) {
    code = 10 * code + digits.charCodeAt(at) - ZERO;
    const plan = plans[code];
    if (plan !== undefined) return plan;
  }
  return undefined;
}

function fillPlans(): void {
  for (const country of getCountries()) {
    const plan = homeOf(country);
    const code = Number(plan.code);
    const other = plans[code];
    plans[code] = other === undefined ? plan : shared(plan, other);
  }
}

function shared(one: Plan, other: Plan): Plan {
  const lengths = new Set([...one.lengths].filter((length) => other.lengths.has(length)));
  const prefixes = [one.prefix, other.prefix].filter((prefix) => prefix !== undefined);
  const prefix =
    prefixes.length === 0 ? undefined : new RegExp(prefixes.map(({ source }) => source).join('|'));
  const pattern = new RegExp(`${one.pattern.source}|${other.pattern.source}`);
  return { ...one, lengths, pattern, prefix };
}

function homeOf(country: CountryCode): Plan {
  let home = homes.get(country);
  if (home === undefined) homes.set(country, (home = readPlan(country)));
  return home;
}

/** Of the package's metadata, more than its types say; its version is fixed. */
interface NumberingPlan {
  possibleLengths(): readonly number[];
  nationalNumberPattern(): string;
  nationalPrefixForParsing(): string | undefined;
  IDDPrefix(): string | undefined;
}

function readPlan(country: CountryCode): Plan {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  const plan = metadata.numberingPlan as unknown as NumberingPlan;
  const prefix = plan.nationalPrefixForParsing();
  const dialled = country === 'ID' ? DIALLED_IN_INDONESIA : plan.IDDPrefix();
  return {
    code: getCountryCallingCode(country),
    lengths: new Set(plan.possibleLengths()),
    pattern: new RegExp(`^(?:${plan.nationalNumberPattern()})$`),
    prefix: prefix === undefined ? undefined : new RegExp(`^(?:${prefix})`),
    dialled: dialled === undefined ? undefined : new RegExp(`^(?:${dialled})`),
  };
}

/** What two numbers have between them, and what no number has; the first that is there is named. */
const STRAYS: readonly (readonly [RegExp, string])[] = [
  [/\//, 'has a slash'],
  [/,/, 'has a comma'],
  [/;/, 'has a semicolon'],
  [/[\r\n]/, 'has several lines'],
  [/\p{L}/u, 'has letters'],
  [/.\+/, 'has a + inside'],
  [DECIMAL, 'ends as a decimal number does'],
  [/[^\d+]/, 'has a character that no number has'],
];

function strayOf(written: string): string {
  return STRAYS.find(([stray]) => stray.test(written))?.[1] ?? 'has no digits';
}

function notValid(digits: string, country: CountryCode | undefined): string {
  const orNational = country === undefined ? '' : ` or one of ${country},`;
  return `must be a phone number with country code, such as 4512345678,${orNational} ${misfitOf(digits)}`;
}

function misfitOf(digits: string): string {
  if (digits.length < DIGITS_MIN || digits.length > DIGITS_MAX) return `has ${digits.length} digits`;
  return digits.startsWith('0') ? 'has no country code' : 'fits no country';
}

function readTwoWays(number: string | undefined, other: string, country: CountryCode | undefined): string {
  const [one, two] = [maskNumber(number), maskNumber(other)];
  const readings = country === undefined ? `${one} or ${two}` : `${one} (${country}) or ${two} (abroad)`;
  return `must have + and its country code, may be ${readings}`;
}

function refuse(field: string, reason: string, value?: unknown): SmppError {
  const named = value === undefined ? '' : `: ${maskNumber(value)}`;
  return new SmppError('SMPP_MESSAGE', `${field}: ${reason}${named}`, { field });
}
