/**
 * What the supervisor is given, and what it says: the types between it and `lib/gateway.ts`.
 */
import type { AddressType } from '../address-type.js';
import type { Bounds } from '../bounds.js';
import type { Clock } from '../clock.js';
import type { Link, Respond } from '../link.js';
import type { BindMode, Delivery, GatewayStatus } from '../message.js';
import type { Timers } from '../timers.js';
import type { LoginHold } from './login-hold.js';
import type { OnFault } from './session-driver.js';
import type { Connect } from './tls-connect.js';

export interface HostAddress {
  /** Name or address; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `pair`: one transmitter and one receiver bind, on the same host. */
export type ConnectionMode = 'transceiver' | 'transmitter' | 'receiver' | 'pair';

export interface Credentials {
  /** At most 15 characters. */
  readonly systemId: string;
  /** At most 8 characters. */
  readonly password: string;
  /** At most 12 characters; mostly empty. */
  readonly systemType: string;
}

export interface SupervisorOptions {
  /** At least one; the first is preferred at the start. */
  readonly hosts: readonly HostAddress[];
  readonly credentials: Credentials;
  readonly connectionMode: ConnectionMode;
  /** `failover`: one host at a time. `both`: bound to every host at once. */
  readonly links: 'failover' | 'both';
  /** submit_sm under way per link. */
  readonly window: number;
  /** Of a sender of up to 8 digits. */
  readonly shortSender: AddressType;
  readonly timers: Timers;
  readonly connect: Connect;
  readonly clock: Clock;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  readonly onFault: OnFault;
  /** The account's: it outlasts the supervisor. */
  readonly login: LoginHold;
  readonly bounds?: Bounds;
}

/** Called by the supervisor, never from its constructor. One that throws keeps no other from being called. */
export interface SupervisorListener {
  /** A bind was accepted, of any kind. */
  bound(bind: BindMode): void;
  /** For the first time that we know of, the account was bound in its connection mode. */
  modeProven(): void;
  /** A link is bound and takes segments. Receiver binds are no links. */
  linkUp(link: Link): void;
  /** It is gone, and every segment submitted to it has been settled. Its capacity was 0 before. */
  linkDown(link: Link): void;
  /** The gateway ended a session by unbind or close, or answered a bind ESME_RBINDFAIL: as in a restart. */
  restartSigned(): void;
  /** Capacity has come free on a link that is up; at most once in a turn of the event loop. */
  ready(link: Link): void;
  /**
   * A deliver_sm. `respond` answers it, once its content is safe: 0, or ESME_RX_T_APPN when it could not be
   * kept. Later calls, and calls after the session's end, do nothing (the gateway then delivers it again).
   *
   * @param sessionId unique among the sessions of this process
   */
  delivery(delivery: Delivery, respond: Respond, sessionId: number): void;
  /**
   * The gateway has read the answers of a session up to this one, by the number that `respond` gave: it answered what was
   * written after it. Of any that is not told here before `sessionOver`, nobody knows.
   */
  answersRead(sessionId: number, upTo: number): void;
  /**
   * A session, of any bind, has ended: what it brought may come again on another, if the gateway has not read its answer.
   *
   * @param isReplaced the next one is bound already, since this one was left before it ended
   */
  sessionOver(sessionId: number, isReplaced: boolean): void;
  /** `status()` has changed. */
  changed(): void;
  /** One line whenever the state changes, never per attempt; no personal data. */
  log(level: 'info' | 'warn' | 'error', line: string): void;
}

/** The supervisor's share of the gateway's status. */
export type ConnectionStatus = Pick<
  GatewayStatus,
  'state' | 'since' | 'host' | 'onFirstHost' | 'retryAt' | 'maintenanceSince' | 'links' | 'error'
>;
