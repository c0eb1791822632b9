/** A link whose answers the test gives: what was submitted, and a settle for each segment. */
import type { Answer, LeaveReason, Link } from '../../lib/link.js';
import type { Segment } from '../../lib/message.js';

export interface Submitted {
  readonly segment: Segment;
  readonly settle: (answer: Answer) => void;
}

export const accepted = (messageId: string): Answer => ({ kind: 'answered', status: 0, messageId });
export const refused = (status: number): Answer => ({ kind: 'answered', status, messageId: '' });
export const misread = (status: number): Answer => ({ kind: 'misread', status });
export const unanswered: Answer = { kind: 'unanswered', written: true };
export const overdue: Answer = { kind: 'overdue' };
export const acceptedLate = (messageId: string): Answer => ({ kind: 'answeredLate', status: 0, messageId });
export const refusedLate = (status: number): Answer => ({ kind: 'answeredLate', status, messageId: '' });
export const unwritten: Answer = { kind: 'unanswered', written: false };

export function wordFor(answer: Answer): string {
  if ('status' in answer) return String(answer.status);
  if (answer.kind === 'overdue') return 'overdue';
  return answer.written ? 'written' : 'unwritten';
}

let lastId = 0;

export class FakeLink implements Link {
  readonly id = (lastId += 1);
  readonly host: string;
  /** Everything submitted, answered or not, in order. */
  readonly submitted: Submitted[] = [];
  /** Calls of `submit`: each is one write. */
  writes = 0;
  hasLeft = false;
  /** See `Link.leave`. */
  leftFor: LeaveReason | undefined;
  readonly #window: number;
  #underWay = 0;

  readonly isReplaceable: boolean;

  constructor(window = 10, host = 'dk1:2775', isReplaceable = false) {
    this.#window = window;
    this.host = host;
    this.isReplaceable = isReplaceable;
  }

  get capacity(): number {
    return this.hasLeft ? 0 : this.#window - this.#underWay;
  }

  /** Its answers are always soon enough. */
  get oldestSentAt(): undefined {
    return undefined;
  }

  submit(segments: readonly Segment[], settle: (index: number, answer: Answer) => void): void {
    this.writes += 1;
    segments.forEach((segment, index) => {
      this.#underWay += 1;
      let isUnderWay = true;
      this.submitted.push({
        segment,
        settle: (answer) => {
          if (answer.kind !== 'answeredLate') {
            if (!isUnderWay) return; // as a session, which knows its sequence number no more
            isUnderWay = false;
            this.#underWay -= 1;
          }
          settle(index, answer);
        },
      });
    });
  }

  leave(reason?: LeaveReason): void {
    this.hasLeft = true;
    this.leftFor = reason;
  }

  /** The segment submitted as the nth of all, from 0. */
  at(index: number): Submitted {
    const submitted = this.submitted[index];
    if (submitted === undefined) throw new Error(`only ${this.submitted.length} segments were submitted`);
    return submitted;
  }

  /** User data of every segment as text, as far as it is GSM7 without escapes. */
  get texts(): string[] {
    return this.submitted.map(({ segment }) => Buffer.from(segment.octets).toString('latin1'));
  }
}
