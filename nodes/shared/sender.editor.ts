/**
 * What a form can tell about a sender before the gateway sees it; pure.
 *
 * The runtime checks it again (`lib/sender.ts`), which in a browser would bring the numbers of all countries with it.
 * Source: gateway.md, source_addr: the gateway cuts it after 15 characters in silence; 3GPP 23.040 §9.1.2.5.
 */
import { ALPHANUMERIC_SENDER_MAX, SOURCE_ADDR_MAX } from '../../lib/inmobile.js';
import type { Problem } from './catalogue.editor.js';

/** The problem with a sender that the form gives as text; an empty one comes from elsewhere. */
export function senderProblem(sender: string): Problem | undefined {
  const digits = sender.replace(/[\s().\-/]/g, '').replace(/^\+|^00/, '');
  if (/^\d+$/.test(digits)) {
    return digits.length > SOURCE_ADDR_MAX ? ['senderDigits', { max: SOURCE_ADDR_MAX }] : undefined;
  }
  if (!/^[\x20-\x7e]*$/.test(sender)) return 'senderCharacters';
  return sender.length > ALPHANUMERIC_SENDER_MAX
    ? ['senderLength', { count: sender.length, max: ALPHANUMERIC_SENDER_MAX }]
    : undefined;
}
