/**
 * What a form can tell about a phone number before the gateway sees it; pure.
 *
 * The runtime reads it in full (`lib/phone-number.ts`), which in a browser would bring the numbers of all countries with
 * it.
 */

/** Digits with what people write between them. */
const NUMBER =
  /^(?:tel:)?[\s().\-\u2010-\u2015\u2212]*\+?[\s().\-\u2010-\u2015\u2212]*\d[\d\s().\-\u2010-\u2015\u2212]*$/i;

/** What several numbers have between them. */
const BETWEEN = /[,;\r\n]/;

/** Whether a text can be one number, or a short code. */
export function isNumber(text: string): boolean {
  return !BETWEEN.test(text.trim()) && NUMBER.test(text.trim());
}

/** The numbers in a text, which has commas, semicolons or lines between them. */
export function numbersIn(text: string): readonly string[] {
  return text
    .split(BETWEEN)
    .map((number) => number.trim())
    .filter((number) => number !== '');
}
