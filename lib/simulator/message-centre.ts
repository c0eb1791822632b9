/**
 * The service behind both hosts: what is accepted, and what follows from it.
 *
 * Knows no sockets and no hosts' restarts. Source: gateway.md; what inMobile does not say is marked *assumed*.
 */
import { consts, errors, type PduFields } from 'smpp';
import type { Millis } from '../clock.js';
import { Newest, type AcceptedSegment, type AcceptedSms } from './accepted-sms.js';
import { Joiner, type Joined } from './joiner.js';
import { Mailbox, type Delivery, type Receiver } from './mailbox.js';
import { makeMessageId } from './message-id.js';
import { addressFields, receiptFields } from './receipt.js';
import { scenarioOf, type PlannedReceipt, type Scenario } from './scenario.js';
import type { Schedule } from './schedule.js';
import type { SimulatorSettings } from './simulator-options.js';
import { isKnownDataCoding, readText, writeText } from './sms-text.js';
import type { SubmittedSms } from './submitted-sms.js';
import { Throttle } from './throttle.js';

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
const REFUSED_ONCE_MAX = 10_000;

const DELIVERED_OR_NOT_FINAL: ReadonlySet<PlannedReceipt['state']> = new Set([
  'DELIVRD',
  'ENROUTE',
  'ACCEPTD',
]);
const INCOMPLETE: readonly PlannedReceipt[] = [
  { state: 'UNDELIV', err: 300, when: 'soon', form: 'published' },
];
const INVALID: readonly PlannedReceipt[] = [{ state: 'UNDELIV', err: 301, when: 'soon', form: 'published' }];

export class MessageCentre {
  readonly #settings: SimulatorSettings;
  readonly #schedule: Schedule;
  readonly #joiner: Joiner;
  readonly #throttle = new Throttle();
  readonly #mailboxes = new Map<string | undefined, Mailbox>();
  readonly #segments: Newest<AcceptedSegment>;
  readonly #accepted: Newest<AcceptedSms>;
  readonly #seenOnce = new Set<string>();
  readonly #listeners = new Set<(sms: AcceptedSms) => void>();

