/**
 * Reads SMS back from storage whose body is not in memory: those whose turn has come, and those that end before it.
 *
 *   read ─▶ in line ─▶ being read ─▶ there, or gone for good
 *              ▲            │
 *              └─ back-off ◀┘ refused
 *
 * Nobody waits for a read but its own SMS: one that cannot be read has a back-off of its own, and what has its body
 * passes it.
 */
import { Alarm } from '../alarm.js';
import type { Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import type { Priority } from '../message.js';
import type { Storage } from '../storage/storage.js';
import { Heap } from './heap.js';
import { Lanes } from './lanes.js';
import type { Body, QueueItem } from './queue-item.js';
import { readEntry } from './stored-entry.js';

/** Node reads files with four threads. More reads at once would wait there, out of our order. */
const READS_MAX = 4;

/** After the nth refusal in a row; the last goes on. */
const WAITS_MS: readonly Millis[] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000];

/** Refusals until it is given up: five minutes for one that is to be sent, half a minute for what its result adds. */
const REFUSALS_MAX: Readonly<Record<Purpose, number>> = { send: 10, settle: 6 };

type Purpose = 'send' | 'settle';

/** Why there will be no body: storage has none, or it could not be read again and again. */
export type Loss = 'gone' | 'unreadable';

interface Reading {
  readonly order: number;
  readonly priority: Priority;
  readonly item: QueueItem;
  readonly purpose: Purpose;
  readonly done: (result: Body | Loss) => void;
  refusals: number;
  firstRefusedAt: Millis;
  dueAt: Millis;
}

export interface ReadBackOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
  readonly bounds: Pick<Bounds, 'bodiesAhead'>;
}

export class ReadBack {
  readonly #options: ReadBackOptions;
  /** Those that are to be sent are read first. */
  readonly #lines: Readonly<Record<Purpose, Lanes<Reading>>> = {
    send: new Lanes<Reading>(() => true),
    settle: new Lanes<Reading>(() => true),
  };
  readonly #refused = new Heap<Reading>(({ dueAt }) => dueAt);
  readonly #alarm: Alarm;
  #underWay = 0;
  #toSend = 0;
  #succeededAt: Millis = -Infinity;
  #isClosed = false;

  constructor(options: ReadBackOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#retry());
  }

  /** Whether one more that is to be sent may be read. */
  get hasRoom(): boolean {
    return this.#toSend < this.#options.bounds.bodiesAhead;
  }

  /**
   * Reads the body of an SMS; `done` is called once, or never when it is closed first. One that is to be sent is
   * given up only while storage gives others.
   */
  read(item: QueueItem, purpose: Purpose, done: (result: Body | Loss) => void): void {
    const { order, priority } = item;
    this.#queue({ order, priority, item, purpose, done, refusals: 0, firstRefusedAt: 0, dueAt: 0 });
    this.#goOn();
  }

  open(): void {
    this.#isClosed = false;
  }

  /** What is not read by now stays in storage, for the next start. */
  close(): void {
    this.#isClosed = true;
    this.#alarm.clear();
  }

  #queue(reading: Reading): void {
    if (reading.purpose === 'send') this.#toSend += 1;
    this.#lines[reading.purpose].add(reading);
  }

  #goOn(): void {
    const { send, settle } = this.#lines;
    while (this.#underWay < READS_MAX && !this.#isClosed) {
      const line = send.peek() === undefined ? settle : send;
      const reading = line.peek();
      if (reading === undefined) return;
      line.shift(reading);
      this.#underWay += 1;
      void this.#try(reading);
    }
  }

  /** Never rejects. */
  async #try(reading: Reading): Promise<void> {
    const { storage, clock, onFailure } = this.#options;
    let result: Body | Loss | undefined;
    try {
      const entry = await readEntry(storage, reading.item.id);
      this.#succeededAt = clock.now();
      result = entry === undefined ? 'gone' : { entry, plan: undefined };
    } catch (error) {
      onFailure(error);
    }
    this.#underWay -= 1;
    if (reading.purpose === 'send') this.#toSend -= 1;
    if (this.#isClosed) return;
    if (result === undefined) this.#beRefused(reading);
    else reading.done(result);
    this.#goOn();
  }

  #beRefused(reading: Reading): void {
    const now = this.#options.clock.now();
    if (reading.refusals === 0) reading.firstRefusedAt = now;
    reading.refusals += 1;
    const areOthersRead = reading.purpose === 'settle' || this.#succeededAt >= reading.firstRefusedAt;
    if (reading.refusals >= REFUSALS_MAX[reading.purpose] && areOthersRead) {
      reading.done('unreadable');
      return;
    }
    reading.dueAt = now + (WAITS_MS[reading.refusals - 1] ?? WAITS_MS.at(-1) ?? 0);
    this.#refused.push(reading);
    this.#alarm.set(reading.dueAt);
  }

  #retry(): void {
    const now = this.#options.clock.now();
    for (let first = this.#refused.peek(); first !== undefined; first = this.#refused.peek()) {
      if (first.dueAt > now) {
        this.#alarm.set(first.dueAt);
        break;
      }
      this.#refused.pop();
      this.#queue(first);
    }
    this.#goOn();
  }
}
