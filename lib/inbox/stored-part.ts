/** A part of an incoming message as a record of table `part`: kept until its message is handed on. */
import type { Millis } from '../clock.js';
import type { Change } from '../storage/storage.js';
import type { MessagePart, Place } from './message-part.js';

/** JSON. */
export interface StoredPart {
  /** Of its message; distinguishes those that have the same reference. */
  readonly number: number;
  readonly place: Place;
  readonly delivery: MessagePart['delivery'];
  /** Base64. */
  readonly body: string;
  readonly receivedAt: number;
  readonly hasNationalTable?: true;
}

/** A part outlives its message's wait only when the process was down: no longer than events are kept. */
const KEEP_MS: Millis = 7 * 86_400_000;

/** The write that keeps a part. */
export function partChange(number: number, place: Place, part: MessagePart): Change {
  const { delivery, body, receivedAt, hasNationalTable } = part;
  const value: StoredPart = {
    number,
    place,
    delivery,
    body: Buffer.from(body).toString('base64'),
    receivedAt,
    ...(hasNationalTable === undefined ? {} : { hasNationalTable }),
  };
  return { table: 'part', key: keyOf(number, place.sequence), value, keepUntil: receivedAt + KEEP_MS };
}

/** The write that forgets it. */
export function partGone(number: number, sequence: number): Change {
  return { table: 'part', key: keyOf(number, sequence) };
}

export function partOf({ delivery, body, receivedAt, hasNationalTable }: StoredPart): MessagePart {
  const part = { delivery, body: new Uint8Array(Buffer.from(body, 'base64')), receivedAt };
  return hasNationalTable === undefined ? part : { ...part, hasNationalTable };
}

/** Enough to tell a record of ours from anything else; the engine has checked that it is whole. */
export function isStoredPart(value: unknown): value is StoredPart {
  if (typeof value !== 'object' || value === null) return false;
  const { number, place, delivery, body } = value as Partial<StoredPart>;
  return (
    typeof number === 'number' &&
    typeof place?.total === 'number' &&
    typeof delivery?.from === 'string' &&
    typeof body === 'string'
  );
}

function keyOf(number: number, sequence: number): string {
  return `${number}.${sequence}`;
}
