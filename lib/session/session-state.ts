/**
 * The states of a session as data: what each permits, and what each kind of bind permits.
 *
 * Everything that depends on the state stands here as a row; `session.ts` moves between the rows.
 *
 *     open ─bind─▶ binding ─bind_resp 0─▶ bound ─leave─▶ leaving ─answers are in─▶ unbinding ─unbind_resp─▶ closed
 *                                           └──── unbind from the peer (also from leaving) ──▶ unbound ────▶ closed
 *
 * `leaving` has an end by drainMs, `unbinding` by unbindMs, `unbound` by unboundReadMs and `binding` by bindMs;
 * every state goes to `closed` when the transport ends.
 * Source: SMPP 3.4 §2.2, whose BOUND_TX, BOUND_RX and BOUND_TRX are `bound` with a row of BINDS each.
 */
import type { BindMode } from '../message.js';
import type { BindCommand } from '../pdu/pdu.js';

export type SessionState = 'open' | 'binding' | 'bound' | 'leaving' | 'unbinding' | 'unbound' | 'closed';

export interface Permissions {
  /** We may send submit_sm. */
  readonly submits: boolean;
  /** A deliver_sm is taken; elsewhere it is answered ESME_RINVBNDSTS. */
  readonly delivers: boolean;
}

/** What the peer still sends after either side's unbind is taken: it was under way (gateway.md: unbind). */
export const PERMITTED: Readonly<Record<SessionState, Permissions>> = {
  open: { submits: false, delivers: false },
  binding: { submits: false, delivers: false },
  bound: { submits: true, delivers: true },
  leaving: { submits: false, delivers: true },
  unbinding: { submits: false, delivers: true },
  unbound: { submits: false, delivers: true },
  closed: { submits: false, delivers: false },
};

export interface BindPermissions extends Permissions {
  readonly command: BindCommand;
}

/** SMPP 3.4 §2.3, table 2-1. */
export const BINDS: Readonly<Record<BindMode, BindPermissions>> = {
  transceiver: { command: 'bind_transceiver', submits: true, delivers: true },
  transmitter: { command: 'bind_transmitter', submits: true, delivers: false },
  receiver: { command: 'bind_receiver', submits: false, delivers: true },
};
