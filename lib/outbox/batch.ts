/** Segments of several SMS that go to one link in one call. */
import type { Millis } from '../clock.js';
import type { Answer, Link } from '../link.js';
import type { Segment } from '../message.js';
import type { Submission } from './submission.js';

/** A link that is up. */
export interface OpenLink {
  readonly link: Link;
  /** Segments that it took when it was new. */
  readonly window: number;
  /** Long messages with segments still to submit. */
  readonly unfinished: Set<Submission>;
}

export interface BatchOptions {
  readonly isFinal: (status: number) => boolean;
  readonly onSubmitted: (segments: number) => void;
  readonly onConcluded: (submission: Submission) => void;
}

export class Batch {
  readonly #options: BatchOptions;
  readonly #open: OpenLink;
  /** Until they are submitted. */
  #segments: Segment[] = [];
  readonly #owners: Submission[] = [];
  readonly #indexes: number[] = [];

  constructor(options: BatchOptions, open: OpenLink) {
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
      this.#segments.push(submission.segment(index));
      this.#owners.push(submission);
      this.#indexes.push(index);
      added += 1;
    }
    if (submission.hasMore) this.#open.unfinished.add(submission);
    else this.#open.unfinished.delete(submission);
    return added;
  }

  submit(): void {
    const segments = this.#segments;
    if (segments.length === 0) return;
    this.#segments = [];
    this.#options.onSubmitted(segments.length);
    this.#open.link.submit(segments, (at, answer) => this.#answered(at, answer));
  }

  #answered(at: number, answer: Answer): void {
    const submission = this.#owners[at] as Submission;
    const isOver = submission.answer(this.#indexes[at] as number, answer, this.#options.isFinal);
    if (!isOver) return;
    this.#open.unfinished.delete(submission);
    this.#options.onConcluded(submission);
  }
}
