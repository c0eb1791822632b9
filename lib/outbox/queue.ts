/**
 * Which SMS goes next: a schedule in memory over the stored entries. No I/O, no timers.
 *
 *   add ──▶ scheduled (sendAt in the future) ──▶ queued ──take──▶ underWay ──settling──▶ remove
 *                                                  ▲                 │
 *                                                  └──── release ◀───┘   (at its old place, at once or later)
 *
 * Alarms leave before normal SMS, and those before bulk; within a priority the order of taking in holds, also
 * for what was released. Only a bounded number of bodies is held: the rest is an index, and is read back from
 * storage when its turn comes.
 */
import type { EpochMs, Millis } from '../clock.js';
import type { Priority } from '../message.js';
import type { TextPlan } from '../text/segmenter.js';
import { TransitMap } from '../transit-map.js';
import { NO_PROGRESS, type OutboxEntry, type Progress } from './entry.js';
import { Heap } from './heap.js';

/** Bodies held for the SMS next in line; beyond it a queue of any length costs an index entry each. */
const BODIES_MAX = 5_000;

export interface Body {
  readonly entry: OutboxEntry;
  readonly plan: TextPlan;
}

/** One instant on both clocks. */
export interface Times {
  readonly wall: EpochMs;
  readonly now: Millis;
}

/** One SMS in the queue. Its owner changes `progress` and the marks; the queue changes `state`. */
export interface QueueItem {
  readonly id: string;
  readonly order: number;
  readonly priority: Priority;
  readonly segments: number;
  /** Monotonic: a wall clock that jumps expires nothing while we run. */
  readonly expiresAt: Millis;
  readonly sendAt: EpochMs | undefined;
  /** Taken in by an earlier process. */
  readonly recovered: boolean;
  state: 'scheduled' | 'queued' | 'underWay' | 'settling' | 'gone';
  progress: Progress;
  body: Body | undefined;
  /** Not before this; 0 when at once. */
  notBefore: Millis;
  /** Transient refusals so far. */
  refusals: number;
  /** ESME_RSUBMITFAIL answers in a row. */
  submitFailures: number;
  submitFailedAt: Millis | undefined;
}

/** One priority: first in, first out, with those that were released at their old place. */
class Lane {
  /** Empty where one has left: it is not to be held. */
  #fresh: (QueueItem | undefined)[] = [];
  #head = 0;
  readonly #released = new Heap<QueueItem>((item) => item.order);

  append(item: QueueItem): void {
    this.#fresh.push(item);
  }

  putBack(item: QueueItem): void {
    this.#released.push(item);
  }

  /** The next one that is still queued; skips what was cancelled or has expired meanwhile. */
  shift(): QueueItem | undefined {
    for (;;) {
      const item = this.#shiftAny();
      if (item === undefined || item.state === 'queued') return item;
    }
  }

  #shiftAny(): QueueItem | undefined {
    const fresh = this.#fresh[this.#head];
    const released = this.#released.peek();
    if (released !== undefined && (fresh === undefined || released.order < fresh.order))
      return this.#released.pop();
    if (fresh === undefined) return undefined;
    this.#fresh[this.#head] = undefined;
    this.#head += 1;
    if (this.#head > 1_024 && this.#head * 2 > this.#fresh.length) {
      this.#fresh = this.#fresh.slice(this.#head);
      this.#head = 0;
    } else if (this.#head === this.#fresh.length) {
      this.#fresh = [];
      this.#head = 0;
    }
    return fresh;
  }
}

