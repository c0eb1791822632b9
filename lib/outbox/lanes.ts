/**
 * Who goes first: alarms before normal SMS, those before bulk, and within a priority the order of taking in.
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
}

/** Whether one goes before another. */
export function goesBefore(one: Placed, other: Placed): boolean {
  if (one.priority === other.priority) return one.order < other.order;
  return isHigher(one.priority, other.priority);
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
        lane.shift();
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

/** One priority: a list for what comes in order, as nearly all, and a heap for what comes back to its old place. */
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
