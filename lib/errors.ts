/**
 * Every error that leaves the library.
 *
 * Errors are named by what to do next, and carry a stable `code` as an own property: a Node-RED Catch
 * node sees own properties only, and flows branch on `msg.error.code`, so renaming a code is a breaking
 * change. Match by `code`, not by `instanceof`: two copies of the package may be loaded.
 *
 * No message text, no password and no full phone number ever stands in an error: see `maskNumber`. Nor does a
 * control character: part of the words may be those of a peer or of another program.
 */

/** What went wrong, as a stable string (contract section 2). */
export type SmppErrorCode =
  | 'SMPP_OPTIONS' // the configuration is wrong: correct it
  | 'SMPP_MESSAGE' // this message cannot become an SMS: correct it
  | 'SMPP_CONNECT' // no DNS, TCP or TLS to a host: tried again by itself
  | 'SMPP_CERTIFICATE' // the host could not be proven to be the gateway: tried again by itself, slowly
  | 'SMPP_BIND' // the gateway refused the login
  | 'SMPP_SUBMIT' // the gateway refused the message
  | 'SMPP_UNANSWERED' // written to the wire, outcome unknown
  | 'SMPP_PROTOCOL' // the peer does not speak SMPP as it should
  | 'SMPP_STORAGE' // could not be kept, so it was not taken in
  | 'SMPP_QUEUE_FULL' // the queue's limit is reached: not taken in
  | 'SMPP_STOPPED'; // the gateway is stopped: not taken in

export interface SmppErrorDetails {
  readonly cause?: unknown;
  /** Name of the option or message property at fault. */
  readonly field?: string;
  /** Name of the command_status, such as `ESME_RBINDFAIL`. */
  readonly status?: string;
  /** `host:port` the error belongs to. */
  readonly host?: string;
}

/** An error with a stable `code`; `message` names the field or host, the value (masked) and the remedy. */
export class SmppError extends Error {
  readonly code: SmppErrorCode;
  // Declared only: a property that does not apply must not show in the error at all.
  declare readonly field?: string;
  declare readonly status?: string;
  declare readonly host?: string;

  constructor(code: SmppErrorCode, message: string, details: SmppErrorDetails = {}) {
    super(printable(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SmppError';
    this.code = code;
    if (details.field !== undefined) this.field = details.field;
    if (details.status !== undefined) this.status = details.status;
    if (details.host !== undefined) this.host = details.host;
  }
}

/** SMPP_STORAGE of one record that is damaged for good: reading it again gives nothing else, and others can be read. */
export class DamagedRecordError extends SmppError {
  constructor(message: string) {
    super('SMPP_STORAGE', message, { field: 'storageDirectory' });
  }
}

/** SMPP_STORAGE of a batch that is longer than storage takes at once: written in parts it may be kept. */
export class BatchTooLongError extends SmppError {
  constructor(message: string) {
    super('SMPP_STORAGE', message, { field: 'storageDirectory' });
  }
}

/** SMPP_STOPPED of what may have been kept all the same: nobody knows before the next start, so it is not to be given again. */
export class UndecidedError extends SmppError {
  constructor(message: string, cause?: unknown) {
    super('SMPP_STOPPED', message, { cause });
  }
}

/** Somebody who listens had no room for an event: it is kept until there is some. */
export class MissedError extends SmppError {
  constructor() {
    super('SMPP_STOPPED', 'a listener has too much open to take it now: it is kept');
  }
}

/** For the `catch` of a read: what a damaged record counts as. Other failures are thrown on. */
export function damagedAs<const Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (error instanceof DamagedRecordError) return value;
    throw error;
  };
}

/** Any thrown value as an SmppError: kept when it is one, else wrapped under `code`. */
export function asSmppError(thrown: unknown, code: SmppErrorCode): SmppError {
  if (thrown instanceof SmppError) return thrown;
  return new SmppError(code, wordsOf(thrown), { cause: thrown });
}

/** Whether somebody could not do something for no other reason than that the gateway is stopped. */
export function isStopped(error: unknown): boolean {
  return error instanceof SmppError && error.code === 'SMPP_STOPPED';
}

/** An object without a prototype has no words, and would throw when asked for them. */
function wordsOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  try {
    return String(thrown);
  } catch {
    return 'an error without words';
  }
}

/**
 * What a terminal, a log or a reader could take for something else than text: C0, DEL and C1 controls, separators
 * of lines and paragraphs, marks that turn the writing direction.
 */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Room for any sentence of ours with a host and a path in it. */
const LINE_MAX = 1_000;

/** Words on their way to a log or a person: one line of bounded length, without control characters. */
export function printable(words: string): string {
  return words.slice(0, LINE_MAX).replace(UNPRINTABLE, '?');
}

/** Digits left visible at either end of a masked phone number. */
const MASK_ENDS = 2;

/**
 * A phone number fit for a log or an error: `4512345678` becomes `45******78`.
 * Anything short is masked whole, and anything that is not printable ASCII is replaced.
 */
export function maskNumber(value: unknown): string {
  const text = (typeof value === 'string' || typeof value === 'number' ? String(value) : typeof value)
    .slice(0, 32)
    .replace(/[^\x20-\x7e]/g, '?');
  if (text.length <= 2 * MASK_ENDS + 1) return '*'.repeat(text.length);
  return text.slice(0, MASK_ENDS) + '*'.repeat(text.length - 2 * MASK_ENDS) + text.slice(-MASK_ENDS);
}

/** What a value is that should be something else, for a sentence such as `to: must be text, is an array`. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
