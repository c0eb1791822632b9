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
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import type { Clock, Millis } from '../clock.js';
import { asSmppError, BatchTooLongError, SmppError, UndecidedError } from '../errors.js';
import type { Log } from '../failure-log.js';
import type { Link } from '../link.js';
import type { Listener } from '../listeners.js';
import type {
  CounterName,
  GatewayStatus,
  OnUncertain,
  OutboundSms,
  QueuedSms,
  SubmitResult,
  Unsubscribe,
} from '../message.js';
import type { Change, Storage } from '../storage/storage.js';
import { Answers, type Refusal } from './answers.js';
import { Dedupe, type FirstResult } from './dedupe.js';
import { Dispatcher } from './dispatcher.js';
import { Intake } from './intake.js';
import { FIRST_ATTEMPT, NO_PROGRESS, type OutboxEntry } from './entry.js';
import { Pace } from './pace.js';
import { Queue } from './queue.js';
import { isWaiting, remainsOfId, type Body, type NewItem, type QueueItem, type Times } from './queue-item.js';
import { listQueue } from './queue-list.js';
import { ReadBack } from './read-back.js';
import { readSms, type ReadSms, type SmsDefaults } from './read-sms.js';
import { recovered, storeRest, type Left } from './recovery.js';
import { References } from './references.js';
import { repeatOf } from './result-of.js';
import { SegmentIds } from './segment-ids.js';
import { Segments } from './segments.js';
import { type GivenIds, Settlement } from './settlement.js';
import { entryOf } from './stored-entry.js';
import { ownResult } from './stored-result.js';
import type { Remembered } from './submission.js';
import type { UnknownReceipt } from './unknown-outcomes.js';
import { SubmitFailures } from './submit-failures.js';
import { waitBeside, waitFor } from './waiter.js';

export interface OutboxOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly onUncertain: OnUncertain;
  readonly sms?: SmsDefaults;
  readonly segmentsPerSecond: number | undefined;
  readonly newId: () => string;
  readonly refusal: (status: number) => Refusal;
  /** The writes that have receipts matched to an SMS that is settled, by all ids that the gateway gave to some of it. */
  readonly tracking: (entry: OutboxEntry, result: SubmitResult, given: GivenIds) => readonly Change[];
  /** The writes that have receipts matched to an SMS by the ids of a submission that was given up. */
  readonly trackingLate: (sms: Remembered, messageIds: readonly string[]) => readonly Change[];
  /** The gateway accepted an SMS, so it is not in maintenance. */
  readonly onAccepted: () => void;
  /** The gateway answered ESME_RSUBMITFAIL. */
  readonly onSubmitFailed: () => void;
  /** Whether a failed submit at `failedAt` was part of a restart of the gateway. */
  readonly isRestart: (failedAt: Millis) => boolean;
  /** Receipts for this recipient that belong to no SMS we know. */
  readonly unknownReceipts: (to: string) => readonly UnknownReceipt[];
  /** Resolves when it is known whose the receipts are that an earlier process may have got. By default they are. */
  readonly receiptsRead?: () => Promise<void>;
  readonly count: (counter: CounterName, by: number) => void;
  readonly onFailure: (error: unknown) => void;
  readonly log: Log;
  readonly bounds?: Bounds;
}

/** An SMS that is safe in storage. */
export interface TakenIn {
  readonly id: string;
  /** When it is another SMS, which has the same dedupe key: the result of that. */
  readonly result?: Promise<SubmitResult>;
}

/** A queue while nobody works on it. */
export interface QueueLeft {
  readonly counts: GatewayStatus['queue'];
  /** The first in line. */
  readonly first: readonly QueuedSms[];
  /** Results that nobody has taken. */
  readonly results: number;
}

/** An SMS to take in, or one whose dedupe key another has. */
type Admitted = { readonly entry: OutboxEntry } & ({ readonly item: NewItem } | { readonly holder: Holder });

/** The first SMS with a dedupe key: settled, or in the queue. */
type Holder = { readonly id: string } & ({ readonly result: FirstResult } | { readonly item: QueueItem });

export class Outbox {
  readonly #options: OutboxOptions & { readonly bounds: Bounds };
  readonly #queue: Queue;
  readonly #queueMax: number;
  readonly #dedupe: Dedupe;
  readonly #settlement: Settlement;
  readonly #intake: Intake;
  readonly #dispatcher: Dispatcher;
  readonly #answers: Answers;
  readonly #segmentIds: SegmentIds;
  readonly #references: References;
  readonly #segments: Segments;
  readonly #readBack: ReadBack;
  readonly #failures = new SubmitFailures<QueueItem>();
  /** Lists that are being taken in; none rejects. */
  readonly #lists = new Set<Promise<unknown>>();
  #isOpen = false;
  /** Some SMS that an earlier run left was there at the start. */
  #hasRecovered = false;
  /** The first SMS in line as it was closed. */
  #lastInLine: readonly QueuedSms[] = [];

