/**
 * From what people write for a sender to what stands in source_addr; pure.
 *
 * Source: gateway.md (source_addr: the gateway cuts it after 15 characters in silence); 3GPP 23.040 §9.1.2.5.
 */
import { kindOf, SmppError } from './errors.js';
import { ALPHANUMERIC_SENDER_MAX, SOURCE_ADDR_MAX } from './inmobile.js';
import { isDecimal, wholeNumber, withoutMarks, WRITTEN_MAX } from './phone-number.js';

/**
 * A name of at most 11 characters as it is, or a number as digits.
 *
 * @param field `from` of an SMS, or `sender` of a gateway
 * @throws SMPP_MESSAGE naming the field; of the gateway's own sender SMPP_OPTIONS
 */
export function readSender(value: unknown, field: 'from' | 'sender'): string {
  if (isBlank(value)) {
    throw refuse(
      field,
      `must be a name of at most ${ALPHANUMERIC_SENDER_MAX} characters or a phone number, is missing`,
    );
  }
  const given = typeof value === 'number' ? wholeNumber(value, field) : value;
  if (typeof given !== 'string') throw refuse(field, `must be text, is ${kindOf(given)}`);
  if (given.length > WRITTEN_MAX) throw tooLong(field, given);
  const text = given.trim();
  const digits = digitsOf(text);
  if (/^\d+$/.test(digits)) {
    if (digits.length <= SOURCE_ADDR_MAX) return digits;
    throw refuse(field, `must have at most ${SOURCE_ADDR_MAX} digits, has ${digits.length}`);
  }
  if (!/^[\x20-\x7e]+$/.test(text)) {
    throw refuse(field, 'must be A to Z, digits and plain punctuation, has a character outside ASCII');
  }
  if (text.length > ALPHANUMERIC_SENDER_MAX) throw tooLong(field, text);
  return text;
}

function tooLong(field: 'from' | 'sender', { length }: string): SmppError {
  return refuse(field, `must have at most ${ALPHANUMERIC_SENDER_MAX} characters, has ${length}`);
}

/** Whether a value is absent, or text that nobody can see. */
export function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

/** What is left of a number once what carries nothing is gone; the text itself when it cannot be one. */
function digitsOf(text: string): string {
  return isDecimal(text) ? text : withoutMarks(text).replace(/^\+|^00/, '');
}

function refuse(field: string, reason: string): SmppError {
  const code = field === 'sender' ? 'SMPP_OPTIONS' : 'SMPP_MESSAGE';
  return new SmppError(code, `${field}: ${reason}`, { field });
}
