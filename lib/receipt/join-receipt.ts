/**
 * One receipt applied to the SMS it belongs to: segments become one verdict. No I/O.
 *
 * The SMS is delivered when every segment is. Its final receipt comes once, when every segment has a final
 * state; before that it has one for a state that the gateway itself says is not final. It is that of the worst segment,
 * the last to come of several alike: state, error, id, text and dates are what the gateway said of that one.
 * - A receipt speaks for the segments with its id, and for all of an SMS that has no other id: how many short messages it
 *   counts (`sub`) says nothing, since many gateways count all segments in the receipt of each.
 * - Of a segment that got no id nothing will ever be heard. No other waits for it, and it counts as UNKNOWN.
 * - With `on-failure` nothing comes for a segment that is delivered, so the first failed one decides.
 * - What the gateway has of a submission that it did not take whole decides nothing of one that it took. Of an SMS of which
 *   it has nothing else the whole is UNKNOWN, once all of that has its final state.
 *
 * A final state stays: a late ENROUTE, or the same receipt again, changes nothing and gives no event. Only
 * UNKNOWN gives way to a final state that knows more, and then the SMS has a second, corrected final receipt.
 */
import type { EpochMs } from '../clock.js';
import { type ErrorClass, type StatusCode, statusCode } from '../inmobile.js';
import { jsonCopy } from '../json-copy.js';
import type { DeliveryReceipt, ReceiptRequest, SubmitResult } from '../message.js';
import { type ParsedReceipt, withoutText } from './parse-receipt.js';
import { type GatewayState, isFinalState } from './receipt-state.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** An accepted SMS whose receipts are to come. */
export interface TrackedSms {
  /** Ours. */
  readonly id: string;
  /** The gateway's, one a segment, in order. */
  readonly messageIds: readonly string[];
  /** As `messageIds`, of further submissions of the whole, whose acceptance came too late. */
  readonly copies?: readonly (readonly string[])[];
  /** What the gateway has of further submissions, which it did not take whole. */
  readonly halves?: readonly HalfSegment[];
  /** It has nothing else: the SMS was not accepted, and has no other ids. */
  readonly isHalf?: true;
  readonly to: string;
  readonly from: string;
  readonly acceptedAt: EpochMs;
  readonly receipt: ReceiptRequest;
  readonly correlation?: unknown;
}

export interface HalfSegment {
  /** The gateway's. */
  readonly messageId: string;
  /** By which of those submissions; absent from what an earlier version wrote. */
  readonly of?: number;
  readonly report?: SegmentReport;
}

/**
 * An SMS as it is settled: accepted, or not and the gateway has some of it.
 *
 * @param given the gateway's ids of further submissions: of those that it took whole, one a segment, and of segments of
 *   each of those that it did not
 */
export function settledSms(
  receipt: ReceiptRequest,
  { id, outcome, messageIds, to, from, segments, settledAt, correlation }: SubmitResult,
  given: {
    readonly copies?: readonly (readonly string[])[];
    readonly halves?: readonly (readonly string[])[];
  },
): TrackedSms {
  const sms: Mutable<TrackedSms> = { id, messageIds, to, from, receipt, acceptedAt: settledAt };
  if (given.copies !== undefined) sms.copies = given.copies;
  if (given.halves !== undefined)
    sms.halves = given.halves.flatMap((ids, of) => ids.map((messageId) => ({ messageId, of })));
  if (correlation !== undefined) sms.correlation = correlation;
  if (outcome === 'accepted') return sms;
  return { ...sms, messageIds: new Array<string>(segments).fill(''), isHalf: true };
}

/** What the receipts so far say of one segment. */
export interface SegmentReport {
  readonly state: GatewayState;
  readonly errorNumber?: number;
  /** Only where it is no number. */
  readonly errorRaw?: string;
}

/** What a receipt says besides its state. */
type Words = Pick<ParsedReceipt, 'messageId' | 'submittedAt' | 'doneAt' | 'raw'>;

