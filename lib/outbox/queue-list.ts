/**
 * The queue as a person looks at it: its first SMS in the order in which they leave.
 *
 * Of what is personal only the recipient comes, masked.
 */
import type { Clock, Millis } from '../clock.js';
import { maskNumber } from '../errors.js';
import type { QueuedSms } from '../message.js';
import type { Storage } from '../storage/storage.js';
import type { Refusal } from './answers.js';
import type { OutboxEntry } from './entry.js';
import { isWaiting, remainsOf, type QueueItem } from './queue-item.js';
import { readEntry } from './stored-entry.js';

/** SMS in one list: more than a person reads, and each may be a read from storage. */
const LIST_MAX = 100;

export interface ListOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly refusal: (status: number) => Refusal;
}

/** What is on its way stands first, what is not due yet last, the priorities in between. */
const PLACES = ['underWay', 'alarm', 'normal', 'bulk', 'scheduled'] as const;

/**
 * The first `max` SMS, 100 at most, without text, sender and full number; what is not in memory is read back;
 * `to` is empty of one that cannot be read.
 *
 * @param items in the order of taking in
 */
export async function listQueue(
  items: Iterable<QueueItem>,
  { storage, clock, refusal }: ListOptions,
  max: number,
): Promise<QueuedSms[]> {
  const times = { wall: clock.wall(), now: clock.now() };
  const listed = await Promise.all(
    firstInLine(items, Math.min(max, LIST_MAX)).map(async (item) => {
      // One that cannot be read must not hide the others.
      const entry =
        item.body?.entry ?? (await readEntry(storage, item.id).catch(() => 'unreadable' as const));
      if (entry === 'gone') return [];
      const known = typeof entry === 'string' ? remainsOf(item, times) : entry;
      return [describe(item, known, times.now, refusal)];
    }),
  );
  return listed.flat();
}

/** It walks through all items: some 10 ms for a million. */
function firstInLine(items: Iterable<QueueItem>, max: number): QueueItem[] {
  const lines = { underWay: [], alarm: [], normal: [], bulk: [], scheduled: [] } as Record<
    (typeof PLACES)[number],
    QueueItem[]
  >;
  for (const item of items) {
    const place = placeOf(item);
    if (place !== undefined && lines[place].length < max) lines[place].push(item);
  }
  return PLACES.flatMap((place) => lines[place]).slice(0, max);
}

/** Undefined for one that is not taken in yet, or is settled. */
function placeOf(item: QueueItem): (typeof PLACES)[number] | undefined {
  const { state, priority } = item;
  if (state === 'scheduled' || state === 'underWay') return state;
  return isWaiting(item) ? priority : undefined;
}

function describe(
  item: QueueItem,
  entry: OutboxEntry,
  now: Millis,
  refusal: ListOptions['refusal'],
): QueuedSms {
  const { id, to, priority, segments, queuedAt, sendAt, expiresAt } = entry;
  const { attempts, refused } = item.progress;
  const state = stateOf(item, now);
  return {
    ...{ id, to: maskNumber(to), priority, state, segments, attempts, queuedAt, expiresAt },
    ...(sendAt === undefined ? {} : { sendAt }),
    ...(refused === undefined ? {} : { lastStatus: refusal(refused.status).name }),
  };
}

function stateOf({ state, notBefore }: QueueItem, now: Millis): QueuedSms['state'] {
  if (state === 'scheduled' || state === 'underWay') return state;
  return notBefore > now ? 'retrying' : 'queued';
}
