/** What a seed asks for: settings, the SMS that are sent and received, and what goes wrong when. */
import type { Millis } from '../../lib/clock.js';
import type { GatewayOptions } from '../../lib/gateway-options.js';
import type { OutboundSms } from '../../lib/message.js';
import { Chance } from './chance.js';
import { drawFaults, type Fault, redeployAt } from './faults.js';
import type { PartCarrier } from './message-octets.js';

export interface SmsPlan {
  readonly at: Millis;
  /** Asked for so often at once. */
  readonly times: number;
  readonly sms: Omit<OutboundSms, 'sendAt' | 'correlation'>;
  /** From when it is taken in. */
  readonly sendAfterMs: Millis | undefined;
  readonly wants: 'id' | 'result';
  readonly isRefused: boolean;
  /** Cancelled so long after it was taken in. */
  readonly cancelAfterMs: Millis | undefined;
}

export interface IncomingPlan {
  readonly at: Millis;
  readonly parts: number;
  readonly carrier: PartCarrier;
  readonly missing: number | undefined;
  readonly isShuffled: boolean;
}

/** A promise that was just given: an SMS is taken in, a result told, a deliver_sm answered. */
export type Promised = 'taken' | 'told' | 'answered';

export interface Plan {
  readonly seed: number;
  readonly options: GatewayOptions;
  readonly sms: readonly SmsPlan[];
  readonly incoming: readonly IncomingPlan[];
  readonly faults: readonly Fault[];
  /** Storage on the heap: nothing survives a crash, so there is none. */
  readonly isInMemory: boolean;
  /** The power goes right after a promise of this kind, once. */
  readonly crashAfter: Promised | undefined;
  /** Nothing goes wrong any more. */
  readonly healedAt: Millis;
  /** A sync of the disk takes at most this. */
  readonly syncMaxMs: Millis;
  /** After each start, before anybody takes what is waiting. */
  readonly subscribesAfterMs: Millis;
  /** The run goes on for an hour, and the texts have to be gone from the disk. */
  readonly checksErasure: boolean;
}

export function planOf(seed: number): Plan {
  const chance = new Chance(seed);
  const healedAt = chance.between(120_000, 480_000);
  const sms = Array.from({ length: chance.integer(8, 40) }, (_, number) => drawSms(chance, number, healedAt));
  const plan: Plan = {
    seed,
    options: drawOptions(chance),
    sms: sms.sort((one, other) => one.at - other.at),
    incoming: drawIncoming(chance, healedAt),
    faults: drawFaults(chance, healedAt),
    isInMemory: false,
    crashAfter: chance.happens(0.2) ? chance.oneOf<Promised>(['taken', 'told', 'answered']) : undefined,
    healedAt,
    syncMaxMs: chance.oneOf([2, 10, 10, 100, 400]),
    subscribesAfterMs: chance.happens(0.3) ? chance.between(0, 5_000) : 0,
    checksErasure: chance.happens(0.03),
  };
  return chance.happens(0.15) ? inMemory(plan, chance) : plan;
}

/** What would end the process, or ail its disk, is a deploy instead. */
function inMemory(plan: Plan, chance: Chance): Plan {
  const faults = plan.faults.map((fault) =>
    OF_THE_MACHINE.has(fault.kind) ? redeployAt(chance, fault.at) : fault,
  );
  return { ...plan, faults, isInMemory: true, crashAfter: undefined, checksErasure: false };
}

const OF_THE_MACHINE: ReadonlySet<Fault['kind']> = new Set([
  'crash',
  'crashAtOperation',
  'diskFull',
  'diskError',
]);

function drawOptions(chance: Chance): GatewayOptions {
  const rate = chance.happens(0.15) ? chance.integer(2, 20) : undefined;
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

/** Some write to the same phone. */
const SHARED_PHONES = 3;

function drawSms(chance: Chance, number: number, healedAt: Millis): SmsPlan {
  const at = chance.between(0, healedAt * 0.95);
  const isLong = chance.happens(0.25);
  const text = textOf(number, isLong ? chance.integer(2, 5) : 1, chance.happens(0.25));
  const phone = chance.happens(0.2) ? chance.integer(0, SHARED_PHONES - 1) : 1_000 + number;
  const dedupeKey = chance.happens(0.1) ? `key ${chance.integer(0, 1)}` : undefined;
  return {
    at,
    times: dedupeKey !== undefined && chance.happens(0.3) ? 2 : 1,
    sms: {
      to: `45${String(10_000_000 + phone)}`,
      from: '4520304050',
      text,
      longMessage: chance.oneOf(['udh8', 'udh8', 'udh16', 'sar', 'payload']),
      priority: chance.oneOf(['normal', 'normal', 'normal', 'alarm', 'bulk']),
      receipt: chance.oneOf(['always', 'always', 'on-failure', 'never']),
      expiresAfterMs: chance.happens(0.2) ? chance.integer(2_000, 90_000) : 86_400_000,
      ...(chance.happens(0.2) && { onUncertain: chance.oneOf(['resend', 'reconcile', 'report']) }),
      ...(dedupeKey !== undefined && { dedupeKey }),
    },
    sendAfterMs: chance.happens(0.12) ? chance.integer(1_000, 120_000) : undefined,
    wants: chance.oneOf(['id', 'result']),
    isRefused: chance.happens(0.05),
    cancelAfterMs: chance.happens(0.1) ? chance.between(0, 20_000) : undefined,
  };
}

/** Each segment has the SMS's mark in it, wherever it is cut. */
function textOf(number: number, segments: number, isUcs2: boolean): string {
  const mark = `<${number}>`;
  const perSegment = isUcs2 ? 67 : 153;
  const text = segments === 1 ? mark : mark.repeat(Math.floor(((segments - 0.5) * perSegment) / mark.length));
  return isUcs2 ? `${text}\u2603` : text;
}

const FLOOD = 40;

function drawIncoming(chance: Chance, healedAt: Millis): IncomingPlan[] {
  const plans = Array.from({ length: chance.integer(0, 8) }, () => {
    const at = chance.between(0, healedAt);
    const parts = chance.happens(0.4) ? chance.integer(2, 4) : 1;
    const missing = parts > 1 && chance.happens(0.2) ? chance.integer(0, parts - 1) : undefined;
    const carrier = chance.oneOf<PartCarrier>(['udh8', 'udh16', 'sar']);
    return { at, parts, carrier, missing, isShuffled: chance.happens(0.5) };
  });
  if (!chance.happens(0.05)) return plans;
  const at = chance.between(0, healedAt);
  const single = { at, parts: 1, carrier: 'udh8', missing: undefined, isShuffled: false } as const;
  return [...plans, ...Array.from({ length: FLOOD }, () => single)];
}