/** The receipt of a failed segment, whose others have not all come. */
export interface FailedSegment extends Words {
  /** Its place in the SMS. */
  readonly segment: number;
}

/** A tracked SMS as stored in table `tracked`, by its id. JSON. */
export interface TrackedRecord extends TrackedSms {
  /** One a segment, null before its first receipt. */
  readonly reports: readonly (SegmentReport | null)[];
  /** The worst of them, as long as the verdict on the whole may become its own. */
  readonly failure?: FailedSegment;
  /** State of the last receipt for the whole SMS. */
  readonly said?: GatewayState;
  /** The longest wait after which its missing receipt was reported; 0 when none was. */
  readonly overdueMs: number;
  /** Shorter ones whose listeners had not all taken the report then. */
  readonly owedMs?: readonly number[];
}

/** A receipt on its way to the flows; what is stored of it meanwhile is `receipt-record.ts`. */
export interface ReceivedReceipt {
  readonly parsed: ParsedReceipt;
  /** The phone that the SMS went to: source of the deliver_sm. */
  readonly phone: string;
  /** Our sender: destination of the deliver_sm. */
  readonly sender: string;
  readonly receivedAt: EpochMs;
}

/** Whether a receipt speaks of one segment, or is the verdict on the whole SMS. */
export type ReceiptScope = 'message' | 'segment';

export interface ReceiptEvent {
  readonly scope: ReceiptScope;
  readonly receipt: DeliveryReceipt;
}

/** Of a receipt that counts for its SMS already: what is not taken yet. JSON. */
export interface Owed {
  readonly scopes: readonly ReceiptScope[];
  /** The SMS that it was applied to; undefined when it belonged to none. */
  readonly of?: Pick<TrackedSms, 'id' | 'to'>;
  /** Nobody has been given any of it. */
  readonly isNew?: true;
  /** Of a long SMS that nobody was told of it: its segments as this receipt left them. */
  readonly reports?: TrackedRecord['reports'];
  /** State of the whole SMS that it brought. */
  readonly said?: GatewayState;
  /** The worst segment by then. */
  readonly failure?: FailedSegment;
}

export interface Joined {
  readonly record: TrackedRecord;
  /** The worst segment, also where the record needs it no more. */
  readonly failure?: FailedSegment | undefined;
  /** Empty when the receipt says nothing new. */
  readonly events: readonly ReceiptEvent[];
}

/** The worst first: what the verdict on an SMS is when its segments differ. */
const WORST_FIRST: readonly GatewayState[] = [
  'REJECTD',
  'UNDELIV',
  'EXPIRED',
  'DELETED',
  'UNKNOWN',
  'DELIVRD',
];

/** Applies a receipt that belongs to `known`. */
export function joinReceipt(known: TrackedRecord, received: ReceivedReceipt): Joined {
  const { parsed, receivedAt } = received;
  const record = known.to === '' ? withNumbersOf(known, received) : known;
  const report = reportOf(parsed);
  if (record.reports.length === 1) return joinOnly(record, report, received);
  const half = halfOf(record, parsed.messageId);
  if (half !== undefined) return joinHalf(record, half, received);
  const isMeant = segmentsMeant(record, parsed.messageId);
  const reports = record.reports.map((known, index) => {
    return isMeant(index) && isNewer(known, report) ? report : known;
  });
  const segment = reports.indexOf(report);
  if (segment < 0) return { record, events: [] };

  const state = newState(record, reports, report);
  const said = state ?? record.said;
  const failure = worseOf(reports, record.failure, { segment, ...wordsOf(parsed) });
  const isOver = said !== undefined && isFinalState(said);
  const joined = withReports(record, reports, said, isOver ? undefined : failure);
  const events: ReceiptEvent[] = [
    { scope: 'segment', receipt: matchedReceipt(joined, report, parsed, receivedAt) },
  ];
  if (state === undefined) return { record: joined, events, failure };
  const verdict =
    state === report.state ? { report, words: parsed } : verdictOf(joined, state, failure, parsed);
  const receipt = matchedReceipt(joined, verdict.report, verdict.words, receivedAt);
  return { record: joined, events: [...events, { scope: 'message', receipt }], failure };
}

