/**
 * The queue as plainly as it can be said: one list, looked through from the beginning for every question.
 *
 * What a body costs is the queue's own affair, so whether one has its body is asked of the queue's item.
 */
import type { Priority } from '../../../lib/message.js';
import { PRIORITIES } from '../../../lib/outbox/lanes.js';
import type { LeavingItem, QueueItem } from '../../../lib/outbox/queue-item.js';

export interface ModelItem {
  readonly item: QueueItem;
  /** `passed`: its time is over, or its phone is taken, so it is out of every order until it is settled or released. */
  state:
    | 'storing'
    | 'scheduled'
    | 'line'
    | 'behind'
    | 'held'
    | 'reading'
    | 'marking'
    | 'ready'
    | 'passed'
    | 'underWay';
  readonly to: string;
  readonly sendAt: number | undefined;
  notBefore: number;
  expiresAt: number;
  /** It has begun, and has segments to come. */
  isBegun: boolean;
}

const MARKED = ['marking', 'ready', 'passed'] as const;

export class QueueModel {
  #items: ModelItem[] = [];
  readonly #lastMarked: Record<Priority, number> = { alarm: 0, normal: 0, bulk: 0 };

  get size(): number {
    return this.#items.length;
  }

  get ids(): readonly string[] {
    return this.#items.map(({ item }) => item.id);
  }

  add(one: ModelItem): void {
    this.#items.push(one);
  }

  remove(one: ModelItem): void {
    this.#items = this.#items.filter((other) => other !== one);
  }

  in(...states: readonly ModelItem['state'][]): readonly ModelItem[] {
    return this.#items.filter(({ state }) => states.includes(state));
  }

  of(item: QueueItem): ModelItem {
    return this.#items.find((one) => one.item === item)!;
  }

  count(priority: Priority): number {
    return this.#items.filter(({ item, state }) => item.priority === priority && state !== 'storing').length;
  }

  get marked(): readonly ModelItem[] {
    return this.#items.filter(
      ({ item, state }) => item.state === 'marked' && MARKED.some((each) => each === state),
    );
  }

  get ahead(): number {
    return this.marked.reduce((sum, { item }) => sum + item.segments, 0);
  }

  /** Those in line whose time has come, with their body or without, in their order. */
  line(hasBody: boolean): readonly ModelItem[] {
    const due = this.#items.filter(({ state, notBefore }) => state === 'line' && notBefore === 0);
    return inOrder(due.filter(({ item }) => (item.body !== undefined) === hasBody));
  }

  isPhoneTaken({ to, item }: ModelItem): boolean {
    return item.segments > 1 && this.#items.some((one) => one.isBegun && one.to === to && one.item !== item);
  }

  wake(now: number, wall: number, lifeMs: number): void {
    for (const one of this.in('scheduled')) {
      if (one.sendAt! > wall) continue;
      one.state = 'line';
      one.expiresAt = now + lifeMs;
    }
    for (const one of this.in('line')) if (one.notBefore <= now) one.notBefore = 0;
  }

  take(segmentsMax: number, now: number, isWanted: (one: ModelItem) => boolean = () => true): QueueItem[] {
    const taken: QueueItem[] = [];
    let left = segmentsMax;
    for (const one of this.line(true)) {
      if (left <= 0 || !isWanted(one)) break;
      if (one.expiresAt <= now) one.state = 'passed';
      else if (this.isPhoneTaken(one)) one.state = 'behind';
      else {
        this.mark(one);
        left -= one.item.segments;
        taken.push(one.item);
      }
    }
    return taken;
  }

  takeOvertaking(segmentsMax: number, now: number): QueueItem[] {
    const [first] = this.line(true);
    if (first === undefined) return [];
    const isAsUrgent = ({ item }: ModelItem): boolean => rank(item.priority) <= rank(first.item.priority);
    const least = this.marked.some(isAsUrgent) ? 0 : 1;
    return this.take(Math.max(least, segmentsMax), now, (one) => this.#overtakes(one));
  }

  mark(one: ModelItem): void {
    const { priority, order } = one.item;
    one.state = 'marking';
    this.#lastMarked[priority] = Math.max(this.#lastMarked[priority], order);
  }

  next(now: number, above: Priority | undefined): QueueItem | undefined {
    for (const one of inOrder(this.in('ready'))) {
      if (above !== undefined && rank(one.item.priority) >= rank(above)) return undefined;
      if (one.expiresAt <= now || this.isPhoneTaken(one)) one.state = 'passed';
      else {
        one.state = 'underWay';
        return one.item;
      }
    }
    return undefined;
  }

  /** Back in line, beside those that `passed` it. */
  release(one: ModelItem, notBefore: number): void {
    one.state = 'line';
    one.notBefore = notBefore;
    this.lastSegmentLeft(one);
  }

  lastSegmentLeft(one: ModelItem): void {
    if (!one.isBegun) return;
    one.isBegun = false;
    for (const other of this.in('behind')) if (other.to === one.to) other.state = 'line';
  }

  expired(now: number): readonly ModelItem[] {
    const waiting = this.#items.filter(({ state }) => !['storing', 'scheduled', 'underWay'].includes(state));
    return waiting.filter(({ expiresAt }) => expiresAt <= now);
  }

  #overtakes({ item }: ModelItem): boolean {
    const { priority, order } = item;
    const isSameMarked = this.marked.some((one) => one.item.priority === priority);
    if (isSameMarked && order < this.#lastMarked[priority]) return true;
    return this.marked.some((one) => rank(one.item.priority) > rank(priority));
  }
}

export function isLeaving(item: QueueItem): item is LeavingItem {
  return item.state === 'marked' || item.state === 'underWay';
}

function inOrder(items: readonly ModelItem[]): readonly ModelItem[] {
  return [...items].sort(
    (one, other) => rank(one.item.priority) - rank(other.item.priority) || one.item.order - other.item.order,
  );
}

function rank(priority: Priority): number {
  return PRIORITIES.indexOf(priority);
}
