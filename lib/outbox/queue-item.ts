/**
 * One SMS in the queue, from being taken in until its result is safe.
 */
import type { EpochMs, Millis } from '../clock.js';
import type { Priority } from '../message.js';
import type { TextPlan } from '../text/segmenter.js';
import { NO_PROGRESS, type OutboxEntry, type Progress } from './entry.js';
import type { Standing } from './lanes.js';
import type { Round } from './round.js';
import type { Failure } from './submit-failures.js';
import type { Waiter } from './waiter.js';

export interface Body {
  readonly entry: OutboxEntry;
  /** Made as the SMS was taken in, until that is submitted: memory counts for what is under way. */
  plan: TextPlan | undefined;
}

/** One instant on both clocks. */
export interface Times {
  readonly wall: EpochMs;
  readonly now: Millis;
}

/**
 * One SMS in the queue. Its owner changes `progress` and the marks; the queue changes `state`, and what goes with it:
 * only one that has its body is marked or under way.
 */
export type QueueItem = NewItem | LeavingItem | KeptItem;

/** It is being stored. */
export type NewItem = ItemFields & { state: 'storing'; body: Body };

/** It may leave at any moment, or has left. */
export type LeavingItem = ItemFields & { state: 'marked' | 'underWay'; body: Body };

/** It waits, or is over; it may be in storage alone. */
type KeptItem = ItemFields & {
  state: 'scheduled' | 'queued' | 'held' | 'reading' | 'settling' | 'gone';
  body: Body | undefined;
};

interface ItemFields {
  readonly id: string;
  readonly order: number;
  readonly priority: Priority;
  readonly segments: number;
  /** Monotonic: a wall clock that jumps expires nothing while we run. Of a scheduled one it counts once that is due. */
  expiresAt: Millis;
  /** From when it may leave. */
  readonly lifeMs: Millis;
  readonly sendAt: EpochMs | undefined;
  /** Taken in by an earlier process. */
  readonly recovered: boolean;
  /** In `QueueItems`. */
  place: number;
  /** Storage has its entry: always, unless that is volatile and the body is held until the end. */
  isStored: boolean;
  progress: Progress;
  /** Its progress before it was marked. */
  unmarked: Progress;
  /** Storage has a record of its progress alone. */
  hasRecord: boolean;
  /** The round whose record marks it. */
  round: Round | undefined;
  /** Who waits for its result. */
  waiter: Waiter | undefined;
  /** Not before this; 0 when at once. */
  notBefore: Millis;
  /** Refusals so far after which it waited. */
  refusals: number;
  /** Refusals so far, but for ESME_RSUBMITFAIL and ESME_RINVBNDSTS, which mostly say something of the gateway. */
  timesRefused: number;
  /** By these, as it was last put in line. */
  standing: Standing;
  /** The host that refused it last or left it unanswered: another is asked first. */
  shunned: string | undefined;
  /** Its answer was overdue with none to others meanwhile: the link was left for it, where another takes its place. */
  wasSilent: boolean;
  /** SMS that had been accepted when it was last throttled. */
  throttledAfter: number | undefined;
  /** Of ESME_RSUBMITFAIL or ESME_RINVBNDSTS; nearly all have none. */
  failure: Failure | undefined;
}

/**
 * @param found what an earlier process left of it; undefined for a new one
 * @param times one instant
 */
export function newItem(body: Body, order: number, found: Progress | undefined, times: Times): NewItem {
  const { entry } = body;
  return {
    id: entry.id,
    order,
    priority: entry.priority,
    segments: entry.segments,
    expiresAt: times.now + leftMs(entry, times.wall),
    lifeMs: lifeOf(entry),
    sendAt: entry.sendAt,
    recovered: found !== undefined,
    place: -1,
    state: 'storing',
    isStored: true,
    progress: found ?? NO_PROGRESS,
    unmarked: NO_PROGRESS,
    hasRecord: false,
    round: undefined,
    waiter: undefined,
    body,
    notBefore: 0,
    refusals: 0,
    timesRefused: 0,
    standing: 'fresh',
    shunned: found?.refused?.host,
    wasSilent: false,
    throttledAfter: undefined,
    failure: undefined,
  };
}

const WAITING: ReadonlySet<QueueItem['state']> = new Set([
  'scheduled',
  'queued',
  'held',
  'reading',
  'marked',
]);

/** In the queue, and no octet of it has left since it came there. */
export function isWaiting({ state }: QueueItem): boolean {
  return WAITING.has(state);
}

/** What is known of it without its record, which is lost: its id, and what the queue goes by. */
export function remainsOf(item: QueueItem, { wall, now }: Times): OutboxEntry {
  const { id, segments, priority, lifeMs, sendAt } = item;
  const expiresAt = Math.round(wall + item.expiresAt - now);
  const queuedAt = Math.min(wall, Math.round(expiresAt - lifeMs));
  const due = sendAt === undefined ? {} : { sendAt };
  return { ...remainsOfId(id, wall), segments, priority, queuedAt, ...due, expiresAt };
}

/** As `remainsOf`, of one of which an earlier process left nothing but its id. */
export function remainsOfId(id: string, wall: EpochMs): OutboxEntry {
  const unknown = { to: '', from: '', text: '', encoding: 'gsm7', flash: false } as const;
  const usual = { longMessage: 'udh8', receipt: 'always', segments: 1, priority: 'normal' } as const;
  return { id, ...unknown, ...usual, queuedAt: wall, expiresAt: wall };
}

/** Whether this is what remains of an SMS whose record is lost: every other has a recipient. */
export function isRemains({ to }: OutboxEntry): boolean {
  return to === '';
}

/** What is left of its life; at most the whole of it, should the wall clock have been set back meanwhile. */
function leftMs(entry: OutboxEntry, wall: EpochMs): Millis {
  const { queuedAt, expiresAt, sendAt = queuedAt } = entry;
  const scheduledMs = Math.max(0, sendAt - Math.max(wall, queuedAt));
  return Math.min(expiresAt - wall, lifeOf(entry) + scheduledMs);
}

function lifeOf({ queuedAt, expiresAt, sendAt = queuedAt }: OutboxEntry): Millis {
  return expiresAt - Math.max(queuedAt, sendAt);
}
