/** The SMS from phones that a seed has: a few of their own, phones that say the same again and again, and bursts. */
import { DEFAULT_BOUNDS, type Bounds } from '../../lib/bounds.js';
import type { Millis } from '../../lib/clock.js';
import type { Chance } from './chance.js';
import type { Fault } from './faults.js';
import type { PartCarrier, PartMix } from './message-octets.js';
import type { SmsPlan } from './plan-sms.js';

export interface IncomingPlan {
  readonly at: Millis;
  readonly parts: number;
  readonly carrier: PartCarrier;
  readonly mix: PartMix;
  readonly missing: number | undefined;
  readonly isShuffled: boolean;
  /** Undefined: one that writes but once. */
  readonly phone: string | undefined;
  /** What is said: those of the same phone and number say the same, octet by octet. Undefined: said but once. */
  readonly phrase: number | undefined;
}

/** What the SMS of phones are drawn by. */
export interface IncomingWorld {
  readonly healedAt: Millis;
  readonly bounds: Bounds;
  readonly faults: readonly Fault[];
  readonly sms: readonly SmsPlan[];
}

const FLOOD = 40;

/** Shares of seeds and bursts in which phones say the same again. */
const REPEATED = 0.5;
const ONE_WORD = 0.3;

export function drawIncoming(chance: Chance, world: IncomingWorld): IncomingPlan[] {
  return [
    ...drawOwn(chance, world),
    ...(chance.happens(REPEATED) ? drawRepeated(chance, world) : []),
    ...(chance.happens(0.3) ? drawBursts(chance, world) : []),
    ...(chance.happens(0.05) ? drawFlood(chance, world) : []),
  ];
}

/** Of those of several parts that are said but once, some whose parts differ. */
export function drawMixes(chance: Chance, incoming: readonly IncomingPlan[]): IncomingPlan[] {
  return incoming.map((each) => {
    const mix = chance.happens(0.4)
      ? chance.oneOf<PartMix>(['binary', 'classes', 'halves', 'marks'])
      : each.mix;
    const isMeant = each.parts > 1 && each.missing === undefined && each.phrase === undefined;
    return isMeant ? { ...each, mix } : each;
  });
}

const SINGLE = {
  parts: 1,
  carrier: 'udh8',
  mix: 'plain',
  missing: undefined,
  isShuffled: false,
  phone: undefined,
  phrase: undefined,
} as const;

function drawOwn(chance: Chance, { healedAt, bounds }: IncomingWorld): IncomingPlan[] {
  const isLongCrowd =
    bounds.openMessages < DEFAULT_BOUNDS.openMessages ||
    bounds.openPartsOctets < DEFAULT_BOUNDS.openPartsOctets ||
    bounds.messageOctets < DEFAULT_BOUNDS.messageOctets;
  const crowdAt = chance.between(0, healedAt);
  return Array.from({ length: chance.integer(0, 6) }, () => {
    const at = isLongCrowd ? crowdAt : chance.between(0, healedAt);
    const parts = isLongCrowd || chance.happens(0.4) ? chance.integer(2, 4) : 1;
    const missing =
      parts > 1 && chance.happens(isLongCrowd ? 0.6 : 0.2) ? chance.integer(0, parts - 1) : undefined;
    return { ...SINGLE, at, parts, carrier: drawCarrier(chance), missing, isShuffled: chance.happens(0.5) };
  });
}

/** Before a fault, while it lasts, and after it; soon mostly, at times when nobody waits for a copy any more. */
function drawRepeated(chance: Chance, { healedAt, faults, sms }: IncomingWorld): IncomingPlan[] {
  const phone = phoneOf(chance, sms);
  return Array.from({ length: chance.integer(1, 3) }, (_, phrase) => {
    const parts = chance.happens(0.3) ? chance.integer(2, 3) : 1;
    const one = { ...SINGLE, phone, phrase, parts, carrier: drawCarrier(chance) };
    return Array.from({ length: chance.integer(2, 4) }, () => {
      const { at } = faults[chance.integer(0, faults.length - 1)]!;
      const instant = chance.happens(0.5)
        ? at - chance.between(0, chance.oneOf([300, 2_000, 30_000]))
        : at + chance.between(0, chance.oneOf([500, 5_000, 60_000, 300_000]));
      return { ...one, at: Math.min(healedAt, Math.max(0, instant)) };
    });
  }).flat();
}

/** STOP, START: some of a phone at once, at times the same word. */
function drawBursts(chance: Chance, { healedAt, faults, sms }: IncomingWorld): IncomingPlan[] {
  return Array.from({ length: chance.integer(1, 3) }, () => {
    const phone = phoneOf(chance, sms);
    const at = chance.happens(0.5) ? chance.oneOf(faults as [Fault]).at : chance.between(0, healedAt);
    const isOneWord = chance.happens(ONE_WORD);
    const phrase = isOneWord ? 10 + chance.integer(0, 9) : undefined;
    return Array.from({ length: chance.integer(2, 6) }, () => ({ ...SINGLE, phone, phrase, at }));
  }).flat();
}

function drawFlood(chance: Chance, { healedAt }: IncomingWorld): IncomingPlan[] {
  const at = chance.between(0, healedAt);
  return Array.from({ length: FLOOD }, () => ({ ...SINGLE, at }));
}

/** Best one that an SMS of ours went to: what it answers to has to be read first. */
function phoneOf(chance: Chance, sms: readonly SmsPlan[]): string {
  const ours = chance.happens(0.8) ? sms[chance.integer(0, sms.length - 1)] : undefined;
  return ours?.sms.to ?? `457099900${chance.integer(0, 9)}`;
}

function drawCarrier(chance: Chance): PartCarrier {
  return chance.oneOf<PartCarrier>(['udh8', 'udh16', 'sar']);
}
