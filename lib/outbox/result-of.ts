/** The one result of an SMS, put together as it ends. */
import type { EpochMs } from '../clock.js';
import type { Outcome, SubmitResult } from '../message.js';
import type { OutboxEntry } from './entry.js';
import type { FirstResult } from './dedupe.js';
import type { QueueItem } from './queue-item.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** How an SMS ended, as far as it differs from one to the next. */
export interface End {
  readonly outcome: Outcome;
  /** By default those of what the gateway has of it, though it was not accepted. */
  readonly messageIds?: readonly string[];
  readonly status?: string;
  readonly reason?: string;
  readonly host?: string;
}

/** @param item with its progress as it ends */
export function resultOf(
  item: Pick<QueueItem, 'progress' | 'recovered'>,
  entry: OutboxEntry,
  end: End,
  settledAt: EpochMs,
): SubmitResult {
  const { recovered, progress } = item;
  const { attempts, possibleDuplicate, half = [] } = progress;
  const { id, to, from, segments, encoding, queuedAt, substituted, correlation } = entry;
  const { outcome, messageIds = half, host, status, reason } = end;
  // A literal with the properties that are mostly there; see `segments.ts`.
  const result: Mutable<SubmitResult> = {
    id,
    outcome,
    messageIds,
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
  if (host !== undefined) result.host = host;
  if (status !== undefined) result.status = status;
  if (reason !== undefined) result.reason = reason;
  if (substituted !== undefined) result.substituted = substituted;
  if (correlation !== undefined) result.correlation = correlation;
  return result;
}

/** The result of an SMS that was not sent, because `first` has its dedupe key. */
export function repeatOf(first: FirstResult, entry: OutboxEntry): SubmitResult {
  const { id, outcome, messageIds, possibleDuplicate, recovered, queuedAt, settledAt, attempts } = first;
  const { host, status, reason } = first;
  const { to, from, segments, encoding, substituted, correlation } = entry;
  return {
    id,
    outcome,
    messageIds: [...messageIds],
    to,
    from,
    segments,
    encoding,
    possibleDuplicate,
    recovered,
    ...(host !== undefined && { host }),
    ...(status !== undefined && { status }),
    repeated: true,
    ...(reason !== undefined && { reason }),
    queuedAt,
    settledAt,
    attempts,
    ...(substituted !== undefined && { substituted }),
    ...(correlation !== undefined && { correlation }),
  };
}