/** Of an SMS that could not be read any more its receipt knows the numbers. */
function withNumbersOf(record: TrackedRecord, { phone, sender }: ReceivedReceipt): TrackedRecord {
  return { ...record, to: phone, from: sender };
}

function joinHalf(record: TrackedRecord, half: HalfSegment, { parsed, receivedAt }: ReceivedReceipt): Joined {
  const report = reportOf(parsed);
  if (!isNewer(half.report ?? null, report)) return { record, events: [] };
  const halves = record.halves?.map((each) => (each === half ? { ...each, report } : each)) ?? [];
  const isOver = halves.every((each) => each.report !== undefined && isFinalState(each.report.state));
  const isTold = record.isHalf === true && isOver && !isSettled(record);
  const joined: TrackedRecord = { ...record, halves, ...(isTold && { said: 'UNKNOWN' }) };
  const events: ReceiptEvent[] = [
    { scope: 'segment', receipt: matchedReceipt(joined, report, parsed, receivedAt) },
  ];
  if (!isTold) return { record: joined, events };
  const verdict = verdictOf(joined, 'UNKNOWN', undefined, parsed);
  const receipt = matchedReceipt(joined, verdict.report, verdict.words, receivedAt);
  return { record: joined, events: [...events, { scope: 'message', receipt }] };
}

/** The half that a receipt speaks of; undefined when it speaks of what the gateway took whole. */
function halfOf(
  { halves, messageIds, copies = [] }: TrackedRecord,
  messageId: string,
): HalfSegment | undefined {
  if (halves === undefined) return undefined;
  const whole = [messageIds, ...copies].flat();
  if (whole.includes(messageId)) return undefined;
  const exact = halves.find((half) => half.messageId === messageId);
  if (exact !== undefined) return exact;
  const folded = messageId.toLowerCase();
  if (whole.some((id) => id.toLowerCase() === folded)) return undefined;
  return halves.find((half) => half.messageId.toLowerCase() === folded);
}

/** Most SMS have one segment, and its receipt is that of the whole. */
function joinOnly(record: TrackedRecord, report: SegmentReport, received: ReceivedReceipt): Joined {
  if (!isNewer(record.reports[0] ?? null, report)) return { record, events: [] };
  const joined = withReports(record, [report], report.state, undefined);
  const receipt = matchedReceipt(joined, report, received.parsed, received.receivedAt);
  const segment: ReceiptEvent = { scope: 'segment', receipt };
  if (report.state === record.said) return { record: joined, events: [segment] };
  return { record: joined, events: [segment, { scope: 'message', receipt }] };
}

/** By literals, as all that is made for every receipt: objects put together by spreading take several times as long. */
function withReports(
  record: TrackedRecord,
  reports: TrackedRecord['reports'],
  said: TrackedRecord['said'],
  failure: TrackedRecord['failure'],
): TrackedRecord {
  const { id, messageIds, to, from, acceptedAt, receipt, overdueMs, owedMs, correlation } = record;
  const { copies, halves, isHalf } = record;
  const joined: Mutable<TrackedRecord> = {
    id,
    messageIds,
    to,
    from,
    acceptedAt,
    receipt,
    reports,
    overdueMs,
  };
  if (said !== undefined) joined.said = said;
  if (failure !== undefined) joined.failure = failure;
  if (owedMs !== undefined) joined.owedMs = owedMs;
  if (copies !== undefined) joined.copies = copies;
  if (halves !== undefined) joined.halves = halves;
  if (isHalf !== undefined) joined.isHalf = isHalf;
  if (correlation !== undefined) joined.correlation = correlation;
  return joined;
}

