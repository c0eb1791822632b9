/**
 * Who goes first: alarms before normal SMS, those before bulk, and within a priority the order of taking in, with those
 * that the gateway refused after those that it did not, but for a share of one in five.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Priority } from '../message.js';
import { Heap, Leavers } from './heap.js';

/** Highest first. */
export const PRIORITIES: readonly Priority[] = ['alarm', 'normal', 'bulk'];

/** What stands in a lane. */
export interface Placed {
  readonly order: number;
  readonly priority: Priority;
  /** The gateway refused it before. Does not change while it stands in a lane. */
  readonly isRepeat: boolean;
}

/** So many that were never refused go before one that was, when both wait. */
const FRESH_PER_REPEAT = 4;

/** Whether one goes before another. */
export function goesBefore(one: Placed, other: Placed): boolean {
  if (one.priority !== other.priority) return isHigher(one.priority, other.priority);
  return one.isRepeat === other.isRepeat ? one.order < other.order : other.isRepeat;
}

export function isHigher(one: Priority, other: Priority): boolean {
  return PRIORITIES.indexOf(one) < PRIORITIES.indexOf(other);
}

/** SMS of each priority in line. One that leaves otherwise than by `shift` is let go later. */
export class Lanes<Item extends Placed> {
  readonly #belongs: (item: Item) => boolean;
  readonly #lanes: Readonly<Record<Priority, Lane<Item>>>;

  /** @param belongs whether one that was added is still in line */
  constructor(belongs: (item: Item) => boolean, { queueGaps }: Pick<Bounds, 'queueGaps'> = DEFAULT_BOUNDS) {
    this.#belongs = belongs;
    this.#lanes = { alarm: new Lane(queueGaps), normal: new Lane(queueGaps), bulk: new Lane(queueGaps) };
  }

  add(item: Item): void {
    this.#lanes[item.priority].add(item);
  }

  /** Nothing of this priority or a higher one is here. */
  isEmptyDownTo(lowest: Priority): boolean {
    for (const priority of PRIORITIES) {
      if (this.#lanes[priority].size > 0) return false;
      if (priority === lowest) break;
    }
    return true;
  }

  /** The next one that still belongs here; those before it that do not are let go. */
  peek(): Item | undefined {
    for (const priority of PRIORITIES) {
      const lane = this.#lanes[priority];
      for (let item = lane.peek(); item !== undefined; item = lane.peek()) {
        if (this.#belongs(item)) return item;
        lane.discard();
      }
    }
    return undefined;
  }

  /** Takes out the one that `peek` gave. */
  shift({ priority }: Item): void {
    this.#lanes[priority].shift();
  }

  /** One of this priority belongs here no more. */
  left(priority: Priority): void {
    this.#lanes[priority].left(this.#belongs);
  }
}

/** One priority: a list for what comes in order, as nearly all, and heaps for what comes back, by order. */
class Lane<Item extends Placed> {
  /** Empty where one has left: it is not to be held. */
  #inOrder: (Item | undefined)[] = [];
  #head = 0;
  #last = 0;
  readonly #back = new Heap<Item>((item) => item.order);
  readonly #repeats = new Heap<Item>((item) => item.order);
  /** Taken since the last repeat, with repeats waiting. */
  #freshTaken = 0;
  readonly #leavers: Leavers;

  constructor(leaversMin: number) {
    this.#leavers = new Leavers(leaversMin);
  }

  get size(): number {
    return this.#inOrder.length - this.#head + this.#back.size + this.#repeats.size;
  }

  add(item: Item): void {
    if (item.isRepeat) {
      this.#repeats.push(item);
      return;
    }
    if (item.order < this.#last) {
      this.#back.push(item);
      return;
    }
    this.#last = item.order;
    this.#inOrder.push(item);
  }

  peek(): Item | undefined {
    return this.#isRepeatNext ? this.#repeats.peek() : this.#fresh;
  }

  get #isRepeatNext(): boolean {
    if (this.#repeats.size === 0) return false;
    return this.#freshTaken >= FRESH_PER_REPEAT || this.#fresh === undefined;
  }

  get #fresh(): Item | undefined {
    const first = this.#inOrder[this.#head];
    const back = this.#back.peek();
    return back !== undefined && (first === undefined || back.order < first.order) ? back : first;
  }

  /** Takes the one that `peek` gave. */
  shift(): void {
    const isRepeat = this.#isRepeatNext;
    this.discard();
    this.#freshTaken = isRepeat || this.#repeats.size === 0 ? 0 : this.#freshTaken + 1;
  }

  /** Lets go of the one that `peek` gave: it was not its turn. */
  discard(): void {
    if (this.#isRepeatNext) {
      this.#repeats.pop();
      return;
    }
    const first = this.#inOrder[this.#head];
    if (this.#fresh !== first) {
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
    this.#repeats.keep(belongs);
  }
}
