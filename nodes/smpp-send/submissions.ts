/**
 * What one smpp-send node has handed over and waits for: every msg in leads to its results and one `done`.
 *
 * A result is recognised by the key in its origin, not by the id of the SMS: it may come before `enqueue` has
 * returned. What came in before a redeploy or a restart is not waited for here; it is rebuilt from its origin.
 */
import { randomUUID } from 'node:crypto';
import type { NodeMessage } from 'node-red';
import { asSmppError, SmppError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { OutboundSms, SubmitResult } from '../../lib/message.js';
import { originalMessage, originOf, unwrapped, type Origin } from '../shared/origin.js';

/** One msg in, and what is to become of it. */
export interface Request {
  /** `_msgid` of the msg in. */
  readonly messageId: string;
  readonly list: readonly OutboundSms[];
  /** The msg for the result of the SMS at `index`, without its payload. */
  readonly message: (index: number) => NodeMessage;
  /** What is kept of the msg for later, without the key. */
  readonly origin: (index: number) => Omit<Origin, 'key'>;
  readonly send: (outputs: [NodeMessage | null, NodeMessage | null]) => void;
  readonly done: (error?: Error) => void;
}

interface Waiting {
  readonly request: Request;
  readonly index: number;
  readonly tally: Tally;
  /** Ours for the SMS, once it is taken in. */
  id?: string;
}

/** SMS handed over at once: the event loop is free, and storage has caught up, between two such groups. */
const GROUP = 200;

export class Submissions {
  readonly #waiting = new Map<string, Waiting>();
  /** Tells this node's keys from those of its predecessors with the same id. */
  readonly #prefix = randomUUID();
  #keys = 0;

  /** Hands a request over; its `done` is called when all that was taken in is settled. Never rejects. */
  async submit(gateway: Gateway, request: Request): Promise<void> {
    const { list } = request;
    const tally = new Tally(list.length, request.done);
    for (let from = 0; from < list.length; from += GROUP) {
      if (from > 0) await nextTurn();
      const group = list.slice(from, from + GROUP);
      await Promise.all(
        group.map((sms, place) => this.#handOver(gateway, sms, { request, index: from + place, tally })),
      );
      // What storage or a full queue refused now, it would refuse in the next group too.
      if (tally.error !== undefined) {
        tally.refused(tally.error, list.length - from - group.length);
        return;
      }
    }
  }

  /** Hands on the result of an SMS that this node waits for. False when it waits for none with that key. */
  settled(key: string, result: SubmitResult): boolean {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return false;
    this.#waiting.delete(key);
    try {
      waiting.request.send(outputsFor(waiting.request.message(waiting.index), result));
    } finally {
      waiting.tally.settled();
    }
    return true;
  }

  /**
   * Ids of the SMS that are meant by `id`: those that wait for their result and came with that `_msgid`, for a
   * flow learns the id of an SMS with its result only; else `id` itself.
   */
  idsOf(id: string): readonly string[] {
    const ids = [...this.#waiting.values()]
      .filter(({ request }) => request.messageId === id)
      .map((waiting) => waiting.id)
      .filter((known) => known !== undefined);
    return ids.length > 0 ? ids : [id];
  }

  /** The node closes: what was taken in comes out of its successor, and every msg is done with. */
  close(): void {
    const requests = new Set([...this.#waiting.values()].map(({ request }) => request));
    this.#waiting.clear();
    for (const { done } of requests) done();
  }

  /** Resolves when it is clear whether the SMS was taken in. */
  async #handOver(gateway: Gateway, sms: OutboundSms, waiting: Waiting): Promise<void> {
    this.#keys += 1;
    const key = `${this.#prefix}.${this.#keys}`;
    const marked: OutboundSms = { ...sms, correlation: { ...waiting.request.origin(waiting.index), key } };
    this.#waiting.set(key, waiting);
    if (sms.dedupeKey !== undefined) {
      void this.#sendOnce(gateway, marked, key);
      return;
    }
    try {
      const { id } = await gateway.enqueue(marked);
      waiting.id = id;
    } catch (error) {
      this.#refused(key, asSmppError(error, 'SMPP_STORAGE'));
    }
  }

  /** When another SMS holds the dedupe key its result is ours too, and no event says so. */
  async #sendOnce(gateway: Gateway, sms: OutboundSms, key: string): Promise<void> {
    try {
      const result = await gateway.send(sms);
      // An own result also comes as an event, which waits while flows are stopping.
      if (originOf(result.correlation)?.key !== key) this.settled(key, result);
    } catch (thrown) {
      const error = asSmppError(thrown, 'SMPP_STORAGE');
      // Stopped while it waited: it had been taken in, and its result comes when the gateway runs again.
      if (error.code !== 'SMPP_STOPPED') this.#refused(key, error);
    }
  }

  #refused(key: string, error: SmppError): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    waiting?.tally.refused(error, 1);
  }
}

/** Counts the SMS of one request until each is settled or refused. */
class Tally {
  readonly #total: number;
  readonly #done: (error?: Error) => void;
  #left: number;
  #refusedCount = 0;
  error: SmppError | undefined;

  constructor(total: number, done: (error?: Error) => void) {
    this.#total = total;
    this.#left = total;
    this.#done = done;
  }

  settled(): void {
    this.#count(1);
  }

  /** @param error why; the first one is the request's */
  refused(error: SmppError, count: number): void {
    this.error ??= error;
    this.#refusedCount += count;
    this.#count(count);
  }

  #count(count: number): void {
    this.#left -= count;
    if (count > 0 && this.#left === 0) this.#done(this.#summary());
  }

  #summary(): SmppError | undefined {
    if (this.error === undefined || this.#total === 1) return this.error;
    const message = `${this.#refusedCount} of ${this.#total} SMS were not taken in: ${this.error.message}`;
    return new SmppError(this.error.code, message, { cause: this.error });
  }
}

/** The two outputs for a result: the first when the gateway accepted the SMS. */
export function outputsFor(
  message: NodeMessage,
  result: SubmitResult,
): [NodeMessage | null, NodeMessage | null] {
  const payload = unwrapped(result);
  // False of a frozen msg: its result must come out all the same.
  const out = Reflect.set(message, 'payload', payload) ? message : { ...message, payload };
  return result.outcome === 'accepted' ? [out, null] : [null, out];
}

/** The outputs for a result that nobody waits for any more, from what its origin has kept. */
export function recoveredOutputs(result: SubmitResult): [NodeMessage | null, NodeMessage | null] {
  return outputsFor(originalMessage(originOf(result.correlation)), { ...result, recovered: true });
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
