/**
 * The requests of one session that wait for an answer, and the sequence numbers that name them.
 *
 * The limit is on submit_sm alone: the session's own requests (bind, enquire_link, unbind) always find a
 * place, or a full window would stop us from asking whether the link is alive. A submit_sm that is overdue leaves the
 * window and keeps its number, for an answer that comes late.
 * Source: SMPP 3.4 §5.1.4 (sequence_number), §2.7 (asynchronous, responses in any order).
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Millis } from '../clock.js';
import type { BindCommand } from '../pdu/pdu.js';

/** SMPP 3.4 §5.1.4: 1 to 0x7FFFFFFF, then round. */
const SEQUENCE_NUMBER_MAX = 0x7fff_ffff;

export type OwnCommand = BindCommand | 'enquire_link' | 'unbind';

/** One submit_sm that was handed over for writing. */
export interface InFlight<Token> {
  /** Whatever the submitter gave with the call. */
  readonly token: Token;
  /** Which of the segments of that call it carries. */
  readonly index: number;
  readonly sentAt: Millis;
  /** Answers to deliver_sm that were written before it. */
  readonly answersBefore: number;
}

/** A request of the session's own. */
export interface OwnRequest {
  readonly command: OwnCommand;
  /** As of `InFlight`. */
  readonly answersBefore: number;
}

interface OwnInFlight extends OwnRequest {
  readonly sequence_number: number;
}

/** A power of two. There are twice as many as submit_sm under way, so that few numbers are passed over. */
const PLACES_MIN = 16;

export class Window<Token> {
  readonly #limit: number;
  /**
   * By the low bits of its sequence number, so an answer is found without a search. A number whose place is taken is
   * passed over; at most half of the places are.
   */
  #submits = new Array<InFlight<Token> | undefined>(PLACES_MIN).fill(undefined);
  /** The sequence numbers of those; 0 where there is none. */
  #numbers = new Int32Array(PLACES_MIN);
  #underWay = 0;
  /** No submit_sm before this number waits for an answer. */
  #oldest: number;
  /** submit_sm that are overdue, by sequence number, the oldest first. */
  readonly #overdue = new Map<number, InFlight<Token>>();
  readonly #overdueMax: number;
  /** At most one of each: a newer enquire_link takes the place of one that was never answered. */
  readonly #own = new Map<OwnCommand, OwnInFlight>();
  #last: number;

  /**
   * @param limit most submit_sm under way at once
   * @param firstSequenceNumber of the first request, 1 unless a test wants to see the numbers go round
   */
  constructor(
    limit: number,
    firstSequenceNumber = 1,
    { lateAnswers }: Pick<Bounds, 'lateAnswers'> = DEFAULT_BOUNDS,
  ) {
    this.#limit = limit;
    this.#overdueMax = lateAnswers;
    this.#oldest = firstSequenceNumber;
    this.#last = firstSequenceNumber - 1;
  }