export class Queue {
  readonly #items = new TransitMap<string, QueueItem>();
  readonly #lanes: Readonly<Record<Priority, Lane>> = {
    alarm: new Lane(),
    normal: new Lane(),
    bulk: new Lane(),
  };
  /** By wall clock, since a person chose the instant. */
  readonly #bySendAt = new Heap<QueueItem>((item) => item.sendAt ?? 0);
  /** By monotonic clock: back-off. */
  readonly #byNotBefore = new Heap<QueueItem>((item) => item.notBefore);
  readonly #counts = { alarm: 0, normal: 0, bulk: 0, scheduled: 0, underWay: 0 };
  #order = 0;
  #bodies = 0;
  /** No later than the first expiry; looked at again when it has passed. */
  #nextExpiryAt: Millis = Infinity;

  get size(): number {
    return this.#items.size;
  }

  get counts(): Readonly<Record<Priority | 'scheduled' | 'underWay', number>> {
    return this.#counts;
  }

  get nextExpiryAt(): Millis {
    return this.#nextExpiryAt;
  }

  /** When the next scheduled SMS is due, on the wall clock. */
  get nextSendAt(): EpochMs | undefined {
    return this.#bySendAt.peek()?.sendAt;
  }

  /** When the next back-off ends, on the monotonic clock. */
  get nextRetryAt(): Millis | undefined {
    return this.#byNotBefore.peek()?.notBefore;
  }

  get(id: string): QueueItem | undefined {
    return this.#items.get(id);
  }

  /** Every SMS in the order of taking in; it ends with what was there when it began. */
  get items(): Iterable<QueueItem> {
    return this.#items.values();
  }

  /** Whether a body handed to `add` would be held. */
  get hasRoomForBody(): boolean {
    return this.#bodies < BODIES_MAX;
  }

  /**
   * @param body held when there is room for it; read back from storage else
   * @param found what an earlier process left of it; undefined for a new one
   * @param times `wall` and `now` of one instant
   */
  add(entry: OutboxEntry, body: Body | undefined, found: Progress | undefined, times: Times): QueueItem {
    const item: QueueItem = {
      id: entry.id,
      order: (this.#order += 1),
      priority: entry.priority,
      segments: entry.segments,
      expiresAt: times.now + leftMs(entry, times.wall),
      sendAt: entry.sendAt,
      recovered: found !== undefined,
      state: stateAtFirst(entry, found, times.wall),
      progress: found ?? NO_PROGRESS,
      body: undefined,
      notBefore: 0,
      refusals: 0,
      submitFailures: 0,
      submitFailedAt: undefined,
    };
    if (body !== undefined && this.hasRoomForBody) this.holdBody(item, body);
    this.#items.set(item.id, item);
    this.#counts[item.priority] += 1;
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, item.expiresAt);
    if (item.state === 'underWay') this.#counts.underWay += 1;
    if (item.state === 'queued') this.#lanes[item.priority].append(item);
    if (item.state === 'scheduled') {
      this.#counts.scheduled += 1;
      this.#bySendAt.push(item);
    }
    return item;
  }

  /** Puts in line what has become due: scheduled SMS, and those whose back-off is over. */
  wake(times: Times): void {
    for (let item = this.#bySendAt.peek(); item !== undefined; item = this.#bySendAt.peek()) {
      if (item.state === 'scheduled' && (item.sendAt ?? 0) > times.wall) break;
      this.#bySendAt.pop();
      if (item.state !== 'scheduled') continue;
      item.state = 'queued';
      this.#counts.scheduled -= 1;
      this.#lanes[item.priority].putBack(item);
    }
    for (let item = this.#byNotBefore.peek(); item !== undefined; item = this.#byNotBefore.peek()) {
      if (item.state === 'queued' && item.notBefore > times.now) break;
      this.#byNotBefore.pop();
      if (item.state !== 'queued') continue;
      item.notBefore = 0;
      this.#lanes[item.priority].putBack(item);
    }
  }

  /** The next SMS, until they make up `segmentsMax` segments; the last may exceed it. */
  take(segmentsMax: number, times: Times): QueueItem[] {
    this.wake(times);
    const taken: QueueItem[] = [];
    let left = segmentsMax;
    while (left > 0) {
      const item = this.#lanes.alarm.shift() ?? this.#lanes.normal.shift() ?? this.#lanes.bulk.shift();
      if (item === undefined) break;
      if (item.expiresAt <= times.now) continue; // its time is over: the next look at expiry settles it
      item.state = 'underWay';
      this.#counts.underWay += 1;
      left -= item.segments;
      taken.push(item);
    }
    return taken;
  }

  /** Back to its old place in the line, after `waitMs`. */
  release(item: QueueItem, now: Millis, waitMs: Millis = 0): void {
    if (item.state !== 'underWay') return;
    this.#counts.underWay -= 1;
    item.state = 'queued';
    item.notBefore = waitMs > 0 ? now + waitMs : 0;
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, item.expiresAt);
    if (waitMs > 0) this.#byNotBefore.push(item);
    else this.#lanes[item.priority].putBack(item);
  }

  /** It has its outcome: nobody takes it any more, and it counts until `remove`. */
  settling(item: QueueItem): void {
    if (item.state === 'underWay') this.#counts.underWay -= 1;
    if (item.state === 'scheduled') this.#counts.scheduled -= 1;
    item.state = 'settling';
  }

  /** Its result is safe. */
  remove(item: QueueItem): void {
    if (!this.#items.delete(item.id)) return;
    this.#counts[item.priority] -= 1;
    item.state = 'gone';
    if (item.body === undefined) return;
    item.body = undefined;
    this.#bodies -= 1;
  }

  /** Some SMS to this recipient is under way, or has just had its answer: a receipt may be its own. */
  isAnyAnswerDue(to: string): boolean {
    for (const { state, body } of this.#items.values()) {
      if ((state === 'underWay' || state === 'settling') && (body === undefined || body.entry.to === to))
        return true;
    }
    return false;
  }

  /** Keeps a body with its item until it is removed. */
  holdBody(item: QueueItem, body: Body): void {
    if (item.body === undefined) this.#bodies += 1;
    item.body = body;
  }

  /** Every SMS that is past its expiry and waits. */
  expired(now: Millis): QueueItem[] {
    if (now < this.#nextExpiryAt) return [];
    const expired: QueueItem[] = [];
    let next = Infinity;
    for (const item of this.#items.values()) {
      if (item.expiresAt > now) next = Math.min(next, item.expiresAt);
      else if (item.state === 'queued' || item.state === 'scheduled') expired.push(item);
    }
    this.#nextExpiryAt = next;
    return expired;
  }
}

/** What is left of its life; at most the whole of it, should the wall clock have been set back meanwhile. */
function leftMs(entry: OutboxEntry, wall: EpochMs): Millis {
  const { queuedAt, expiresAt, sendAt = queuedAt } = entry;
  const lifeMs = expiresAt - Math.max(queuedAt, sendAt);
  const scheduledMs = Math.max(0, sendAt - Math.max(wall, queuedAt));
  return Math.min(expiresAt - wall, lifeMs + scheduledMs);
}

function stateAtFirst(entry: OutboxEntry, found: Progress | undefined, wall: EpochMs): QueueItem['state'] {
  if (found?.underWay) return 'underWay';
  return entry.sendAt !== undefined && entry.sendAt > wall ? 'scheduled' : 'queued';
}
