/**
 * One attempt to hand one SMS to the gateway: all its segments, in order, over one link. No I/O.
 *
 * The gateway joins the segments itself, so they are never split between hosts or sessions: a link that ends
 * half-way ends the submission, and the whole goes again with a new reference (gateway.md: codes 300, 301).
 * Segments that a live link refused for the moment are sent again over that same link.
 *
 * It may learn more after it was given up: an answer that is overdue may still come.
 */
import type { Answer, LateAnswer, Link } from '../link.js';
import type { Millis } from '../clock.js';
import type { Segment } from '../message.js';
import type { OutboxEntry } from './entry.js';
import type { LeavingItem } from './queue-item.js';
import type { UnknownOutcome } from './unknown-outcomes.js';

/** What is still known of an SMS when a late answer comes, though it may be settled by then: all but its text. */
export type Remembered = Pick<OutboxEntry, 'id' | 'to' | 'from' | 'receipt' | 'correlation'>;

/** What the answers so far amount to. */
export type Verdict =
  | { readonly kind: 'accepted' }
  /** The gateway's last word, or a refusal that may pass; `status` tells which. */
  | { readonly kind: 'refused'; readonly status: number }
  /** The gateway made nothing of the octets of some segment. */
  | { readonly kind: 'misread'; readonly status: number }
  /** Some segment was written and never answered. */
  | { readonly kind: 'unknown' }
  /** The link ended and everything that was written had been answered. */
  | { readonly kind: 'lost' };

const NONE: readonly Segment[] = [];

const ACCEPTED: Verdict = { kind: 'accepted' };

let lastNumber = 0;

export class Submission {
  /** Higher than those of all before it. */
  readonly number = (lastNumber += 1);
  readonly item: LeavingItem;
  readonly link: Link;
  readonly submittedAt: Millis;
  #messageIds: string[] | undefined;
  /** While it waits on a live link before it sends refused segments again. */
  resumeAt: Millis = 0;
  /** It was given up, and is one of the unknown outcomes of its SMS. */
  isUnknown = false;
  readonly #total: number;
  /** None of an SMS of one once that was given out: refused, it would go again from the queue, as the whole. */
  #segments: readonly Segment[];
  #next = 0;
  /** Refused for now, to be submitted again. Mostly there is none, so no list either. */
  #again: number[] | undefined;
  #underWay = 0;
  #accepted = 0;
  #stopped = false;
  #status: number | undefined;
  #misread: number | undefined;
  /** Segments that were accepted without an id. */
  #nameless = 0;
  #unknownOutcome: UnknownOutcome | undefined;
  /** Segments whose answer never comes. */
  #unanswered = 0;
  /** Segments whose answer is overdue. */
  #overdue = 0;
  #remembered: Remembered | undefined;

  constructor(item: LeavingItem, link: Link, segments: readonly Segment[], now: Millis) {
    this.item = item;
    this.link = link;
    this.submittedAt = now;
    this.#segments = segments;
    this.#total = segments.length;
  }

  /** Has segments that may be submitted at `now`. */
  hasNext(now: Millis): boolean {
    return this.hasMore && this.resumeAt <= now && !this.isTooLate(now);
  }

  /** It was refused half-way, and its time was over before it could go on. */
  isTooLate(now: Millis): boolean {
    return this.resumeAt > 0 && this.item.expiresAt <= now;
  }

  /** Has segments to submit, now or later, unless an answer stops it. */
  get hasMore(): boolean {
    return !this.#stopped && (this.#next < this.#total || (this.#again?.length ?? 0) > 0);
  }

