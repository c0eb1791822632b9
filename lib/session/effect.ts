/**
 * What a session asks its driver to do or to pass on. Inputs return these, in the order to perform them.
 */
import type { Delivery } from '../message.js';
import { STATUS } from '../pdu/command-status.js';
import { encodePdu } from '../pdu/encode.js';
import type { Pdu } from '../pdu/pdu.js';
import type { InFlight } from './window.js';

/**
 * Why a session ended: `bindRefused` the bind was answered with an error status · `bindTimeout` it was not
 * answered · `dead` the peer fell silent · `protocol` the peer's octets are no SMPP · `unbound` the peer sent
 * unbind · `left` we did · `disconnected` the transport ended without either.
 */
export type CloseReason =
  'bindRefused' | 'bindTimeout' | 'dead' | 'protocol' | 'unbound' | 'left' | 'disconnected';

export type Effect<Token> =
  | { readonly kind: 'write'; readonly bytes: Buffer }
  /** The bind was accepted. */
  | { readonly kind: 'bound' }
  /** submit_sm_resp, or generic_nack in its place; `messageId` is empty unless `status` is 0. */
  | Answered<Token>
  /** generic_nack ESME_RINVCMDLEN or ESME_RINVCMDID: a complaint about framing, and not about what the PDU asks for. */
  | { readonly kind: 'misread'; readonly request: InFlight<Token>; readonly status: number }
  /** The session ended first: whether the peer took the segment is not known. */
  | { readonly kind: 'unanswered'; readonly request: InFlight<Token> }
  /** The peer lives and gave no answer in time: its place in the window is free. `answeredLate` may still follow. */
  | { readonly kind: 'overdue'; readonly request: InFlight<Token> }
  /** As `answered`, of one that was overdue. */
  | AnsweredLate<Token>
  /** A deliver_sm: answer it once with `respond`. */
  | { readonly kind: 'delivered'; readonly delivery: Delivery; readonly sequence_number: number }
  /** The peer has read our answers to deliver_sm up to this one, by their number: it answered a later request. */
  | { readonly kind: 'answersRead'; readonly upTo: number }
  /** No submit_sm is taken any more: the peer sent unbind, or we leave. */
  | { readonly kind: 'leaving'; readonly isPeersWish: boolean }
  /** Something of the peer's was of no use; for the log. */
  | { readonly kind: 'ignored'; readonly what: string }
  /** Last effect of every session. `status` is that of a refused bind. */
  | { readonly kind: 'closed'; readonly reason: CloseReason; readonly status: number | undefined };

export interface Answered<Token> {
  readonly kind: 'answered';
  readonly request: InFlight<Token>;
  readonly status: number;
  readonly messageId: string;
}

export type AnsweredLate<Token> = Omit<Answered<Token>, 'kind'> & { readonly kind: 'answeredLate' };

/** The octets of one PDU. */
export function write<Token>(pdu: Pdu): Effect<Token> {
  return { kind: 'write', bytes: encodePdu(pdu) };
}

/** The answer to everything that an ESME is not asked for: unknown commands, a peer's own bind or submit_sm. */
export function nack<Token>(sequence_number: number): Effect<Token> {
  return write({ command: 'generic_nack', sequence_number, command_status: STATUS.ESME_RINVCMDID });
}
