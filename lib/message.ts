/**
 * The words that flows and programs speak to the gateway: what they send, and what comes back.
 *
 * Domain words only; SMPP's own field names stay inside `lib/pdu`, `lib/session` and `lib/simulator`.
 */
import type { EpochMs, Millis } from './clock.js';

/** How a long text is carried over several submit_sm (3GPP 23.040, SMPP 3.4 §5.3.2). */
export type LongMessage = 'udh8' | 'udh16' | 'sar' | 'payload' | 'reject';

/** What to do with an SMS that was written to the wire and never answered (gateway.md: unknown outcome). */
export type OnUncertain = 'resend' | 'reconcile' | 'report';

export type Priority = 'alarm' | 'normal' | 'bulk';

export type ReceiptRequest = 'always' | 'on-failure' | 'never';

/** An SMS to send. Every property but `to` and `text` has a default. */
export interface OutboundSms {
  /**
   * Recipient in international format, or a number of the gateway's `defaultCountry`; `+`, `00`, blanks, brackets, dashes
   * and dots are accepted.
   */
  readonly to: string;
  /** Sender: at most 11 GSM7 characters, or at most 15 digits. Default: the gateway's `sender`. */
  readonly from?: string;
  readonly text: string;
  /** Shown at once on the phone and not stored there (message class 0). Default false. */
  readonly flash?: boolean;
  /** Default `auto`; `gsm7` with a character that GSM7 lacks is an error. */
  readonly encoding?: 'auto' | 'gsm7' | 'ucs2';
  /** Replaces characters that GSM7 lacks when that makes the whole text fit GSM7. Default true. */
  readonly substitute?: boolean;
  /** More segments than this is an error. Default 10. */
  readonly maxSegments?: number;
  /** Default `udh8`. */
  readonly longMessage?: LongMessage;
  /** Default `always`. */
  readonly receipt?: ReceiptRequest;
  /** `alarm` overtakes everything queued. Default `normal`. */
  readonly priority?: Priority;
  /** Kept in the outbox until then: ms since 1970, an ISO 8601 string or a Date. */
  readonly sendAt?: number | string | Date;
  /** Not submitted if it is still queued after this long; the gateway's own delivery is not limited. Default 24 h. */
  readonly expiresAfterMs?: number;
  /** How long the gateway may try to deliver it, 1 s to 31 days from when it is submitted. Default: the gateway's own. */
  readonly validityMs?: number;
  /**
   * A second SMS with the same key within `dedupeMs` gets the first one's result; nothing is sent twice. One that was
   * rejected, expired or cancelled frees its key.
   */
  readonly dedupeKey?: string;
  /** Default 1 h. */
  readonly dedupeMs?: number;
  /** Overrides the gateway's own setting. */
  readonly onUncertain?: OnUncertain;
  /** A JSON value that comes back in results and receipts. */
  readonly correlation?: unknown;
}

export type Outcome = 'accepted' | 'rejected' | 'uncertain' | 'expired' | 'cancelled';

/** One replacement made by smart substitution (contract 3.4). */
export interface Substitution {
  /** The character or sequence that GSM7 lacks. */
  readonly from: string;
  readonly to: string;
  /** Index of `from` in the text as given, in UTF-16 code units. */
  readonly index: number;
}

/** What became of one SMS. Each SMS that is taken in gets exactly one. */
export interface SubmitResult {
  /** Ours. */
  readonly id: string;
  readonly outcome: Outcome;
  /**
   * The gateway's ids, one a segment, in order; where receipts told several of a long SMS, those in the order of the
   * receipts. Of a long SMS that was not accepted, those of the segments that the gateway has, by one submission.
   */
  readonly messageIds: readonly string[];
  readonly to: string;
  readonly from: string;
  readonly segments: number;
  readonly encoding: 'gsm7' | 'ucs2';
  /** Some segment was submitted more than once, and the gateway may have taken it the first time, or has. */
  readonly possibleDuplicate: boolean;
  /** Settled after a restart of the process. */
  readonly recovered: boolean;
  readonly host?: string;
  /** Name of the command_status of the gateway's last refusal, such as `ESME_RINVDSTADR`; also when it expired after it. */
  readonly status?: string;
  /**
   * By its `dedupeKey` this is the result of an earlier SMS, and nothing was sent for this one: `to`, `from`, `segments`,
   * `encoding`, `substituted` and `correlation` are its own, the rest is the earlier one's.
   */
  readonly repeated?: true;
  /** Plain words when not accepted, with the last refusal in them. */
  readonly reason?: string;
  readonly queuedAt: EpochMs;
  readonly settledAt: EpochMs;
  readonly attempts: number;
  /** What smart substitution replaced; absent when nothing was. */
  readonly substituted?: readonly Substitution[];
  readonly correlation?: unknown;
}

