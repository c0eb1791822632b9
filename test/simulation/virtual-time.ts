/**
 * Time that passes only when everything has come to rest: a queue of events, run in their order.
 *
 * An event either touches the client or happens elsewhere. After one that touches it, its promises and next ticks
 * come to rest, and after a timer of the client's own two turns of the real event loop pass as well, since the
 * session driver gives a deadline that much grace. That is all the real time there is.
 */
import type { Millis } from '../../lib/clock.js';

/** `timer` one of the client's own · `input` something the client notices · `elsewhere` it cannot notice it yet. */
export type EventKind = 'timer' | 'input' | 'elsewhere';

interface TimedEvent {
  readonly at: Millis;
  readonly order: number;
  readonly kind: EventKind;
  readonly run: () => void;
  isCancelled: boolean;
}

/** What the wall clock is ahead of virtual time when it is right. */
export const WALL_AT_START = Date.UTC(2026, 0, 1);

export class VirtualTime {
  /** Not 0, so that a forgotten instant is not mistaken for a real one. */
  #now: Millis = 1_000;
  #order = 0;
  #events = 0;
  readonly #heap: TimedEvent[] = [];
  #stalledUntil: Millis | undefined;

  get now(): Millis {
    return this.#now;
  }

  /** Events run so far. */
  get events(): number {
    return this.#events;
  }

  /** Runs `run` after `delayMs`; returns what cancels it. */
  schedule(delayMs: Millis, kind: EventKind, run: () => void): () => void {
    const event = { at: this.#now + delayMs, order: (this.#order += 1), kind, run, isCancelled: false };
    push(this.#heap, event);
    return () => {
      event.isCancelled = true;
    };
  }

  /**
   * The client's event loop is kept busy for so long, while the rest of the world goes on. Then the timers that fell
   * due run first and what came meanwhile is read after them, as Node does it. Call it from within an event.
   */
  stall(ms: Millis): void {
    this.#stalledUntil = this.#now + ms;
  }

  /** Runs events until `until`, or until `isOver` says so after one of them. */
  async run(until: Millis, isOver: () => boolean): Promise<void> {
    for (let event = this.#next(until); event !== undefined; event = this.#next(until)) {
      this.#now = Math.max(this.#now, event.at);
      this.#perform(event);
      if (this.#stalledUntil === undefined) await settle(event.kind);
      else await this.#stall(this.#stalledUntil);
      if (isOver()) return;
    }
    this.#now = Math.max(this.#now, until);
  }

  #perform(event: TimedEvent): void {
    this.#events += 1;
    event.isCancelled = true;
    event.run();
  }

  async #stall(until: Millis): Promise<void> {
    this.#stalledUntil = undefined;
    const held: TimedEvent[] = [];
    for (let event = this.#next(until); event !== undefined; event = this.#next(until)) {
      this.#now = Math.max(this.#now, event.at);
      if (event.kind === 'elsewhere') this.#perform(event);
      else held.push(event);
    }
    this.#now = until;
    const isTimer = ({ kind }: TimedEvent): boolean => kind === 'timer';
    const inTurn = [...held.filter(isTimer), ...held.filter((event) => !isTimer(event))];
    for (const event of inTurn) {
      if (event.isCancelled) continue;
      this.#perform(event);
      await settle('input');
    }
    await settle('timer');
  }

  #next(until: Millis): TimedEvent | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= until; first = this.#heap[0]) {
      pop(this.#heap);
      if (!first.isCancelled) return first;
    }
    return undefined;
  }
}

/** Next ticks that set off promises that set off next ticks: a chain of the client's is not longer than this. */
const TICKS = 4;

/** A round of next ticks begins when every promise is at rest; it costs a fraction of a turn of the event loop. */
async function settle(kind: EventKind): Promise<void> {
  if (kind === 'elsewhere') return;
  for (let tick = 0; tick < TICKS; tick += 1) await nextTick();
  if (kind === 'input') return;
  await turn();
  await turn();
}

/** Its own: a planted bug may take it from the client. */
const { setImmediate } = globalThis;

function nextTick(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(one: TimedEvent, other: TimedEvent): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function push(heap: TimedEvent[], event: TimedEvent): void {
  let at = heap.length;
  heap.push(event);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!;
    if (!isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: TimedEvent[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    if (left >= heap.length) break;
    const right = left + 1;
    const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
}
