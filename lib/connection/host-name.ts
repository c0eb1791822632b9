/** Hosts with short names, as a person sees them in a status. */
import type { HostAddress } from './supervisor-port.js';

export interface LaneHost extends HostAddress {
  /** Short. */
  readonly name: string;
  /** Place in the list of hosts; 0 is the preferred one. */
  readonly index: number;
}

const INMOBILE_NAME = /^smpp-([a-z0-9]+)\.inmobile\.dk$/i;

/** `dk1` for smpp-dk1.inmobile.dk, else the host itself; with the port where two entries share the host. */
export function nameHosts(hosts: readonly HostAddress[]): LaneHost[] {
  return hosts.map(({ host, port }, index) => {
    const isShared = hosts.filter((other) => other.host === host).length > 1;
    const name = INMOBILE_NAME.exec(host)?.[1] ?? host;
    return { host, port, index, name: isShared ? `${name}:${port}` : name };
  });
}
