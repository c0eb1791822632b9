/**
 * The service behind both hosts: what is accepted, and what follows from it.
 *
 * Knows no sockets and no hosts' restarts. Source: gateway.md, SMPP 3.4 §5.2.17 (registered_delivery); what inMobile
 * does not say is marked *assumed*.
 */
import { consts, errors, type PduFields } from 'smpp';
import type { Millis } from '../clock.js';
import { type AcceptedSegment, type AcceptedSms, Newest } from './accepted-sms.js';
import { DeliveryQueues } from './delivery-queue.js';
import { addressFields, receiptFields } from './receipt.js';
import { type PlannedReceipt, type Scenario, scenarioOf } from './scenario.js';
import type { Schedule } from './schedule.js';
import type { SimulatorSettings } from './simulator-options.js';
import { isKnownDataCoding, readText, writeText } from './sms-text.js';
import type { SubmittedSms } from './submitted-sms.js';

/** Where a submit_sm came in. */
export interface Origin {
  readonly systemId: string;
  readonly host: number;
  readonly session: number;
}

/** What a session does about a submit_sm. */
export type Verdict =
  | { readonly kind: 'refuse'; readonly status: number }
  | { readonly kind: 'accept'; readonly messageId: string; readonly afterMs: Millis }
  | { readonly kind: 'sayNothing' }
  | { readonly kind: 'cut' };

/** How far ahead of its submit_sm_resp the scenario's receipt goes: they may go over different sessions. */
const BEFORE_RESPONSE_MS = 20;
/** SMS remembered as refused once; far more than a test has under way. */
const SEEN_ONCE_MAX = 10_000;

const INCOMPLETE: PlannedReceipt = { state: 'UNDELIV', err: 300, when: 'soon', form: 'published' };
const INVALID: PlannedReceipt = { state: 'UNDELIV', err: 301, when: 'soon', form: 'published' };

export class MessageCentre {
  readonly deliveries: DeliveryQueues;
  readonly throttle = new Throttle();
  readonly #settings: SimulatorSettings;
  readonly #schedule: Schedule;
  readonly #joiner: Joiner;
  readonly #receipts: ReceiptPlanner;
  readonly #segments: Newest<AcceptedSegment>;
  readonly #accepted: Newest<AcceptedSms>;
  readonly #seenOnce = new Set<string>();
  readonly #listeners = new Set<(sms: AcceptedSms) => void>();

  constructor(settings: SimulatorSettings, schedule: Schedule) {
    this.deliveries = new DeliveryQueues(schedule, settings.redeliverMs);
    this.#settings = settings;
    this.#schedule = schedule;
    this.#joiner = new Joiner(schedule, settings.partsWaitMs, (joined) => this.#joined(joined));
    this.#receipts = new ReceiptPlanner(settings, schedule, this.deliveries);
    this.#segments = new Newest(settings.acceptedMax);
    this.#accepted = new Newest(settings.acceptedMax);
  }

  get segments(): readonly AcceptedSegment[] {
    return this.#segments.items;
  }

  get accepted(): readonly AcceptedSms[] {
    return this.#accepted.items;
  }

