/**
 * What has become of SMS, each different outcome once: nearly all of some hundred thousand SMS share a handful.
 * No I/O.
 */
import type { Bounds } from '../bounds.js';
import type { TrackedRecord } from './join-receipt.js';

export type Outcome = Pick<TrackedRecord, 'reports' | 'said' | 'overdueMs'>;

/** Of nearly every SMS as it is accepted: one segment, and nothing is known of it. */
const FRESH: Outcome = { reports: [null], overdueMs: 0 };

export class Outcomes {
  readonly #sharedMax: number;
  readonly #shared: Outcome[] = [FRESH];
  readonly #codes = new Map<string, number>([[keyOf(FRESH), 0]]);

  constructor({ sharedOutcomes }: Pick<Bounds, 'sharedOutcomes'>) {
    this.#sharedMax = sharedOutcomes;
  }

  /** Below 65 536, 0 for a fresh SMS of one segment; undefined when too many are shared already. */
  codeOf(outcome: Outcome): number | undefined {
    if (isFresh(outcome)) return 0;
    const key = keyOf(outcome);
    const known = this.#codes.get(key);
    if (known !== undefined || this.#shared.length >= this.#sharedMax) return known;
    const { reports, said, overdueMs } = outcome;
    this.#codes.set(key, this.#shared.length);
    return this.#shared.push(said === undefined ? { reports, overdueMs } : { reports, said, overdueMs }) - 1;
  }

  at(code: number): Outcome | undefined {
    return this.#shared[code];
  }
}

function isFresh({ reports, said, overdueMs }: Outcome): boolean {
  return reports.length === 1 && reports[0] === null && said === undefined && overdueMs === 0;
}

/** Different for different outcomes: the gateway's own words have no line break. */
function keyOf({ reports, said, overdueMs }: Outcome): string {
  let key = `${overdueMs} ${said ?? ''}`;
  for (const report of reports) {
    key += '\n';
    if (report === null) continue;
    const { state, errorNumber, errorRaw } = report;
    key += state;
    if (errorNumber !== undefined) key += ` ${errorNumber}`;
    if (errorRaw !== undefined) key += ` =${errorRaw}`;
  }
  return key;
}
