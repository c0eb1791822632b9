/**
 * Which SMS goes next: a schedule in memory over the stored entries. No I/O, no timers.
 *
 *   add ──▶ scheduled (sendAt in the future) ──▶ queued ──take──▶ underWay ──remove──▶ gone
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
import type { OutboxEntry, Progress } from './entry.js';
import { Heap } from './heap.js';

/** Bodies held for the SMS next in line; beyond it a queue of any length costs an index entry each. */
const BODIES_MAX = 5_000;

export interface Body {
  readonly entry: OutboxEntry;
  readonly plan: TextPlan;
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
  state: 'scheduled' | 'queued' | 'underWay' | 'gone';
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
  #fresh: QueueItem[] = [];
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
  readonly #items = new Map<string, QueueItem>();
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

  /** @param times `wall` and `now` of one instant */
  add(body: Body, progress: Progress, recovered: boolean, times: { wall: EpochMs; now: Millis }): QueueItem {
    const { entry } = body;
    const lifeMs = entry.expiresAt - Math.max(entry.queuedAt, entry.sendAt ?? 0);
    const leftMs = Math.min(
      entry.expiresAt - times.wall,
      lifeMs + Math.max(0, (entry.sendAt ?? 0) - times.wall),
    );
    const scheduled = entry.sendAt !== undefined && entry.sendAt > times.wall;
    const item: QueueItem = {
      id: entry.id,
      order: (this.#order += 1),
      priority: entry.priority,
      segments: entry.segments,
      expiresAt: times.now + leftMs,
      sendAt: entry.sendAt,
      recovered,
      state: scheduled ? 'scheduled' : 'queued',
      progress,
      body: this.#bodies < BODIES_MAX ? body : undefined,
      notBefore: 0,
      refusals: 0,
      submitFailures: 0,
      submitFailedAt: undefined,
    };
    if (item.body !== undefined) this.#bodies += 1;
    this.#items.set(item.id, item);
    this.#counts[item.priority] += 1;
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, item.expiresAt);
    if (scheduled) {
      this.#counts.scheduled += 1;
      this.#bySendAt.push(item);
    } else {
      this.#lanes[item.priority].append(item);
    }
    return item;
  }

  /** The next SMS, until they make up `segmentsMax` segments; the last may exceed it. */
  take(segmentsMax: number, times: { wall: EpochMs; now: Millis }): QueueItem[] {
    this.#wake(times);
    const taken: QueueItem[] = [];
    let left = segmentsMax;
    while (left > 0) {
      const item = this.#lanes.alarm.shift() ?? this.#lanes.normal.shift() ?? this.#lanes.bulk.shift();
      if (item === undefined) break;
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

  /** Settled: forgotten here. */
  remove(item: QueueItem): void {
    if (!this.#items.delete(item.id)) return;
    this.#counts[item.priority] -= 1;
    if (item.state === 'underWay') this.#counts.underWay -= 1;
    if (item.state === 'scheduled') this.#counts.scheduled -= 1;
    item.state = 'gone';
    this.dropBody(item);
  }

  /** A body that was read back; held until `dropBody` or `remove`. */
  holdBody(item: QueueItem, body: Body): void {
    if (item.body === undefined) this.#bodies += 1;
    item.body = body;
  }

  dropBody(item: QueueItem): void {
    if (item.body === undefined) return;
    item.body = undefined;
    this.#bodies -= 1;
  }

  /** Every SMS that is past its expiry and not under way. */
  expired(now: Millis): QueueItem[] {
    if (now < this.#nextExpiryAt) return [];
    const expired: QueueItem[] = [];
    let next = Infinity;
    for (const item of this.#items.values()) {
      if (item.expiresAt > now) next = Math.min(next, item.expiresAt);
      else if (item.state !== 'underWay') expired.push(item);
    }
    this.#nextExpiryAt = next;
    return expired;
  }

  #wake(times: { wall: EpochMs; now: Millis }): void {
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
}
