/**
 * What a smpp-send node without a name says of itself: to whom it sends; pure.
 *
 * A number that stands in the form is shown in part: the workspace is seen by more people than the form.
 */

import { numbersIn } from '../shared/number.editor.js';

/** Longer would hide the neighbours. */
const LENGTH_MAX = 20;

/** Digits that are shown at the ends of a number. */
const SHOWN_FIRST = 4;
const SHOWN_LAST = 2;

/** To whom it sends, in short; undefined when the form says nothing of its own. */
export function recipientLabel(to: unknown, type: unknown): string | undefined {
  if ((typeof to !== 'string' && typeof to !== 'number') || to === '') return undefined;
  const text = String(to);
  if (type === 'str') return maskedNumbers(numbersIn(text));
  const isDefault = type === 'msg' && text === 'to';
  const hasName = type === 'msg' || type === 'flow' || type === 'global';
  return hasName && !isDefault ? shortened(`${type}.${text}`) : undefined;
}

/** The first, and how many more there are. */
function maskedNumbers([first = '', ...others]: readonly string[]): string | undefined {
  const masked = maskedNumber(first);
  return masked === undefined || others.length === 0 ? masked : `${masked} +${others.length}`;
}

function maskedNumber(text: string): string | undefined {
  const plus = text.trim().startsWith('+') ? '+' : '';
  const digits = text.replace(/\D/g, '');
  if (digits.length <= SHOWN_FIRST + SHOWN_LAST) return undefined;
  return `${plus}${digits.slice(0, SHOWN_FIRST)}…${digits.slice(-SHOWN_LAST)}`;
}

function shortened(text: string): string {
  return text.length <= LENGTH_MAX ? text : `${text.slice(0, LENGTH_MAX - 1)}…`;
}