/** A receipt whose SMS nobody knows, for both scopes. */
export function unmatchedEvents(received: ReceivedReceipt): readonly ReceiptEvent[] {
  const report = reportOf(received.parsed);
  const segments = { ...countReports([report]), total: received.parsed.sub ?? 1 };
  const receipt = said(report, received.parsed, received.receivedAt, { segments, matched: false });
  if (received.phone !== '') receipt.to = received.phone;
  if (received.sender !== '') receipt.from = received.sender;
  return [
    { scope: 'segment', receipt },
    { scope: 'message', receipt },
  ];
}

/** Of a receipt that nobody can take now, which was applied to its SMS. */
export function owedAsNew({ record, events, failure }: Joined): Owed {
  const { id, to, reports, said } = record;
  return {
    scopes: events.map(({ scope }) => scope),
    of: { id, to },
    isNew: true,
    ...(said && { said }),
    ...(failure && { failure }),
    ...(reports.length > 1 && { reports }),
  };
}

/**
 * What those who listen for these scopes have not taken of a receipt that was applied to an SMS, as far as it holds: what
 * nobody has been given yet is given as it was.
 */
export function owedEvents(
  known: TrackedRecord,
  received: ReceivedReceipt,
  owed: Owed,
): readonly ReceiptEvent[] {
  const { parsed, receivedAt } = received;
  const report = reportOf(parsed);
  const record = owed.isNew === true ? asOwed(known, report, owed) : known;
  const isMeant = segmentsMeant(record, parsed.messageId);
  const half = halfOf(record, parsed.messageId);
  const told = half === undefined ? record.reports.filter((_, index) => isMeant(index)) : [half.report];
  return owed.scopes.flatMap((scope): readonly ReceiptEvent[] => {
    if (scope === 'segment') {
      if (!told.some((known) => known?.state === report.state)) return [];
      return [{ scope, receipt: matchedReceipt(record, report, parsed, receivedAt) }];
    }
    const state = owed.said;
    if (state === undefined || state !== record.said) return []; // the one that changed it has come since
    const verdict =
      state === report.state ? { report, words: parsed } : verdictOf(record, state, owed.failure, parsed);
    return [{ scope, receipt: matchedReceipt(record, verdict.report, verdict.words, receivedAt) }];
  });
}

function asOwed(
  record: TrackedRecord,
  report: SegmentReport,
  { reports = [report], said }: Owed,
): TrackedRecord {
  return withReports(record, reports, said, undefined);
}

/** What is emitted when no final receipt came within `afterMs`. One may still come, so it is not final. */
export function overdueReceipt(record: TrackedRecord, afterMs: number, now: EpochMs): DeliveryReceipt {
  return belonging(record, {
    messageId: record.messageIds.find((messageId) => messageId !== '') ?? '',
    state: 'NORECEIPT',
    delivered: false,
    isFinal: false,
    errorCode: 0,
    errorText: `No final receipt within ${Math.round(afterMs / 1_000)} s`,
    errorClass: 'unknown',
    segments: countReports(record.reports),
    submittedAt: record.acceptedAt,
    receivedAt: now,
    matched: true,
    raw: '',
  });
}

/** Whether a segment that a receipt with this id speaks for has no final state yet. */
export function isOpenFor(
  record: Pick<TrackedRecord, 'messageIds' | 'copies' | 'reports'>,
  messageId: string,
): boolean {
  const isMeant = segmentsMeant(record, messageId);
  return record.reports.some(
    (report, segment) => isMeant(segment) && (report === null || !isFinalState(report.state)),
  );
}

/** Whether the whole SMS has its final state. */
export function isSettled({ said }: TrackedRecord): boolean {
  return said !== undefined && isFinalState(said);
}

/** Those with its id, compared exactly before in any letter case; all of them where the gateway gave no other id. */
function segmentsMeant(
  { messageIds, copies = [] }: Pick<TrackedRecord, 'messageIds' | 'copies'>,
  messageId: string,
): (index: number) => boolean {
  const all = [messageIds, ...copies];
  const folded = messageId.toLowerCase();
  const isExact = all.some((ids) => ids.includes(messageId));
  const isIts = (id = ''): boolean => (isExact ? id === messageId : id.toLowerCase() === folded);
  const its = all.filter((ids) => ids.some(isIts));
  if (its.some((ids) => ids.every((id) => id === '' || isIts(id)))) return () => true;
  return (index) => its.some((ids) => isIts(ids[index]));
}

