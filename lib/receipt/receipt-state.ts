/**
 * The states of an SMS after it was accepted, as the gateway writes them. No I/O.
 *
 * Source: SMPP 3.4 Appendix B (words), §5.2.28 (numbers of TLV message_state).
 */
import type { ReceiptState } from '../message.js';

/** What a gateway can say; `NORECEIPT` is ours, for what it did not say. */
export type GatewayState = Exclude<ReceiptState, 'NORECEIPT'>;

/** Appendix B cuts its words to seven letters; some write them out, with eight or all of their letters. */
const STATES_BY_WORD: ReadonlyMap<string, GatewayState> = new Map([
  ['ENROUTE', 'ENROUTE'],
  ['DELIVRD', 'DELIVRD'],
  ['DELIVERD', 'DELIVRD'],
  ['DELIVERED', 'DELIVRD'],
  ['EXPIRED', 'EXPIRED'],
  ['DELETED', 'DELETED'],
  ['UNDELIV', 'UNDELIV'],
  ['UNDELIVRD', 'UNDELIV'],
  ['UNDELIVERED', 'UNDELIV'],
  ['UNDELIVERABLE', 'UNDELIV'],
  ['ACCEPTD', 'ACCEPTD'],
  ['ACCEPTED', 'ACCEPTD'],
  ['UNKNOWN', 'UNKNOWN'],
  ['REJECTD', 'REJECTD'],
  ['REJECTED', 'REJECTD'],
] as const);

/** By message_state; 0 is not defined in 3.4. */
const STATES_BY_NUMBER: readonly (GatewayState | undefined)[] = [
  undefined,
  'ENROUTE',
  'DELIVRD',
  'EXPIRED',
  'DELETED',
  'UNDELIV',
  'ACCEPTD',
  'UNKNOWN',
  'REJECTD',
];

/** The state that a `stat:` word names, in any letter case; a word nobody knows is UNKNOWN, never delivered. */
export function stateOfWord(word: string): GatewayState {
  return STATES_BY_WORD.get(word) ?? STATES_BY_WORD.get(word.toUpperCase()) ?? 'UNKNOWN';
}

/** The state that TLV message_state names; undefined for a number that SMPP 3.4 does not define. */
export function stateOfNumber(number: number): GatewayState | undefined {
  return STATES_BY_NUMBER[number];
}

/**
 * Whether nothing better is to be expected. ENROUTE and ACCEPTD are on their way; UNKNOWN is an end (§5.2.28:
 * "in invalid state"), though a receipt that knows more is believed when it comes after all.
 */
export function isFinalState(state: GatewayState): boolean {
  return state !== 'ENROUTE' && state !== 'ACCEPTD';
}
