/**
 * From "taken in" to "settled": keeps every SMS until the gateway has accepted it, has refused it for good, or
 * its time is over.
 *
 *   take ─▶ stored ─▶ queued ─▶ marked as under way (stored) ─▶ submitted ─▶ settled (stored) ─▶ reported
 *                       ▲                                           │
 *                       └── refused for now, link lost, unknown ────┘
 *
 * This file takes in and composes: who is next is `queue.ts`, how fast is `pace.ts`, the way to the links is
 * `dispatcher.ts`, what follows an answer is `answers.ts`, the end is `settlement.ts`.
 */
import type { Clock, Millis } from '../clock.js';
import { asSmppError, SmppError } from '../errors.js';
import type { Link } from '../link.js';
import type {
  CounterName,
  OnUncertain,
  OutboundSms,
  Segment,
  SubmitResult,
  Unsubscribe,
} from '../message.js';
import type { Listener } from '../storage/mailbox.js';
import type { Change, Storage } from '../storage/storage.js';
import { dataCodingOf } from '../text/data-coding.js';
import { planText, type TextPlan } from '../text/segmenter.js';
import { assemble } from '../text/user-data.js';
import { Answers, type Refusal } from './answers.js';
import { Dedupe } from './dedupe.js';
import { Dispatcher } from './dispatcher.js';
import { Intake } from './intake.js';
import { NO_PROGRESS, type OutboxEntry, type Progress } from './entry.js';
import { Pace } from './pace.js';
import { type Body, Queue, type QueueItem, type Times } from './queue.js';
import { listQueue } from './queue-list.js';
import { readSms } from './read-sms.js';
import { Settlement } from './settlement.js';

/** SMS taken in and not settled. A queue of this length is a fault upstream, not a peak. */
const QUEUE_MAX = 1_000_000;

