/**
 * What one smpp-send node has handed over and waits for: every msg in leads to its results and one `done`.
 *
 * A result is recognised by the key in its origin, not by the id of the SMS: it may come before `enqueue` has
 * returned. What came in before a redeploy or a restart is not waited for here; it is rebuilt from its origin.
 */
import { randomBytes } from 'node:crypto';
import type { NodeMessage } from 'node-red';
import { asSmppError, SmppError } from '../../lib/errors.js';
import type { Gateway, TakenIn } from '../../lib/gateway.js';
import type { SubmitResult } from '../../lib/message.js';
import { TransitMap } from '../../lib/transit-map.js';
import { originText } from '../shared/origin.js';
import { outputsFor, payloadFor, type Outputs } from './outputs.js';
import type { SmsDraft } from './read-sms.js';

/** What one msg in asks for. */
export interface Request {
  /** `_msgid` of the msg in. */
  readonly messageId: string;
  readonly list: readonly SmsDraft[];
  /** The msg for the result of the SMS at `index`, without its payload. */
  message(index: number): NodeMessage;
  /** What is kept of the msg for later; see `originTail`. */
  originTail(index: number): string;
}

/** Where results go, and what is called once when all is said. */
export interface Reply {
  readonly send: (outputs: Outputs) => void;
  readonly done: (error?: Error) => void;
}

interface Waiting {
  readonly submission: Submission;
  readonly index: number;
  /** What the flow gave as the SMS's correlation. */
  readonly correlation: unknown;
  /** Ours for the SMS; resolves when it is taken in, or is not to be. */
  id: Promise<string | undefined>;
}

/** SMS handed over at once: the event loop is free, and storage has caught up, between two such groups. */
const GROUP = 200;

const UNKNOWN = Promise.resolve(undefined);

export class Submissions {
  /** By the number in their key: a map of texts looks at every character of them. */
  readonly #waiting = new TransitMap<number, Waiting>();
  /** Tells this node's keys from those of its predecessors with the same id. */
  readonly #prefix = `${randomBytes(9).toString('base64url')}.`;
  #last = 0;
  /** Not handed over yet, in order. */
  #fresh: Submission[] = [];
  #isClosed = false;

  /**
   * Hands a request over, before this turn of the event loop is over; its `done` is called when all that was taken in
   * is settled.
   *
   * Node-RED delivers every msg by itself, and what it made possible is done before the next one: handed over as they
   * come, each SMS would be written to storage and to the socket alone.
   *
   * @returns for a large one a promise, which does not reject
   */
  submit(gateway: Gateway, request: Request, reply: Reply): Promise<void> | undefined {
    const submission = new Submission(gateway, request, reply);
    if (request.list.length > GROUP) {
      this.handOver();
      return this.#inGroups(submission);
    }
    if (this.#fresh.length === 0) setImmediate(this.handOver);
    this.#fresh.push(submission);
    return undefined;
  }

  /** Does now what `submit` has put off. */
  readonly handOver = (): void => {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const submission of fresh) {
      let index = 0;
      for (const sms of submission.request.list) void this.#handOver(submission, sms, index++);
    }
  };

