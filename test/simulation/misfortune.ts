/** Does to the world what a seed's faults say. */
import type { Millis } from '../../lib/clock.js';
import type { SimulatedDisk } from '../support/simulated-disk.js';
import type { Client } from './client.js';
import type { Fault } from './faults.js';
import type { WallClock } from './machine-clock.js';
import type { Smsc } from './smsc.js';
import { WALL_AT_START } from './virtual-time.js';

/** A link that was silenced is noticed after this at the latest (contract section 4: enquire_link). */
export const NOTICED_MS: Millis = 21_000;

/** A full disk is looked at every 15 s. */
const RECOVERS_MS: Millis = 20_000;

/** By then an SMS is on its way to a disk that hangs. */
const STOPS_AFTER_MS: Millis = 10;

export interface Stage {
  readonly smsc: Smsc;
  readonly client: Client;
  readonly disk: SimulatedDisk;
  /** No sync of the disk ends for so long. */
  readonly hang: (ms: Millis) => void;
  readonly wall: WallClock;
  /** A transmitter and a receiver instead of one session. */
  readonly isPair: boolean;
}

type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { readonly kind: Kind }>;
type Actions = { readonly [Kind in Fault['kind']]: (stage: Stage, fault: FaultOf<Kind>) => void };

export function befall(stage: Stage, fault: Fault): void {
  stage.smsc.ledger.faults.push({ at: stage.smsc.time.now, kind: fault.kind });
  (ACTIONS[fault.kind] as (stage: Stage, fault: Fault) => void)(stage, fault);
}

/** Nothing is wrong any more; what the faults have broken is for the client to mend. */
export function heal({ smsc, disk, client, wall }: Stage): void {
  smsc.weather.clear();
  if (wall.offsetMs !== WALL_AT_START) smsc.ledger.clockSetAt.push(smsc.time.now);
  wall.offsetMs = WALL_AT_START;
  for (const host of smsc.hosts) host.enter('up', 0);
  disk.fail = () => undefined;
  disk.capacity = Infinity;
  client.start();
}

