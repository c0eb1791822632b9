/**
 * From what people write for a phone number to the digits that the gateway takes; pure.
 *
 * The default country decides only how a number without a country code is read. Whether a number exists is for
 * the gateway to say: numbering plans change faster than the tables of any package.
 * Source: gateway.md, numbers (international format, digits only); contract section 3.1, `defaultCountry`.
 */
import {
  isSupportedCountry,
  parsePhoneNumberFromString,
  type CountryCode,
  type PhoneNumber,
} from 'libphonenumber-js/min';
import { maskNumber, SmppError } from '../../lib/errors.js';

/** E.164 allows 15 digits; with its country code no subscriber's number has fewer than 7. */
const DIGITS_MIN = 7;
const DIGITS_MAX = 15;

/**
 * Blanks of every kind, and the marks for writing direction that come along when a number is copied. Not what
 * ends a line: two numbers on two lines are not one.
 */
const INVISIBLE = /[\t\p{Zs}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const PUNCTUATION = /[().\-/\u2010-\u2015]/g;
/** What a spreadsheet makes of a number: its decimal would become a digit. No number is grouped so. */
const DECIMAL = /\.\d$/;
/** `+44 (0)20…`: the trunk prefix of a national call, not part of the number. */
const TRUNK_PREFIX = '(0)';

/** Numbers read before, by country and by how they were written: alarms go to the same few again and again. */
const known = new Map<CountryCode | undefined, Map<string, string>>();
/** Per country; beyond it they are read again. */
const KNOWN_MAX = 10_000;
/** A number is not longer; what is will be refused. */
const KNOWN_CHARACTERS_MAX = 40;

/** The country of the form as an ISO code, or undefined when numbers must be international. */
export function readCountry(value: string): CountryCode | undefined {
  const code = value.trim().toUpperCase();
  if (code === '') return undefined;
  if (isSupportedCountry(code)) return code;
  throw new SmppError(
    'SMPP_OPTIONS',
    'defaultCountry: it is not the two-letter code of a country, such as DK or SE; leave it empty when every ' +
      'number is international',
    { field: 'defaultCountry' },
  );
}

/**
 * A phone number as digits with its country code, such as `4512345678`.
 *
 * Takes `+`, `00`, `tel:`, spaces, brackets, dashes and full-width digits; digits that are as long as a number
 * of the default country are national.
 *
 * @param field name of the property, for the error
 * @throws SMPP_MESSAGE naming the field, the value (masked) and the remedy
 */
export function readNumber(value: unknown, field: string, country: CountryCode | undefined): string {
  if (typeof value !== 'string' || value.length > KNOWN_CHARACTERS_MAX) return read(value, field, country);
  let numbers = known.get(country);
  if (numbers === undefined) known.set(country, (numbers = new Map<string, string>()));
  const before = numbers.get(value);
  if (before !== undefined) return before;
  const number = read(value, field, country);
  if (numbers.size >= KNOWN_MAX) numbers.clear();
  numbers.set(value, number);
  return number;
}

function read(value: unknown, field: string, country: CountryCode | undefined): string {
  const written = writtenNumber(value, field);
  const isInternational = /^(\+|00)/.test(written);
  const digits = written.replace(/^(\+|00)/, '');
  if (!/^\d+$/.test(digits)) throw refuse(field, value, 'has something else than digits in it', country);
  const national = isInternational ? undefined : asNational(digits, country);
  const number = national ?? digits;
  if (number.startsWith('0')) throw refuse(field, value, 'has no country code', country);
  if (number.length < DIGITS_MIN || number.length > DIGITS_MAX) {
    throw refuse(field, value, `has ${number.length} digits`, country);
  }
  return number;
}

/** Whether two ways of writing mean the same number; a short code is equal to itself only. */
export function isSameNumber(one: string, other: string, country: CountryCode | undefined): boolean {
  return comparable(one, country) === comparable(other, country);
}

function comparable(value: string, country: CountryCode | undefined): string {
  const written = withoutMarks(value);
  if (/^(\+|00)\d+$/.test(written)) return written.replace(/^(\+|00)/, '');
  return /^\d+$/.test(written) ? (asNational(written, country) ?? written) : written.toLowerCase();
}

function writtenNumber(value: unknown, field: string): string {
  if (value === undefined || value === null || value === '') {
    throw new SmppError('SMPP_MESSAGE', `${field}: the recipient is missing: give a phone number`, { field });
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    const kind = Array.isArray(value) ? 'an array' : typeof value;
    throw new SmppError('SMPP_MESSAGE', `${field}: a phone number is text or digits, not ${kind}`, { field });
  }
  const text = String(value).trim();
  const isWhole = typeof value === 'string' ? !DECIMAL.test(text) : Number.isSafeInteger(value) && value > 0;
  return isWhole ? withoutMarks(text) : text;
}

function withoutMarks(value: string): string {
  return value
    .normalize('NFKC')
    .replace(INVISIBLE, '')
    .replace(/^tel:/i, '')
    .replace(TRUNK_PREFIX, '')
    .replace(PUNCTUATION, '');
}

/** The number with its country code, when the digits are what one would dial inside the country. */
function asNational(digits: string, country: CountryCode | undefined): string | undefined {
  if (country === undefined) return undefined;
  const number = parsePhoneNumberFromString(digits, country);
  if (!number?.isPossible()) return undefined;
  return isDialledSo(number, digits) ? number.number.slice(1) : undefined;
}

/** False for a number that lacks the country's trunk prefix: then its first digits are a country code. */
function isDialledSo(number: PhoneNumber, digits: string): boolean {
  return number.formatNational().replace(/\D/g, '') === digits;
}

function refuse(field: string, value: unknown, reason: string, country: CountryCode | undefined): SmppError {
  const remedy =
    country === undefined
      ? 'write the country code and the number, such as 4512345678'
      : `write the country code and the number, such as 4512345678, or a number of ${country}`;
  return new SmppError('SMPP_MESSAGE', `${field}: ${maskNumber(value)} ${reason}: ${remedy}`, { field });
}
