/**
 * Every fact about inMobile's gateway, once (source: gateway.md, which restates inMobile's own SMPP and REST
 * pages). What inMobile does not say and we assume is marked *assumed*.
 */

/** One service at two locations, offered as redundant connection options. */
export const INMOBILE_HOSTS = ['smpp-dk1.inmobile.dk', 'smpp-dk2.inmobile.dk'] as const;

/** TLS is required on it: there is no plain-text service. */
export const INMOBILE_PORT = 2775;

/** The gateway discards every character of source_addr after this in silence. */
export const SOURCE_ADDR_MAX = 15;

/** An alphanumeric sender has at most this many characters (3GPP 23.040 §9.1.2.5). */
export const ALPHANUMERIC_SENDER_MAX = 11;

/** The four data codings of the gateway; no other is ever sent. */
export const DATA_CODING = {
  gsm7: 0x00,
  gsm7Flash: 0x10,
  ucs2: 0x08,
  ucs2Flash: 0x18,
} as const;

/** SMPP's own limit on `password`, 9 octets with its NUL (SMPP 3.4 §4.1.1). */
export const PASSWORD_MAX = 8;

/** SMPP's own limit on `system_id`, 16 octets with its NUL (SMPP 3.4 §4.1.1). */
export const SYSTEM_ID_MAX = 15;

/** SMPP's own limit on `message_id`, 65 octets with its NUL (SMPP 3.4 §5.2.23). What is longer is cut, wherever it stands. */
export const MESSAGE_ID_OCTETS_MAX = 65;

/** Characters of a receipt's text: it is a short_message (SMPP 3.4 Appendix B, §5.2.22). What is longer is cut. */
export const RECEIPT_TEXT_MAX = 255;

export type ErrorClass =
  | 'none'
  | 'recipient'
  | 'route'
  | 'expired'
  | 'failed'
  | 'charging'
  | 'sender'
  | 'temporary'
  | 'unknown'
  | 'cancelled'
  | 'optedOut'
  | 'suppressed'
  | 'content'
  | 'account'
  | 'segments';

/** `err` of a receipt (the absolute value of inMobile's status code): inMobile's words, our class. */
const STATUS_CODES: ReadonlyMap<number, readonly [text: string, errorClass: ErrorClass]> = new Map([
  [0, ['No error', 'none']],
  [1, ['Undeliverable message', 'recipient']],
  [2, ['Msisdn blacklisted by operator', 'recipient']],
  [3, ['Invalid mobile number', 'recipient']],
  [4, ['Country not available', 'route']],
  [5, ['Delivery timeout', 'expired']],
  [6, ['Not delivered, removed from gateway', 'failed']],
  [8, ['Insufficient funds', 'charging']],
  [9, ['Authorize failed', 'charging']],
  [10, ['Capture failed', 'charging']],
  [11, ['Overcharge donation limit exceeded', 'charging']],
  [12, ['Overcharge donation type not activated', 'charging']],
  [13, ['Overcharge donation settings not valid', 'charging']],
  [14, ['Sender name blocked', 'sender']],
  [15, ['Route not available', 'route']],
  [16, ['Refund not available', 'charging']],
  [17, ['Refund not possible', 'charging']],
  [18, ['Refund failed', 'charging']],
  [19, ['Refund pending', 'charging']],
  [20, ['Refund for failed message', 'charging']],
  [21, ['Already refunded', 'charging']],
  [22, ['Delivery timeout before sent', 'expired']],
  [23, ['Message queue full at operator', 'temporary']],
  [80, ['Imported from other system', 'none']],
  [99, ['Submit failed', 'temporary']],
  [100, ['Communication error', 'temporary']],
  [101, ['Unknown id', 'unknown']],
  [102, ['Cancelled', 'cancelled']],
  [103, ['Unknown error processing message', 'unknown']],
  [104, ['Unknown id at operator', 'unknown']],
  [105, ['Msisdn blacklisted on account', 'optedOut']],
  [106, ['Mobile number cooldown', 'suppressed']],
  [201, ['Suspicious sms content', 'content']],
  [202, ['Account deactivated', 'account']],
  [300, ['Pdu sequence incomplete', 'segments']],
  [301, ['Pdu sequence invalid', 'segments']],
] as const);

export interface StatusCode {
  /** 0 or negative. */
  readonly errorCode: number;
  readonly errorText: string;
  readonly errorClass: ErrorClass;
}

/**
 * What inMobile's status code says, from the `err` of a receipt.
 *
 * @param err absolute value, 0 or more; a number that is not in the table passes through as class `unknown`
 */
export function statusCode(err: number): StatusCode {
  const [errorText, errorClass] = STATUS_CODES.get(err) ?? [`Unknown code ${err}`, 'unknown' as const];
  return { errorCode: err === 0 ? 0 : -err, errorText, errorClass };
}

/** Every `err` value that inMobile has published. */
export const PUBLISHED_ERRORS: readonly number[] = [...STATUS_CODES.keys()];

/** Receipts stay matched to their SMS this long; inMobile tries to deliver for 48 h at most by default. */
export const RECEIPT_WAIT_MS = 72 * 3_600_000;

/** In the folder of a store, the one for what is sent to the simulated gateway: that can never reach a phone, nor the reverse. */
export const SIMULATED_FOLDER = 'simulated';
