/**
 * A result that nobody has taken, as a record of table `result`: an array without names, and without what is as it
 * mostly is. That is half the octets of the object. Pure.
 */
import { jsonCopy } from '../json-copy.js';
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

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

type Named = Pick<
  SubmitResult,
  | 'encoding'
  | 'possibleDuplicate'
  | 'recovered'
  | 'attempts'
  | 'status'
  | 'reason'
  | 'substituted'
  | 'correlation'
>;

const USUAL = { encoding: 'gsm7', possibleDuplicate: false, recovered: false, attempts: 1 } as const;

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
 * The result that a record keeps.
 *
 * @param value of a record; the engine has checked that it is whole
 * @param isEarlier of an SMS that an earlier process has settled
 */
export function readResult(id: string, value: unknown, isEarlier: boolean): SubmitResult {
  const [outcome, messageIds, to, from, segments, queuedAt, settledAt, host, unusual] = value as StoredResult;
  const fields = { outcome, messageIds, to, from, segments, queuedAt, settledAt };
  const result = { id, ...fields, ...USUAL, ...(host === null ? {} : { host }), ...unusual };
  return isEarlier ? { ...result, recovered: true } : result;
}

/** A copy that its receiver may keep and change. By a literal, as it is made for every SMS. */
export function ownResult(result: SubmitResult): SubmitResult {
  const { id, outcome, messageIds, to, from, segments, encoding, possibleDuplicate, recovered } = result;
  const { queuedAt, settledAt, attempts, host, status, reason, repeated, substituted, correlation } = result;
  const own: Mutable<SubmitResult> = {
    id,
    outcome,
    messageIds: messageIds.slice(),
    to,
    from,
    segments,
    encoding,
    possibleDuplicate,
    recovered,
    queuedAt,
    settledAt,
    attempts,
  };
  if (host !== undefined) own.host = host;
  if (status !== undefined) own.status = status;
  if (reason !== undefined) own.reason = reason;
  if (repeated !== undefined) own.repeated = repeated;
  if (substituted !== undefined) own.substituted = substituted.map((each) => ({ ...each }));
  if (correlation !== undefined) own.correlation = jsonCopy(correlation);
  return own;
}
