/** What a seed asks for: settings, the SMS that are sent and received, and what goes wrong when. */
import type { Millis } from '../../lib/clock.js';
import type { GatewayOptions } from '../../lib/gateway-options.js';
import type { Bounds } from '../../lib/bounds.js';
import { Chance } from './chance.js';
import { drawBounds } from './draw-bounds.js';
import { drawDeaf, drawFaults, type Fault, hungStopAt, redeployAt } from './faults.js';
import { drawIncoming, drawMixes, type IncomingPlan } from './plan-incoming.js';
import {
  drawHanging,
  drawLetGo,
  drawListeners,
  type EventKind,
  type ListenerPlan,
  neverAnswering,
} from './plan-flow.js';
import { drawHost } from './poison.js';
import { drawReceiptHabits, type ReceiptHabits } from './plan-receipts.js';
import { drawFlaws, type FlawHabits } from './flaws.js';
import { drawLists, drawSmsPlans, drawWholes, type ListPlan, type SmsPlan } from './plan-sms.js';

/** A receipt for an SMS that somebody else sent with the same account, or that nobody knows any more. */
export interface ForeignPlan {
  readonly at: Millis;
  /** Of one of ours, too. */
  readonly phone: string;
  /** So long before it comes that SMS was sent. */
  readonly ageMs: Millis;
}

/** A promise that was just given: an SMS is taken in, a result told, a deliver_sm answered. */
export type Promised = 'taken' | 'told' | 'answered';

export interface Plan {
  readonly seed: number;
  readonly options: GatewayOptions;
  readonly bounds: Bounds;
  readonly sms: readonly SmsPlan[];
  readonly lists: readonly ListPlan[];
  /** Each is taken in as a whole. */
  readonly wholes: readonly (readonly SmsPlan[])[];
  readonly foreign: readonly ForeignPlan[];
  readonly incoming: readonly IncomingPlan[];
  readonly listeners: readonly ListenerPlan[];
  /** What nobody listens to until all of it has been forgotten. */
  readonly letGo: readonly EventKind[] | undefined;
  readonly receipts: ReceiptHabits;
  readonly flaws: FlawHabits;
  readonly faults: readonly Fault[];
  /** Storage on the heap: nothing survives a crash, so there is none. */
  readonly isInMemory: boolean;
  /** The power goes right after a promise of this kind, once. */
  readonly crashAfter: Promised | undefined;
  /** Once, when the gateway has some segments of a long SMS and not the others. */
  readonly insideLong: 'redeploy' | 'crash' | undefined;
  /** What the gateway's clock is ahead of UTC. */
  readonly zoneMs: Millis;
  /** Nothing goes wrong any more. */
  readonly healedAt: Millis;
  /** A sync of the disk takes at most this. */
  readonly syncMaxMs: Millis;
  /** After each start, before anybody takes what is waiting. */
  readonly subscribesAfterMs: Millis;
  /** Some SMS cannot be read back as long as something goes wrong. */
  readonly hasUnreadable: boolean;
  /** Some records cannot be read any more after the start that found them. */
  readonly hasRotten: boolean;
  /** What is left of SMS in memory is counted, which takes a collection of all garbage. */
  readonly countsLeftovers: boolean;
  /** The run goes on for an hour, and the texts have to be gone from the disk. */
  readonly checksErasure: boolean;
}

