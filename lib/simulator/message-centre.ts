/**
 * The service behind both hosts: what is accepted, and what follows from it.
 *
 * Knows no sockets and no hosts' restarts. Source: gateway.md; what inMobile does not say is marked *assumed*.
 */
import { errors } from 'smpp';
import type { Millis } from '../clock.js';
import { Newest, type AcceptedSegment, type AcceptedSms } from './accepted-sms.js';
import { Joiner, type Joined } from './joiner.js';
import { Mailboxes } from './mailboxes.js';
import { makeMessageId } from './message-id.js';
import { ReceiptPlanner } from './receipt-planner.js';
import { scenarioOf, type PlannedReceipt, type Scenario } from './scenario.js';
import type { Schedule } from './schedule.js';
import type { SimulatorSettings } from './simulator-options.js';
import { isKnownDataCoding, readText } from './sms-text.js';
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
const SEEN_ONCE_MAX = 10_000;

const INCOMPLETE: PlannedReceipt = { state: 'UNDELIV', err: 300, when: 'soon', form: 'published' };
const INVALID: PlannedReceipt = { state: 'UNDELIV', err: 301, when: 'soon', form: 'published' };

export class MessageCentre {
  readonly mailboxes: Mailboxes;
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
    this.mailboxes = new Mailboxes(schedule, settings.redeliverMs);
    this.#settings = settings;
    this.#schedule = schedule;
    this.#joiner = new Joiner(schedule, settings.partsWaitMs, (joined) => this.#joined(joined));
    this.#receipts = new ReceiptPlanner(settings, schedule, this.mailboxes);
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
