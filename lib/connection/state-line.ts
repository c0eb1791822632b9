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
      return { key: state, level: 'error', line: `Login refused, tried again slowly${because}` };
    case 'maintenance':
      return { key: state, level: 'warn', line: `The gateway is in maintenance, messages wait${because}` };
    case 'stopped':
      return { key: state, level: 'info', line: 'Disconnected' };
    default:
      return notConnected(because);
  }
}

function connected(names: string, because: string): StateLine {
  const key = `connected ${names}`;
  if (because === '') return { key, level: 'info', line: `Connected to ${names}` };
  return { key, level: 'warn', line: `Connected to ${names}, another host is not bound${because}` };
}

function notConnected(because: string): StateLine {
  if (because === '') return { key: 'connecting', level: 'info', line: undefined };
  return { key: 'down', level: 'warn', line: `Not connected, tried again by itself${because}` };
}
