/**
 * Choices of a form as a flow file has them; pure.
 *
 * A flow that an older version or a hand wrote may lack any of them, and have a truth value as text.
 */
import { SmppError } from '../../lib/errors.js';

export type Form = Readonly<Record<string, unknown>>;

/**
 * One of `words`; the first of them when the property is absent.
 *
 * @throws SMPP_OPTIONS naming the property and the words
 */
export function readChoice<const T extends string>(
  form: Form,
  field: string,
  words: readonly [T, ...T[]],
): T {
  const value = form[field];
  if (isAbsent(value)) return words[0];
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw refuse(field, `it is one of ${words.join(', ')}`);
}

/**
 * A truth value; undefined when the property is absent.
 *
 * @throws SMPP_OPTIONS naming the property
 */
export function readFlag(form: Form, field: string): boolean | undefined {
  const value = form[field];
  if (isAbsent(value)) return undefined;
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw refuse(field, 'it is true or false');
}

/** Blanks are nothing that anybody chose, and no number: JavaScript reads them as 0. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function refuse(field: string, reason: string): SmppError {
  return new SmppError('SMPP_OPTIONS', `${field}: ${reason}`, { field });
}
