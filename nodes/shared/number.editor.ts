/**
 * What a form can tell about a phone number before the gateway sees it; pure.
 *
 * The runtime reads it in full (`lib/phone-number.ts`), which in a browser would bring the numbers of all countries with
 * it.
 */

/** What people write between digits. */
const MARKS = /[\s().\-\u2010-\u2015\u2212]/g;

/** What several numbers have between them. */
const BETWEEN = /[,;\r\n]/;

/** Whether a text can be one number, or a short code. */
export function isNumber(text: string): boolean {
  const trimmed = text.trim();
  return !BETWEEN.test(trimmed) && /^\+?\d+$/.test(trimmed.replace(/^tel:/i, '').replace(MARKS, ''));
}

/** The numbers in a text, which has commas, semicolons or lines between them. */
export function numbersIn(text: string): readonly string[] {
  return text
    .split(BETWEEN)
    .map((number) => number.trim())
    .filter((number) => number !== '');
}
