/**
 * What this process knows of refused logins, by account: another gateway, a deploy and the connection doctor count on.
 *
 * An account is a system id at a service, reached in one way: behind a transport of somebody's own another gateway may
 * stand, and instants are those of one clock. Hosts that anybody lists together are one service, however many of them
 * another lists: else each list would have six attempts of its own at one and the same host.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { INMOBILE_HOSTS, INMOBILE_PORT } from '../inmobile.js';
import { LoginCount, LoginHold } from './login-hold.js';
import type { HostAddress } from './supervisor-port.js';
import type { Connect } from './tls-connect.js';

export interface LoginSettings {
  readonly systemId: string;
  readonly password: string;
  readonly hosts: readonly HostAddress[];
  readonly connect: Connect | undefined;
  readonly clock: Clock;
}

/** Accounts that were logged in to within ten minutes; a process has a handful. The one known longest gives way. */
const ACCOUNTS_MAX = 1_000;

/** Counts by system id and host: those of one service have the same. */
const countsByWay = new WeakMap<object, Map<string, LoginCount>>();

/** The logins of a gateway or a diagnosis, which count together with all others of that account. */
export function loginsOf({ systemId, password, hosts, connect, clock }: LoginSettings): LoginHold {
  const way = connect ?? clock;
  const counts = countsByWay.get(way) ?? new Map<string, LoginCount>();
  countsByWay.set(way, counts);
  const places = hosts.map((host) => digest(JSON.stringify([systemId.toLowerCase(), serviceOf(host)])));
  const known = new Set(places.flatMap((place) => counts.get(place) ?? []));
  const [count = new LoginCount(), ...others] = known;
  if (known.size === 0) makeRoom(counts, clock);
  for (const other of others) count.join(other);
  for (const [place, other] of counts) if (others.includes(other)) counts.set(place, count);
  for (const place of places) counts.set(place, count);
  // Of the passwords that were tried, none is kept.
  return new LoginHold(count, digest(password));
}

/** inMobile's hosts are one service, whatever their port; a name may end with the dot of the root. */
function serviceOf({ host, port }: HostAddress): string {
  const name = host.toLowerCase().replace(/\.$/, '');
  return name.endsWith(INMOBILE_DOMAIN) ? 'inMobile' : `${name}:${port}`;
}

const INMOBILE_DOMAIN = '.inmobile.dk';

/** Tells the account from others, without a name in it. inMobile's hosts are one service, however many are listed. */
export function accountKey(systemId: string, hosts: readonly HostAddress[]): string {
  const names = hosts.map(({ host, port }) => `${host.toLowerCase()}:${port}`).sort();
  const service = names.every((name) => INMOBILE.has(name)) ? ['inMobile'] : names;
  return digest(JSON.stringify([systemId, ...service]));
}

const INMOBILE: ReadonlySet<string> = new Set(INMOBILE_HOSTS.map((host) => `${host}:${INMOBILE_PORT}`));

function makeRoom(counts: Map<string, LoginCount>, clock: Clock): void {
  if (counts.size < ACCOUNTS_MAX) return;
  for (const [account, count] of counts) if (count.isIdle(clock.now())) counts.delete(account);
  const [oldest] = counts.keys();
  if (counts.size >= ACCOUNTS_MAX && oldest !== undefined) counts.delete(oldest);
}

function digest(words: string): string {
  return createHash('sha256').update(words).digest('base64url');
}