/** SMPP 3.4 Appendix B, and `NORECEIPT` for a final receipt that did not come in time. */
export type ReceiptState =
  'ENROUTE' | 'DELIVRD' | 'EXPIRED' | 'DELETED' | 'UNDELIV' | 'ACCEPTD' | 'UNKNOWN' | 'REJECTD' | 'NORECEIPT';

/** What the gateway says became of an SMS after it was accepted. */
export interface DeliveryReceipt {
  /** Ours, when matched. */
  readonly id?: string;
  /** Exactly as the gateway wrote it: an opaque string. */
  readonly messageId: string;
  readonly state: ReceiptState;
  readonly delivered: boolean;
  readonly isFinal: boolean;
  /** inMobile's status code: 0 or negative. */
  readonly errorCode: number;
  /** inMobile's words for it (gateway.md: message status codes). */
  readonly errorText: string;
  /** What to do about it (gateway.md: message status codes). */
  readonly errorClass: string;
  readonly to?: string;
  readonly from?: string;
  readonly segments: { readonly total: number; readonly delivered: number; readonly failed: number };
  readonly submittedAt?: EpochMs;
  readonly doneAt?: EpochMs;
  readonly receivedAt: EpochMs;
  readonly matched: boolean;
  readonly correlation?: unknown;
  /** The receipt's text as received. */
  readonly raw: string;
}

export type InboundEncoding = 'gsm7' | 'ucs2' | 'latin1' | 'binary';

/** An SMS that a phone sent to us. */
export interface InboundSms {
  readonly from: string;
  readonly to: string;
  /** What of it is text: all but the segments that are binary. */
  readonly text: string;
  /**
   * Of the segments of a long SMS that differ, the one that can say all of it: `binary` when one of them is, else `ucs2`
   * when one is, else the first one's. `dataCoding` and `flash` are those of the first segment in this encoding.
   */
  readonly encoding: InboundEncoding;
  readonly dataCoding: number;
  readonly flash: boolean;
  readonly segments: number;
  /** False when segments were still missing as the wait for them ended. */
  readonly complete: boolean;
  readonly receivedAt: EpochMs;
  /**
   * The octets of all segments, in order, as hexadecimal digits: there when not every octet of them is in the text, since
   * a segment is binary, could not be decoded in full, or is by a national table, which is not known here.
   */
  readonly binary?: string;
  /** Our last SMS to that number, within 72 h. */
  readonly inReplyTo?: { readonly id: string; readonly correlation?: unknown; readonly sentAt: EpochMs };
}

export type BindMode = 'transceiver' | 'transmitter' | 'receiver';

