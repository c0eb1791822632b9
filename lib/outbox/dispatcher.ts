/**
 * Moves what is due from the queue onto the links, as far as windows and pace allow.
 *
 * A round takes what fits, has it marked as under way in storage, and only then submits it: after a crash every
 * SMS whose octets may have left is known. Everything that became due in one turn of the event loop is one
 * round, so one write to storage and one to the socket.
 */
import type { Clock, EpochMs, Millis } from '../clock.js';
import type { Answer, Link } from '../link.js';
import type { Segment } from '../message.js';
import type { Change, Storage } from '../storage/storage.js';
import type { Progress } from './entry.js';
import type { Pace } from './pace.js';
import type { Body, Queue, QueueItem } from './queue.js';
import { Submission } from './submission.js';

/** Expiry is looked at no more often than this, whatever the number of SMS that expire. */
const EXPIRY_EVERY_MS: Millis = 1_000;
/** A scheduled SMS is looked at again at least this often, so that a clock that jumps is noticed. */
const WALL_CLOCK_EVERY_MS: Millis = 60_000;
/** After storage refused a marker. */
const STORAGE_RETRY_MS: Millis = 1_000;

export interface DispatcherOptions {
  readonly queue: Queue;
  readonly pace: Pace;
  readonly storage: Storage;
  readonly clock: Clock;
  /** Reads back an SMS whose body is not in memory; undefined when storage no longer has it. */
  readonly load: (item: QueueItem) => Promise<Body | undefined>;
  /** The progress of an SMS that is about to be submitted once more. */
  readonly nextProgress: (item: QueueItem) => Progress;
  readonly segmentsOf: (body: Body, leftMs: Millis) => readonly Segment[];
  readonly isFinal: (status: number) => boolean;
  readonly onSubmitted: (segments: number) => void;
  readonly onConcluded: (submission: Submission) => void;
  /** Not written after all: back in the queue. */
  readonly onReturned: (item: QueueItem, waitMs: Millis) => void;
  readonly onExpired: (item: QueueItem) => void;
  readonly onFailure: (error: unknown) => void;
}