  /** By segment; a place is empty when its segment is not accepted. */
  get messageIds(): readonly string[] {
    return this.#messageIds ?? [];
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Its link is gone: nothing more goes over it. */
  lose(): this {
    this.#stopped = true;
    return this;
  }

  /** The next segment to submit, as its index; call only when `hasNext`. */
  next(): number {
    this.#underWay += 1;
    const again = this.#again?.shift();
    if (again !== undefined) return again;
    this.#next += 1;
    return this.#next - 1;
  }

  /** What `next` named. */
  segment(index: number): Segment {
    const segment = this.#segments[index];
    if (segment === undefined) throw new RangeError('the SMS has no such segment to submit');
    if (this.#total === 1) this.#segments = NONE;
    return segment;
  }

  /** Takes the answer to one segment. True when nothing is under way any more and nothing follows by itself. */
  answer(index: number, answer: Exclude<Answer, LateAnswer>, isFinal: (status: number) => boolean): boolean {
    this.#underWay -= 1;
    if (answer.kind === 'answered' && answer.status === 0) this.#accept(index, answer.messageId);
    else {
      this.#stopped = true;
      if (answer.kind === 'answered') this.#refuse(index, answer.status, isFinal);
      else if (answer.kind === 'misread') this.#misread = answer.status;
      else if (answer.kind === 'overdue') this.#giveUp();
      else if (answer.written) this.#unanswered += 1;
    }
    return this.isOver;
  }

  /** Takes the answer to a segment that was overdue. */
  answerLate(index: number, { status, messageId }: LateAnswer, isFinal: (status: number) => boolean): void {
    this.#overdue -= 1;
    if (status === 0) this.#accept(index, messageId);
    else this.#refuse(index, status, isFinal);
    // With others still under way it was not given up yet, and goes on as if this one had been in time.
    if (this.#underWay > 0) this.#stopped = this.#hasFailed;
  }

  /** Once some answer was overdue. */
  get remembered(): Remembered | undefined {
    return this.#remembered;
  }

  get isOver(): boolean {
    return this.#underWay === 0 && (this.#stopped || this.#accepted === this.#total);
  }

  /** That the gateway may have, or not. */
  get unknownSegments(): number {
    return this.#unanswered + this.#overdue;
  }

  /** That the gateway may send receipts for, by ids that we do not know. */
  get unnamedSegments(): number {
    return this.unknownSegments + this.#nameless;
  }

  /** Where it is remembered that receipts of it may come by such ids. */
  get unknownOutcome(): UnknownOutcome | undefined {
    return this.#unknownOutcome;
  }

  rememberedAs(unknownOutcome: UnknownOutcome): void {
    this.#unknownOutcome = unknownOutcome;
  }

  /** Nothing more of it goes: its text need not stay for an answer that may come late. */
  letGo(): void {
    this.#segments = NONE;
  }

  /** Some segments are with the gateway and others are not. */
  get isPartial(): boolean {
    return this.#accepted > 0 && this.#accepted < this.#total;
  }

  /** @param isFinal whether a refusal is the gateway's last word */
  verdict(isFinal: (status: number) => boolean): Verdict {
    if (this.#accepted === this.#total) return ACCEPTED;
    if (this.#status !== undefined && isFinal(this.#status)) return { kind: 'refused', status: this.#status };
    if (this.unknownSegments > 0) return { kind: 'unknown' };
    if (this.#misread !== undefined) return { kind: 'misread', status: this.#misread };
    if (this.#status !== undefined) return { kind: 'refused', status: this.#status };
    return { kind: 'lost' };
  }

  /** Goes on over the same link with what was refused, not before `at`. */
  resume(at: Millis): void {
    this.#again?.sort((left, right) => left - right);
    this.#stopped = false;
    this.#status = undefined;
    this.resumeAt = at;
  }

  #accept(index: number, messageId: string): void {
    // One that grows takes room for 17.
    this.#messageIds ??= new Array<string>(this.#total);
    this.#messageIds[index] = messageId;
    this.#accepted += 1;
    if (messageId === '') this.#nameless += 1;
  }

  #refuse(index: number, status: number, isFinal: (status: number) => boolean): void {
    if (this.#status === undefined || isFinal(status)) this.#status = status;
    (this.#again ??= []).push(index);
  }

  #giveUp(): void {
    this.#overdue += 1;
    const { id, to, from, receipt, correlation } = this.item.body.entry;
    this.#remembered = { id, to, from, receipt, correlation };
  }

  get #hasFailed(): boolean {
    return this.#status !== undefined || this.#misread !== undefined || this.unknownSegments > 0;
  }
}
