/** The one line that a log gets when the state of the connection changes. Pure. */
import type { SmppError } from '../errors.js';
import type { GatewayStatus } from '../message.js';

export interface StateLine {
  /** The same while nothing worth a line has changed: attempts and waits in between are none. */
  readonly key: string;
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
  const because = error === undefined ? '' : `: ${error.message}`;
  switch (state) {
    case 'connected':
      return connected(up.join(' and '), because);
    case 'refused':
      return {
        key: keyOf(state, error),
        level: 'error',
        line: `Login refused, tried again by itself${because}`,
      };
    case 'maintenance':
      return { key: state, level: 'warn', line: `The gateway is in maintenance, messages wait${because}` };
    case 'stopped':
      return { key: state, level: 'info', line: 'Disconnected' };
    case 'disconnected':
      return {
        key: keyOf(state, error),
        level: 'warn',
        line: `Still not connected, tried again by itself${because}`,
      };
    default:
      return notConnected(error, because);
  }
}

function connected(names: string, because: string): StateLine {
  const key = `connected ${names}`;
  if (because === '') return { key, level: 'info', line: `Connected to ${names}` };
  return { key, level: 'warn', line: `Connected to ${names}, another host is not bound${because}` };
}

function notConnected(error: SmppError | undefined, because: string): StateLine {
  if (error === undefined) return { key: 'connecting', level: 'info', line: undefined };
  return { key: keyOf('down', error), level: 'warn', line: `Not connected, tried again by itself${because}` };
}

/** What is to be done about it differs by the kind of the reason, and hosts in turn have their own words for one kind. */
function keyOf(state: string, error: SmppError | undefined): string {
  return error === undefined ? state : `${state} ${error.code} ${error.status ?? ''}`;
}
