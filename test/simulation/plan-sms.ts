/** The SMS that a seed has sent: few or hundreds, all at once or now and then, of every kind beside every other. */
import { DEFAULT_BOUNDS, type Bounds } from '../../lib/bounds.js';
import type { Millis } from '../../lib/clock.js';
import type { OutboundSms } from '../../lib/message.js';
import type { Chance } from './chance.js';
import { drawPoison, ESME_RINVDSTADR, ESME_RMSGQFUL, ESME_RTHROTTLED, type Poison } from './poison.js';

export interface SmsPlan {
  readonly at: Millis;
  /** Asked for so often at once. */
  readonly times: number;
  readonly sms: Omit<OutboundSms, 'sendAt' | 'correlation'>;
  /** From when it is taken in. */
  readonly sendAfterMs: Millis | undefined;
  readonly wants: 'id' | 'result';
  readonly poison: Poison | undefined;
  /** Characters that its correlation has besides its number, and of how many octets each. */
  readonly correlation: { readonly characters: number; readonly isWide: boolean };
  /** Cancelled so long after it was taken in. */
  readonly cancelAfterMs: Millis | undefined;
}

/** SMS that are sent by one `sendAll`. */
export interface ListPlan {
  readonly at: Millis;
  readonly sms: readonly SmsPlan[];
  /** The iteration ends after so many results; undefined: with the list. */
  readonly breaksAfter: number | undefined;
}

/** What the SMS of a seed have in common. */
interface Crowd {
  readonly count: number;
  /** Most of them come at these instants. */
  readonly bursts: readonly Millis[];
  /** Shares of those that are like that. */
  readonly long: number;
  readonly longest: number;
  readonly poisoned: number;
  readonly samePhone: number;
  readonly correlated: number;
  readonly scheduled: number;
  /** Alone in its kind: the poison of all that have one. */
  readonly poisonOfAll: Poison['answer'] | undefined;
  readonly correlationMax: number;
}

export function drawSmsPlans(chance: Chance, healedAt: Millis, bounds: Bounds): SmsPlan[] {
  const crowd = drawCrowd(chance, healedAt, bounds);
  const plans = Array.from({ length: crowd.count }, (_, number) => drawSms(chance, number, healedAt, crowd));
  return plans.sort((one, other) => one.at - other.at);
}

export function drawLists(chance: Chance, healedAt: Millis, bounds: Bounds): ListPlan[] {
  if (!chance.happens(0.08)) return [];
  const crowd = { ...drawCrowd(chance, healedAt, bounds), count: chance.integer(2, 12) };
  const at = chance.between(0, healedAt * 0.9);
  const sms = Array.from({ length: crowd.count }, (_, number) => ({
    ...drawSms(chance, 5_000 + number, healedAt, crowd),
    at,
    times: 1,
    wants: 'result' as const,
    cancelAfterMs: undefined,
  }));
  return [{ at, sms, breaksAfter: chance.happens(0.2) ? chance.integer(1, sms.length) : undefined }];
}

/** Lists that are taken in as a whole; each of their SMS is due at once. */
export function drawWholes(chance: Chance, healedAt: Millis, bounds: Bounds): (readonly SmsPlan[])[] {
  return Array.from({ length: chance.happens(0.2) ? chance.integer(1, 2) : 0 }, (_, list) => {
    const crowd = { ...drawCrowd(chance, healedAt, bounds), correlationMax: 300 };
    const at = chance.between(0, healedAt * 0.9);
    return Array.from({ length: chance.integer(2, 10) }, (_sms, number) => ({
      ...drawSms(chance, 6_000 + 100 * list + number, healedAt, crowd),
      at,
      times: 1,
      wants: 'id' as const,
      sendAfterMs: undefined,
      cancelAfterMs: undefined,
    }));
  });
}

function drawCrowd(chance: Chance, healedAt: Millis, bounds: Bounds): Crowd {
  const size = chance.next();
  // What comes at once is taken in by one write.
  const hasShortLines = bounds.lineOctets < DEFAULT_BOUNDS.lineOctets;
  const isRushed = size < 0.12 || hasShortLines || chance.happens(0.25);
  const instants = chance.integer(1, 3);
  return {
    count:
      size < 0.04 ? chance.integer(120, 300) : size < 0.12 ? chance.integer(40, 120) : chance.integer(8, 40),
    bursts: isRushed ? Array.from({ length: instants }, () => chance.between(0, healedAt * 0.9)) : [],
    long: chance.oneOf([0, 0.25, 0.25, 0.6]),
    longest: chance.oneOf([3, 5, 10, 14]),
    poisoned: chance.oneOf([0.05, 0.05, 0.2, 0.5]),
    samePhone: chance.oneOf([0.2, 0.2, 0.7]),
    correlated: chance.oneOf([0, 0.1, 0.5]),
    scheduled: chance.oneOf([0.12, 0.12, 0.6]),
    poisonOfAll: chance.happens(0.3) ? drawPoison(chance, 1).answer : undefined,
    // What belongs to one SMS has to fit into one line of the journal.
    correlationMax: hasShortLines ? 300 : 80_000,
  };
}

