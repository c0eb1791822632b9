/** What goes wrong in a run: drawn by the seed here, done to the world in `misfortune.ts`. */
import type { Millis } from '../../lib/clock.js';
import type { Chance } from './chance.js';
import type { HostMode } from './smsc-host.js';

type Host = 0 | 1;

export type Fault = { readonly at: Millis } & (
  | { readonly kind: 'restart'; readonly hosts: readonly Host[]; readonly ms: Millis }
  | { readonly kind: 'mode'; readonly host: Host; readonly mode: HostMode; readonly ms: Millis }
  /** Of every link that is open. */
  | { readonly kind: 'cut' | 'end' }
  | { readonly kind: 'silence'; readonly direction: 'both' | 'toHost' | 'toClient' }
  /** The hosts take no octets. */
  | { readonly kind: 'choke'; readonly ms: Millis }
  /** A host that cannot be reached any more, links and all. */
  | { readonly kind: 'blackhole'; readonly host: Host; readonly ms: Millis }
  | { readonly kind: 'slow'; readonly minMs: Millis; readonly maxMs: Millis; readonly ms: Millis }
  | { readonly kind: 'farAway'; readonly maxMs: Millis; readonly ms: Millis }
  /** A host that answers no submit_sm, and all else. */
  | { readonly kind: 'deaf'; readonly host: Host; readonly ms: Millis }
  | { readonly kind: 'mute'; readonly share: number; readonly ms: Millis }
  | {
      readonly kind: 'statuses';
      readonly share: number;
      readonly among: readonly [number, ...number[]];
      readonly ms: Millis;
    }
  | { readonly kind: 'throttle'; readonly perSecond: number; readonly ms: Millis }
  | { readonly kind: 'badLogin'; readonly status: number; readonly ms: Millis }
  | { readonly kind: 'crash'; readonly isPowerCut: boolean; readonly downMs: Millis }
  /** In the middle of a file operation. */
  | {
      readonly kind: 'crashAtOperation';
      readonly operations: number;
      readonly isPowerCut: boolean;
      readonly downMs: Millis;
    }
  | { readonly kind: 'redeploy'; readonly downMs: Millis }
  /** A stop with the disk hanging: what is on its way to it is there later than the stop may take. */
  | { readonly kind: 'hungStop'; readonly ms: Millis; readonly downMs: Millis }
  | { readonly kind: 'clock'; readonly byMs: Millis }
  | { readonly kind: 'stall'; readonly ms: Millis }
  | { readonly kind: 'diskFull' | 'diskError'; readonly ms: Millis }
);

type Draw = (chance: Chance, at: Millis) => Fault;

const ms = (chance: Chance, min: number, max: number): Millis => Math.floor(chance.between(min, max));
const host = (chance: Chance): Host => chance.oneOf([0, 1]);

