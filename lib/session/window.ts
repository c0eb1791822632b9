/**
 * The requests of one session that wait for an answer, and the sequence numbers that name them.
 *
 * The limit is on submit_sm alone: the session's own requests (bind, enquire_link, unbind) always find a
 * place, or a full window would stop us from asking whether the link is alive.
 * Source: SMPP 3.4 §5.1.4 (sequence_number), §2.7 (asynchronous, responses in any order).
 */
import type { Millis } from '../clock.js';
import type { BindCommand } from '../pdu/pdu.js';
import { TransitMap } from '../transit-map.js';

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
}

export class Window<Token> {
  readonly #limit: number;
  /** In the order of submission, so the first is the oldest. */
  readonly #submits = new TransitMap<number, InFlight<Token>>();
  /** At most one of each: a newer enquire_link takes the place of one that was never answered. */
  readonly #own = new Map<OwnCommand, number>();
  #last: number;

  /**
   * @param limit most submit_sm under way at once
   * @param firstSequenceNumber of the first request, 1 unless a test wants to see the numbers go round
   */
  constructor(limit: number, firstSequenceNumber = 1) {
    this.#limit = limit;
    this.#last = firstSequenceNumber - 1;
  }

  /** submit_sm that it takes now. */
  get free(): number {
    return Math.max(0, this.#limit - this.#submits.size);
  }

  /** submit_sm without an answer. */
  get underWay(): number {
    return this.#submits.size;
  }

  /** When the oldest submit_sm without an answer was sent. */
  get oldestSentAt(): Millis | undefined {
    for (const request of this.#submits.values()) return request.sentAt;
    return undefined;
  }

  /** The next number that no request under way bears. */
  takeSequenceNumber(): number {
    do this.#last = this.#last >= SEQUENCE_NUMBER_MAX ? 1 : this.#last + 1;
    while (this.#submits.has(this.#last) || this.#ownCommand(this.#last) !== undefined);
    return this.#last;
  }

  submitted(sequence_number: number, request: InFlight<Token>): void {
    this.#submits.set(sequence_number, request);
  }

  /** Notes a request of the session's own and returns its sequence number. */
  asked(command: OwnCommand): number {
    const sequence_number = this.takeSequenceNumber();
    this.#own.set(command, sequence_number);
    return sequence_number;
  }

  /** The submit_sm that bears this number, which is answered thereby; undefined when none does. */
  answered(sequence_number: number): InFlight<Token> | undefined {
    const request = this.#submits.get(sequence_number);
    if (request !== undefined) this.#submits.delete(sequence_number);
    return request;
  }

  /** The session's own request that bears this number, answered thereby; `command` when only that one will do. */
  ownAnswered(sequence_number: number, command?: OwnCommand): OwnCommand | undefined {
    const asked = this.#ownCommand(sequence_number);
    if (asked === undefined || (command !== undefined && asked !== command)) return undefined;
    this.#own.delete(asked);
    return asked;
  }

  /** Gives up all requests and returns the submit_sm among them, oldest first. */
  abandon(): InFlight<Token>[] {
    const requests = [...this.#submits.values()];
    this.#submits.clear();
    this.#own.clear();
    return requests;
  }

  #ownCommand(sequence_number: number): OwnCommand | undefined {
    for (const [command, asked] of this.#own) if (asked === sequence_number) return command;
    return undefined;
  }
}
