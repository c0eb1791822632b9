/**
 * From the form's list of hosts to hosts and ports; pure, and also used by the form itself.
 *
 * Source: contract section 3.1, `hosts`: one `host:port` a line or comma.
 */
import { SmppError } from '../../lib/errors.js';
import { INMOBILE_PORT } from '../../lib/inmobile.js';

export interface HostAddress {
  readonly host: string;
  readonly port: number;
}

/** More are a pasted mistake: an SMPP service has two. */
const HOSTS_MAX = 16;
const PORT_MAX = 65_535;
const NAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/;

/**
 * Reads `host`, `host:port` and `[IPv6]:port`, one a line or comma; the port is inMobile's where none is given.
 *
 * @param quoted what an error quotes instead of the entry: no value of the environment
 * @throws SMPP_OPTIONS naming the entry at fault
 */
export function readHosts(text: string, quoted?: string): readonly HostAddress[] {
  const entries = text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0) throw refuse('name at least one host, such as smpp.example.com:2775');
  if (entries.length > HOSTS_MAX)
    throw refuse(`there are ${entries.length}; at most ${HOSTS_MAX} are allowed`);
  const byName = new Map(
    entries.map((entry) => [entry.toLowerCase(), readHost(entry, quoted ?? entry)] as const),
  );
  return [...byName.values()];
}

function readHost(entry: string, quoted: string): HostAddress {
  if (entry.includes('://')) throw refuse(`"${quoted}" is an address with a scheme: write host:port only`);
  const bracketed = /^\[([0-9A-Fa-f:.%]+)\](?::(.*))?$/.exec(entry);
  if (bracketed?.[1] !== undefined) return { host: bracketed[1], port: readPort(bracketed[2], quoted) };
  const [host = '', port, ...rest] = entry.split(':');
  if (rest.length > 0)
    throw refuse(`"${quoted}" has several colons: write an IPv6 address as [address]:port`);
  if (!NAME.test(host))
    throw refuse(`"${quoted}" is not a host name with a port, such as smpp.example.com:2775`);
  return { host, port: readPort(port, quoted) };
}

function readPort(text: string | undefined, quoted: string): number {
  if (text === undefined) return INMOBILE_PORT;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > PORT_MAX)
    throw refuse(`"${quoted}" has no port from 1 to ${PORT_MAX} after its colon`);
  return port;
}

function refuse(reason: string): SmppError {
  return new SmppError('SMPP_OPTIONS', `hosts: ${reason}`, { field: 'hosts' });
}
