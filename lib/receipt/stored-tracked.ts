/**
 * An accepted SMS whose receipts are to come, as a record of table `tracked`: an array without names, and without what
 * is as it mostly is. That is half the octets of the object. Pure.
 */
import { unusualFields } from '../unusual-fields.js';
import type { SegmentReport, TrackedRecord } from './join-receipt.js';

/** JSON. The key of the record is the id. */
type StoredTracked = readonly [
  messageIds: readonly string[],
  to: string,
  from: string,
  acceptedAt: number,
  /** In which all segments are, without an error; null for none, or when `reports` says more. */
  state?: SegmentReport['state'] | null,
  unusual?: Partial<Named>,
];

type Named = Pick<
  TrackedRecord,
  | 'receipt'
  | 'overdueMs'
  | 'owedMs'
  | 'copies'
  | 'halves'
  | 'isHalf'
  | 'correlation'
  | 'failure'
  | 'reports'
  | 'said'
>;

const USUAL = { receipt: 'always', overdueMs: 0 } as const;

const unusualOf = unusualFields<Omit<Named, 'reports' | 'said'>>({
  ...USUAL,
  owedMs: undefined,
  copies: undefined,
  halves: undefined,
  isHalf: undefined,
  correlation: undefined,
  failure: undefined,
});

export function storedTracked(record: TrackedRecord): unknown {
  const { messageIds, to, from, acceptedAt, reports, said } = record;
  const isPlain = reports.every(said === undefined ? isNone : (report) => isPlainReport(report, said));
  const unusual = isPlain
    ? unusualOf(record)
    : { ...unusualOf(record), reports, ...(said === undefined ? {} : { said }) };
  const state = isPlain ? (said ?? null) : null;
  let stored: StoredTracked = [messageIds, to, from, acceptedAt];
  if (unusual !== undefined) stored = [messageIds, to, from, acceptedAt, state, unusual];
  else if (state !== null) stored = [messageIds, to, from, acceptedAt, state];
  return stored;
}

/** The SMS that a record keeps; undefined when it is none of ours. */
export function trackedOf(id: string, value: unknown): TrackedRecord | undefined {
  if (!Array.isArray(value) || !Array.isArray(value[0])) return undefined;
  const [messageIds, to, from, acceptedAt, state = null, unusual] = value as unknown as StoredTracked;
  const reports = messageIds.map(() => (state === null ? null : { state, errorNumber: 0 }));
  const said = state === null ? {} : { said: state };
  return { id, messageIds, to, from, acceptedAt, reports, ...said, ...USUAL, ...unusual };
}

function isNone(report: SegmentReport | null): boolean {
  return report === null;
}

function isPlainReport(report: SegmentReport | null, said: SegmentReport['state']): boolean {
  return report?.state === said && report.errorNumber === 0 && report.errorRaw === undefined;
}