const DRAWS: readonly (readonly [weight: number, draw: Draw])[] = [
  [
    4,
    (chance, at) => ({
      at,
      kind: 'restart',
      hosts: chance.oneOf<readonly Host[]>([[0], [1], [0, 1]]),
      ms: ms(chance, 5_000, 150_000),
    }),
  ],
  [
    4,
    (chance, at) => ({
      at,
      kind: 'mode',
      host: host(chance),
      mode: chance.oneOf<HostMode>([
        'refusing',
        'hanging',
        'bindHanging',
        'restarting',
        'alreadyBound',
        'flapping',
      ]),
      ms: ms(chance, 2_000, 120_000),
    }),
  ],
  [5, (_chance, at) => ({ at, kind: 'cut' })],
  [2, (_chance, at) => ({ at, kind: 'end' })],
  [1, (chance, at) => ({ at, kind: 'choke', ms: ms(chance, 100, 8_000) })],
  [3, (chance, at) => ({ at, kind: 'silence', direction: chance.oneOf(['both', 'toHost', 'toClient']) })],
  [2, (chance, at) => ({ at, kind: 'blackhole', host: host(chance), ms: ms(chance, 5_000, 120_000) })],
  [
    2,
    (chance, at) => {
      const minMs = chance.between(0, 15_000);
      return {
        at,
        kind: 'slow',
        minMs,
        maxMs: minMs + chance.between(0, 10_000),
        ms: ms(chance, 5_000, 90_000),
      };
    },
  ],
  [1, (chance, at) => ({ at, kind: 'farAway', maxMs: ms(chance, 100, 700), ms: ms(chance, 5_000, 90_000) })],
  [1, (chance, at) => ({ at, kind: 'mute', share: chance.next(), ms: ms(chance, 1_000, 60_000) })],
  [
    3,
    (chance, at) => ({
      at,
      kind: 'statuses',
      share: chance.next(),
      among: chance.oneOf<readonly [number, ...number[]]>([
        [0x08],
        [0x64, 0x400],
        [0x45],
        [0x04],
        [0x08, 0x45, 0x58],
      ]),
      ms: ms(chance, 1_000, 60_000),
    }),
  ],
  [
    1,
    (chance, at) => ({
      at,
      kind: 'throttle',
      perSecond: chance.integer(0, 3),
      ms: ms(chance, 2_000, 60_000),
    }),
  ],
  [
    1,
    (chance, at) => ({
      at,
      kind: 'badLogin',
      status: chance.oneOf([0x0e, 0x0f]),
      ms: ms(chance, 10_000, 400_000),
    }),
  ],
  [
    4,
    (chance, at) => ({
      at,
      kind: 'crash',
      isPowerCut: chance.happens(0.6),
      downMs: ms(chance, 100, 30_000),
    }),
  ],
  [
    3,
    (chance, at) => ({
      at,
      kind: 'crashAtOperation',
      operations: chance.integer(0, 30),
      isPowerCut: chance.happens(0.7),
      downMs: ms(chance, 100, 10_000),
    }),
  ],
  [2, (chance, at) => redeployAt(chance, at)],
  [
    3,
    (chance, at) => ({
      at,
      kind: 'clock',
      byMs: chance.oneOf([-1, 1]) * ms(chance, 1_000, chance.oneOf([60_000, 3_600_000, 86_400_000])),
    }),
  ],
  [2, (chance, at) => ({ at, kind: 'stall', ms: ms(chance, 500, 25_000) })],
  [1, (chance, at) => ({ at, kind: 'diskFull', ms: ms(chance, 100, 30_000) })],
  [1, (chance, at) => ({ at, kind: 'diskError', ms: ms(chance, 100, 10_000) })],
];

/** Beside the others: the host that is in use, mostly. */
export function drawDeaf(chance: Chance, until: Millis): Fault[] {
  if (!chance.happens(0.12)) return [];
  const at = chance.happens(0.5) ? 0 : chance.between(0, until);
  return [{ at, kind: 'deaf', host: chance.oneOf([0, 0, 1]), ms: ms(chance, 40_000, 240_000) }];
}

export function redeployAt(chance: Chance, at: Millis): Fault {
  return { at, kind: 'redeploy', downMs: ms(chance, 0, 5_000) };
}

/** Just before one of these instants. */
export function hungStopAt(chance: Chance, instants: readonly Millis[]): Fault {
  const at = (instants[chance.integer(0, instants.length - 1)] ?? 1) - 1;
  return { at, kind: 'hungStop', ms: ms(chance, 6_000, 9_000), downMs: ms(chance, 0, 5_000) };
}

const WEIGHTS = DRAWS.reduce((sum, [weight]) => sum + weight, 0);

export function drawFaults(chance: Chance, until: Millis): Fault[] {
  // At times the same trouble comes several times over: seeds of one kind go deeper than mixed ones.
  const only = chance.happens(0.3) ? drawOne(chance) : undefined;
  return Array.from({ length: chance.integer(1, 10) }, () => {
    const at = chance.between(1_000, until);
    return (only ?? drawOne(chance))(chance, at);
  });
}

function drawOne(chance: Chance): Draw {
  let left = chance.next() * WEIGHTS;
  for (const [weight, draw] of DRAWS) {
    left -= weight;
    if (left < 0) return draw;
  }
  return DRAWS[0]![1];
}
