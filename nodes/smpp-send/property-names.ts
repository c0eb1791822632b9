/**
 * Whether the name of a property was meant for another; pure.
 *
 * An option that is written wrongly would be left out in silence: an alarm with `prority` would wait behind everything.
 * Source: contract section 3.2.
 */
import type { OutboundSms } from '../../lib/message.js';

const NAMES: Readonly<Record<keyof OutboundSms, true>> = {
  to: true,
  from: true,
  text: true,
  flash: true,
  encoding: true,
  substitute: true,
  maxSegments: true,
  longMessage: true,
  receipt: true,
  priority: true,
  sendAt: true,
  expiresAfterMs: true,
  validityMs: true,
  dedupeKey: true,
  dedupeMs: true,
  onUncertain: true,
  correlation: true,
};
const KNOWN = new Set(Object.keys(NAMES));
const BY_LOWER_CASE = new Map([...KNOWN].map((name) => [name.toLowerCase(), name]));

/** A shorter one is too near to other words: `test`, `form`. */
const LETTERS_MIN = 6;
const LONG = [...KNOWN].filter((name) => name.length >= LETTERS_MIN);
const LENGTH_MAX = Math.max(...LONG.map((name) => name.length)) + 1;

/**
 * The property of an SMS that a name is near to: in another letter case, or, of six letters and more, with one letter
 * wrong, missing, doubled or swapped with the next. Undefined for one that is right, and for any other.
 */
export function meantProperty(name: string): string | undefined {
  if (KNOWN.has(name) || name.length > LENGTH_MAX) return undefined;
  return BY_LOWER_CASE.get(name.toLowerCase()) ?? LONG.find((known) => isSlip(name, known));
}

function isSlip(name: string, known: string): boolean {
  let at = 0;
  while (at < known.length && name[at] === known[at]) at += 1;
  const rest = (skippedOfName: number, skippedOfKnown: number): boolean =>
    name.slice(at + skippedOfName) === known.slice(at + skippedOfKnown);
  switch (name.length - known.length) {
    case -1:
      return rest(0, 1);
    case 0:
      return rest(1, 1) || (rest(2, 2) && name[at] === known[at + 1] && name[at + 1] === known[at]);
    case 1:
      return rest(1, 0) && name[at] === name[at - 1];
    default:
      return false;
  }
}