  constructor(given: OutboxOptions) {
    const { bounds = DEFAULT_BOUNDS } = given;
    const options = { ...given, bounds };
    this.#options = options;
    const queue = (this.#queue = new Queue(bounds));
    this.#queueMax = bounds.queuedSms;
    this.#references = new References(options);
    this.#segments = new Segments(this.#references);
    const pace = new Pace(options.segmentsPerSecond);
    const failures = this.#failures;
    const readBack = (this.#readBack = new ReadBack(options));
    const segmentIds = (this.#segmentIds = new SegmentIds(bounds));
    this.#dedupe = new Dedupe(options.storage, options.clock, bounds);
    this.#settlement = new Settlement({
      ...options,
      dedupe: this.#dedupe,
      halvesOf: (entry) => this.#answers.halvesOf(entry),
      onSettled: (item, to) => {
        queue.remove(item);
        this.#answers.settled(to);
      },
    });
    this.#intake = new Intake({
      ...options,
      dedupe: this.#dedupe,
      markFresh: (items) => this.#dispatcher.markFresh(items),
      onStored: (items, marks) => this.#stored(items, marks),
      onRefused: (items, reason) => this.#refused(items, reason),
    });
    this.#answers = new Answers({
      ...options,
      queue,
      pace,
      failures,
      readBack,
      segmentIds,
      settlement: this.#settlement,
      resume: (submission, at) => this.#dispatcher.resume(submission, at),
      wake: () => this.#dispatcher.wake(),
    });
    this.#dispatcher = new Dispatcher({
      ...options,
      queue,
      pace,
      failures,
      readBack,
      nextProgress: (item) => this.#answers.nextProgress(item),
      references: this.#references,
      countAnew: (item) => this.#answers.countAnew(item),
      segmentsOf: (body) => this.#segments.of(body),
      isFinal: (status) => this.#answers.isFinal(status),
      onSubmitted: (segments) => options.count('submitted', segments),
      onConcluded: (submission) => this.#answers.concluded(submission),
      onAnsweredLate: (submission, answer) => this.#answers.answeredLate(submission, answer),
      onSegmentAccepted: (submission, messageId) => this.#answers.segmentAccepted(submission, messageId),
      onReturned: (item, waitMs) => this.#answers.returned(item, waitMs),
      onExpired: (item) => this.#answers.expired(item),
      onLost: (item, why) => this.#answers.lost(item, why),
    });
  }

  get counts(): Queue['counts'] {
    return this.#queue.counts;
  }

  /** The first SMS in line, for a person who looks. */
  list(max: number): Promise<readonly QueuedSms[]> {
    return listQueue(this.#queue.items, this.#options, max);
  }

  /** What `close` has left in the queue; `first` as far as it could be read. */
  get left(): QueueLeft {
    const { counts } = this.#queue;
    return { counts: { ...counts }, first: this.#lastInLine, results: this.#settlement.results.held };
  }

  /** Reads what an earlier process left, and starts. What that had under way has an unknown outcome. */
  async open(): Promise<void> {
    const { storage } = this.#options;
    await this.#dedupe.open();
    await this.#references.open();
    await this.#settlement.open();
    await this.#answers.open();
    for await (const left of recovered(storage, this.#dedupe.unsettled())) this.#recover(left);
    this.#answers.allRecovered();
    this.#isOpen = true;
    this.#readBack.open();
    this.#dispatcher.open();
  }

  /**
   * Takes nothing more in and begins nothing more; the segments of long SMS that have begun still leave, for so long at
   * most. Resolves when nothing is left to submit, and then halts.
   */
  async finishBegun(forMs: Millis): Promise<void> {
    this.#isOpen = false;
    await this.#dispatcher.finish(forMs);
    this.halt();
  }

  /** Takes nothing more in and submits nothing more; answers under way are still taken until `close`. */
  halt(): void {
    this.#isOpen = false;
    this.#dispatcher.close();
    this.#readBack.close();
  }

  /** Completes what is taken in and what is settled; who waits for anything else is told that it is over. */
  async finish(): Promise<void> {
    this.halt();
    await Promise.all(this.#lists);
    await this.#intake.atRest();
    await this.#dispatcher.atRest();
    await this.#answers.atRest();
    await this.#settlement.finish(() => this.#queue.items);
  }

  /** As `finish`, and hands no result on any more; what is queued stays stored. */
  async close(): Promise<void> {
    await this.finish();
    await this.#settlement.results.close();
    await storeRest(this.#options.storage, this.#queue.items);
    this.#dedupe.close();
    this.#lastInLine = await this.list(Infinity).catch(() => []);
  }

  /** Storage does not answer, so `finish` may never come to its end: nobody waits for that. */
  giveUp(): void {
    const message =
      'the gateway was stopped while its storage did not answer: this SMS may be stored, and is sent after the next start then';
    const reason = new UndecidedError(message);
    this.#intake.giveUp(reason);
    this.#settlement.reject(this.#queue.items, reason);
  }

  linkUp(link: Link): void {
    this.#dispatcher.linkUp(link);
  }

  linkDown(link: Link): void {
    this.#dispatcher.linkDown(link);
  }

  /** The gateway ended a session by unbind or close, or answered a bind ESME_RBINDFAIL. */
  restartSigned(): void {
    this.#failures.signed(this.#options.clock.now());
    this.#dispatcher.wake();
  }

  /** A window has room again. */
  ready(): void {
    this.#dispatcher.ready();
  }

  /** Results, each until every listener took it; each gets its own. */
  onSettled(listener: Listener<SubmitResult>): Unsubscribe {
    return this.#settlement.results.subscribe((result) => listener(ownResult(result)));
  }

  /**
   * Takes an SMS in: it is safe in storage when the promise resolves. With a `dedupeKey` that another SMS
   * holds, what comes back is that one's, with its result to come; whoever does not wait for that need not handle it.
   *
   * @throws SMPP_MESSAGE, SMPP_QUEUE_FULL, SMPP_STOPPED, SMPP_STORAGE; then nothing was taken in
   */
  enqueue(sms: OutboundSms): Promise<TakenIn> {
    try {
      const admitted = this.#admit(sms);
      if ('item' in admitted) return this.#intake.takeSafely(admitted.item, admitted.entry);
      const { id } = admitted.holder;
      const result = repeatedResult(admitted);
      result.catch(() => undefined);
      return this.#intake.safe(id).then(() => ({ id, result }));
    } catch (error) {
      return Promise.reject(asSmppError(error, 'SMPP_MESSAGE'));
    }
  }

  /**
   * Takes an SMS in; resolves when it is settled. With a `dedupeKey` that another SMS holds, the result is that
   * one's, `repeated`.
   *
   * One promise and no async function: it is called for every SMS, and each of those costs as much as encoding it.
   *
   * @throws as `enqueue`; and SMPP_STOPPED when the gateway is stopped before it is settled
   */
  send(sms: OutboundSms): Promise<SubmitResult> {
    try {
      const admitted = this.#admit(sms);
      if ('holder' in admitted) return repeatedResult(admitted);
      const { item, entry } = admitted;
      this.#intake.take(item, entry);
      return waitFor(item);
    } catch (error) {
      return Promise.reject(asSmppError(error, 'SMPP_MESSAGE'));
    }
  }

  /**
   * Takes a list in as a whole, in one write: all of it is safe in storage when the promise resolves, and nothing of it
   * leaves before. What is resolved with is in the order of the list; an SMS whose dedupe key another has, before it or in
   * the list, is not sent, as with `enqueue`. The list is read in the course of some turns of the event loop.
   *
   * @throws as `enqueue`, SMPP_MESSAGE also when it takes more than storage keeps at once; then nothing of it was taken in
   */
  enqueueAll(list: readonly OutboundSms[]): Promise<readonly TakenIn[]> {
    const taking = this.#readAll(list).then((read) => this.#takeAll(read));
    const over = taking.then(nothing, nothing).finally(() => this.#lists.delete(over));
    this.#lists.add(over);
    return taking;
  }

  /** The SMS in the queue that an earlier run took in, each with its correlation. All of them are read from storage. */
  async *recovered(): AsyncGenerator<Pick<OutboxEntry, 'id' | 'correlation'>> {
    if (!this.#hasRecovered) return;
    for await (const [id, stored] of this.#options.storage.scan('outbox')) {
      if (this.#queue.get(id)?.recovered !== true) continue;
      const entry = entryOf(id, stored);
      if (entry !== undefined) yield { id, correlation: entry.correlation };
    }
  }

  /**
   * Takes an SMS out of the queue; resolves when that would outlast a crash. False when it is under way or settled,
   * or the gateway was stopped first.
   */
  cancel(id: string): Promise<boolean> {
    const item = this.#isOpen ? this.#queue.get(id) : undefined;
    if (item === undefined || !isWaiting(item)) return Promise.resolve(false);
    const isSafe = this.#settlement.isSafe(id);
    this.#answers.cancelled(item);
    return isSafe;
  }

  /**
   * Settles all that waits, for good, with a reason in words: `cancelled`, or `uncertain` where it was submitted and never
   * answered. Resolves when listeners have taken the results, or that takes too long, or there are none.
   */
  async abandon(reason: string): Promise<void> {
    const left = this.#queue.items;
    const areSafe = left.map(({ id }) => this.#settlement.isSafe(id));
    for (const item of left) if (isWaiting(item)) this.#answers.cancelled(item, reason);
    await Promise.all(areSafe);
    await this.#settlement.results.taken();
  }

  /** A receipt for an SMS to this recipient came: it may tell of one whose outcome is unknown. */
  receiptCame(to: string): void {
    this.#answers.receiptCame(to);
  }

  /** Whether the gateway gave this id to a segment of an SMS that is not settled. */
  isUnderWay(messageId: string): boolean {
    return this.#segmentIds.has(messageId);
  }

  /** @throws SMPP_MESSAGE, SMPP_QUEUE_FULL, SMPP_STOPPED */
  #admit(sms: OutboundSms): Admitted {
    this.#checkIsOpen();
    const times = this.#times();
    const body = readSms(sms, this.#options.newId(), times.wall, this.#options.sms);
    const { entry } = body;
    const holder = this.#holderFor(entry);
    if (holder !== undefined) return { entry, holder };
    if (this.#queue.size >= this.#queueMax) {
      throw new SmppError('SMPP_QUEUE_FULL', `${this.#queueMax} SMS wait already: this one was not taken in`);
    }
    return { item: this.#add(body, times), entry };
  }

  /** @throws SMPP_MESSAGE naming the place in the list, SMPP_STOPPED */
  async #readAll(list: readonly OutboundSms[]): Promise<readonly ReadSms[]> {
    const { storage, bounds, newId, sms: defaults, clock } = this.#options;
    const octetsMax = storage.isVolatile === true ? Infinity : bounds.lineOctets;
    const read: ReadSms[] = [];
    let octets = 0;
    for (const [place, sms] of list.entries()) {
      if (place > 0 && place % bounds.smsInOneWrite === 0)
        await new Promise<void>((resolve) => clock.after(0, resolve));
      this.#checkIsOpen();
      try {
        const body = readSms(sms, newId(), clock.wall(), defaults);
        octets += octetsOf(body.entry);
        read.push(body);
      } catch (error) {
        throw ofPlace(place, asSmppError(error, 'SMPP_MESSAGE'));
      }
      if (octets > octetsMax) throw tooLong(octetsMax);
    }
    return read;
  }

  async #takeAll(list: readonly ReadSms[]): Promise<readonly TakenIn[]> {
    await this.#untilKeysAreSafe(list);
    this.#checkIsOpen();
    this.#checkRoom(list);
    const whole = this.#intake.takeWhole();
    const times = this.#times();
    const taken = list.map((body): TakenIn => {
      const { entry } = body;
      const holder = this.#holderFor(entry);
      if (holder === undefined) {
        whole.take(this.#add(body, times), entry);
        return { id: entry.id };
      }
      const result = repeatedResult({ entry, holder });
      result.catch(nothing);
      return { id: holder.id, result };
    });
    try {
      await whole.safe();
    } catch (error) {
      throw error instanceof BatchTooLongError ? tooLong(this.#options.bounds.lineOctets, error) : error;
    }
    return taken;
  }

  /** One whose key is that of an SMS which storage then does not take is not to be left behind. */
  async #untilKeysAreSafe(list: readonly ReadSms[]): Promise<void> {
    for (let isWaiting = true; isWaiting;) {
      isWaiting = false;
      for (const { entry } of list) {
        const holder = this.#holderFor(entry);
        if (holder === undefined || !this.#intake.isStoring(holder.id)) continue;
        await this.#intake.safe(holder.id).catch(nothing);
        this.#checkIsOpen();
        isWaiting = true;
      }
    }
  }

  /** @throws SMPP_QUEUE_FULL */
  #checkRoom(list: readonly ReadSms[]): void {
    const room = this.#queueMax - this.#queue.size;
    if (list.length <= room) return;
    const keys = new Set<string>();
    let count = 0;
    for (const { entry } of list) {
      const { dedupeKey } = entry;
      if (dedupeKey !== undefined) {
        if (keys.has(dedupeKey) || this.#holderFor(entry) !== undefined) continue;
        keys.add(dedupeKey);
      }
      count += 1;
    }
    if (count <= room) return;
    const message = `${this.#queue.size} SMS wait already, of ${this.#queueMax} at most: these ${count} were not taken in`;
    throw new SmppError('SMPP_QUEUE_FULL', message);
  }

  /** @throws SMPP_STOPPED */
  #checkIsOpen(): void {
    if (!this.#isOpen) throw new SmppError('SMPP_STOPPED', 'the gateway is stopped: start it to send SMS');
  }

  #add(body: Body, times: Times): NewItem {
    const isVolatile = this.#options.storage.isVolatile === true;
    const isHeldInLine = body.entry.sendAt === undefined && this.#queue.hasRoomForBody;
    const item = this.#queue.add(body, undefined, times);
    item.isStored = !(isVolatile && isHeldInLine);
    return item;
  }

  /** The SMS that has the dedupe key of this one, unless it was lost. */
  #holderFor({ dedupeKey }: OutboxEntry): Holder | undefined {
    const claimed = dedupeKey === undefined ? undefined : this.#dedupe.find(dedupeKey);
    if (claimed === undefined) return undefined;
    const { id, result } = claimed;
    if (result !== undefined) return { id, result };
    const item = this.#queue.get(id);
    return item && { id, item };
  }

  #stored(items: readonly QueueItem[], marks: readonly Change[]): void {
    const wall = this.#options.clock.wall();
    for (const item of items) this.#queue.enter(item, wall);
    this.#options.count('queued', items.length);
    this.#dispatcher.stored(items, marks);
  }

  #refused(items: readonly QueueItem[], reason: unknown): void {
    for (const item of items) {
      this.#queue.remove(item);
      item.waiter?.reject(reason);
    }
    this.#dispatcher.stored(items, []);
  }

  #recover({ id, entry, own, round }: Left): void {
    this.#hasRecovered = true;
    const progress = own ?? (round === undefined ? NO_PROGRESS : FIRST_ATTEMPT);
    const times = this.#times();
    const isLost = typeof entry === 'string';
    const body = { entry: isLost ? remainsOfId(id, times.wall) : entry, plan: undefined };
    const item = this.#queue.add(body, progress, times);
    item.hasRecord = own !== undefined;
    item.timesRefused = this.#answers.timesRefusedBefore(progress);
    item.refusals = item.timesRefused;
    item.round = round;
    if (isLost) {
      this.#answers.recoveredAsLost(this.#queue.enterUnderWay(item), entry);
      return;
    }
    const waitMs = progress.unknowns > 0 ? this.#answers.reconcilesForMs(entry) : 0;
    if (item.segments > 1) this.#segmentIds.add(item, this.#answers.halvesOf(entry).flat());
    if (progress.underWay) this.#answers.recovered(this.#queue.enterUnderWay(item));
    else if (waitMs > 0) this.#answers.reconcile(this.#queue.enterUnderWay(item), waitMs);
    else this.#queue.enter(item, times.wall);
  }

  #times(): Times {
    return { wall: this.#options.clock.wall(), now: this.#options.clock.now() };
  }
}

/** Of what storage keeps of an SMS besides its text and correlation. */
const OCTETS_MIN = 60;

const nothing = (): void => undefined;

function ofPlace(place: number, error: SmppError): SmppError {
  const { field } = error;
  const message = `SMS ${place} of the list: ${error.message}; none of it was taken in`;
  return new SmppError(error.code, message, { cause: error, ...(field !== undefined && { field }) });
}

/** About what is stored of it: text and correlation are nearly all. */
function octetsOf({ text, correlation }: OutboxEntry): number {
  const json = typeof correlation === 'object' ? JSON.stringify(correlation) : correlation;
  return OCTETS_MIN + text.length + (typeof json === 'string' ? json.length : 0);
}

function tooLong(octetsMax: number, cause?: SmppError): SmppError {
  const message = `list: must take at most ${octetsMax} octets in storage, takes more: give it in parts; none of it was taken in`;
  return new SmppError('SMPP_MESSAGE', message, { field: 'list', cause });
}

/** Of an SMS that is not sent, since another has its dedupe key. */
async function repeatedResult({
  entry,
  holder,
}: Extract<Admitted, { holder: Holder }>): Promise<SubmitResult> {
  return repeatOf('result' in holder ? holder.result : await waitBeside(holder.item), entry);
}