const ACTIONS: Actions = {
  choke: ({ smsc }, { ms }) => {
    for (const { link } of smsc.links) {
      if (!link.isOpen) continue;
      smsc.ledger.saw('a host that takes no octets for a while');
      link.choke();
      smsc.time.schedule(ms, 'input', () => link.unchoke());
    }
    disturb(smsc, ms);
  },
  restart: ({ smsc }, { hosts, ms }) => {
    smsc.ledger.saw(hosts.length > 1 ? 'restart of both hosts' : 'restart of one host');
    for (const host of hosts) smsc.hosts[host].restart(ms);
  },
  mode: ({ smsc }, { host, mode, ms }) => {
    smsc.hosts[host].enter(mode, ms);
    // Only who has to connect anew meets it.
    if (smsc.chance.happens(0.7)) cutAll(smsc);
  },
  cut: ({ smsc }) => cutAll(smsc),
  end: ({ smsc }) => {
    for (const { link, session } of smsc.links) {
      if (!link.isOpen) continue;
      smsc.ledger.saw('closed without unbind');
      session.closed();
    }
    disturb(smsc, 0);
  },
  silence: ({ smsc }, { direction }) => {
    silence(smsc, direction, () => true);
    disturb(smsc, NOTICED_MS);
  },
  blackhole: ({ smsc }, { host, ms }) => {
    silence(smsc, 'both', (of) => of === host);
    smsc.hosts[host].enter('hanging', ms);
    smsc.hosts[1 - host]!.disturb(NOTICED_MS);
  },
  slow: ({ smsc }, { minMs, maxMs, ms }) => smsc.weather.set('slow', { minMs, maxMs }, ms),
  farAway: ({ smsc }, { maxMs, ms }) => smsc.weather.set('latency', { minMs: maxMs / 2, maxMs }, ms),
  deaf: ({ smsc }, { host, ms }) => {
    smsc.weather.set('deaf', host, ms);
    smsc.hosts[host].disturb(ms + 31_000);
  },
  mute: ({ smsc }, { share, ms }) => {
    smsc.weather.set('mute', share, ms);
    disturb(smsc, ms + 31_000);
  },
  statuses: ({ smsc }, { share, among, ms }) => {
    smsc.weather.set('statuses', { share, among }, ms);
    disturb(smsc, ms);
  },
  throttle: ({ smsc }, { perSecond, ms }) => smsc.weather.set('throttle', perSecond, ms),
  badLogin: ({ smsc }, { status, ms }) => {
    smsc.weather.set('badLogin', status, ms);
    if (smsc.chance.happens(0.7)) cutAll(smsc);
  },
  crash: ({ client }, { isPowerCut, downMs }) => client.crash(isPowerCut, downMs),
  crashAtOperation: ({ client }, { operations, isPowerCut, downMs }) =>
    client.crashAtOperation(operations, isPowerCut, downMs),
  redeploy: ({ client }, { downMs }) => client.redeploy(downMs),
  hungStop: ({ smsc, client, hang }, { ms, downMs }) => {
    hang(ms);
    smsc.ledger.diskTroubledUntil = smsc.time.now + ms + RECOVERS_MS;
    smsc.time.schedule(STOPS_AFTER_MS, 'elsewhere', () => client.redeploy(downMs));
  },
  clock: ({ smsc, wall }, { byMs }) => {
    smsc.ledger.saw(byMs > 0 ? 'wall clock set forward' : 'wall clock set back');
    smsc.ledger.clockSetAt.push(smsc.time.now);
    wall.offsetMs += byMs;
  },
  stall: ({ smsc }, { ms }) => {
    if (smsc.links.some(({ session }) => session.submitsOpen > 0)) {
      smsc.ledger.saw('event loop kept busy with an answer waiting');
    }
    smsc.ledger.stalls.push({ from: smsc.time.now, until: smsc.time.now + ms });
    disturb(smsc, ms);
    smsc.time.stall(ms);
  },
  diskFull: ({ smsc, disk }, { ms }: { readonly ms: Millis }) => {
    smsc.ledger.saw('disk full');
    disk.capacity = disk.used;
    smsc.ledger.diskTroubledUntil = smsc.time.now + ms + RECOVERS_MS;
    smsc.time.schedule(ms, 'elsewhere', () => (disk.capacity = Infinity));
  },
  diskError: ({ smsc, disk }, { ms }: { readonly ms: Millis }) => {
    smsc.ledger.saw('disk error');
    smsc.ledger.diskTroubledUntil = smsc.time.now + ms + RECOVERS_MS;
    disk.fail = (operation) => (operation === 'write' || operation === 'datasync' ? 'EIO' : undefined);
    smsc.time.schedule(ms, 'elsewhere', () => (disk.fail = () => undefined));
  },
};

function cutAll(smsc: Smsc): void {
  for (const { link, session } of smsc.links) {
    if (!link.isOpen) continue;
    if (session.submitsOpen > 0) smsc.ledger.saw('cut with a submit_sm under way');
    if (link.cut()) smsc.ledger.saw('cut inside a PDU towards the client');
  }
  disturb(smsc, 0);
}

function silence(
  smsc: Smsc,
  direction: 'both' | 'toHost' | 'toClient',
  isMeant: (host: number) => boolean,
): void {
  for (const { link, session } of smsc.links) {
    if (!link.isOpen || !isMeant(session.host)) continue;
    if (direction === 'toHost') smsc.ledger.saw('silent towards the host only');
    else if (direction === 'toClient') smsc.ledger.saw('silent towards the client only');
    else smsc.ledger.saw(session.submitsOpen > 0 ? 'silent link, submit_sm under way' : 'silent link, idle');
    link.silence(direction);
  }
}

function disturb(smsc: Smsc, ms: Millis): void {
  for (const host of smsc.hosts) host.disturb(ms);
}