function isNewer(known: SegmentReport | null, report: SegmentReport): boolean {
  if (known === null) return true;
  if (known.state === report.state) return false;
  if (!isFinalState(known.state)) return true;
  return known.state === 'UNKNOWN' && isFinalState(report.state);
}

/** The state of the whole SMS, when `report` gives it another one. */
function newState(
  record: TrackedRecord,
  reports: TrackedRecord['reports'],
  { state }: SegmentReport,
): GatewayState | undefined {
  const { said } = record;
  if (said !== 'UNKNOWN' && isSettled(record)) return undefined;
  const final = finalState(record, reports);
  if (final !== undefined) return final === said ? undefined : final;
  // That some segments have arrived and others not yet is no state of the SMS: the gateway said no such thing.
  if (isFinalState(state) || said === 'UNKNOWN' || state === said) return undefined;
  const isBehind = state === 'ACCEPTD' && reports.some((report) => report?.state === 'ENROUTE');
  return isBehind ? undefined : state;
}

/** The worst state of the segments, once there is nothing more to wait for. */
function finalState(
  { receipt, messageIds, copies = [] }: TrackedRecord,
  reports: TrackedRecord['reports'],
): GatewayState | undefined {
  const isFailureEnough = receipt === 'on-failure';
  const isNameless = (segment: number): boolean => [messageIds, ...copies].every((ids) => !ids[segment]);
  const states = reports.map((report, segment) => {
    if (report !== null) return report.state;
    return isNameless(segment) && !isFailureEnough ? 'UNKNOWN' : undefined;
  });
  const worst = WORST_FIRST.find((state) => states.includes(state));
  if (isFailureEnough && worst !== 'DELIVRD') return worst;
  return states.every((state) => state !== undefined && isFinalState(state)) ? worst : undefined;
}

/** The worse of two segments, the latter when they are alike; none when neither has failed. */
function worseOf(
  reports: TrackedRecord['reports'],
  former: FailedSegment | undefined,
  latter: FailedSegment,
): FailedSegment | undefined {
  const stateOf = (failure: FailedSegment | undefined) => failure && reports[failure.segment]?.state;
  const state = WORST_FIRST.find((worst) => worst === stateOf(former) || worst === stateOf(latter));
  if (state === undefined || state === 'DELIVRD') return undefined;
  return state === stateOf(latter) ? latter : former;
}

/**
 * What is said of the SMS when it is not what the last receipt says; without words where those were not kept, and with the
 * id of the last where the gateway gave none to the segment that decides.
 */
function verdictOf(
  { messageIds, reports }: TrackedRecord,
  state: GatewayState,
  failure: FailedSegment | undefined,
  last: Pick<Words, 'messageId'>,
): { readonly report: SegmentReport; readonly words: Words } {
  const failed = failure && reports[failure.segment];
  if (failure !== undefined && failed?.state === state) return { report: failed, words: failure };
  const segment = reports.findIndex((report) => report?.state === state);
  const ofSegment = messageIds[segment] ?? '';
  const words = { messageId: ofSegment === '' ? last.messageId : ofSegment, raw: '' };
  return { report: reports[segment] ?? { state }, words };
}

function matchedReceipt(
  record: TrackedRecord,
  report: SegmentReport,
  words: Words,
  receivedAt: EpochMs,
): DeliveryReceipt {
  const segments = segmentsOf(record);
  return belonging(record, said(report, words, receivedAt, { segments, matched: true }));
}

/** What is kept of them: no text of the SMS, which is to go when that is settled. */
function wordsOf({ messageId, raw, submittedAt, doneAt }: Words): Words {
  const words: Mutable<Words> = { messageId, raw: withoutText(raw) };
  if (submittedAt !== undefined) words.submittedAt = submittedAt;
  if (doneAt !== undefined) words.doneAt = doneAt;
  return words;
}