  /** submit_sm that it takes now. */
  get free(): number {
    return Math.max(0, this.#limit - this.#underWay);
  }

  /** submit_sm without an answer. */
  get underWay(): number {
    return this.#underWay;
  }

  /** When the oldest submit_sm without an answer was sent. */
  get oldestSentAt(): Millis | undefined {
    if (this.#underWay === 0) {
      this.#oldest = after(this.#last);
      return undefined;
    }
    let oldest = this.#find(this.#oldest);
    while (oldest === undefined) {
      this.#oldest = after(this.#oldest);
      oldest = this.#find(this.#oldest);
    }
    return oldest.sentAt;
  }

  /** The next number that no request under way bears. */
  takeSequenceNumber(): number {
    do this.#last = after(this.#last);
    while (this.#numbers[this.#last & this.#mask] !== 0 || this.#isTaken(this.#last));
    return this.#last;
  }

  submitted(sequence_number: number, request: InFlight<Token>): void {
    if (2 * this.#underWay >= this.#numbers.length) this.#grow();
    this.#put(sequence_number, request);
    this.#underWay += 1;
  }

  /** submit_sm whose answer may still come late. */
  get overdue(): number {
    return this.#overdue.size;
  }

  /** Notes a request of the session's own and returns its sequence number. */
  asked(command: OwnCommand, answersBefore: number): number {
    const sequence_number = this.takeSequenceNumber();
    this.#own.set(command, { command, answersBefore, sequence_number });
    return sequence_number;
  }

  /** The submit_sm that bears this number, which is answered thereby; undefined when none does. */
  answered(sequence_number: number): InFlight<Token> | undefined {
    const request = this.#find(sequence_number);
    if (request === undefined) return undefined;
    const place = sequence_number & this.#mask;
    this.#submits[place] = undefined;
    this.#numbers[place] = 0;
    this.#underWay -= 1;
    return request;
  }

  /** The session's own request that bears this number, answered thereby; `command` when only that one will do. */
  ownAnswered(sequence_number: number, command?: OwnCommand): OwnRequest | undefined {
    const asked = this.#ownRequest(sequence_number);
    if (asked === undefined || (command !== undefined && asked.command !== command)) return undefined;
    this.#own.delete(asked.command);
    return asked;
  }

  /** The submit_sm that have waited `responseMs`, and are overdue from now on; the oldest first. */
  takeOverdue(now: Millis, responseMs: Millis): InFlight<Token>[] {
    const requests: InFlight<Token>[] = [];
    // Added as the deadline is: a difference is rounded otherwise, and the deadline would come again at once, for ever.
    while ((this.oldestSentAt ?? Infinity) + responseMs <= now) {
      const sequence_number = this.#oldest;
      const request = this.answered(sequence_number);
      if (request === undefined) break;
      requests.push(request);
      this.#overdue.set(sequence_number, request);
    }
    for (const sequence_number of this.#overdue.keys()) {
      if (this.#overdue.size <= this.#overdueMax) break;
      this.#overdue.delete(sequence_number);
    }
    return requests;
  }

  /** The overdue submit_sm that bears this number, which is answered thereby; undefined when none does. */
  answeredLate(sequence_number: number): InFlight<Token> | undefined {
    const request = this.#overdue.get(sequence_number);
    if (request !== undefined) this.#overdue.delete(sequence_number);
    return request;
  }

  /** Gives up all requests and returns the submit_sm among them that are not overdue, oldest first. */
  abandon(): InFlight<Token>[] {
    const requests: InFlight<Token>[] = [];
    while (this.oldestSentAt !== undefined) {
      const oldest = this.answered(this.#oldest);
      if (oldest !== undefined) requests.push(oldest);
    }
    this.#own.clear();
    this.#overdue.clear();
    return requests;
  }

  #put(sequence_number: number, request: InFlight<Token>): void {
    const place = sequence_number & this.#mask;
    this.#submits[place] = request;
    this.#numbers[place] = sequence_number;
  }

  #grow(): void {
    const submits = this.#submits;
    const numbers = this.#numbers;
    this.#submits = new Array<InFlight<Token> | undefined>(2 * numbers.length).fill(undefined);
    this.#numbers = new Int32Array(2 * numbers.length);
    submits.forEach((request, place) => {
      if (request !== undefined) this.#put(numbers[place] ?? 0, request);
    });
  }

  get #mask(): number {
    return this.#numbers.length - 1;
  }

  #find(sequence_number: number): InFlight<Token> | undefined {
    const place = sequence_number & this.#mask;
    return this.#numbers[place] === sequence_number ? this.#submits[place] : undefined;
  }

  /** Other than by one under way. */
  #isTaken(sequence_number: number): boolean {
    return this.#ownRequest(sequence_number) !== undefined || this.#overdue.has(sequence_number);
  }

  #ownRequest(sequence_number: number): OwnInFlight | undefined {
    for (const request of this.#own.values()) if (request.sequence_number === sequence_number) return request;
    return undefined;
  }
}

function after(sequence_number: number): number {
  return sequence_number >= SEQUENCE_NUMBER_MAX ? 1 : sequence_number + 1;
}
