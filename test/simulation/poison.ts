/**
 * SMS that the gateway always answers in the same way, whatever happens to all others: each is its own trouble, and
 * nobody else's.
 */
import type { Chance } from './chance.js';

export interface Poison {
  /** The status of every answer to it; `nack`: a generic_nack; `silence`: no answer; `late`: accepted, after more than 30 s. */
  readonly answer: number | 'nack' | 'silence' | 'late';
  /** Of a long SMS this segment alone; undefined: all. */
  readonly segment: number | undefined;
  /** What has no answer is accepted all the same. */
  readonly isTaken: boolean;
  /** Of this host alone; absent: of both. */
  readonly host?: 0 | 1;
}

export const ESME_RINVBNDSTS = 0x04;
export const ESME_RSYSERR = 0x08;
export const ESME_RINVDSTADR = 0x0b;
export const ESME_RMSGQFUL = 0x14;
export const ESME_RSUBMITFAIL = 0x45;
export const ESME_RTHROTTLED = 0x58;

/** ESME_RINVCMDLEN. */
export const NACK_STATUS = 0x02;

/** Answered so, it is rejected: the gateway's last word. */
export function isRejected(poison: Poison | undefined): boolean {
  return poison?.answer === ESME_RINVDSTADR || poison?.answer === 'nack';
}

/** Its answers leave no doubt that the gateway has nothing of it, and it is tried until its time is over. */
export function isRefusedForNow(poison: Poison | undefined): boolean {
  return (
    typeof poison?.answer === 'number' && poison.answer !== ESME_RINVDSTADR && poison.segment === undefined
  );
}

type Answer = Poison['answer'];

const ANSWERS: readonly [Answer, ...Answer[]] = [
  ESME_RSUBMITFAIL,
  ESME_RSUBMITFAIL,
  ESME_RINVBNDSTS,
  ESME_RSYSERR,
  0x400,
  ESME_RTHROTTLED,
  ESME_RMSGQFUL,
  ESME_RINVDSTADR,
  'nack',
  'silence',
  'silence',
  'late',
];

/** Answers that one host gives, while the other takes the SMS. */
const OF_ONE_HOST: ReadonlySet<Answer> = new Set([
  ESME_RSYSERR,
  0x400,
  ESME_RTHROTTLED,
  ESME_RMSGQFUL,
  'silence',
]);

export function drawHost(chance: Chance, poison: Poison): Poison {
  const isOfOne = OF_ONE_HOST.has(poison.answer) && poison.segment === undefined && chance.happens(0.4);
  return isOfOne ? { ...poison, host: chance.oneOf([0, 1] as const) } : poison;
}

/** @param segments of the SMS */
export function drawPoison(chance: Chance, segments: number, among = ANSWERS): Poison {
  return {
    answer: chance.oneOf(among),
    segment: segments > 1 && chance.happens(0.5) ? chance.integer(1, segments) : undefined,
    isTaken: chance.happens(0.5),
  };
}
