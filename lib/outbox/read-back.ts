/**
 * Reads SMS back from storage whose body is not in memory: those whose turn has come, and those that end before it.
 *
 *   read ─▶ in line ─▶ being read ─▶ there, gone, or damaged
 *              ▲            │
 *              └─ back-off ◀┘ refused
 *
 * Nobody waits for a read but its own SMS: one that cannot be read has a back-off of its own, and what has its body
 * passes it. What ends waits for what its result would add no longer than a person would.
 */
import { Alarm } from '../alarm.js';
import type { Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import { SmppError } from '../errors.js';
import type { Priority } from '../message.js';
import type { Storage } from '../storage/storage.js';
import { Heap } from './heap.js';
import { Lanes, type Standing } from './lanes.js';
import type { Body, QueueItem } from './queue-item.js';
import { readEntry } from './stored-entry.js';

/** A read takes a place of those no longer than this. */
const HANGS_AFTER_MS: Millis = 2_000;

/** After the nth refusal in a row; the last goes on. */
const WAITS_MS: readonly Millis[] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000];

/** Refusals until it is given up: five minutes for one that is to be sent, a second for what its result adds. */
const REFUSALS_MAX: Readonly<Record<Purpose, number>> = { send: 10, settle: 2 };

type Purpose = 'send' | 'settle';

/** Why there will be no body: storage has none, a damaged one, or it could not be read again and again. */
export type Loss = 'gone' | 'damaged' | 'unreadable';

interface Reading {
  readonly order: number;
  readonly priority: Priority;
  readonly standing: Standing;
  readonly item: QueueItem;
  readonly purpose: Purpose;
  readonly done: (result: Body | Loss) => void;
  refusals: number;
  firstRefusedAt: Millis;
  startedAt: Millis;
  dueAt: Millis;
  isGivenUp: boolean;
}

export interface ReadBackOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
  readonly bounds: Pick<Bounds, 'bodiesAhead' | 'readsAtOnce' | 'hangingReads'>;
}