  /** Hands on the result of an SMS that this node waits for. False when it waits for none with that key. */
  settled(key: string, result: SubmitResult): boolean {
    const waiting = key.startsWith(this.#prefix)
      ? this.#take(Number(key.slice(this.#prefix.length)))
      : undefined;
    waiting?.submission.settled(waiting.index, payloadFor(result, waiting.correlation));
    return waiting !== undefined;
  }

  /**
   * Ids of the SMS that are meant by `id`: those that wait for their result and came with that `_msgid`, for a
   * flow learns the id of an SMS with its result only; else `id` itself.
   */
  async idsOf(id: string): Promise<readonly string[]> {
    const meant = [...this.#waiting.values()].filter(({ submission }) => submission.request.messageId === id);
    const ids = await Promise.all(meant.map((waiting) => waiting.id));
    const known = ids.filter((one) => one !== undefined);
    return known.length > 0 ? known : [id];
  }

  /**
   * The node closes: what was taken in comes out of its successor. A msg is done with once that is clear of all its SMS,
   * also of those that are handed over from now on.
   */
  close(): void {
    const waiting = [...this.#waiting.entries()];
    this.#isClosed = true;
    for (const [number, one] of waiting) this.#bequeath(number, one);
    this.handOver();
  }

  async #inGroups(submission: Submission): Promise<void> {
    const { list } = submission.request;
    for (let from = 0; from < list.length; from += GROUP) {
      if (from > 0) await nextTurn();
      const group = list.slice(from, from + GROUP);
      await Promise.all(group.map((sms, place) => this.#handOver(submission, sms, from + place)));
      // What storage or a full queue refused now, it would refuse in the next group too.
      if (submission.error !== undefined) {
        submission.refused(submission.error, list.length - from - group.length);
        return;
      }
    }
  }

  /** Resolves when it is clear whether the SMS was taken in; never rejects. */
  #handOver(submission: Submission, sms: SmsDraft, index: number): Promise<unknown> {
    const { gateway, request } = submission;
    const { correlation } = sms;
    const number = (this.#last += 1);
    const waiting: Waiting = { submission, index, correlation, id: UNKNOWN };
    this.#waiting.set(number, waiting);
    try {
      sms.correlation = originText(`${this.#prefix}${number}`, request.originTail(index));
    } catch (error) {
      this.#refused(number, asSmppError(error, 'SMPP_MESSAGE'));
      return UNKNOWN;
    }
    const refused = (error: unknown): undefined => {
      this.#refused(number, asSmppError(error, 'SMPP_STORAGE'));
    };
    const taking = gateway.enqueue(sms);
    waiting.id =
      sms.dedupeKey === undefined
        ? taking.then(idOf, refused)
        : taking.then((taken) => this.#ownIdOf(taken, number), refused);
    if (this.#isClosed) this.#bequeath(number, waiting);
    return waiting.id;
  }

  /** None when another SMS has the dedupe key: its result is ours too, and no event says so. */
  #ownIdOf({ id, result }: TakenIn, number: number): string | undefined {
    if (result === undefined) return id;
    result
      .then((other) => {
        const waiting = this.#take(number);
        waiting?.submission.settled(waiting.index, payloadFor(other, waiting.correlation));
      })
      .catch((error: unknown) => this.#refused(number, asSmppError(error, 'SMPP_STORAGE')));
    return undefined;
  }

  /** Once it is taken in, its result is the successor's; one that waits for another's result was not taken in. */
  #bequeath(number: number, { id }: Waiting): void {
    void id.then((known) => {
      if (known === undefined) this.#refused(number, closedMeanwhile());
      else this.#take(number)?.submission.bequeathed();
    });
  }

  #refused(number: number, error: SmppError): void {
    this.#take(number)?.submission.refused(error, 1);
  }

  /** From now on nobody waits for it. */
  #take(number: number): Waiting | undefined {
    const waiting = this.#waiting.get(number);
    this.#waiting.delete(number);
    return waiting;
  }
}

/** One msg in: counts its SMS until each is settled or refused. */
class Submission {
  readonly gateway: Gateway;
  readonly request: Request;
  readonly reply: Reply;
  /** Why the first that was refused was. */
  error: SmppError | undefined;
  #left: number;
  #refusedCount = 0;

  constructor(gateway: Gateway, request: Request, reply: Reply) {
    this.gateway = gateway;
    this.request = request;
    this.reply = reply;
    this.#left = request.list.length;
  }

  settled(index: number, payload: SubmitResult): void {
    try {
      this.reply.send(outputsFor(this.request.message(index), payload));
    } finally {
      this.#count(1);
    }
  }

  bequeathed(): void {
    this.#count(1);
  }

  refused(error: SmppError, count: number): void {
    this.error ??= error;
    this.#refusedCount += count;
    this.#count(count);
  }

  #count(count: number): void {
    this.#left -= count;
    if (count > 0 && this.#left === 0) this.reply.done(this.#summary());
  }

  #summary(): SmppError | undefined {
    const total = this.request.list.length;
    if (this.error === undefined || total === 1) return this.error;
    const message = `${this.#refusedCount} of ${total} SMS were not taken in: ${this.error.message}`;
    return new SmppError(this.error.code, message, { cause: this.error });
  }
}

function idOf({ id }: TakenIn): string {
  return id;
}

function closedMeanwhile(): SmppError {
  const message =
    'dedupeKey: the node was closed before the SMS that has it was settled; this one was not taken in: send it again ' +
    'to have its result';
  return new SmppError('SMPP_STOPPED', message, { field: 'dedupeKey' });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