export interface OutboxOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onUncertain: OnUncertain;
  readonly segmentsPerSecond: number | undefined;
  readonly newId: () => string;
  /** Concatenation references count up from it. */
  readonly firstReference: number;
  readonly refusal: (status: number) => Refusal;
  /** The writes that have receipts matched to an accepted SMS. */
  readonly tracking: (entry: OutboxEntry, result: SubmitResult) => readonly Change[];
  /** The gateway accepted an SMS, so it is not in maintenance. */
  readonly onAccepted: () => void;
  /** The gateway answered ESME_RSUBMITFAIL. */
  readonly onSubmitFailed: () => void;
  /** Whether a failed submit at `failedAt` was part of a restart of the gateway. */
  readonly isRestart: (failedAt: Millis) => boolean;
  /** Ids of receipts for this recipient that belong to no SMS we know. */
  readonly unmatchedIds: (to: string) => readonly string[];
  readonly count: (counter: CounterName, by: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** An SMS that may be taken in, or the one whose dedupe key it has. */
type Admitted = { readonly body: Body } | { readonly first: NonNullable<ReturnType<Dedupe['find']>> };

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queue = new Queue();
  readonly #dedupe: Dedupe;
  readonly #settlement: Settlement;
  readonly #intake: Intake;
  readonly #dispatcher: Dispatcher;
  readonly #answers: Answers;
  #reference: number;
  #isOpen = false;
  /** The first SMS in line, for a person who looks. */
  readonly list = (max: number) => listQueue(this.#queue.items, this.#options, max);

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#reference = options.firstReference;
    const pace = new Pace(options.segmentsPerSecond);
    const load = (item: QueueItem): Promise<Body | undefined> => this.#load(item);
    const queue = this.#queue;
    this.#dedupe = new Dedupe(options.storage, options.clock);
    this.#settlement = new Settlement({
      ...options,
      dedupe: this.#dedupe,
      onSettled: (result) => this.#settled(result),
    });
    this.#intake = new Intake({
      ...options,
      dedupe: this.#dedupe,
      onStored: (bodies) => this.#stored(bodies),
      onRefused: (bodies, reason) => {
        for (const { entry } of bodies) this.#settlement.refuse(entry.id, reason);
      },
    });
    this.#answers = new Answers({
      ...options,
      queue,
      pace,
      load,
      settlement: this.#settlement,
      resume: (submission, at) => this.#dispatcher.resume(submission, at),
      wake: () => this.#dispatcher.wake(),
    });
    this.#dispatcher = new Dispatcher({
      ...options,
      queue,
      pace,
      load,
      nextProgress: (item) => this.#answers.nextProgress(item),
      segmentsOf: (body, leftMs) => this.#segmentsOf(body, leftMs),
      isFinal: (status) => this.#answers.isFinal(status),
      onSubmitted: (segments) => options.count('submitted', segments),
      onConcluded: (submission) => this.#answers.concluded(submission),
      onReturned: (item, waitMs) => this.#answers.returned(item, waitMs),
      onExpired: (item) => this.#answers.expired(item),
    });
  }

  get counts(): Queue['counts'] {
    return this.#queue.counts;
  }

  /** Reads what an earlier process left, and starts. What that had under way has an unknown outcome. */
  async open(): Promise<void> {
    const { storage } = this.#options;
    await this.#dedupe.open();
    await this.#settlement.open();
    const progress = new Map<string, Progress>();
    for await (const [id, value] of storage.scan('progress')) progress.set(id, value as Progress);
    for await (const [id, value] of storage.scan('outbox')) {
      this.#recover(value as OutboxEntry, progress.get(id) ?? NO_PROGRESS);
    }
    this.#isOpen = true;
    this.#dispatcher.open();
  }

  /** Takes nothing more in and submits nothing more; answers under way are still taken until `close`. */
  halt(): void {
    this.#isOpen = false;
    this.#dispatcher.close();
  }

  /** Completes what is settled; what is queued stays stored. */
  async close(): Promise<void> {
    this.halt();
    await this.#dispatcher.atRest();
    await this.#settlement.close();
  }

  linkUp(link: Link): void {
    this.#dispatcher.linkUp(link);
  }

  linkDown(link: Link): void {
    this.#dispatcher.linkDown(link);
  }

  /** A window has room again. */
  ready(): void {
    this.#dispatcher.wake();
  }

  /** Results, each until a subscriber took it. */
  onSettled(listener: Listener<SubmitResult>): Unsubscribe {
    return this.#settlement.results.subscribe(listener);
  }

  /**
   * Takes an SMS in: it is safe in storage when the promise resolves. With a `dedupeKey` that another SMS
   * holds, what comes back is that one's.
   *
   * @throws SMPP_MESSAGE, SMPP_QUEUE_FULL, SMPP_STOPPED, SMPP_STORAGE; then nothing was taken in
   */
  async enqueue(sms: OutboundSms): Promise<{ id: string }> {
    const admitted = this.#admit(sms);
    if ('first' in admitted) {
      await this.#intake.safe(admitted.first.id);
      return { id: admitted.first.id };
    }
    await this.#intake.takeSafely(admitted.body);
    return { id: admitted.body.entry.id };
  }

  /**
   * Takes an SMS in; resolves when it is settled. With a `dedupeKey` that another SMS holds, the result is that
   * one's.
   *
   * One promise and no async function: it is called for every SMS, and each of those costs as much as encoding it.
   *
   * @throws as `enqueue`; and SMPP_STOPPED when the gateway is stopped before it is settled
   */
  send(sms: OutboundSms): Promise<SubmitResult> {
    try {
      const admitted = this.#admit(sms);
      if ('first' in admitted) return this.#resultOf(admitted.first);
      const { body } = admitted;
      const result = this.#settlement.waitFor(body.entry.id);
      this.#intake.take(body);
      return result;
    } catch (error) {
      return Promise.reject(asSmppError(error, 'SMPP_MESSAGE'));
    }
  }

  /**
   * Takes an SMS out of the queue; resolves when that would outlast a crash. False when it is under way or settled,
   * or the gateway was stopped first.
   */
  cancel(id: string): Promise<boolean> {
    const item = this.#queue.get(id);
    if (item?.state !== 'queued' && item?.state !== 'scheduled') return Promise.resolve(false);
    const isSafe = this.#settlement.isSafe(id);
    this.#answers.cancelled(item);
    return isSafe;
  }

  /** A receipt for an SMS to this recipient came: it may tell of one whose outcome is unknown. */
  receiptCame(to: string): void {
    this.#answers.reconcile(to);
  }

  /** @throws SMPP_MESSAGE, SMPP_QUEUE_FULL, SMPP_STOPPED */
  #admit(sms: OutboundSms): Admitted {
    if (!this.#isOpen) throw new SmppError('SMPP_STOPPED', 'the gateway is stopped: start it to send SMS');
    const body = readSms(sms, this.#options.newId(), this.#options.clock.wall());
    const first = body.entry.dedupeKey === undefined ? undefined : this.#dedupe.find(body.entry.dedupeKey);
    if (first !== undefined) return { first };
    if (this.#queue.size >= QUEUE_MAX) {
      throw new SmppError('SMPP_QUEUE_FULL', `${QUEUE_MAX} SMS wait already: this one was not taken in`);
    }
    return { body };
  }

  #resultOf(first: { readonly id: string; readonly result?: SubmitResult }): Promise<SubmitResult> {
    return first.result === undefined ? this.#settlement.waitFor(first.id) : Promise.resolve(first.result);
  }

  #stored(bodies: readonly Body[]): void {
    const times = this.#times();
    for (const body of bodies) this.#queue.add(body.entry, body, undefined, times);
    this.#options.count('queued', bodies.length);
    this.#dispatcher.wake();
  }

  #recover(entry: OutboxEntry, progress: Progress): void {
    const body = this.#queue.hasRoomForBody ? { entry, plan: planOf(entry) } : undefined;
    const item = this.#queue.add(entry, body, progress, this.#times());
    if (progress.underWay) this.#answers.unknown(item);
  }

  async #load(item: QueueItem): Promise<Body | undefined> {
    const entry = (await this.#options.storage.read('outbox', item.id)) as OutboxEntry | undefined;
    return entry === undefined ? undefined : { entry, plan: planOf(entry) };
  }

  #settled(result: SubmitResult): void {
    const item = this.#queue.get(result.id);
    if (item !== undefined) this.#queue.remove(item);
  }

  #segmentsOf({ entry, plan }: Body, leftMs: Millis): Segment[] {
    this.#reference = (this.#reference + 1) & 0xffff;
    const { to, from, receipt, encoding, flash, priority, longMessage } = entry;
    const dataCoding = dataCodingOf(encoding, flash);
    const urgent = priority === 'alarm';
    const validForMs = leftMs;
    return assemble(plan, longMessage, this.#reference).map(
      ({ octets, hasUserDataHeader, asPayload, sar }) => {
        // A literal: an object put together by spreading takes five times the memory (measured: 1700 octets).
        const segment = {
          to,
          from,
          octets,
          dataCoding,
          hasUserDataHeader,
          asPayload,
          receipt,
          validForMs,
          urgent,
        };
        return sar === undefined ? segment : Object.assign(segment, { sar });
      },
    );
  }

  #times(): Times {
    return { wall: this.#options.clock.wall(), now: this.#options.clock.now() };
  }
}

/** The plan that was made as the SMS was taken in: its text is final, its encoding known. */
function planOf({ text, encoding, longMessage }: OutboxEntry): TextPlan {
  return planText(text, { encoding, longMessage, substitute: false });
}
