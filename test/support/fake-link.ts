/** A link whose answers the test gives: what was submitted, and a settle for each segment. */
import type { Answer, Link } from '../../lib/link.js';
import type { Segment } from '../../lib/message.js';

export interface Submitted {
  readonly segment: Segment;
  readonly settle: (answer: Answer) => void;
}

export const accepted = (messageId: string): Answer => ({ kind: 'answered', status: 0, messageId });
export const refused = (status: number): Answer => ({ kind: 'answered', status, messageId: '' });
export const unanswered: Answer = { kind: 'unanswered', written: true };
export const unwritten: Answer = { kind: 'unanswered', written: false };

let lastId = 0;

export class FakeLink implements Link {
  readonly id = (lastId += 1);
  readonly host: string;
  /** Everything submitted, answered or not, in order. */
  readonly submitted: Submitted[] = [];
  /** Calls of `submit`: each is one write. */
  writes = 0;
  hasLeft = false;
  /** The command_status for which it was left. */
  leftFor: number | undefined;
  readonly #window: number;
  #underWay = 0;

  constructor(window = 10, host = 'dk1:2775') {
    this.#window = window;
    this.host = host;
  }

  get capacity(): number {
    return this.hasLeft ? 0 : this.#window - this.#underWay;
  }

  submit(segments: readonly Segment[], settle: (index: number, answer: Answer) => void): void {
    this.writes += 1;
    segments.forEach((segment, index) => {
      this.#underWay += 1;
      this.submitted.push({
        segment,
        settle: (answer) => {
          this.#underWay -= 1;
          settle(index, answer);
        },
      });
    });
  }

  leave(status?: number): void {
    this.hasLeft = true;
    this.leftFor = status;
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