interface OpenLink {
  readonly link: Link;
  /** Segments promised to a round that is being marked. */
  reserved: number;
  /** Long messages with segments still to submit. */
  readonly unfinished: Set<Submission>;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #links = new Map<number, OpenLink>();
  /** Those whose SMS are being marked. */
  readonly #rounds = new Set<Promise<void>>();
  #isOpen = false;
  #woken = false;
  #expiryLookedAt: Millis = -Infinity;
  #armedAt: Millis = Infinity;
  #disarm: (() => void) | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  open(): void {
    this.#isOpen = true;
    this.wake();
  }

  close(): void {
    this.#isOpen = false;
    this.#disarm?.();
    this.#armedAt = Infinity;
  }

  /** Resolves when no round is under way any more: what one marked and could not submit is unmarked again. */
  async atRest(): Promise<void> {
    await Promise.all(this.#rounds);
  }

  linkUp(link: Link): void {
    this.#links.set(link.id, { link, reserved: 0, unfinished: new Set() });
    this.wake();
  }

  /** The session is over; what was under way on it has been answered or is unanswered by now. */
  linkDown(link: Link): void {
    const open = this.#links.get(link.id);
    if (open === undefined) return;
    this.#links.delete(link.id);
    for (const submission of open.unfinished) {
      if (submission.underWay === 0) this.#options.onConcluded(submission.lose());
    }
  }

  /** Something may have become possible. Many calls in one turn make one round. */
  wake(): void {
    if (this.#woken || !this.#isOpen) return;
    this.#woken = true;
    queueMicrotask(() => {
      this.#woken = false;
      if (this.#isOpen) this.#round();
    });
  }

  /** Goes on with a long message over its own link, not before `at`. False when that link is gone. */
  resume(submission: Submission, at: Millis): boolean {
    const open = this.#links.get(submission.link.id);
    if (open === undefined || submission.link.capacity === 0) return false;
    submission.resume(at);
    open.unfinished.add(submission);
    this.#armFor(at);
    return true;
  }

  #round(): void {
    const times = { now: this.#options.clock.now(), wall: this.#options.clock.wall() };
    this.#expire(times.now);
    // Also without a link: what is due already must not set the timer off again and again.
    this.#options.queue.wake(times);
    for (const open of this.#byRoom()) {
      this.#continue(open, times.now);
      const room = this.#room(open, times.now);
      if (room < 1) continue;
      const items = this.#options.queue.take(room, times);
      if (items.length === 0) continue;
      const segments = items.reduce((sum, item) => sum + item.segments, 0);
      const reserved = Math.min(segments, room);
      open.reserved += reserved;
      this.#options.pace.take(reserved, times.now);
      this.#note(this.#begin(open, items, reserved));
    }
    this.#arm(times);
  }

  #note(round: Promise<void>): void {
    const over = round.catch(this.#options.onFailure).finally(() => this.#rounds.delete(over));
    this.#rounds.add(over);
  }

  async #begin(open: OpenLink, items: readonly QueueItem[], reserved: number): Promise<void> {
    const before = items.map((item) => item.progress);
    try {
      for (const item of items) if (item.body === undefined) await this.#load(item);
      const changes: Change[] = [];
      for (const item of items) {
        if (item.state !== 'underWay') continue;
        item.progress = this.#options.nextProgress(item);
        changes.push({ table: 'progress', key: item.id, value: item.progress });
      }
      await this.#options.storage.write(changes);
    } catch (error) {
      this.#options.onFailure(error);
      items.forEach((item, at) => this.#giveBack(item, before[at], STORAGE_RETRY_MS));
      return;
    } finally {
      open.reserved -= reserved;
    }
    this.#submitNew(open, items, before);
  }

  /**
   * @param items marked as under way
   * @param before their progress before that, in the same order
   */
  #submitNew(open: OpenLink, items: readonly QueueItem[], before: readonly Progress[]): void {
    const now = this.#options.clock.now();
    const batch = new Batch(this.#options, open);
    const isUp = this.#links.has(open.link.id);
    // What is promised to other rounds is theirs.
    let left = isUp ? open.link.capacity - open.reserved : 0;
    let at = -1;
    for (const item of items) {
      at += 1;
      if (item.state !== 'underWay' || item.body === undefined) continue;
      // A slow disk may have taken the window, or the rest of its life.
      if (left < 1 || item.expiresAt <= now) {
        this.#giveBack(item, before[at], 0);
        continue;
      }
      const segments = this.#options.segmentsOf(item.body, item.expiresAt - now);
      const submission = new Submission(item, open.link, segments);
      left -= batch.add(submission, left, now);
    }
    batch.submit();
    if (left < 1 && !isUp) this.wake();
  }

  /** It was not submitted: nothing has happened to it. */
  #giveBack(item: QueueItem, before: Progress | undefined, waitMs: Millis): void {
    item.progress = before ?? item.progress;
    this.#options.onReturned(item, waitMs);
  }

  /** Submits what is left of long messages before anything new. */
  #continue(open: OpenLink, now: Millis): void {
    if (open.unfinished.size === 0) return;
    const batch = new Batch(this.#options, open);
    let left = this.#room(open, now);
    for (const submission of open.unfinished) {
      if (left < 1) break;
      left -= batch.add(submission, left, now);
    }
    this.#options.pace.take(batch.size, now);
    batch.submit();
  }

  async #load(item: QueueItem): Promise<void> {
    const body = await this.#options.load(item);
    if (body !== undefined) this.#options.queue.holdBody(item, body);
  }

  #room(open: OpenLink, now: Millis): number {
    return Math.min(open.link.capacity - open.reserved, this.#options.pace.allowance(now));
  }

  #byRoom(): OpenLink[] {
    const links = [...this.#links.values()];
    return links.length < 2 ? links : links.sort((left, right) => right.link.capacity - left.link.capacity);
  }

  #expire(now: Millis): void {
    if (now - this.#expiryLookedAt < EXPIRY_EVERY_MS) return;
    this.#expiryLookedAt = now;
    for (const item of this.#options.queue.expired(now)) this.#options.onExpired(item);
  }

  #arm(times: { now: Millis; wall: EpochMs }): void {
    const { queue, pace } = this.#options;
    if (queue.size === 0) return;
    this.#armFor(Math.max(queue.nextExpiryAt, this.#expiryLookedAt + EXPIRY_EVERY_MS));
    if (queue.nextRetryAt !== undefined) this.#armFor(queue.nextRetryAt);
    if (queue.nextSendAt !== undefined) {
      this.#armFor(times.now + Math.min(Math.max(0, queue.nextSendAt - times.wall), WALL_CLOCK_EVERY_MS));
    }
    for (const { unfinished } of this.#links.values()) {
      for (const { resumeAt } of unfinished) if (resumeAt > times.now) this.#armFor(resumeAt);
    }
    const paceAt = this.#links.size > 0 ? pace.nextAt(times.now) : undefined;
    if (paceAt !== undefined) this.#armFor(paceAt);
  }

  #armFor(at: Millis): void {
    if (at >= this.#armedAt || at === Infinity || !this.#isOpen) return;
    this.#disarm?.();
    this.#armedAt = at;
    this.#disarm = this.#options.clock.after(at - this.#options.clock.now(), () => {
      this.#armedAt = Infinity;
      this.wake();
    });
  }
}

/** Segments of several SMS that go to one link in one call. */
class Batch {
  readonly #options: DispatcherOptions;
  readonly #open: OpenLink;
  readonly #segments: Segment[] = [];
  readonly #owners: Submission[] = [];
  readonly #indexes: number[] = [];

  constructor(options: DispatcherOptions, open: OpenLink) {
    this.#options = options;
    this.#open = open;
  }

  get size(): number {
    return this.#segments.length;
  }

  /** Adds what a submission has next, at most `room` segments; returns how many. */
  add(submission: Submission, room: number, now: Millis): number {
    let added = 0;
    while (added < room && submission.hasNext(now)) {
      const index = submission.next();
      this.#segments.push(submission.segments[index] as Segment);
      this.#owners.push(submission);
      this.#indexes.push(index);
      added += 1;
    }
    if (submission.hasMore) this.#open.unfinished.add(submission);
    else this.#open.unfinished.delete(submission);
    return added;
  }

  submit(): void {
    if (this.#segments.length === 0) return;
    this.#options.onSubmitted(this.#segments.length);
    this.#open.link.submit(this.#segments, (at, answer) => this.#answered(at, answer));
  }

  #answered(at: number, answer: Answer): void {
    const submission = this.#owners[at] as Submission;
    const isOver = submission.answer(this.#indexes[at] as number, answer, this.#options.isFinal);
    if (!isOver) return;
    this.#open.unfinished.delete(submission);
    this.#options.onConcluded(submission);
  }
}