export class ReadBack {
  readonly #options: ReadBackOptions;
  readonly #lines: Readonly<Record<Purpose, Lanes<Reading>>> = {
    send: new Lanes<Reading>(() => true),
    settle: new Lanes<Reading>(() => true),
  };
  readonly #refused = new Heap<Reading>(({ dueAt }) => dueAt);
  readonly #alarm: Alarm;
  readonly #underWay = new Set<Reading>();
  readonly #hanging = new Set<Reading>();
  #toSend = 0;
  #succeededAt: Millis = -Infinity;
  /** Since when storage owes an answer and has given none. */
  #silentSince: Millis = 0;
  #isClosed = false;

  constructor(options: ReadBackOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock, () => this.#look());
  }

  /** Whether one more that is to be sent may be read. */
  get hasRoom(): boolean {
    return this.#toSend < this.#options.bounds.bodiesAhead;
  }

  /** As many are being read as may be at once. */
  get isBusy(): boolean {
    return this.#underWay.size >= this.#options.bounds.readsAtOnce;
  }

  /** So many reads hang that it is the whole disk. */
  get isHanging(): boolean {
    return this.#hanging.size >= this.#options.bounds.hangingReads;
  }

  /**
   * Reads the body of an SMS; `done` is called once, or never when it is closed first. One that is to be sent is given
   * up only while storage gives others; `done` is not called when it has ended meanwhile. One that is settled is given
   * up after two seconds in which it was refused, or storage gave no answer.
   */
  read(item: QueueItem, purpose: Purpose, done: (result: Body | Loss) => void): void {
    const { order, priority, standing } = item;
    const untried = { refusals: 0, firstRefusedAt: 0, startedAt: 0, dueAt: 0, isGivenUp: false };
    this.#queue({ order, priority, standing, item, purpose, done, ...untried });
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
    while (!this.isBusy && !this.isHanging && !this.#isClosed) {
      const reading = this.#next();
      if (reading === undefined) break;
      void this.#try(reading);
    }
    this.#setAlarm();
  }

  /** Those that are to be sent first; but one of the others is always being read, since somebody may wait for it. */
  #next(): Reading | undefined {
    const { send, settle } = this.#lines;
    for (;;) {
      const settling = this.#isAnySettling() ? undefined : settle.peek();
      const reading = settling ?? send.peek() ?? settle.peek();
      if (reading === undefined) return undefined;
      this.#lines[reading.purpose].shift(reading);
      if (!isOver(reading)) return reading;
      this.#toSend -= 1;
    }
  }

  #isAnySettling(): boolean {
    for (const { purpose } of this.#underWay) if (purpose === 'settle') return true;
    return false;
  }

  /** Never rejects. */
  async #try(reading: Reading): Promise<void> {
    const { storage, clock, onFailure } = this.#options;
    reading.startedAt = clock.now();
    if (this.#underWay.size === 0) this.#silentSince = reading.startedAt;
    this.#underWay.add(reading);
    let result: Body | Loss | undefined;
    try {
      const entry = await readEntry(storage, reading.item.id);
      this.#succeededAt = clock.now();
      result = typeof entry === 'string' ? entry : { entry, plan: undefined };
    } catch (error) {
      onFailure(error);
    }
    this.#silentSince = clock.now();
    if (!this.#hanging.delete(reading)) this.#leave(reading);
    if (this.#isClosed) return;
    if (!reading.isGivenUp && !isOver(reading)) {
      if (result === undefined) this.#beRefused(reading);
      else reading.done(result);
    }
    this.#goOn();
  }

  #leave(reading: Reading): void {
    this.#underWay.delete(reading);
    if (reading.purpose === 'send') this.#toSend -= 1;
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
  }

  #look(): void {
    const now = this.#options.clock.now();
    for (const reading of this.#underWay) if (reading.startedAt + HANGS_AFTER_MS <= now) this.#hangs(reading);
    if (this.#silentSince + HANGS_AFTER_MS <= now && this.#hanging.size > 0) this.#giveUpSettling();
    for (let first = this.#refused.peek(); first !== undefined; first = this.#refused.peek()) {
      if (first.dueAt > now) break;
      this.#refused.pop();
      if (!isOver(first)) this.#queue(first);
    }
    this.#goOn();
  }

  /** It no longer keeps others from being read; when it comes after all, it still counts for one that is to be sent. */
  #hangs(reading: Reading): void {
    this.#leave(reading);
    this.#hanging.add(reading);
    this.#options.onFailure(new SmppError('SMPP_STORAGE', HANGS));
    if (reading.purpose === 'settle') giveUp(reading);
  }

  #giveUpSettling(): void {
    const { settle } = this.#lines;
    for (let reading = settle.peek(); reading !== undefined; reading = settle.peek()) {
      settle.shift(reading);
      giveUp(reading);
    }
  }

  #setAlarm(): void {
    if (this.#isClosed) return;
    const { settle } = this.#lines;
    let at = this.#refused.peek()?.dueAt ?? Infinity;
    for (const { startedAt } of this.#underWay) at = Math.min(at, startedAt + HANGS_AFTER_MS);
    if (settle.peek() !== undefined) {
      const now = this.#options.clock.now();
      at = Math.min(at, Math.max(now, this.#silentSince + HANGS_AFTER_MS));
    }
    if (at === Infinity) this.#alarm.clear();
    else this.#alarm.set(at);
  }
}

const HANGS = `a read from storage is not answered within ${HANGS_AFTER_MS / 1_000} s: check the disk`;

/** The SMS has ended while it waited for its turn to be sent. */
function isOver({ purpose, item }: Reading): boolean {
  return purpose === 'send' && item.state !== 'reading';
}

function giveUp(reading: Reading): void {
  reading.isGivenUp = true;
  reading.done('unreadable');
}
