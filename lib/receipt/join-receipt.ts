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
import type { DeliveryReceipt, ReceiptRequest } from '../message.js';
import type { ParsedReceipt } from './parse-receipt.js';
import { type GatewayState, isFinalState } from './receipt-state.js';

/** An accepted SMS whose receipts are to come. */
export interface TrackedSms {
  /** Ours. */
  readonly id: string;
  /** The gateway's, one a segment, in order. */
  readonly messageIds: readonly string[];
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

/** A receipt as stored in table `event` until it is emitted. JSON. */
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
  const isNews = segmentsMeant(record, parsed).map((meant, index) => {
    return meant && isNewer(record.reports[index] ?? null, report);
  });
  if (!isNews.includes(true)) return { record, events: [] };

  const reports = record.reports.map((known, index) => (isNews[index] === true ? report : known));
  const verdict = verdictOn(reports);
  // That some segments have arrived and others not yet is no state of the SMS: the gateway said no such thing.
  const isSaid = isFinalState(verdict.state) || !isFinalState(report.state);
  const joined: TrackedRecord = isSaid ? { ...record, reports, said: verdict.state } : { ...record, reports };
  const segment = matchedReceipt(joined, report, received);
  const events: ReceiptEvent[] = [{ scope: 'segment', receipt: segment }];
  if (isSaid && verdict.state !== record.said) {
    // Most SMS have one segment, and its receipt is that of the whole.
    const receipt = verdict === report ? segment : matchedReceipt(joined, verdict, received);
    events.push({ scope: 'message', receipt });
  }
  return { record: joined, events };
}

/** A receipt whose SMS nobody knows, for both scopes. */
export function unmatchedEvents(received: ReceivedReceipt): readonly ReceiptEvent[] {
  const report = reportOf(received.parsed);
  const receipt: DeliveryReceipt = {
    ...common(report, received),
    ...(received.phone === '' ? {} : { to: received.phone }),
    ...(received.sender === '' ? {} : { from: received.sender }),
    segments: { ...countReports([report]), total: received.parsed.sub ?? 1 },
    matched: false,
  };
  return [
    { scope: 'segment', receipt },
    { scope: 'message', receipt },
  ];
}

/** What is emitted when no final receipt came within `afterMs`. One may still come, so it is not final. */
export function overdueReceipt(record: TrackedRecord, afterMs: number, now: EpochMs): DeliveryReceipt {
  return {
    ...ours(record),
    messageId: record.messageIds[0] ?? '',
    state: 'NORECEIPT',
    delivered: false,
    isFinal: false,
    errorCode: 0,
    errorText: `No final receipt within ${Math.round(afterMs / 1_000)} s`,
    errorClass: 'unknown',
    submittedAt: record.acceptedAt,
    receivedAt: now,
    raw: '',
  };
}

/** Whether the whole SMS has its final state. */
export function isSettled(record: TrackedRecord): boolean {
  return record.reports.every((report) => report !== null && isFinalState(report.state));
}

/** All of them when the receipt counts as many short messages as the SMS has segments, else those with its id. */
function segmentsMeant(record: TrackedRecord, parsed: ParsedReceipt): readonly boolean[] {
  const { messageIds } = record;
  if (messageIds.length > 1 && parsed.sub === messageIds.length) return messageIds.map(() => true);
  const folded = parsed.messageId.toLowerCase();
  const isExact = messageIds.includes(parsed.messageId);
  return messageIds.map((id) => (isExact ? id === parsed.messageId : id.toLowerCase() === folded));
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
  return { ...common(report, received), ...ours(record) };
}

/** What our own record adds to a receipt. */
function ours(
  record: TrackedRecord,
): Pick<DeliveryReceipt, 'id' | 'to' | 'from' | 'segments' | 'matched' | 'correlation'> {
  const { id, to, from, correlation, reports } = record;
  const segments = { ...countReports(reports), total: reports.length };
  return { id, to, from, segments, matched: true, ...(correlation === undefined ? {} : { correlation }) };
}

/** What the gateway's receipt itself says. */
function common(
  report: SegmentReport,
  { parsed, receivedAt }: ReceivedReceipt,
): Omit<DeliveryReceipt, 'segments' | 'matched'> {
  const { messageId, submittedAt, doneAt, raw } = parsed;
  return {
    messageId,
    state: report.state,
    delivered: report.state === 'DELIVRD',
    isFinal: isFinalState(report.state),
    ...errorOf(report),
    ...(submittedAt === undefined ? {} : { submittedAt }),
    ...(doneAt === undefined ? {} : { doneAt }),
    receivedAt,
    raw,
  };
}

function reportOf({ state, errorNumber, errorRaw }: ParsedReceipt): SegmentReport {
  return {
    state,
    ...(errorNumber === undefined ? {} : { errorNumber }),
    ...(errorRaw === undefined ? {} : { errorRaw }),
  };
}

/** inMobile's code when there is one; a code that is no number is not passed off as "no error". */
function errorOf({ state, errorNumber, errorRaw }: SegmentReport): StatusCode {
  if (errorNumber !== undefined) return statusCode(errorNumber);
  if (errorRaw !== undefined) return { errorCode: 0, errorText: 'Unreadable code', errorClass: 'unknown' };
  const isWell = state === 'DELIVRD' || !isFinalState(state);
  return { errorCode: 0, errorText: 'No code given', errorClass: isWell ? 'none' : 'unknown' };
}

function countReports(reports: readonly (SegmentReport | null)[]): { delivered: number; failed: number } {
  const final = reports.filter((report) => report !== null && isFinalState(report.state));
  const delivered = final.filter((report) => report?.state === 'DELIVRD').length;
  return { delivered, failed: final.length - delivered };
}