  constructor(settings: SimulatorSettings, schedule: Schedule) {
    this.#settings = settings;
    this.#schedule = schedule;
    this.#joiner = new Joiner(schedule, settings.partsWaitMs, (joined) => this.#joined(joined));
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

  throttle(perSecond: number): void {
    this.#throttle.limit(perSecond, this.#schedule.clock.now());
  }

  /** @param systemId whose session is to receive it; undefined: any account's */
  post(systemId: string | undefined, delivery: Delivery): void {
    this.#mailboxOf(systemId).post(delivery);
  }

  /** A session can receive, or can again. */
  attach(receiver: Receiver): void {
    this.#mailboxOf(receiver.systemId).attach(receiver);
    this.#mailboxOf(undefined).attach(receiver);
  }

  detach(receiver: Receiver): void {
    this.#mailboxOf(receiver.systemId).detach(receiver);
    this.#mailboxOf(undefined).detach(receiver);
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

  /** Gives up every receipt and incoming SMS that still waits for a session. */
  stop(): void {
    for (const mailbox of this.#mailboxes.values()) mailbox.clear();
  }

  /** That other data codings are refused, and with what, is *assumed*: gateway.md names four. */
  #statusOf(sms: SubmittedSms): number {
    if (!this.#throttle.take(this.#schedule.clock.now())) return errors.ESME_RTHROTTLED;
    if (!/^\d+$/.test(sms.to)) return errors.ESME_RINVDSTADR;
    if (sms.from === '') return errors.ESME_RINVSRCADR;
    return isKnownDataCoding(sms.dataCoding) ? errors.ESME_ROK : errors.ESME_RUNKNOWNERR;
  }

  #isFirstTime(sms: SubmittedSms): boolean {
    const key = `${sms.from} ${sms.to} ${sms.concatenation?.sequence ?? 0} ${sms.body.toString('latin1')}`;
    if (this.#seenOnce.delete(key)) return false;
    if (this.#seenOnce.size >= REFUSED_ONCE_MAX) this.#seenOnce.clear();
    this.#seenOnce.add(key);
    return true;
  }

  #mailboxOf(systemId: string | undefined): Mailbox {
    const known = this.#mailboxes.get(systemId);
    if (known !== undefined) return known;
    const mailbox = new Mailbox(this.#schedule, this.#settings.redeliverMs);
    this.#mailboxes.set(systemId, mailbox);
    return mailbox;
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

  #joined({ kind, segments }: Joined): void {
    const [first] = segments;
    if (first === undefined) return;
    const scenario = scenarioOf(first.to);
    if (kind !== 'whole')
      return this.#planReceipts(segments, scenario, kind === 'invalid' ? INVALID : INCOMPLETE);
    const sms: AcceptedSms = {
      messageIds: segments.map(({ messageId }) => messageId),
      from: first.from,
      to: first.to,
      text: segments.map(({ text }) => text).join(''),
      dataCoding: first.dataCoding,
      segments,
      systemId: first.systemId,
      host: first.host,
      at: this.#schedule.clock.wall(),
    };
    this.#accepted.add(sms);
    this.#planReceipts(segments, scenario, scenario.receipts);
    if (scenario.reply !== undefined) this.#planReply(sms, scenario.reply);
    for (const listener of this.#listeners) listener(sms);
  }

  #planReceipts(
    segments: readonly AcceptedSegment[],
    scenario: Scenario,
    receipts: readonly PlannedReceipt[],
  ): void {
    for (const segment of segments) {
      for (const receipt of receipts) {
        if (wantsReceipt(segment, receipt)) this.#planReceipt(segment, receipt, this.#answerDelay(scenario));
      }
    }
  }

  #planReceipt(segment: AcceptedSegment, receipt: PlannedReceipt, answeredAfterMs: Millis): void {
    const { messageId, text, at, systemId, session } = segment;
    const post = (): void => {
      const doneAt = this.#schedule.clock.wall();
      const fields = receiptFields(receipt, { messageId, text, submittedAt: at, doneAt }, segment);
      this.post(systemId, { fields, preferred: session });
    };
    if (receipt.when === 'beforeResponse') return post();
    const { lateReceiptMs, receiptDelayMs } = this.#settings;
    this.#schedule.after(answeredAfterMs + (receipt.when === 'late' ? lateReceiptMs : receiptDelayMs), post);
  }

  #planReply(sms: AcceptedSms, text: string): void {
    const { octets, dataCoding } = writeText(text, false);
    const fields: PduFields = {
      ...addressFields({ from: sms.to, to: sms.from }),
      esm_class: 0,
      data_coding: dataCoding,
      short_message: octets,
    };
    const delivery: Delivery = { fields };
    // After the receipt: a phone answers what it has received.
    this.#schedule.after(2 * this.#settings.receiptDelayMs, () => this.post(sms.systemId, delivery));
  }

  #answerDelay({ answer, receipts }: Scenario): Millis {
    const { slowResponseMs, responseDelayMs } = this.#settings;
    if (answer.kind === 'acceptSlowly') return slowResponseMs;
    const isOvertaken = receipts.some(({ when }) => when === 'beforeResponse');
    return isOvertaken ? Math.max(responseDelayMs, BEFORE_RESPONSE_MS) : responseDelayMs;
  }
}

/** By the two low bits of registered_delivery (SMPP 3.4 §5.2.17). */
function wantsReceipt({ registeredDelivery }: AcceptedSegment, { state }: PlannedReceipt): boolean {
  const wanted = registeredDelivery & 0x03;
  if (wanted === consts.REGISTERED_DELIVERY.FINAL) return true;
  return wanted === consts.REGISTERED_DELIVERY.FAILURE && !DELIVERED_OR_NOT_FINAL.has(state);
}
