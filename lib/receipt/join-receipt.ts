/**
 * One receipt applied to the SMS it belongs to: segments become one verdict. No I/O.
 *
 * The SMS is delivered when every segment is. Its final receipt comes once, when every segment has a final
 * state, and has the worst of them; before that it has one for a state that the gateway itself says is not final.
 * A final state stays: a late ENROUTE, or the same receipt again, changes nothing and gives no event. Only
 * UNKNOWN gives way to a final state that knows more, and then the SMS has a second, corrected final receipt.
 */
import type { EpochMs } from '../clock.js';
import { type StatusCode, statusCode } from '../inmobile.js';
import { jsonCopy } from './json-copy.js';
import type { DeliveryReceipt, ReceiptRequest } from '../message.js';
import type { ParsedReceipt } from './parse-receipt.js';
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
  readonly to: string;
  readonly from: string;
  readonly acceptedAt: EpochMs;
  readonly receipt: ReceiptRequest;
  readonly correlation?: unknown;
}

/** What the receipts so far say of one segment. */
export interface SegmentReport {
  readonly state: GatewayState;
  readonly errorNumber?: number;
  readonly errorRaw?: string;
}

/** A tracked SMS as stored in table `tracked`, by its id. JSON. */
export interface TrackedRecord extends TrackedSms {
  /** One a segment, null before its first receipt. */
  readonly reports: readonly (SegmentReport | null)[];
  /** State of the last receipt for the whole SMS. */
  readonly said?: GatewayState;
  /** The longest wait after which its missing receipt was reported; 0 when none was. */
  readonly overdueMs: number;
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

export interface Joined {
  readonly record: TrackedRecord;
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

/** Applies a receipt that belongs to `record`. */
export function joinReceipt(record: TrackedRecord, received: ReceivedReceipt): Joined {
  const { parsed } = received;
  const report = reportOf(parsed);
  if (record.reports.length === 1) return joinOnly(record, report, received);
  const isMeant = segmentsMeant(record, parsed);
  const reports = record.reports.map((known, index) => {
    return isMeant(index) && isNewer(known, report) ? report : known;
  });
  if (!reports.includes(report)) return { record, events: [] };

  const verdict = verdictOn(reports);
  // That some segments have arrived and others not yet is no state of the SMS: the gateway said no such thing.
  const isSaid = isFinalState(verdict.state) || !isFinalState(report.state);
  const joined = withReports(record, reports, isSaid ? verdict.state : record.said);
  const segment = matchedReceipt(joined, report, received);
  const events: ReceiptEvent[] = [{ scope: 'segment', receipt: segment }];
  if (isSaid && verdict.state !== record.said) {
    events.push({ scope: 'message', receipt: matchedReceipt(joined, verdict, received) });
  }
  return { record: joined, events };
}

/** Most SMS have one segment, and its receipt is that of the whole. */
function joinOnly(record: TrackedRecord, report: SegmentReport, received: ReceivedReceipt): Joined {
  if (!isNewer(record.reports[0] ?? null, report)) return { record, events: [] };
  const joined = withReports(record, [report], report.state);
  const receipt = matchedReceipt(joined, report, received);
  const segment: ReceiptEvent = { scope: 'segment', receipt };
  if (report.state === record.said) return { record: joined, events: [segment] };
  return { record: joined, events: [segment, { scope: 'message', receipt }] };
}

/** By literals, as all that is made for every receipt: objects put together by spreading take several times as long. */
function withReports(
  record: TrackedRecord,
  reports: TrackedRecord['reports'],
  said: TrackedRecord['said'],
): TrackedRecord {
  const { id, messageIds, to, from, acceptedAt, receipt, overdueMs, copies, correlation } = record;
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
  if (copies !== undefined) joined.copies = copies;
  if (correlation !== undefined) joined.correlation = correlation;
  return joined;
}

/** A receipt whose SMS nobody knows, for both scopes. */
export function unmatchedEvents(received: ReceivedReceipt): readonly ReceiptEvent[] {
  const report = reportOf(received.parsed);
  const segments = { ...countReports([report]), total: received.parsed.sub ?? 1 };
  const receipt = said(report, received, { segments, matched: false });
  if (received.phone !== '') receipt.to = received.phone;
  if (received.sender !== '') receipt.from = received.sender;
  return [
    { scope: 'segment', receipt },
    { scope: 'message', receipt },
  ];
}

/** What is emitted when no final receipt came within `afterMs`. One may still come, so it is not final. */
export function overdueReceipt(record: TrackedRecord, afterMs: number, now: EpochMs): DeliveryReceipt {
  return belonging(record, {
    messageId: record.messageIds[0] ?? '',
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

/** Whether the whole SMS has its final state. */
export function isSettled(record: TrackedRecord): boolean {
  return record.reports.every((report) => report !== null && isFinalState(report.state));
}

/** All of them when the receipt counts as many short messages as the SMS has segments, else those with its id. */
function segmentsMeant(record: TrackedRecord, parsed: ParsedReceipt): (index: number) => boolean {
  const { messageIds, copies = [] } = record;
  const { messageId, sub } = parsed;
  if (messageIds.length > 1 && sub === messageIds.length) return () => true;
  if (messageIds.includes(messageId)) return (index) => messageIds[index] === messageId;
  const folded = messageId.toLowerCase();
  const all = [messageIds, ...copies];
  return (index) => all.some((ids) => ids[index]?.toLowerCase() === folded);
}

function isNewer(known: SegmentReport | null, report: SegmentReport): boolean {
  if (known === null) return true;
  if (known.state === report.state) return false;
  if (!isFinalState(known.state)) return true;
  return known.state === 'UNKNOWN' && isFinalState(report.state);
}

function verdictOn(reports: readonly (SegmentReport | null)[]): SegmentReport {
  const known = reports.filter((report) => report !== null);
  const waiting = known.filter((report) => !isFinalState(report.state));
  if (known.length === reports.length && waiting.length === 0) {
    const worst = WORST_FIRST.find((state) => known.some((report) => report.state === state));
    return known.find((report) => report.state === worst) ?? { state: 'UNKNOWN' };
  }
  const isAccepted = waiting.length > 0 && waiting.every((report) => report.state === 'ACCEPTD');
  return waiting.find((report) => isAccepted || report.state === 'ENROUTE') ?? { state: 'ENROUTE' };
}

function matchedReceipt(
  record: TrackedRecord,
  report: SegmentReport,
  received: ReceivedReceipt,
): DeliveryReceipt {
  const segments = countReports(record.reports);
  return belonging(record, said(report, received, { segments, matched: true }));
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
  { parsed, receivedAt }: ReceivedReceipt,
  { segments, matched }: Pick<DeliveryReceipt, 'segments' | 'matched'>,
): Mutable<DeliveryReceipt> {
  const { messageId, submittedAt, doneAt, raw } = parsed;
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
  if (errorRaw !== undefined) report.errorRaw = errorRaw;
  return report;
}

/** inMobile's code when there is one; a code that is no number is not passed off as "no error". */
function errorOf({ state, errorNumber, errorRaw }: SegmentReport): StatusCode {
  if (errorNumber !== undefined) return statusCode(errorNumber);
  if (errorRaw !== undefined) return { errorCode: 0, errorText: 'Unreadable code', errorClass: 'unknown' };
  const isWell = state === 'DELIVRD' || !isFinalState(state);
  return { errorCode: 0, errorText: 'No code given', errorClass: isWell ? 'none' : 'unknown' };
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