/** One connection to one host, as a person watches it. */
export interface LinkStatus {
  /** `host:port`. */
  readonly host: string;
  /** Short name of the host, such as `dk1`. */
  readonly name: string;
  readonly bind: BindMode;
  readonly state: 'connecting' | 'bound' | 'draining' | 'waiting' | 'stopped';
  readonly since: EpochMs;
  /** When the next attempt is made, while `waiting`. */
  readonly retryAt?: EpochMs;
  /** submit_sm without an answer yet. */
  readonly underWay: number;
  readonly window: number;
  /** When the certificate of the host ends, once it is known; the log warns 14 days ahead. */
  readonly certificateExpiresAt?: EpochMs;
  /** Why the last attempt or session ended; free of personal data. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** The gateway client as a person watches it; no personal data. */
export interface GatewayStatus {
  /**
   * `stopped` not started · `connecting` first attempts · `connected` can carry what the connection mode
   * promises · `retrying` waits before the next attempt · `refused` the login: wrong credentials, or a connection mode
   * that the account does not have · `maintenance` the gateway restarts (gateway.md) · `disconnected` no link for 30 s.
   * In each but `stopped` it goes on trying.
   */
  readonly state:
    'stopped' | 'connecting' | 'connected' | 'retrying' | 'refused' | 'maintenance' | 'disconnected';
  /** When the state began; of `disconnected`, when the last link ended. */
  readonly since: EpochMs;
  /** Short name of the host in use, such as `dk1`. */
  readonly host?: string;
  /** False when the host in use is not the first of the list. */
  readonly onFirstHost: boolean;
  readonly retryAt?: EpochMs;
  /** Since when the gateway is in maintenance. */
  readonly maintenanceSince?: EpochMs;
  readonly links: readonly LinkStatus[];
  /** SMS taken in and not settled; while stopped, as it was then. */
  readonly queue: {
    readonly alarm: number;
    readonly normal: number;
    readonly bulk: number;
    /** Of those, not due yet. */
    readonly scheduled: number;
    /** Of those, handed to a link and not answered. */
    readonly underWay: number;
  };
  /** Since `start()`. */
  readonly counters: Readonly<Record<CounterName, number>>;
  /**
   * What keeps SMS from being kept (SMPP_STORAGE), as long as that lasts, else why there is no link; of several reasons the
   * one that a person has to mend. `diskFull`: room on the disk mends it.
   */
  readonly error?: { readonly code: string; readonly message: string; readonly reason?: 'diskFull' };
}

/** One SMS of the queue, as a person watches it. */
export interface QueuedSms {
  /** Ours; for `cancel`. */
  readonly id: string;
  /** The recipient, masked: `45******78`. */
  readonly to: string;
  readonly priority: Priority;
  /** `retrying` waits before the next attempt · `underWay` handed to a link and not answered: not to be cancelled. */
  readonly state: 'scheduled' | 'queued' | 'retrying' | 'underWay';
  readonly segments: number;
  /** Submissions begun. */
  readonly attempts: number;
  readonly queuedAt: EpochMs;
  readonly sendAt?: EpochMs;
  /** It is settled as expired if it is still queued then. */
  readonly expiresAt: EpochMs;
  /** Name of the command_status with which the gateway last refused it for the moment, such as `ESME_RSYSERR`. */
  readonly lastStatus?: string;
}

export type CounterName =
  | 'queued'
  | 'submitted' // segments written to the wire
  | 'accepted'
  | 'rejected'
  | 'uncertain'
  | 'expired'
  | 'cancelled'
  | 'possibleDuplicates'
  | 'receipts'
  | 'delivered'
  | 'incoming'
  | 'repeatedIncoming' // left out: the gateway may not have had our answer, and sent it again
  | 'binds';

export type Unsubscribe = () => void;

/** One step on the way to a host. */
export interface DiagnosisStep {
  readonly step: 'dns' | 'tcp' | 'tls' | 'bind';
  /** The mode of a bind. */
  readonly mode?: BindMode;
  readonly tookMs: Millis;
  /** Absent when the step went well. */
  readonly problem?: {
    /** Stable: a command_status, or the system's, OpenSSL's or our own code. */
    readonly code: string;
    /** What is wrong and what to do about it, in English. */
    readonly message: string;
  };
}

/** What `diagnose` found on the way to one host; its last step is where it ended. */
export interface HostDiagnosis {
  /** `host:port`. */
  readonly host: string;
  readonly steps: readonly DiagnosisStep[];
  /** Of a host that has proven who it is. */
  readonly certificate?: {
    readonly issuer: string;
    readonly expiresAt: EpochMs;
    /** SHA-256 of its public key, for `tls.pins`. */
    readonly pin: string;
  };
}

/**
 * One submit_sm's share of an SMS, in our words: what the outbox hands to a link. `lib/pdu` turns it into
 * SMPP's words.
 */
export interface Segment {
  readonly to: string;
  readonly from: string;
  /** User data, the user data header first where there is one. */
  readonly octets: Uint8Array;
  readonly dataCoding: number;
  readonly hasUserDataHeader: boolean;
  /** Goes as message_payload instead of short_message. */
  readonly asPayload: boolean;
  readonly sar?: { readonly reference: number; readonly total: number; readonly sequence: number };
  readonly receipt: ReceiptRequest;
  /** For validity_period; undefined leaves it to the gateway. */
  readonly validityMs: number | undefined;
  readonly urgent: boolean;
}

/** One deliver_sm in our words: an incoming SMS, a part of one, or a receipt. */
export interface Delivery {
  readonly from: string;
  readonly to: string;
  /** short_message, or message_payload where there is one; with its user data header. */
  readonly octets: Uint8Array;
  readonly dataCoding: number;
  /** By the bits of esm_class. */
  readonly kind: 'sms' | 'receipt' | 'notification' | 'other';
  readonly hasUserDataHeader: boolean;
  readonly sar?: { readonly reference: number; readonly total: number; readonly sequence: number };
  /** TLV receipted_message_id. */
  readonly receiptedMessageId?: string;
  /** TLV message_state, as its number. */
  readonly messageState?: number;
}
