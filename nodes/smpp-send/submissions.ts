/**
 * What one smpp-send node has handed over and waits for: every msg in leads to its results and one `done`.
 *
 * A result is recognised by the key in its origin, not by the id of the SMS: it may come before `enqueue` has
 * returned. What came in before a restart is not waited for here; it is rebuilt from its origin.
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
  /** Set when the gateway has it: from then on that decides. */
  isHandedOver: boolean;
  /** It was told that it is done. */
  readonly isOver: boolean;
  /** Another node has come since it was handed over. */
  readonly isOutlived: boolean;
  /** What has it ends with the process, also when the node has another connection by now. */
  readonly isVolatile: boolean;
  send(outputs: Outputs): void;
  done(error?: SmppError): void;
  /** A gateway that may take what another one has refused for this reason; rejects when there is none. */
  gatewayAfter(error: unknown): Promise<Gateway>;
}

interface Waiting {
  readonly submission: Submission;
  readonly index: number;
  /** What the flow gave as the SMS's correlation. */
  readonly correlation: unknown;
  /** Ours for the SMS; resolves when it is taken in, or is not to be. Of an array, see `ids`. */
  id: Promise<string | undefined> | undefined;
}

/** SMS made ready in one turn of the event loop. */
const SLICE = 200;

export class Submissions {
  /** By the number in their key: a map of texts looks at every character of them. */
  readonly #waiting = new TransitMap<number, Waiting>();
  /** Tells these keys from those of other processes. */
  readonly #prefix = `${randomBytes(9).toString('base64url')}.`;
  #last = 0;
  /** Not handed over yet, in order. */
  #fresh: Submission[] = [];

