/** The one line that a log gets when the state of the connection changes. Pure. */
import type { SmppError } from '../errors.js';
import type { GatewayStatus } from '../message.js';

export interface StateLine {
  /** The same while nothing but the reason has changed: attempts and waits in between are nothing. */
  readonly situation: string;
  /** Its kind, since hosts in turn have their own words for one kind; empty when there is none, or each goes with it. */
  readonly reason: string;
  readonly level: 'info' | 'warn' | 'error';
  /** Absent when there is nothing to say yet. */
  readonly line: string | undefined;
}

/**
 * @param up short names of the hosts that are bound
 * @param error why the last attempt or session of a host that is not bound ended
 */
export function describeState(
  state: GatewayStatus['state'],
  up: readonly string[],
  error: SmppError | undefined,
): StateLine {
  const reason = error === undefined || state === 'maintenance' ? '' : `${error.code} ${error.status ?? ''}`;
  return { reason, ...lineOf(state, up.join(' and '), error === undefined ? '' : `: ${error.message}`) };
}

function lineOf(state: GatewayStatus['state'], names: string, because: string): Omit<StateLine, 'reason'> {
  switch (state) {
    case 'connected':
      return connected(names, because);
    case 'refused':
      return { situation: state, level: 'error', line: `Login refused, tried again by itself${because}` };
    case 'maintenance':
      return {
        situation: state,
        level: 'warn',
        line: `The gateway is in maintenance, messages wait${because}`,
      };
    case 'stopped':
      return { situation: state, level: 'info', line: 'Disconnected' };
    case 'disconnected':
      return {
        situation: state,
        level: 'warn',
        line: `Still not connected, tried again by itself${because}`,
      };
    default:
      return notConnected(because);
  }
}

function connected(names: string, because: string): Omit<StateLine, 'reason'> {
  const situation = `connected ${names}`;
  if (because === '') return { situation, level: 'info', line: `Connected to ${names}` };
  return { situation, level: 'warn', line: `Connected to ${names}, another host is not bound${because}` };
}

function notConnected(because: string): Omit<StateLine, 'reason'> {
  if (because === '') return { situation: 'connecting', level: 'info', line: undefined };
  return { situation: 'down', level: 'warn', line: `Not connected, tried again by itself${because}` };
}
