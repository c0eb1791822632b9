/**
 * Who goes first: alarms before normal SMS, those before bulk, and within a priority the order of taking in.
 *
 * Those that the gateway refused make way, so that nobody waits for what it never takes. One that was refused once goes
 * after others of its priority, but for a share of one in five, and takes turns with those of lower ones. What was refused
 * again goes after all others, whatever its priority, but for a share of one in five; an alarm waits for none of it.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Priority } from '../message.js';
import { Heap, Leavers } from './heap.js';

/** Highest first. */
export const PRIORITIES: readonly Priority[] = ['alarm', 'normal', 'bulk'];

/** What the gateway has made of an SMS so far. */
export type Standing = 'fresh' | 'refusedOnce' | 'refusedAgain';

/** @param refusals that say nothing of the gateway */
export function standingAfter(refusals: number): Standing {
  if (refusals === 0) return 'fresh';
  return refusals === 1 ? 'refusedOnce' : 'refusedAgain';
}

/** What stands in a lane. */
export interface Placed {
  readonly order: number;
  readonly priority: Priority;
  /** Does not change while it stands in a lane. */
  readonly standing: Standing;
}

/** So many others go before one that was refused, when both wait. */
export const OTHERS_PER_REFUSED = 4;

/** Whether one goes before another, but for the shares of those that were refused. */
export function goesBefore(one: Placed, other: Placed): boolean {
  const isLast = one.standing === 'refusedAgain';
  if (isLast !== (other.standing === 'refusedAgain')) return !isLast;
  if (one.priority !== other.priority) return isHigher(one.priority, other.priority);
  if (one.standing !== other.standing) return one.standing === 'fresh';
  return one.order < other.order;
}

export function isHigher(one: Priority, other: Priority): boolean {
  return PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);
}

/** SMS of each priority in line. One that leaves otherwise than by `shift` is let go later. */
export class Lanes<Item extends Placed> {
  readonly #belongs: (item: Item) => boolean;
  readonly #fresh: Readonly<Record<Priority, Lane<Item>>>;
  readonly #once: RefusedLane<Item>;
  readonly #again: RefusedLane<Item>;

  /** @param belongs whether one that was added is still in line */
  constructor(belongs: (item: Item) => boolean, { queueGaps }: Pick<Bounds, 'queueGaps'> = DEFAULT_BOUNDS) {
    this.#belongs = belongs;
    this.#fresh = { alarm: new Lane(queueGaps), normal: new Lane(queueGaps), bulk: new Lane(queueGaps) };
    this.#once = new RefusedLane(belongs, queueGaps);
    this.#again = new RefusedLane(belongs, queueGaps);
  }

  add(item: Item): void {
    if (item.standing === 'fresh') this.#fresh[item.priority].add(item);
    else this.#refused(item).add(item);
  }

