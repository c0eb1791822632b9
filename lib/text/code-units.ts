/**
 * UTF-16 code units: how JavaScript keeps text, and what a segment of UTF-16 is counted in.
 *
 * Source: the Unicode Standard §3.9, D91 (UTF-16) and D92 (well-formed).
 */

/** Arguments of one call; far below what the stack of any engine takes. */
const CALL_UNITS_MAX = 4096;

/** Text of these code units; lone surrogates survive. */
export function textOfCodeUnits(units: Uint16Array): string {
  if (units.length <= CALL_UNITS_MAX) return textOfFew(units);
  let text = '';
  for (let start = 0; start < units.length; start += CALL_UNITS_MAX) {
    text += textOfFew(units.subarray(start, start + CALL_UNITS_MAX));
  }
  return text;
}

export function codeUnitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length);
  for (let index = 0; index < text.length; index += 1) units[index] = text.charCodeAt(index);
  return units;
}

export function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

export function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** The engine's own test, from Node 20 and the browsers of its time on. */
type MaybeTested = string & { isWellFormed?: () => boolean };

/** Whether every surrogate is one of a pair. */
export function isWellFormed(text: string): boolean {
  return (text as MaybeTested).isWellFormed?.() ?? isPaired(text);
}

/** As `isWellFormed`, without the engine's help. */
export function isPaired(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    if (!isHighSurrogate(unit) || !isLowSurrogate(text.charCodeAt(index + 1))) return false;
    index += 1;
  }
  return true;
}

/** The code point at `index` the way errors name it, such as `U+00B0`: text itself never stands in an error. */
export function codePointName(text: string, index: number): string {
  const codePoint = text.codePointAt(index) ?? 0;
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** `apply` takes a typed array; spreading one would go through its iterator, unit by unit. */
function textOfFew(units: Uint16Array): string {
  return Reflect.apply(String.fromCharCode, undefined, units) as string;
}
