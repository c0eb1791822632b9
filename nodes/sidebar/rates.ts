/**
 * From counters as they stood at some instants to how many came in each second; pure.
 *
 * The gateway tells of its counters while they move, every half second, and is silent else: what a counter has
 * gained belongs to the time since it was last told of, or to the half second before when there was silence.
 */
import type { Millis } from '../../lib/clock.js';
import { RATE_NAMES, type RateName, type Rates } from './overview.js';

/** Counters at an instant of the monotonic clock. */
export interface Sample {
  readonly at: Millis;
  readonly counts: Readonly<Record<RateName, number>>;
}

/** How often the gateway tells of counters that move (contract section 3.5). */
const TOLD_EVERY_MS: Millis = 500;
/** What is gained in a second may be told of after it. */
const TOLD_LATE_MS: Millis = 1_000;
const SECOND_MS: Millis = 1_000;

/**
 * The last `seconds` whole seconds of which all has been told.
 *
 * @param samples in the order of time
 */
export function ratesOf(samples: readonly Sample[], now: Millis, seconds: number): Rates {
  const end = Math.floor((now - TOLD_LATE_MS) / SECOND_MS);
  const first = end - seconds;
  const rates = {} as Record<RateName, number[]>;
  for (const name of RATE_NAMES) rates[name] = new Array<number>(seconds).fill(0);
  for (const [index, sample] of samples.entries()) {
    const before = samples[index - 1];
    if (before === undefined) continue;
    const begin = beginOf(before.at, sample.at);
    for (const name of RATE_NAMES) {
      const gained = sample.counts[name] - before.counts[name];
      if (gained > 0) spread(rates[name], gained, { begin, end: sample.at, first });
    }
  }
  for (const name of RATE_NAMES) rates[name] = rates[name].map((rate) => Math.round(rate * 10) / 10);
  return rates;
}

function beginOf(before: Millis, at: Millis): Millis {
  const gap = at - before;
  return gap > 2 * TOLD_EVERY_MS ? at - TOLD_EVERY_MS : before;
}

/** Evenly over the seconds from `begin` to `end`. @param first the second that `rate` begins with */
function spread(
  rate: number[],
  gained: number,
  { begin, end, first }: { readonly begin: Millis; readonly end: Millis; readonly first: number },
): void {
  const length = Math.max(1, end - begin);
  for (let second = Math.floor(begin / SECOND_MS); second * SECOND_MS < end; second += 1) {
    const from = Math.max(begin, second * SECOND_MS);
    const to = Math.min(end, (second + 1) * SECOND_MS);
    const index = second - first;
    const rateBefore = rate[index];
    if (rateBefore !== undefined) rate[index] = rateBefore + (gained * (to - from)) / length;
  }
}