  /** Nothing is here that an SMS of this priority would have to let go first. */
  isEmptyDownTo(lowest: Priority): boolean {
    if (this.#once.size > 0) return false;
    for (const priority of PRIORITIES) {
      if (this.#fresh[priority].size > 0) return false;
      if (priority === lowest) break;
    }
    return true;
  }

  /** The next one that still belongs here; those before it that do not are let go. */
  peek(): Item | undefined {
    const other = this.peekOther();
    if (this.#again.size === 0) return other;
    const isBehind = other?.priority === 'alarm';
    return isBehind ? other : this.#again.inTurn(other, OTHERS_PER_REFUSED);
  }

  /** As `peek`, of those alone that were not refused again. */
  peekOther(): Item | undefined {
    const fresh = this.#peekFresh();
    if (this.#once.size === 0) return fresh;
    return this.#once.inTurn(fresh, fresh?.priority === this.#once.peek()?.priority ? OTHERS_PER_REFUSED : 1);
  }

  /** Takes out the one that `peek` or `peekOther` gave. */
  shift(item: Item): void {
    if (this.#once.size === 0 && this.#again.size === 0) {
      this.#fresh[item.priority].shift();
      return;
    }
    if (item === this.#again.peek()) {
      this.#again.shift();
      return;
    }
    if (item === this.#once.peek()) this.#once.shift();
    else {
      this.#fresh[item.priority].shift();
      this.#once.passed();
    }
    this.#again.passed();
  }

  /** One with these belongs here no more. */
  left({ priority, standing }: Placed): void {
    if (standing === 'fresh') this.#fresh[priority].left(this.#belongs);
    else this.#refused({ standing }).left();
  }

  #refused({ standing }: Pick<Placed, 'standing'>): RefusedLane<Item> {
    return standing === 'refusedOnce' ? this.#once : this.#again;
  }

  #peekFresh(): Item | undefined {
    for (const priority of PRIORITIES) {
      const lane = this.#fresh[priority];
      for (let item = lane.peek(); item !== undefined; item = lane.peek()) {
        if (this.#belongs(item)) return item;
        lane.shift();
      }
    }
    return undefined;
  }
}

/** Above the order of any SMS. */
const ORDER_MAX = 2 ** 50;

/** Those of all priorities that were refused once, or again. */
class RefusedLane<Item extends Placed> {
  readonly #belongs: (item: Item) => boolean;
  readonly #items = new Heap<Item>(({ priority, order }) => PRIORITIES.indexOf(priority) * ORDER_MAX + order);
  readonly #leavers: Leavers;
  /** Others taken since one of these, with some of these waiting. */
  #passed = 0;

  constructor(belongs: (item: Item) => boolean, leaversMin: number) {
    this.#belongs = belongs;
    this.#leavers = new Leavers(leaversMin);
  }

  get size(): number {
    return this.#items.size;
  }

  add(item: Item): void {
    this.#items.push(item);
  }

  peek(): Item | undefined {
    for (let item = this.#items.peek(); item !== undefined; item = this.#items.peek()) {
      if (this.#belongs(item)) return item;
      this.#items.pop();
    }
    return undefined;
  }

  /** The first of these or another, whose turn it is: of a higher priority, or so many others have not gone yet. */
  inTurn(other: Item | undefined, othersFirst: number): Item | undefined {
    const own = this.peek();
    if (own === undefined || other === undefined) return own ?? other;
    return isHigher(other.priority, own.priority) || this.#passed < othersFirst ? other : own;
  }

  /** Takes the one that `peek` gave. */
  shift(): void {
    this.#items.pop();
    this.#passed = 0;
  }

  /** Another was taken. */
  passed(): void {
    this.#passed = this.#items.size === 0 ? 0 : this.#passed + 1;
  }

  left(): void {
    if (this.#leavers.add(this.#items.size)) this.#items.keep(this.#belongs);
  }
}

/** One priority: a list for what comes in order, as nearly all, and a heap for what comes back, by order. */
class Lane<Item extends Placed> {
  /** Empty where one has left: it is not to be held. */
  #inOrder: (Item | undefined)[] = [];
  #head = 0;
  #last = 0;
  readonly #back = new Heap<Item>((item) => item.order);
  readonly #leavers: Leavers;

  constructor(leaversMin: number) {
    this.#leavers = new Leavers(leaversMin);
  }

  get size(): number {
    return this.#inOrder.length - this.#head + this.#back.size;
  }

  add(item: Item): void {
    if (item.order < this.#last) {
      this.#back.push(item);
      return;
    }
    this.#last = item.order;
    this.#inOrder.push(item);
  }

  peek(): Item | undefined {
    const first = this.#inOrder[this.#head];
    const back = this.#back.peek();
    return back !== undefined && (first === undefined || back.order < first.order) ? back : first;
  }

  /** Takes the one that `peek` gave. */
  shift(): void {
    const first = this.#inOrder[this.#head];
    if (this.peek() !== first) {
      this.#back.pop();
      return;
    }
    this.#inOrder[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= this.#inOrder.length) {
      this.#inOrder = [];
      this.#head = 0;
    } else if (this.#head > 1_024 && this.#head * 2 > this.#inOrder.length) {
      this.#inOrder = this.#inOrder.slice(this.#head);
      this.#head = 0;
    }
  }

  left(belongs: (item: Item) => boolean): void {
    if (!this.#leavers.add(this.size)) return;
    this.#inOrder = this.#inOrder.filter((item) => item !== undefined && belongs(item));
    this.#head = 0;
    this.#back.keep(belongs);
  }
}
