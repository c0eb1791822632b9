/** Who listens to the client in a seed: somebody who is always there and takes all, and others who come, leave and fail. */
import type { Millis } from '../../lib/clock.js';
import type { Chance } from './chance.js';

/** What there is to be listened to. */
export type EventKind = 'settled' | 'message' | 'segment' | 'overdue' | 'sms';

export interface ListenerPlan {
  /** Subscribed to and left together, in this order. */
  readonly kinds: readonly EventKind[];
  /** What `overdue` is asked for. */
  readonly overdueMs: Millis;
  /** It is there in between, in whichever run. */
  readonly from: Millis;
  readonly until: Millis;
  /** In its own call, at the first event that it is given; it comes back after so long, once. */
  readonly backAfterFirstMs: Millis | undefined;
  /** Shares of the events: those at which it throws, rejects after a while, takes a while. */
  readonly throws: number;
  readonly rejects: number;
  readonly waits: number;
  /** Infinity: it never answers. */
  readonly waitMaxMs: Millis;
}

/** The wait of those who are there from the start. */
export const OVERDUE_MS: Millis = 90_000;

/** Share of seeds in which listeners come, leave and fail. */
const FICKLE = 0.3;

/** Of what is listened to together. A receipt is one event for both of its scopes. */
const UNITS: readonly (readonly EventKind[])[] = [['settled'], ['segment', 'message'], ['overdue'], ['sms']];

/** In few seeds nobody is there for one kind, until what has waited for an hour is forgotten. */
export function drawLetGo(chance: Chance): readonly EventKind[] | undefined {
  if (!chance.happens(0.02)) return undefined;
  return chance.oneOf<readonly EventKind[]>([['settled'], ['segment', 'message'], ['sms']]);
}

/** Nobody comes for so long after all is well that all has been let go; and it is looked at then. */
export const LET_GO_MS: Millis = 6_600_000;

export function drawListeners(
  chance: Chance,
  healedAt: Millis,
  letGo: readonly EventKind[] | undefined,
): ListenerPlan[] {
  const isFickle = chance.happens(FICKLE);
  return UNITS.flatMap((kinds) => {
    if (letGo?.[0] === kinds[0]) return [{ ...STEADY, kinds, from: healedAt + LET_GO_MS }];
    if (!isFickle || chance.happens(0.4)) return [{ ...STEADY, kinds }];
    const comesAt = chance.happens(0.6) ? chance.between(0, healedAt) : 0;
    const others = Array.from({ length: chance.integer(1, 3) }, () => drawFickle(chance, healedAt, kinds));
    return [...others, { ...STEADY, kinds, from: comesAt }];
  });
}

/** Some of those that leave again never answer. */
export function drawHanging(chance: Chance, listeners: readonly ListenerPlan[]): ListenerPlan[] {
  return listeners.map((each) => {
    const isHanging = chance.happens(0.15);
    return isHanging && each.until < Infinity ? { ...each, waitMaxMs: Infinity } : each;
  });
}

/** One for each kind that is there from the start, and never answers. */
export function neverAnswering(): ListenerPlan[] {
  return UNITS.map((kinds) => ({ ...STEADY, kinds, throws: 0, waits: 1, waitMaxMs: Infinity }));
}

const STEADY: ListenerPlan = {
  kinds: [],
  overdueMs: OVERDUE_MS,
  from: 0,
  until: Infinity,
  backAfterFirstMs: undefined,
  throws: 0.02,
  rejects: 0,
  waits: 0.08,
  waitMaxMs: 2_000,
};

function drawFickle(chance: Chance, healedAt: Millis, kinds: readonly EventKind[]): ListenerPlan {
  const from = chance.happens(0.3) ? 0 : chance.between(0, healedAt);
  const until = chance.happens(0.3) ? healedAt : from + chance.between(0, healedAt - from);
  return {
    kinds,
    overdueMs: chance.oneOf([30_000, OVERDUE_MS, 150_000]),
    from,
    until,
    backAfterFirstMs: chance.happens(0.5) ? chance.oneOf([0, 1, 5_000, 60_000]) : undefined,
    throws: chance.oneOf([0, 0.1, 0.5]),
    rejects: chance.oneOf([0, 0.1, 0.5]),
    waits: chance.oneOf([0, 0.5, 1]),
    waitMaxMs: chance.oneOf([100, 2_000, 120_000]),
  };
}