export function planOf(seed: number): Plan {
  const chance = new Chance(seed);
  // Of what is drawn beside, so that a seed stays what it was as kinds are added.
  const aside = new Chance(seed ^ 0xa51de);
  const ofHosts = new Chance(seed ^ 0x40575);
  const healedAt = chance.between(120_000, 480_000);
  const bounds = drawBounds(chance.fork());
  const sms = drawSmsPlans(chance, healedAt, bounds);
  const faults = drawFaults(chance, healedAt);
  const letGo = drawLetGo(chance.fork());
  const plan: Plan = {
    seed,
    options: drawOptions(chance),
    bounds,
    sms: sms.map((each) => (each.poison ? { ...each, poison: drawHost(ofHosts, each.poison) } : each)),
    lists: drawLists(chance, healedAt, bounds),
    foreign: drawForeign(chance, healedAt, sms),
    incoming: drawMixes(aside, drawIncoming(chance, { healedAt, bounds, faults, sms })),
    letGo,
    listeners: drawHanging(aside, drawListeners(chance.fork(), healedAt, letGo)),
    receipts: drawReceiptHabits(chance.fork()),
    flaws: drawFlaws(aside),
    wholes: drawWholes(aside.fork(), healedAt, bounds),
    faults: [
      ...(aside.happens(0.02) ? [...faults, hungStopAt(aside, takenIn(sms))] : faults),
      ...drawDeaf(ofHosts, healedAt),
    ],
    isInMemory: false,
    crashAfter: chance.happens(0.2) ? chance.oneOf<Promised>(['taken', 'told', 'answered']) : undefined,
    insideLong: chance.happens(0.15) ? chance.oneOf(['redeploy', 'crash']) : undefined,
    zoneMs: chance.oneOf([-5, 0, 0, 1, 2]) * 3_600_000,
    healedAt,
    syncMaxMs: chance.oneOf([2, 10, 10, 100, 400]),
    subscribesAfterMs: chance.happens(0.3) ? chance.between(0, 5_000) : 0,
    checksErasure: chance.happens(0.03),
    // What nobody takes is looked at.
    countsLeftovers: chance.happens(0.04) || letGo !== undefined,
    hasUnreadable: chance.happens(0.06),
    hasRotten: false,
  };
  const busy = busyChokes(aside.happens(0.02) && letGo === undefined ? withOneThatHangs(plan) : plan);
  const drawn = { ...busy, hasRotten: aside.happens(0.04) };
  return chance.happens(0.15) ? inMemory(drawn, chance) : drawn;
}

/** What it never answers stays on the disk. */
function withOneThatHangs(plan: Plan): Plan {
  return { ...plan, listeners: [...neverAnswering(), ...plan.listeners], checksErasure: false };
}

function takenIn(sms: readonly SmsPlan[]): readonly Millis[] {
  return sms.filter(({ wants }) => wants === 'id').map(({ at }) => at);
}

/** A host that takes no octets is met by whoever has some to give. */
function busyChokes(plan: Plan): Plan {
  const [first] = plan.sms;
  const faults = plan.faults.map((fault) => {
    const next = plan.sms.find(({ at }) => at >= fault.at) ?? first;
    return fault.kind === 'choke' && next !== undefined ? { ...fault, at: Math.max(0, next.at - 20) } : fault;
  });
  return { ...plan, faults };
}

/** What would end the process, or ail its disk, is a deploy instead. */
function inMemory(plan: Plan, chance: Chance): Plan {
  const faults = plan.faults.map((fault) =>
    OF_THE_MACHINE.has(fault.kind) ? redeployAt(chance, fault.at) : fault,
  );
  const insideLong = plan.insideLong === undefined ? undefined : 'redeploy';
  return {
    ...plan,
    faults,
    insideLong,
    isInMemory: true,
    crashAfter: undefined,
    checksErasure: false,
    hasUnreadable: false,
    hasRotten: false,
  };
}

const OF_THE_MACHINE: ReadonlySet<Fault['kind']> = new Set([
  'crash',
  'crashAtOperation',
  'diskFull',
  'diskError',
  'hungStop',
]);

function drawOptions(chance: Chance): GatewayOptions {
  const rate = chance.happens(0.15) ? chance.oneOf([2, 2, 3, 5, 20]) : undefined;
  return {
    hosts: [{ host: 'dk1.test' }, { host: 'dk2.test' }],
    systemId: 'simulated',
    password: 'secret',
    connectionMode: chance.oneOf([
      'transceiver',
      'transceiver',
      'transceiver',
      'transceiver',
      'pair',
      'transmitter',
    ]),
    links: chance.oneOf(['failover', 'failover', 'both']),
    window: chance.oneOf([1, 2, 5, 10, 10]),
    onUncertain: chance.oneOf(['resend', 'resend', 'reconcile', 'report']),
    ...(rate !== undefined && { segmentsPerSecond: rate }),
  };
}

/** Mostly to a phone that one of ours goes to soon after, best to one that has no answer. */
function drawForeign(chance: Chance, healedAt: Millis, sms: readonly SmsPlan[]): ForeignPlan[] {
  if (!chance.happens(0.3)) return [];
  const silent = sms.filter(({ poison }) => poison?.answer === 'silence');
  return Array.from({ length: chance.integer(1, 6) }, () => {
    const ours = chance.happens(0.5) ? silent : sms;
    const next = chance.happens(0.7) ? ours[chance.integer(0, ours.length - 1)] : undefined;
    return {
      at:
        next === undefined ? chance.between(0, healedAt) : Math.max(0, next.at - chance.between(10, 20_000)),
      phone: next?.sms.to ?? `451000000${chance.integer(0, 2)}`,
      ageMs: chance.oneOf([chance.between(0, 60_000), chance.between(400_000, 3_600_000)]),
    };
  });
}
