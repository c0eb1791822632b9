/**
 * How one bind at one host ended, with the words for it and what follows from it. Pure.
 */
import type { Millis } from '../clock.js';
import { asSmppError, SmppError, type SmppErrorCode } from '../errors.js';
import type { LeaveReason } from '../link.js';
import { commandStatus, STATUS, type StatusClass } from '../pdu/command-status.js';
import type { CloseReason } from '../session/effect.js';
import type { FailureKind } from './failover.js';
import type { LoginOutcome } from './login-hold.js';
import type { Sign } from './maintenance.js';
import type { SessionEnd } from './session-driver.js';
import type { ConnectionMode } from './supervisor-port.js';

export interface LegEnd {
  /** Absent when we left because we wanted to. */
  readonly error: SmppError | undefined;
  readonly failure: FailureKind;
  /** What it says about the credentials; only of a leg that sent its bind. */
  readonly login: LoginOutcome;
  /** What it says about the gateway. */
  readonly sign: Sign | undefined;
  /** 0 when it was never bound. */
  readonly boundForMs: Millis;
}

/** We gave it up before it sent its bind, for no fault of the host. */
export const GIVEN_UP: LegEnd = {
  error: undefined,
  failure: 'failed',
  login: 'other',
  sign: undefined,
  boundForMs: 0,
};

/** There was no transport, or the bind could not even be written. */
export function endWithoutSession(thrown: unknown): LegEnd {
  const error = asSmppError(thrown, 'SMPP_CONNECT');
  return { ...GIVEN_UP, error, failure: error.code === 'SMPP_CERTIFICATE' ? 'certificate' : 'failed' };
}

/** @param name `host:port` */
export function endOfSession(name: string, end: SessionEnd, boundForMs: Millis): LegEnd {
  const isBound = boundForMs > 0;
  const { status } = end;
  return {
    error: errorOf(name, end, isBound),
    failure: status === STATUS.ESME_RALYBND ? 'alreadyBound' : 'failed',
    login: loginOf(status),
    sign: signOf(end, isBound),
    boundForMs,
  };
}

function loginOf(status: number | undefined): LoginOutcome {
  if (status === undefined) return 'unanswered';
  return commandStatus(status).class === 'credentials' ? 'refused' : 'other';
}

/**
 * A leg that drains is as good as ended for whoever looks for the next host.
 *
 * @param leftFor why we left (`Link.leave`); undefined when the gateway sent an unbind
 */
export function endByDraining(name: string, leftFor: LeaveReason | undefined, boundForMs: Millis): LegEnd {
  const reason = leftFor === undefined ? 'unbound' : 'left';
  const end = endOfSession(name, { reason, status: undefined, cause: undefined }, boundForMs);
  if (leftFor === undefined) return end;
  if (leftFor === 'unanswered') {
    const message = `${name} answered enquire_link, but no message any more`;
    return { ...end, error: new SmppError('SMPP_UNANSWERED', message, { host: name }) };
  }
  const status = commandStatus(leftFor);
  const words =
    status.class === 'submitFailed'
      ? '(ESME_RSUBMITFAIL), as during a restart'
      : `(${status.name}): ${status.sentence}`;
  const message = `${name} took no more messages ${words}`;
  return { ...end, error: new SmppError('SMPP_SUBMIT', message, { host: name, status: status.name }) };
}

/** The end of the connection after an unbind is no sign of its own. */
function signOf({ reason, status }: SessionEnd, isBound: boolean): Sign | undefined {
  if (status === STATUS.ESME_RBINDFAIL) return 'bindFailed';
  return reason === 'disconnected' && isBound ? 'close' : undefined;
}

const WORDS: Readonly<
  Record<Exclude<CloseReason, 'left' | 'bindRefused'>, readonly [SmppErrorCode, string]>
> = {
  bindTimeout: ['SMPP_BIND', 'did not answer the login in time'],
  dead: ['SMPP_CONNECT', 'fell silent, and did not answer enquire_link'],
  protocol: ['SMPP_PROTOCOL', 'sent octets that are no SMPP 3.4'],
  unbound: ['SMPP_CONNECT', 'ended the session with unbind, as for a restart'],
  disconnected: ['SMPP_CONNECT', 'closed the connection'],
};

function errorOf(
  name: string,
  { reason, status, cause }: SessionEnd,
  isBound: boolean,
): SmppError | undefined {
  if (reason === 'left') return undefined;
  if (reason === 'bindRefused') return refusal(name, status ?? STATUS.ESME_RUNKNOWNERR);
  const [code, words] = WORDS[reason];
  const when = reason === 'disconnected' && !isBound ? ' during the login' : '';
  // A transport of somebody's own may break with anything.
  const why = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new SmppError(code, `${name} ${words}${when}${why}`, { host: name, cause });
}

/** Their own words tell what becomes of an SMS that was so answered: a login has none. */
const SENT_AGAIN: ReadonlySet<StatusClass> = new Set(['submitFailed', 'throttled', 'queueFull', 'transient']);

function refusal(name: string, number: number): SmppError {
  const status = commandStatus(number);
  const words = SENT_AGAIN.has(status.class)
    ? 'The gateway takes no login at the moment: it is tried again by itself. If it stays so, ask inMobile.'
    : status.sentence;
  const message = `${name} refused the login with ${status.name}: ${words}`;
  return new SmppError('SMPP_BIND', message, { host: name, status: status.name });
}

/** What a bind that is answered ESME_RBINDFAIL for minutes means, to an account that was never bound in this mode. */
export function wrongMode({ host = '', status }: SmppError, mode: ConnectionMode): SmppError {
  const words = mode === 'pair' ? 'as transmitter and receiver' : `as ${mode}`;
  const message =
    `${host} has refused the login ${words} for minutes (${status ?? 'ESME_RBINDFAIL'}): most likely the account has another ` +
    'connection mode. Choose that in the connection; inMobile knows which';
  return new SmppError('SMPP_BIND', message, { host, status: 'ESME_RBINDFAIL' });
}