/** Some write to the same phone. */
const SHARED_PHONES = 3;

function drawSms(chance: Chance, number: number, healedAt: Millis, crowd: Crowd): SmsPlan {
  const segments = chance.happens(crowd.long) ? chance.integer(2, crowd.longest) : 1;
  const text = textOf(number, segments, chance.happens(0.25));
  const dedupeKey = chance.happens(0.1) ? `key ${chance.integer(0, 2)}` : undefined;
  const poison = drawFate(chance, segments, crowd);
  return {
    at: drawInstant(chance, healedAt, crowd),
    times: dedupeKey !== undefined && chance.happens(0.3) ? 2 : 1,
    sms: {
      to: `45${String(10_000_000 + drawPhone(chance, number, crowd))}`,
      from: '4520304050',
      text,
      maxSegments: 40,
      longMessage: chance.oneOf(['udh8', 'udh8', 'udh16', 'sar', 'payload']),
      priority: chance.oneOf(['normal', 'normal', 'normal', 'alarm', 'bulk']),
      receipt: chance.oneOf(['always', 'always', 'on-failure', 'never']),
      expiresAfterMs: drawLife(chance, poison),
      ...(chance.happens(0.2) && { onUncertain: chance.oneOf(['resend', 'reconcile', 'report']) }),
      ...(chance.happens(0.1) && { validityMs: 60_000 * chance.integer(1, 2_000) }),
      ...(dedupeKey !== undefined && { dedupeKey }),
    },
    sendAfterMs: chance.happens(crowd.scheduled) ? chance.integer(1_000, 120_000) : undefined,
    wants: chance.oneOf(['id', 'result']),
    poison,
    correlation: drawCorrelation(chance, crowd),
    cancelAfterMs: chance.happens(0.1) ? chance.between(0, 20_000) : undefined,
  };
}

function drawInstant(chance: Chance, healedAt: Millis, { bursts }: Crowd): Millis {
  const [burst, ...others] = bursts;
  if (burst === undefined || chance.happens(0.3)) return chance.between(0, healedAt * 0.95);
  return chance.oneOf([burst, ...others]) + (chance.happens(0.5) ? 0 : chance.between(0, 200));
}

function drawPhone(chance: Chance, number: number, { samePhone }: Crowd): number {
  return chance.happens(samePhone) ? chance.integer(0, SHARED_PHONES - 1) : 1_000 + number;
}

function drawFate(chance: Chance, segments: number, { poisoned, poisonOfAll }: Crowd): Poison | undefined {
  const isPoisoned = chance.happens(poisoned);
  const poison = drawPoison(chance, segments, poisonOfAll === undefined ? undefined : [poisonOfAll]);
  return isPoisoned ? poison : undefined;
}

/** What is never accepted would keep a run from coming to rest. */
function drawLife(chance: Chance, poison: Poison | undefined): Millis {
  if (poison !== undefined && poison.answer !== ESME_RINVDSTADR) return chance.integer(15_000, 150_000);
  return chance.happens(0.2) ? chance.integer(2_000, 90_000) : 86_400_000;
}

function drawCorrelation(chance: Chance, { correlated, correlationMax }: Crowd): SmsPlan['correlation'] {
  const isLarge = chance.happens(correlated);
  // The largest are few: a simulated disk copies what it holds.
  const max = chance.happens(0.04) ? chance.oneOf([22_000, 80_000]) : chance.oneOf([100, 300, 1_000, 4_000]);
  const characters = isLarge ? chance.integer(0, Math.min(max, correlationMax)) : 0;
  return { characters, isWide: chance.happens(0.2) };
}

/** Each segment has the SMS's mark in it, wherever it is cut. */
function textOf(number: number, segments: number, isUcs2: boolean): string {
  const mark = `<${number}>`;
  const perSegment = isUcs2 ? 67 : 153;
  const text = segments === 1 ? mark : mark.repeat(Math.floor(((segments - 0.5) * perSegment) / mark.length));
  return isUcs2 ? `${text}\u2603` : text;
}

/** Slows the account down, so that nobody can say when an SMS is to leave. */
export function isThrottling({ poison }: Pick<SmsPlan, 'poison'>): boolean {
  return poison?.answer === ESME_RTHROTTLED || poison?.answer === ESME_RMSGQFUL;
}
