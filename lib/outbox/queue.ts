/**
 * Which SMS goes next: a schedule in memory over the stored entries. No I/O, no timers.
 *
 *   add ─▶ storing ─enter─▶ scheduled (sendAt in the future) ─▶ queued ─take─▶ marked ─next─▶ underWay ─settling─▶ remove
 *                                                              ▲ ▲  └ reading      │             │
 *                                                              │ └────── ┘ (without its body)    │
 *                                                              └───── release ◀────┴─────────────┘
 *
 * A marked one may leave at any moment: storage says so, or is about to. What is released goes to its old place in
 * the line, at once or later; the order is that of `lanes.ts`. Only a bounded number of bodies is held for those in
 * line: the rest is an index, and is read back from storage when its turn comes. What has its body passes it then.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { EpochMs, Millis } from '../clock.js';
import type { Priority } from '../message.js';
import type { Progress } from './entry.js';
import { Heap, Leavers } from './heap.js';
import { goesBefore, isHigher, Lanes, standingAfter, type Standing } from './lanes.js';
import { QueueItems } from './queue-items.js';
import {
  isWaiting,
  newItem,
  type Body,
  type LeavingItem,
  type NewItem,
  type QueueItem,
  type Times,
} from './queue-item.js';

interface Phone {
  readonly item: QueueItem;
  readonly behind: QueueItem[];
}

const NONE: readonly LeavingItem[] = [];

export class Queue {
  readonly #items: QueueItems;
  readonly #bodiesMax: number;
  readonly #readAheadMax: number;
  /** In line: with their body, and those that have to be read back first. */
  readonly #queued: Lanes<QueueItem>;
  readonly #unread: Lanes<QueueItem>;
  readonly #marked: Lanes<LeavingItem>;
  /** By wall clock, since a person chose the instant. */
  readonly #bySendAt = new Heap<QueueItem>((item) => item.sendAt ?? 0);
  readonly #unscheduled: Leavers;
  /** By monotonic clock: back-off. */
  readonly #byNotBefore = new Heap<QueueItem>((item) => item.notBefore);
  readonly #notRetried: Leavers;
  readonly #counts = { alarm: 0, normal: 0, bulk: 0, scheduled: 0, underWay: 0 };
  /** Segments of what is marked and not under way. */
  readonly #ahead = { alarm: 0, normal: 0, bulk: 0, refusedAgain: 0 };
  /** Long SMS that have begun and have segments to come, by recipient, and those in line that wait for that. */
  readonly #phones = new Map<string, Phone>();
  #tooEarly: LeavingItem[] = [];
  /** The highest order of each priority that was ever marked. */
  readonly #lastMarked = { alarm: 0, normal: 0, bulk: 0 };
  #order = 0;
  #storing = 0;
  /** Bodies of those in line. */
  #bodies = 0;
  /** No later than the first expiry; looked at again when it has passed. */
  #nextExpiryAt: Millis = Infinity;

  constructor(bounds: Pick<Bounds, 'bodies' | 'bodiesAhead' | 'queueGaps'> = DEFAULT_BOUNDS) {
    this.#items = new QueueItems(bounds);
    this.#queued = new Lanes((item) => isInLine(item) && item.body !== undefined, bounds);
    this.#unread = new Lanes((item) => isInLine(item) && item.body === undefined, bounds);
    this.#marked = new Lanes<LeavingItem>(isMarked, bounds);
    this.#unscheduled = new Leavers(bounds.queueGaps);
    this.#notRetried = new Leavers(bounds.queueGaps);
    this.#bodiesMax = bounds.bodies;
    this.#readAheadMax = bounds.bodiesAhead;
  }

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

  /** Every SMS that is here now, in the order of taking in. */
  get items(): readonly QueueItem[] {
    return this.#items.all();
  }

  /** Whether a body handed to `add` is held while its SMS stands in line. */
  get hasRoomForBody(): boolean {
    return this.#bodies + this.#storing < this.#bodiesMax;
  }

  /** Segments of all that is marked and has not left yet. */
  get ahead(): number {
    const { alarm, normal, bulk, refusedAgain } = this.#ahead;
    return alarm + normal + bulk + refusedAgain;
  }

  /**
   * An SMS that is being taken in: nobody takes it before `enter`.
   *
   * @param found what an earlier process left of it; undefined for a new one
   * @param times `wall` and `now` of one instant
   */
  add(body: Body, found: Progress | undefined, times: Times): NewItem {
    const item = newItem(body, (this.#order += 1), found, times);
    this.#storing += 1;
    this.#items.add(item);
    return item;
  }

  /**
   * It is stored: in line from now on, unless it is scheduled. When its progress says that it is under way, its mark
   * was stored along with it.
   */
  enter(item: QueueItem, wall: EpochMs): void {
    if (item.state !== 'storing') return;
    this.#entered(item);
    const { progress, sendAt, body } = item;
    if (!progress.underWay && sendAt !== undefined && sendAt > wall) {
      this.#schedule(item);
      return;
    }
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, item.expiresAt);
    if (!progress.underWay) {
      this.#standInLine(item);
      return;
    }
    this.ready(this.#mark(item, body));
  }

  /** An earlier process had it under way, and so it is until its owner draws the conclusion. */
  enterUnderWay(item: NewItem): LeavingItem {
    this.#entered(item);
    return this.#submit(item);
  }

  /** Puts in line what has become due: scheduled SMS, and those whose back-off is over. */
  wake(times: Times): void {
    for (let item = this.#bySendAt.peek(); item !== undefined; item = this.#bySendAt.peek()) {
      if (item.state === 'scheduled' && (item.sendAt ?? 0) > times.wall) break;
      this.#bySendAt.pop();
      if (item.state !== 'scheduled') continue;
      item.state = 'queued';
      item.expiresAt = times.now + item.lifeMs;
      this.#nextExpiryAt = Math.min(this.#nextExpiryAt, item.expiresAt);
      this.#counts.scheduled -= 1;
      this.#putInLine(item);
    }
    for (let item = this.#byNotBefore.peek(); item !== undefined; item = this.#byNotBefore.peek()) {
      if (item.state === 'queued' && item.notBefore > times.now) break;
      this.#byNotBefore.pop();
      if (item.state !== 'queued') continue;
      item.notBefore = 0;
      this.#putInLine(item);
    }
  }

  /**
   * The next SMS whose body is to be read back: the first of those without one, as long as there is room for it, and
   * in any case when it goes before all that have theirs. `readBack` follows, unless it ends first.
   */
  nextUnread(): QueueItem | undefined {
    const item = this.#unread.peek();
    if (item === undefined) return undefined;
    if (this.#bodies >= this.#bodiesMax + this.#readAheadMax) {
      const first = this.#queued.peek();
      if (first !== undefined && goesBefore(first, item)) return undefined;
    }
    this.#unread.shift(item);
    item.state = 'reading';
    return item;
  }

  /** Its body is there: back to its place in the line, unless it has ended meanwhile. */
  readBack(item: QueueItem, body: Body): void {
    if (item.state !== 'reading') return;
    this.#bodies += 1;
    item.state = 'queued';
    item.body = body;
    this.#queued.add(item);
  }

  /** The next SMS to be marked, until they make up `segmentsMax` segments; the last may exceed it. */
  take(segmentsMax: number, times: Times): LeavingItem[] {
    return this.#take(segmentsMax, times, () => this.#queued.peek());
  }

  /**
   * As `take`, of those alone that go before something that is marked: alarms, and what came back. One is always taken
   * when nothing as urgent is marked: however much is, an alarm does not wait for it.
   */
  takeOvertaking(segmentsMax: number, times: Times): LeavingItem[] {
    const first = this.#queued.peekOther();
    if (first === undefined) return [];
    const least = this.#isMarkedDownTo(first.priority) ? 0 : 1;
    return this.#take(Math.max(least, segmentsMax), times, () => this.#nextOvertaking);
  }

  /** The one that `take` would give first. */
  get first(): QueueItem | undefined {
    return this.#queued.peek();
  }

  /** The one that `next` would give. */
  get nextReady(): LeavingItem | undefined {
    return this.#marked.peek();
  }

  /** Nothing in the queue could leave now. */
  get isLineEmpty(): boolean {
    return this.ahead === 0 && this.first === undefined && this.#unread.peek() === undefined;
  }

  /** The SMS in line that stands at this fraction of the queue, 1 being the newest. */
  near(fraction: number, now: Millis): QueueItem | undefined {
    return this.#items.before(fraction, (item) => this.#isTakeable(item, now));
  }

  /** Takes one out of its turn, if it is in line with its body. */
  takeOut(item: QueueItem | undefined, { now }: Times): LeavingItem | undefined {
    if (item?.body === undefined || !this.#isTakeable(item, now)) return undefined;
    const { body } = item;
    this.#bodies -= 1;
    item.unmarked = item.progress;
    const taken = this.#mark(item, body);
    this.#queued.left(item);
    return taken;
  }

  /** Whether nothing stands in line that would leave before an SMS of this priority. */
  isFree(priority: Priority): boolean {
    return this.#queued.isEmptyDownTo(priority) && this.#unread.isEmptyDownTo(priority);
  }

  /** The mark is stored: `next` gives it when its turn comes. */
  ready(item: LeavingItem): void {
    if (item.state === 'marked') this.#marked.add(item);
  }

  /**
   * The next one that is ready, which is under way from now on.
   *
   * @param above only one of a higher priority
   */
  next(now: Millis, above?: Priority): LeavingItem | undefined {
    for (;;) {
      const item = this.#marked.peek();
      if (item === undefined || (above !== undefined && !isHigher(item.priority, above))) return undefined;
      this.#marked.shift(item);
      if (item.expiresAt <= now) continue; // the next look at expiry settles it
      if (item.segments > 1 && this.#isPhoneTaken(item, item.body)) {
        this.#tooEarly.push(item);
        continue;
      }
      this.#leaveMarked(item);
      return this.#submit(item);
    }
  }

  /** It has begun, and has segments to come: until `lastSegmentLeft` no other long one to its phone begins. */
  begun(item: LeavingItem): void {
    const { to } = item.body.entry;
    if (!this.#phones.has(to)) this.#phones.set(to, { item, behind: [] });
  }

  /** The last of its segments has left, or those to come wait for long: the next long one to its phone may begin. */
  lastSegmentLeft(item: QueueItem): void {
    const to = item.body?.entry.to ?? '';
    const phone = this.#phones.get(to);
    if (phone?.item !== item) return;
    this.#phones.delete(to);
    for (const next of phone.behind) if (isQueued(next)) this.#queued.add(next);
  }

  /** The priority of those that wait for the rest of an SMS that has begun, or its own when that is higher. */
  urgencyOf({ priority, body }: LeavingItem): Priority {
    let urgency = priority;
    for (const behind of this.#phones.get(body.entry.to)?.behind ?? []) {
      if (isQueued(behind) && isHigher(behind.priority, urgency)) urgency = behind.priority;
    }
    return urgency;
  }

  /** Those that `next` passed over since another long one to their phone has begun: to be released. */
  takeTooEarly(): readonly LeavingItem[] {
    if (this.#tooEarly.length === 0) return NONE;
    const taken = this.#tooEarly;
    this.#tooEarly = [];
    return taken;
  }

  /** All that is ready, and not under way: to be released, since no link is there to take it. */
  takeReady(): LeavingItem[] {
    const taken: LeavingItem[] = [];
    for (let item = this.#marked.peek(); item; item = this.#marked.peek()) {
      this.#marked.shift(item);
      taken.push(item);
    }
    return taken;
  }

  /** Back to its old place in the line, after `waitMs`. */
  release(item: QueueItem, now: Millis, waitMs: Millis = 0): void {
    if (item.state !== 'underWay' && item.state !== 'marked') return;
    this.#leave(item);
    item.notBefore = waitMs > 0 ? now + waitMs : 0;
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, item.expiresAt);
    this.#standInLine(item);
  }

  /** As `release`, but it stands beside the line until `free`. */
  hold(item: QueueItem): void {
    if (item.state !== 'underWay' && item.state !== 'marked') return;
    this.#leave(item);
    item.notBefore = Infinity;
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, item.expiresAt);
    this.#keep(item, 'held');
  }

  /** Back to its old place in the line, if it is held. */
  free(item: QueueItem): void {
    if (item.state !== 'held') return;
    item.notBefore = 0;
    item.state = 'queued';
    this.#putInLine(item);
  }

  /** One in line waits until `notBefore` instead; one that is held or read stays as it is. */
  delay(item: QueueItem, notBefore: Millis): void {
    if (item.state !== 'queued' || item.notBefore === notBefore) return;
    const wasInLine = item.notBefore === 0;
    // Its place there goes by what is changed.
    if (!wasInLine) this.#byNotBefore.keep((other) => other !== item);
    item.notBefore = notBefore;
    this.#byNotBefore.push(item);
    if (wasInLine) this.#lineOf(item).left(item);
  }

  /** It has its outcome: nobody takes it any more, and it counts until `remove`. */
  settling(item: QueueItem): void {
    const { state } = item;
    this.#leave(item);
    item.state = 'settling';
    if (state !== 'underWay') this.#leftLine(item, state);
  }

  /** Its result is safe, or it was not taken in. */
  remove(item: QueueItem): void {
    if (!this.#items.remove(item)) return;
    if (item.state === 'storing') this.#storing -= 1;
    else this.#counts[item.priority] -= 1;
    item.state = 'gone';
    item.body = undefined;
  }

  /** Some SMS to this recipient is under way, or has just had its answer: a receipt may be its own. */
  isAnyAnswerDue(to: string): boolean {
    for (const { state, body } of this.#items.all()) {
      if ((state === 'underWay' || state === 'settling') && (body === undefined || body.entry.to === to))
        return true;
    }
    return false;
  }

  /** Every SMS that is past its expiry and waits; the life of a scheduled one has not begun. */
  expired(now: Millis): QueueItem[] {
    if (now < this.#nextExpiryAt) return [];
    const expired: QueueItem[] = [];
    let next = Infinity;
    for (const item of this.#items.all()) {
      if (item.state === 'scheduled') continue;
      if (item.expiresAt > now) next = Math.min(next, item.expiresAt);
      else if (isWaiting(item)) expired.push(item);
    }
    this.#nextExpiryAt = next;
    return expired;
  }

  #take(segmentsMax: number, times: Times, next: () => QueueItem | undefined): LeavingItem[] {
    const taken: LeavingItem[] = [];
    for (let left = segmentsMax; left > 0;) {
      const item = next();
      if (item?.body === undefined) break;
      this.#queued.shift(item);
      if (item.expiresAt <= times.now) continue; // its time is over: the next look at expiry settles it
      if (item.segments > 1 && this.#isPhoneTaken(item, item.body)) {
        this.#phones.get(item.body.entry.to)?.behind.push(item);
        continue;
      }
      this.#bodies -= 1;
      item.unmarked = item.progress;
      left -= item.segments;
      taken.push(this.#mark(item, item.body));
    }
    return taken;
  }

  #isTakeable(item: QueueItem, now: Millis): boolean {
    const { state, notBefore, body, expiresAt, segments } = item;
    if (state !== 'queued' || notBefore > 0 || body === undefined || expiresAt <= now) return false;
    return segments === 1 || !this.#isPhoneTaken(item, body);
  }

  #isPhoneTaken(item: QueueItem, { entry }: Body): boolean {
    const phone = this.#phones.get(entry.to);
    return phone !== undefined && phone.item !== item;
  }

  #isMarkedDownTo(lowest: Priority): boolean {
    const { alarm, normal, bulk } = this.#ahead;
    return alarm + (lowest === 'alarm' ? 0 : normal) + (lowest === 'bulk' ? bulk : 0) > 0;
  }

  get #nextOvertaking(): QueueItem | undefined {
    const next = this.#queued.peekOther();
    return next !== undefined && this.#overtakes(next) ? next : undefined;
  }

  #overtakes({ priority, order, standing }: QueueItem): boolean {
    const isFresh = standing === 'fresh';
    if (isFresh && this.#ahead[priority] > 0 && order < this.#lastMarked[priority]) return true;
    const { normal, bulk, refusedAgain } = this.#ahead;
    return (priority === 'alarm' ? normal : 0) + (priority === 'bulk' ? 0 : bulk) + refusedAgain > 0;
  }

  #entered(item: NewItem): void {
    this.#storing -= 1;
    this.#counts[item.priority] += 1;
  }

  /** It waits until it is due, in storage alone where it can. */
  #schedule(item: QueueItem): void {
    item.state = 'scheduled';
    this.#counts.scheduled += 1;
    if (item.isStored) item.body = undefined;
    this.#bySendAt.push(item);
  }

  #standInLine(item: QueueItem): void {
    this.#keep(item, 'queued');
    if (item.notBefore > 0) this.#byNotBefore.push(item);
    else this.#putInLine(item);
  }

  #putInLine(item: QueueItem): void {
    item.standing = standingAfter(item.timesRefused);
    this.#lineOf(item).add(item);
  }

  /** With its body, if there is room for it. */
  #keep(item: QueueItem, state: 'queued' | 'held'): void {
    item.state = state;
    if (this.#bodies < this.#bodiesMax || !item.isStored) this.#bodies += 1;
    else item.body = undefined;
  }

  #lineOf(item: QueueItem): Lanes<QueueItem> {
    return item.body === undefined ? this.#unread : this.#queued;
  }

  #submit(item: QueueItem): LeavingItem {
    this.#counts.underWay += 1;
    item.state = 'underWay';
    return item as LeavingItem; // it is one now
  }

  #mark(item: QueueItem, body: Body): LeavingItem {
    item.state = 'marked';
    item.body = body;
    this.#lastMarked[item.priority] = Math.max(this.#lastMarked[item.priority], item.order);
    this.#ahead[aheadAs(item)] += item.segments;
    return item as LeavingItem; // it is one now
  }

  #leaveMarked(item: QueueItem): void {
    this.#ahead[aheadAs(item)] -= item.segments;
  }

  /** It was settled where it stood, out of its turn: it is not to be held there. */
  #leftLine(item: QueueItem, state: QueueItem['state']): void {
    const { notBefore, body } = item;
    if (state === 'held') return;
    if (state === 'marked') this.#marked.left(item);
    else if (state === 'scheduled') {
      if (this.#unscheduled.add(this.#bySendAt.size)) this.#bySendAt.keep(isScheduled);
    } else if (notBefore > 0) {
      if (this.#notRetried.add(this.#byNotBefore.size)) this.#byNotBefore.keep(isQueued);
    } else if (body !== undefined) this.#queued.left(item);
    else this.#unread.left(item);
  }

  /** It is no longer counted as what it was. */
  #leave(item: QueueItem): void {
    if (item.segments > 1) this.lastSegmentLeft(item);
    if (item.state === 'underWay') this.#counts.underWay -= 1;
    if (item.state === 'scheduled') this.#counts.scheduled -= 1;
    if (item.state === 'marked') this.#leaveMarked(item);
    if ((item.state === 'queued' || item.state === 'held') && item.body !== undefined) this.#bodies -= 1;
  }
}

function aheadAs({ priority, standing }: QueueItem): Priority | Extract<Standing, 'refusedAgain'> {
  return standing === 'refusedAgain' ? standing : priority;
}

/** Not one that waits for its next try: when it was taken out of its turn, its old place may still name it. */
const isInLine = ({ state, notBefore }: QueueItem): boolean => state === 'queued' && notBefore === 0;
const isQueued = ({ state }: QueueItem): boolean => state === 'queued';
const isMarked = ({ state }: QueueItem): boolean => state === 'marked';
const isScheduled = ({ state }: QueueItem): boolean => state === 'scheduled';
