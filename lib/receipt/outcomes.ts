/**
 * What has become of SMS, each different outcome once: nearly all of some hundred thousand SMS share a handful. One that
 * no SMS has any more gives its place to another: a long SMS goes through as many as it has segments. No I/O.
 */
import type { Bounds } from '../bounds.js';
import type { TrackedRecord } from './join-receipt.js';

export type Outcome = Pick<TrackedRecord, 'reports' | 'said' | 'overdueMs' | 'owedMs'>;

/** Of nearly every SMS as it is accepted: one segment, and nothing is known of it. */
const FRESH: Outcome = { reports: [null], overdueMs: 0 };

export class Outcomes {
  readonly #shared: Outcome[] = [FRESH];
  readonly #codes = new Map<string, number>();
  /** By code, how many SMS have it; not counted of a fresh one. */
  readonly #holders: Uint32Array;

  constructor({ sharedOutcomes }: Pick<Bounds, 'sharedOutcomes'>) {
    this.#holders = new Uint32Array(sharedOutcomes);
  }

  /** One SMS more has this outcome: its code, 0 for a fresh SMS of one segment; undefined when too many are shared. */
  take(outcome: Outcome): number | undefined {
    if (isFresh(outcome)) return 0;
    const key = keyOf(outcome);
    const code = this.#codes.get(key) ?? this.#share(key, outcome);
    if (code !== undefined) this.#holders[code] = this.#holdersOf(code) + 1;
    return code;
  }

  /** One SMS less has it. */
  leave(code: number): void {
    if (code > 0) this.#holders[code] = this.#holdersOf(code) - 1;
  }

  at(code: number): Outcome | undefined {
    return this.#shared[code];
  }

  #share(key: string, outcome: Outcome): number | undefined {
    const hasRoom = this.#shared.length < this.#holders.length;
    const code = hasRoom ? this.#shared.length : this.#holders.indexOf(0, 1);
    if (code < 0) return undefined;
    const left = this.#shared[code];
    if (left !== undefined) this.#codes.delete(keyOf(left));
    this.#shared[code] = outcomeOf(outcome);
    this.#codes.set(key, code);
    return code;
  }

  #holdersOf(code: number): number {
    return this.#holders[code] ?? 0;
  }
}

/** Of a record that has more. */
export function outcomeOf({ reports, said, overdueMs, owedMs }: Outcome): Outcome {
  const outcome = said === undefined ? { reports, overdueMs } : { reports, said, overdueMs };
  return owedMs === undefined ? outcome : { ...outcome, owedMs };
}

function isFresh({ reports, said, overdueMs }: Outcome): boolean {
  return reports.length === 1 && reports[0] === null && said === undefined && overdueMs === 0;
}

/** Different for different outcomes: the gateway's own words have no line break. */
function keyOf({ reports, said, overdueMs, owedMs }: Outcome): string {
  let key = `${overdueMs} ${said ?? ''}`;
  if (owedMs !== undefined) key += ` ${owedMs.join()}`;
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
