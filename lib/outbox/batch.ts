/** Segments of several SMS that go to one link in one call. */
import type { Clock, Millis } from '../clock.js';
import type { Answer, LateAnswer, Link } from '../link.js';
import type { Segment } from '../message.js';
import type { LeavingItem } from './queue-item.js';
import type { Submission } from './submission.js';

/** A link without another in its place, that answers none of what was submitted, is left after this. */
const SILENT_MS: Millis = 30_000;

/** A link that is up. */
export interface OpenLink {
  readonly link: Link;
  /** Segments that it took when it was new. */
  readonly window: number;
  /** Long messages with segments still to submit. */
  readonly unfinished: Set<Submission>;
  /** That came over it so far. */
  answers: number;
  /** Since when answers are overdue on it with none coming in between, and that of which SMS was the first. */
  silent: { readonly since: Millis; readonly first: string } | undefined;
  /** Shared by all links to its host. */
  readonly standing: HostStanding;
}

export interface HostStanding {
  /** Its last answer was a refusal for the moment, or it owes one and has given none since: others are asked first. */
  isDoubted: boolean;
  /** When it last owed an answer for so long that this was given up. */
  overdueAt: Millis;
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
  /** Answers that had come over the link when they left. */
  #answersBefore = 0;

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
    this.#answersBefore = this.#open.answers;
    this.#options.onSubmitted(segments.length);
    this.#open.link.submit(segments, (at, answer) => this.#answered(at, answer));
  }

  #answered(at: number, answer: Answer): void {
    const submission = this.#owners[at] as Submission;
    const index = this.#indexes[at] as number;
    const { isFinal, onConcluded } = this.#options;
    if (answer.kind === 'overdue') this.#noteSilence(submission.item);
    else {
      this.#owners[at] = undefined;
      if (answer.kind !== 'unanswered') this.#noteAnswer(answer.status === 0 || isFinal(answer.status));
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

  #noteAnswer(isVerdict: boolean): void {
    const open = this.#open;
    open.answers += 1;
    open.silent = undefined;
    open.standing.isDoubted = !isVerdict;
  }

  /**
   * With others answered meanwhile it is that SMS alone. With none it may be the link, which is left for another host; but
   * only once for each SMS, or one that nobody ever answers would have all others change hosts again and again. A link
   * that no other can replace is left, for a new one, when several SMS over a while have no answer.
   */
  #noteSilence(item: LeavingItem): void {
    const { link, silent, standing, answers } = this.#open;
    const now = this.#options.clock.now();
    standing.overdueAt = now;
    if (answers !== this.#answersBefore) return;
    standing.isDoubted = true;
    const isSeveral = silent !== undefined && silent.first !== item.id && now - silent.since >= SILENT_MS;
    if (isSeveral || (link.isReplaceable && !item.wasSilent)) link.leave('unanswered');
    this.#open.silent ??= { since: now, first: item.id };
    item.wasSilent = true;
  }
}