  onAccepted(listener: (sms: AcceptedSms) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  submit(sms: SubmittedSms, origin: Origin): Verdict {
    const status = this.#statusOf(sms);
    if (status !== errors.ESME_ROK) return { kind: 'refuse', status };
    const scenario = scenarioOf(sms.to);
    const { answer } = scenario;
    if (answer.kind === 'ignore') return { kind: 'sayNothing' };
    if (answer.kind === 'refuse' && (!answer.once || this.#isFirstTime(sms))) {
      return { kind: 'refuse', status: errors[answer.status] };
    }
    const messageId = this.#accept(sms, origin);
    if (answer.kind === 'acceptSilently') return { kind: 'sayNothing' };
    if (answer.kind === 'acceptAndCut' && this.#isFirstTime(sms)) return { kind: 'cut' };
    return { kind: 'accept', messageId, afterMs: this.#answerDelay(scenario) };
  }

  /** That there must be a sender, that other data codings are refused, and with what, is *assumed*. */
  #statusOf(sms: SubmittedSms): number {
    if (!this.throttle.take(this.#schedule.clock.now())) return errors.ESME_RTHROTTLED;
    if (!/^\d+$/.test(sms.to)) return errors.ESME_RINVDSTADR;
    if (sms.from === '') return errors.ESME_RINVSRCADR;
    return isKnownDataCoding(sms.dataCoding) ? errors.ESME_ROK : errors.ESME_RUNKNOWNERR;
  }

  #isFirstTime(sms: SubmittedSms): boolean {
    const key = `${sms.from} ${sms.to} ${sms.concatenation?.sequence ?? 0} ${sms.body.toString('latin1')}`;
    if (this.#seenOnce.delete(key)) return false;
    if (this.#seenOnce.size >= SEEN_ONCE_MAX) this.#seenOnce.clear();
    this.#seenOnce.add(key);
    return true;
  }

  #accept({ body, ...sms }: SubmittedSms, origin: Origin): string {
    const segment: AcceptedSegment = {
      messageId: makeMessageId(this.#settings.random),
      ...sms,
      ...origin,
      text: readText(body, sms.dataCoding),
      at: this.#schedule.clock.wall(),
    };
    this.#segments.add(segment);
    this.#joiner.add(segment);
    return segment.messageId;
  }

  #joined({ kind, segments, others }: Joined): void {
    const all = [...segments, ...others];
    const [first] = all;
    if (first === undefined) return;
    const scenario = scenarioOf(first.to);
    const answeredAfterMs = this.#answerDelay(scenario);
    if (kind !== 'whole') {
      this.#receipts.plan(all, [kind === 'invalid' ? INVALID : INCOMPLETE], answeredAfterMs);
      return;
    }
    const sms = this.#wholeSms(first, segments);
    this.#accepted.add(sms);
    this.#receipts.plan(all, scenario.receipts, answeredAfterMs);
    if (scenario.reply !== undefined) this.#receipts.reply(sms, scenario.reply);
    for (const listener of this.#listeners) listener(sms);
  }

  #wholeSms(first: AcceptedSegment, segments: readonly AcceptedSegment[]): AcceptedSms {
    const { from, to, dataCoding, systemId, host } = first;
    return {
      messageIds: segments.map(({ messageId }) => messageId),
      from,
      to,
      text: segments.map(({ text }) => text).join(''),
      dataCoding,
      segments,
      systemId,
      host,
      at: this.#schedule.clock.wall(),
    };
  }

  #answerDelay({ answer, receipts }: Scenario): Millis {
    const { slowResponseMs, responseDelayMs } = this.#settings;
    if (answer.kind === 'acceptSlowly') return slowResponseMs;
    const isOvertaken = receipts.some(({ when }) => when === 'beforeResponse');
    return isOvertaken ? Math.max(responseDelayMs, BEFORE_RESPONSE_MS) : responseDelayMs;
  }
}

/** What became of a set of parts. */
interface Joined {
  /** `incomplete`: receipts with err 300 · `invalid`: receipts with err 301. */
  readonly kind: 'whole' | 'incomplete' | 'invalid';
  /** One for each number, in order. */
  readonly segments: readonly AcceptedSegment[];
  /** What came besides: the same part again, or the one that does not fit. */
  readonly others: readonly AcceptedSegment[];
}

interface OpenSet {
  readonly key: string;
  readonly total: number;
  readonly bySequence: Map<number, AcceptedSegment>;
  readonly repeated: AcceptedSegment[];
  readonly cancelWait: () => void;
}

/** More sets than this are not kept open: the oldest counts as incomplete. */
const OPEN_SETS_MAX = 10_000;

/**
 * Joins the parts of long messages as they are submitted.
 *
 * *Assumed* of the gateway: parts belong together that came over one session with one reference, sender and
 * recipient, in any order. Codes 300 and 301 (gateway.md) say that it joins, not how.
 */
class Joiner {
  readonly #schedule: Schedule;
  readonly #waitMs: Millis;
  readonly #joined: (joined: Joined) => void;
  readonly #open = new Map<string, OpenSet>();

  /** @param waitMs how long a set waits for its missing parts */
  constructor(schedule: Schedule, waitMs: Millis, joined: (joined: Joined) => void) {
    this.#schedule = schedule;
    this.#waitMs = waitMs;
    this.#joined = joined;
  }

  /** Takes one accepted segment; calls `joined` at once for an SMS of one segment. */
  add(segment: AcceptedSegment): void {
    const { concatenation } = segment;
    if (concatenation === undefined) {
      this.#joined({ kind: 'whole', segments: [segment], others: [] });
      return;
    }
    const { total, sequence } = concatenation;
    if (sequence === 0 || sequence > total) {
      this.#joined({ kind: 'invalid', segments: [], others: [segment] });
      return;
    }
    const set = this.#setOf(segment, total);
    const earlier = set.bySequence.get(sequence);
    if (set.total !== total || (earlier !== undefined && !earlier.octets.equals(segment.octets))) {
      this.#finish(set, 'invalid', [segment]);
      return;
    }
    if (earlier === undefined) set.bySequence.set(sequence, segment);
    else set.repeated.push(segment);
    if (set.bySequence.size === total) this.#finish(set, 'whole');
  }

  #setOf(segment: AcceptedSegment, total: number): OpenSet {
    const { by, reference } = segment.concatenation ?? {};
    const key = [segment.session, segment.from, segment.to, by, reference].join('\n');
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.#open.size >= OPEN_SETS_MAX ? this.#open.values() : [];
    if (oldest !== undefined) this.#finish(oldest, 'incomplete');
    const cancelWait = this.#schedule.after(this.#waitMs, () => this.#finish(set, 'incomplete'));
    const set: OpenSet = { key, total, bySequence: new Map(), repeated: [], cancelWait };
    this.#open.set(key, set);
    return set;
  }

  #finish(set: OpenSet, kind: Joined['kind'], others: readonly AcceptedSegment[] = []): void {
    set.cancelWait();
    this.#open.delete(set.key);
    const inOrder = [...set.bySequence].sort(([a], [b]) => a - b).map(([, segment]) => segment);
    this.#joined({ kind, segments: inOrder, others: [...set.repeated, ...others] });
  }
}

/** So many submit_sm a second and no more: a token bucket that holds one second's worth. */
class Throttle {
  #perSecond = 0;
  #tokens = 0;
  #filledAt: Millis = 0;

  /** @param perSecond 0: no limit */
  limit(perSecond: number, now: Millis): void {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#filledAt = now;
  }

  /** Takes one; false when there is none left. */
  take(now: Millis): boolean {
    if (this.#perSecond === 0) return true;
    const gained = ((now - this.#filledAt) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + gained);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}

/** As in inMobile's own example: whoever reads an id as a number finds out here. */
const BEGINNING = 'ble';

/** Ids look like a UUID and are not hexadecimal throughout (gateway.md). */
function makeMessageId(random: () => number): string {
  const digits =
    BEGINNING +
    [0, 1, 2, 3]
      .map(() => eightDigits(random))
      .join('')
      .slice(BEGINNING.length);
  const groups = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20, 32),
  ];
  return groups.join('-');
}

function eightDigits(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}

const NOT_A_FAILURE: ReadonlySet<PlannedReceipt['state']> = new Set(['DELIVRD', 'ENROUTE', 'ACCEPTD']);

/** Which receipts follow an accepted SMS, and when they and the recipient's own answer are sent. */
class ReceiptPlanner {
  readonly #settings: SimulatorSettings;
  readonly #schedule: Schedule;
  readonly #deliveries: DeliveryQueues;

  constructor(settings: SimulatorSettings, schedule: Schedule, deliveries: DeliveryQueues) {
    this.#settings = settings;
    this.#schedule = schedule;
    this.#deliveries = deliveries;
  }

  /** @param answeredAfterMs when the submit_sm_resp goes out: receipts come after it unless the plan says otherwise */
  plan(
    segments: readonly AcceptedSegment[],
    receipts: readonly PlannedReceipt[],
    answeredAfterMs: Millis,
  ): void {
    for (const segment of segments) {
      for (const receipt of receipts) {
        if (isWanted(segment, receipt)) this.#send(segment, receipt, answeredAfterMs);
      }
    }
  }

  /** The recipient answers. */
  reply({ from, to, systemId }: AcceptedSms, text: string): void {
    const { octets, dataCoding } = writeText(text, false);
    const fields: PduFields = {
      ...addressFields({ from: to, to: from }),
      data_coding: dataCoding,
      short_message: octets,
    };
    // After the receipt: a phone answers what it has received.
    this.#schedule.after(2 * this.#settings.receiptDelayMs, () =>
      this.#deliveries.post(systemId, { fields }),
    );
  }

  #send(segment: AcceptedSegment, receipt: PlannedReceipt, answeredAfterMs: Millis): void {
    const { messageId, text, at, systemId, session } = segment;
    const post = (): void => {
      const doneAt = this.#schedule.clock.wall();
      const fields = receiptFields(receipt, { messageId, text, submittedAt: at, doneAt }, segment);
      this.#deliveries.post(systemId, { fields, preferred: session });
    };
    const { lateReceiptMs, receiptDelayMs } = this.#settings;
    const delayMs = receipt.when === 'late' ? lateReceiptMs : receiptDelayMs;
    if (receipt.when === 'beforeResponse') post();
    else this.#schedule.after(answeredAfterMs + delayMs, post);
  }
}

/** By the two low bits of registered_delivery. */
function isWanted({ registeredDelivery }: AcceptedSegment, { state }: PlannedReceipt): boolean {
  const wanted = registeredDelivery & 0x03;
  if (wanted === consts.REGISTERED_DELIVERY.FINAL) return true;
  return wanted === consts.REGISTERED_DELIVERY.FAILURE && !NOT_A_FAILURE.has(state);
}
