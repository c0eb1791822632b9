/**
 * The dates of a receipt as instants. No I/O.
 *
 * Neither SMPP 3.4 Appendix B nor inMobile states a time zone. *Assumed*: Danish local time, the gateway's own.
 * Its summer time is computed from the rule of Directive 2000/84/EC, so that the result does not depend on
 * the machine's zone or on the time zone data that its Node was built with.
 */
import type { EpochMs } from '../clock.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MARCH = 2;
const OCTOBER = 9;

/** YYMMDDhhmm, or with seconds; hours to 23, minutes and seconds to 59. */
const DATE = /^\d{6}(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?$/;

/** Receipts come by the hundred with one and the same minute. As many as the last minutes and some late ones. */
const KNOWN_MAX = 64;
let known = new Map<string, EpochMs>();

/** The instant that `YYMMDDhhmm` or `YYMMDDhhmmss` names; undefined when it is no date. Years are 2000 to 2099. */
export function readReceiptDate(digits: string): EpochMs | undefined {
  const before = known.get(digits);
  if (before !== undefined) return before;
  const instant = instantOf(digits);
  if (instant === undefined) return undefined;
  if (known.size >= KNOWN_MAX) known = new Map();
  known.set(digits, instant);
  return instant;
}

function instantOf(digits: string): EpochMs | undefined {
  if (!DATE.test(digits)) return undefined;
  const pair = (index: number) => Number(digits.slice(2 * index, 2 * index + 2));
  const year = 2000 + pair(0);
  const month = pair(1) - 1;
  const local = Date.UTC(year, month, pair(2), pair(3), pair(4), pair(5));
  // Date.UTC carries over: the 31st of June would become the 1st of July, day 0 the end of May.
  if (new Date(local).getUTCMonth() !== month) return undefined;
  return danishToUtc(local, year);
}

/** The hour that comes twice in autumn is taken as the first of the two. */
function danishToUtc(local: number, year: number): EpochMs {
  const ifSummer = local - 2 * HOUR_MS;
  const isSummer = ifSummer >= lastSunday(year, MARCH) && ifSummer < lastSunday(year, OCTOBER);
  return isSummer ? ifSummer : local - HOUR_MS;
}

/** 01:00 UTC on the last Sunday of a month that has 31 days: when summer time begins and ends. */
function lastSunday(year: number, month: number): EpochMs {
  const lastDay = Date.UTC(year, month, 31, 1);
  return lastDay - new Date(lastDay).getUTCDay() * DAY_MS;
}