  /**
   * Hands a request over, before this turn of the event loop is over; its `done` is called when all of it is settled.
   *
   * Node-RED delivers every msg by itself, and what it made possible is done before the next one: handed over as they
   * come, each SMS would be written to storage and to the socket alone.
   *
   * @returns for a large one a promise, which does not reject
   */
  submit(gateway: Gateway, request: Request, reply: Reply): Promise<void> | undefined {
    const count = request.list.length;
    const submission = new Submission(gateway, request, reply, this.#last + 1);
    this.#last += count;
    if (count > SLICE) {
      this.handOver();
      return this.#inSlices(submission);
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
      const { list } = submission.request;
      if (!this.#makeReady(submission, 0, list.length)) continue;
      if (list.length > 1) void this.#handOverWhole(submission);
      else this.#handOver(submission, 0);
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
   * Ids of the SMS that wait for their result and came with that `_msgid`: a flow learns the id of an SMS with its result
   * only.
   */
  async idsOf(messageId: string): Promise<readonly string[]> {
    const meant = [...this.#waiting.values()].filter(
      ({ submission }) => submission.request.messageId === messageId,
    );
    const ids = await Promise.all(meant.map(idOf));
    return ids.filter((id) => id !== undefined);
  }

  /**
   * Nobody waits any more: what is taken in comes out of a node with the same id after a restart. A msg is done with once
   * that is clear of all its SMS; resolves when it is of all.
   *
   * @param onLeft is told of each SMS that goes on without us, and of the `_msgid` that it came with
   * @param lost why what is taken in and volatile comes out of none
   */
  async end(onLeft: (id: string, messageId: string) => void, lost?: SmppError): Promise<void> {
    const leave = async (number: number, waiting: Waiting): Promise<void> => {
      const { reply, request } = waiting.submission;
      const id = await idOf(waiting);
      if (id === undefined) this.#refused(number, closedMeanwhile());
      else if (lost !== undefined && reply.isVolatile) this.#refused(number, lost);
      else if (this.#take(number) !== undefined) {
        onLeft(id, request.messageId);
        waiting.submission.left();
      }
    };
    await Promise.all(Array.from(this.#waiting.entries(), ([number, waiting]) => leave(number, waiting)));
  }

  async #inSlices(submission: Submission): Promise<void> {
    const { request, reply } = submission;
    const count = request.list.length;
    for (let from = 0; from < count; from += SLICE) {
      if (from > 0) await nextTurn();
      if (!this.#makeReady(submission, from, Math.min(from + SLICE, count))) return;
    }
    // Nothing of it was handed over, and that was told.
    if (reply.isOver) this.#forget(submission);
    else await this.#handOverWhole(submission);
  }

  /** Gives them their keys and their origins; false when that cannot be, which is told. */
  #makeReady(submission: Submission, from: number, to: number): boolean {
    const { request, first } = submission;
    try {
      for (const [place, sms] of request.list.slice(from, to).entries()) {
        const index = from + place;
        const { correlation } = sms;
        this.#waiting.set(first + index, { submission, index, correlation, id: undefined });
        sms.correlation = originText(`${this.#prefix}${first + index}`, request.originTail(index));
      }
      return true;
    } catch (error) {
      this.#refusedWhole(submission, asSmppError(error, 'SMPP_MESSAGE'));
      return false;
    }
  }

  #handOver(submission: Submission, index: number): void {
    const { gateway, request, first, reply } = submission;
    const sms = request.list[index];
    const waiting = this.#waiting.get(first + index);
    if (sms === undefined || waiting === undefined) return;
    reply.isHandedOver = true;
    const refused = (error: unknown): Promise<undefined> => this.#again(submission, index, error);
    const taking = gateway.enqueue(sms);
    waiting.id =
      sms.dedupeKey === undefined
        ? taking.then(ownId, refused)
        : taking.then((taken) => this.#ownIdOf(taken, submission, index), refused);
  }

  /** Resolves when it is clear whether the array was taken in; never rejects. */
  async #handOverWhole(submission: Submission): Promise<void> {
    submission.reply.isHandedOver = true;
    submission.ids = this.#takeWhole(submission).then(
      (taken) => taken.map((one, index) => this.#ownIdOf(one, submission, index)),
      (error: unknown) => {
        this.#refusedWhole(submission, asSmppError(error, 'SMPP_STORAGE'));
        return [];
      },
    );
    await submission.ids;
  }

  async #takeWhole(submission: Submission): Promise<readonly TakenIn[]> {
    for (;;) {
      try {
        return await submission.gateway.enqueueAll(submission.request.list);
      } catch (error) {
        submission.gateway = await submission.reply.gatewayAfter(error);
      }
    }
  }

  /** It was refused: another gateway may take it, else that is told. */
  async #again(submission: Submission, index: number, error: unknown): Promise<undefined> {
    try {
      submission.gateway = await submission.reply.gatewayAfter(error);
    } catch (final) {
      this.#refused(submission.first + index, asSmppError(final, 'SMPP_STORAGE'));
      return;
    }
    this.#handOver(submission, index);
  }

  /** None when another SMS has the dedupe key: its result is ours too, and no event says so. */
  #ownIdOf({ id, result }: TakenIn, submission: Submission, index: number): string | undefined {
    if (result === undefined) return id;
    result.then(
      (other) => {
        const waiting = this.#take(submission.first + index);
        waiting?.submission.settled(index, payloadFor(other, waiting.correlation));
      },
      (error: unknown) => this.#again(submission, index, error),
    );
    return undefined;
  }

  #refused(number: number, error: SmppError): void {
    this.#take(number)?.submission.refused(error);
  }

  #refusedWhole(submission: Submission, error: SmppError): void {
    this.#forget(submission);
    submission.reply.done(error);
  }

  #forget({ first, request }: Submission): void {
    for (let index = 0; index < request.list.length; index += 1) this.#take(first + index);
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
  gateway: Gateway;
  readonly request: Request;
  readonly reply: Reply;
  /** Number of its first SMS; the others follow. */
  readonly first: number;
  /** Of an array, as `Waiting.id`. */
  ids: Promise<readonly (string | undefined)[]> | undefined;
  #error: SmppError | undefined;
  #left: number;

  constructor(gateway: Gateway, request: Request, reply: Reply, first: number) {
    this.gateway = gateway;
    this.request = request;
    this.reply = reply;
    this.first = first;
    this.#left = request.list.length;
  }

  settled(index: number, payload: SubmitResult): void {
    const { request, reply } = this;
    const told = reply.isOutlived ? { ...payload, recovered: true } : payload;
    try {
      reply.send(outputsFor(request.message(index), told));
    } finally {
      this.#count();
    }
  }

  /** It was taken in, and its result is for others. */
  left(): void {
    this.#count();
  }

  refused(error: SmppError): void {
    this.#error ??= error;
    this.#count();
  }

  #count(): void {
    this.#left -= 1;
    if (this.#left === 0) this.reply.done(this.#error);
  }
}

async function idOf({ id, index, submission }: Waiting): Promise<string | undefined> {
  if (id !== undefined) return id;
  return (await submission.ids)?.[index];
}

function ownId({ id }: TakenIn): string {
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