/** Adds what our own record knows. */
function belonging(record: TrackedRecord, receipt: Mutable<DeliveryReceipt>): DeliveryReceipt {
  const { id, to, from, correlation } = record;
  receipt.id = id;
  receipt.to = to;
  receipt.from = from;
  if (correlation !== undefined) receipt.correlation = jsonCopy(correlation); // the record's own stays as it is
  return receipt;
}

/** What the gateway's receipt itself says. */
function said(
  report: SegmentReport,
  { messageId, submittedAt, doneAt, raw }: Words,
  receivedAt: EpochMs,
  { segments, matched }: Pick<DeliveryReceipt, 'segments' | 'matched'>,
): Mutable<DeliveryReceipt> {
  const { state } = report;
  const { errorCode, errorText, errorClass } = errorOf(report);
  const receipt: Mutable<DeliveryReceipt> = {
    messageId,
    state,
    delivered: state === 'DELIVRD',
    isFinal: isFinalState(state),
    errorCode,
    errorText,
    errorClass,
    segments,
    receivedAt,
    matched,
    raw,
  };
  if (submittedAt !== undefined) receipt.submittedAt = submittedAt;
  if (doneAt !== undefined) receipt.doneAt = doneAt;
  return receipt;
}

function reportOf({ state, errorNumber, errorRaw }: ParsedReceipt): SegmentReport {
  const report: Mutable<SegmentReport> = { state };
  if (errorNumber !== undefined) report.errorNumber = errorNumber;
  else if (errorRaw !== undefined) report.errorRaw = errorRaw;
  return report;
}

/** inMobile's code when there is one; a code that is no number is not passed off as "no error". */
function errorOf({ state, errorNumber, errorRaw }: SegmentReport): StatusCode {
  if (errorNumber === 0 && !isWell(state))
    return { ...statusCode(0), errorClass: CLASS_BY_STATE[state] ?? 'failed' };
  if (errorNumber !== undefined) return statusCode(errorNumber);
  if (errorRaw !== undefined) return { errorCode: 0, errorText: 'Unreadable code', errorClass: 'unknown' };
  return { errorCode: 0, errorText: 'No code given', errorClass: isWell(state) ? 'none' : 'unknown' };
}

function isWell(state: GatewayState): boolean {
  return state === 'DELIVRD' || !isFinalState(state);
}

/** Of an SMS that did not arrive, though its code is "no error"; all others are `failed` (gateway.md, below the table). */
const CLASS_BY_STATE: Partial<Record<GatewayState, ErrorClass>> = { EXPIRED: 'expired', UNKNOWN: 'unknown' };

/** Where the gateway has nothing whole, what has become of the submission of which it delivered most. */
function segmentsOf({ isHalf, halves = [], reports }: TrackedRecord): DeliveryReceipt['segments'] {
  if (isHalf === undefined) return countReports(reports);
  const total = reports.length;
  const bySubmission = new Map<number | undefined, (SegmentReport | null)[]>();
  for (const { of, report = null } of halves) bySubmission.set(of, [...(bySubmission.get(of) ?? []), report]);
  let best = { total, delivered: 0, failed: 0 };
  for (const each of bySubmission.values()) {
    const { delivered, failed } = countReports(each);
    if (delivered < best.delivered || (delivered === best.delivered && failed <= best.failed)) continue;
    best = { total, delivered: Math.min(delivered, total), failed };
  }
  return { ...best, failed: Math.min(best.failed, total - best.delivered) };
}

function countReports(reports: readonly (SegmentReport | null)[]): DeliveryReceipt['segments'] {
  let delivered = 0;
  let failed = 0;
  for (const report of reports) {
    if (report?.state === 'DELIVRD') delivered += 1;
    else if (report !== null && isFinalState(report.state)) failed += 1;
  }
  return { total: reports.length, delivered, failed };
}
