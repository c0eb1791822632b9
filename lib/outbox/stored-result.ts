/**
 * A result that nobody has taken, as a record of table `result`: an array without names, and without what is as it
 * mostly is. That is half the octets of the object. Pure.
 */
import type { SubmitResult } from '../message.js';
import { unusualFields } from '../unusual-fields.js';

/** JSON. The key of the record is the id. */
type StoredResult = readonly [
  outcome: SubmitResult['outcome'],
  messageIds: readonly string[],
  to: string,
  from: string,
  segments: number,
  queuedAt: number,
  settledAt: number,
  host: string | null,
  unusual?: Partial<Named>,
];

type Named = Pick<
  SubmitResult,
  'encoding' | 'possibleDuplicate' | 'attempts' | 'status' | 'reason' | 'substituted' | 'correlation'
>;

const USUAL = { encoding: 'gsm7', possibleDuplicate: false, attempts: 1 } as const;

const unusualOf = unusualFields<Named>({
  ...USUAL,
  status: undefined,
  reason: undefined,
  substituted: undefined,
  correlation: undefined,
});

export function storedResult(result: SubmitResult): unknown {
  const { outcome, messageIds, to, from, segments, queuedAt, settledAt, host = null } = result;
  const unusual = unusualOf(result);
  const stored: StoredResult =
    unusual === undefined
      ? [outcome, messageIds, to, from, segments, queuedAt, settledAt, host]
      : [outcome, messageIds, to, from, segments, queuedAt, settledAt, host, unusual];
  return stored;
}

/**
 * The result of an SMS that an earlier process has settled.
 *
 * @param value of a record; the engine has checked that it is whole
 */
export function recoveredResult(id: string, value: unknown): SubmitResult {
  const [outcome, messageIds, to, from, segments, queuedAt, settledAt, host, unusual] = value as StoredResult;
  const fields = { outcome, messageIds, to, from, segments, queuedAt, settledAt };
  return { id, ...fields, ...USUAL, ...(host === null ? {} : { host }), ...unusual, recovered: true };
}
