/** Segments of several SMS that go to one link in one call. */
import type { Clock, Millis } from '../clock.js';
import type { Answer, LateAnswer, Link } from '../link.js';
import type { Segment } from '../message.js';
import type { Submission } from './submission.js';

/** A link that answers none of what was submitted, and does answer enquire_link, is left after this. */
const SILENT_MS: Millis = 30_000;

/** A link that is up. */
export interface OpenLink {
  readonly link: Link;
  /** Segments that it took when it was new. */
  readonly window: number;
  /** Long messages with segments still to submit. */
  readonly unfinished: Set<Submission>;
  /** When it last owed an answer for so long that this was given up. */
  overdueAt: Millis;
  /** Since when answers are overdue on it with none coming in between, and that of which SMS was the first. */
  silent: { readonly since: Millis; readonly first: string } | undefined;
}

export interface BatchOptions {
  readonly clock: Clock;
  readonly isFinal: (status: number) => boolean;
  readonly onSubmitted: (segments: number) => void;
  readonly onConcluded: (submission: Submission) => void;
  /** An answer came that was overdue. */
  readonly onAnsweredLate: (submission: Submission, answer: LateAnswer) => void;
  /** One segment of several is accepted. */
  readonly onSegmentAccepted: (submission: Submission, messageId: string) => void;
}

export class Batch {
  readonly #options: BatchOptions;
  readonly #open: OpenLink;
  /** Until they are submitted. */
  #segments: Segment[] = [];
  /** Until they are answered: what waits for a late answer keeps all of these. */
  readonly #owners: (Submission | undefined)[] = [];
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
    const index = this.#indexes[at] as number;
    const { isFinal, onConcluded } = this.#options;
    if (answer.kind === 'overdue') this.#noteSilence(submission.item.id);
    else {
      this.#owners[at] = undefined;
      this.#open.silent = undefined;
    }
    if (answer.kind === 'answeredLate') {
      submission.answerLate(index, answer, isFinal);
      if (submission.hasMore) this.#open.unfinished.add(submission);
      this.#options.onAnsweredLate(submission, answer);
      return;
    }
    const isOver = submission.answer(index, answer, isFinal);
    if (!isOver) {
      if (answer.kind === 'answered' && answer.status === 0)
        this.#options.onSegmentAccepted(submission, answer.messageId);
      return;
    }
    this.#open.unfinished.delete(submission);
    onConcluded(submission);
  }

  /** One SMS that is never answered says nothing of the link. Several over a while do: another host may answer. */
  #noteSilence(id: string): void {
    const { link, silent } = this.#open;
    const now = this.#options.clock.now();
    this.#open.overdueAt = now;
    if (silent === undefined) this.#open.silent = { since: now, first: id };
    else if (silent.first !== id && now - silent.since >= SILENT_MS) link.leave('unanswered');
  }
}
