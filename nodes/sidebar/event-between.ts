/**
 * What has happened to a connection, if it is worth a line to a person; pure.
 *
 * Attempts and the waits between them are not: an outage is two lines, or three when it lasts, whose reason is the
 * present one.
 */
import type { GatewayStatus } from '../../lib/message.js';
import type { ConnectionEvent } from './overview.js';

export type Happening = Omit<ConnectionEvent, 'at'>;

/** What is remembered of a connection from one status to the next. */
export interface Memory {
  readonly state: GatewayStatus['state'];
  /** The host that it was connected to last, as a short name. */
  readonly host: string | undefined;
  /** Of the last line. */
  readonly kind: ConnectionEvent['kind'] | undefined;
}

export const NOTHING_YET: Memory = { state: 'stopped', host: undefined, kind: undefined };

/** The line for a new status; undefined when there is none. */
export function happeningOf(status: GatewayStatus, memory: Memory): Happening | undefined {
  switch (status.state) {
    case 'connected':
      return connected(status, memory);
    case 'maintenance':
    case 'refused':
      return once(status.state, status, memory);
    case 'disconnected':
      return once('noConnection', status, memory);
    case 'stopped':
      return memory.state === 'stopped' ? undefined : { kind: 'stopped' };
    default:
      if (memory.state === 'connected') return because('disconnected', status);
      return memory.state === 'stopped' ? { kind: 'connecting' } : undefined;
  }
}

export function remember({ state, host }: GatewayStatus, memory: Memory, now: Happening | undefined): Memory {
  return {
    state,
    host: state === 'connected' ? host : memory.host,
    kind: now?.kind ?? memory.kind,
  };
}

function connected({ host }: GatewayStatus, memory: Memory): Happening | undefined {
  const isOther = memory.host !== undefined && memory.host !== host;
  if (memory.state === 'connected' && !isOther) return undefined;
  const kind = isOther ? 'hostChanged' : 'connected';
  return host === undefined ? { kind } : { kind, host };
}

function once(
  kind: 'maintenance' | 'refused' | 'noConnection',
  status: GatewayStatus,
  memory: Memory,
): Happening | undefined {
  return memory.kind === kind ? undefined : because(kind, status);
}

function because(
  kind: 'maintenance' | 'refused' | 'disconnected' | 'noConnection',
  { error, host }: GatewayStatus,
): Happening {
  return {
    kind,
    ...(host !== undefined && { host }),
    ...(error !== undefined && { reason: error.message }),
  };
}
