/**
 * What a deliver_sm that is a receipt says. No I/O, and nothing about whose SMS it is: `receipt-tracker.ts`.
 *
 * The text is vendor specific by the specification's own words, so it is read by field name: any order, any
 * letter case, any white space between words, any field absent. Whatever follows `text:` is the beginning of
 * the SMS itself and never read as fields.
 * Source: SMPP 3.4 Appendix B; gateway.md: delivery report. TLVs: SMPP 3.4 §5.3.2.12, §5.3.2.35.
 */
import type { EpochMs } from '../clock.js';
import { MESSAGE_ID_OCTETS_MAX, RECEIPT_TEXT_MAX } from '../inmobile.js';
import type { Delivery } from '../message.js';
import { decodeText, readDataCoding } from '../text/data-coding.js';
import { parseUserData } from '../text/user-data-header.js';
import { readPlainReceipt } from './plain-receipt.js';
import { readReceiptDate } from './receipt-date.js';
import { type GatewayState, stateOfNumber, stateOfWord } from './receipt-state.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** What a receipt may say beside its text. */
export type ReceiptTlvs = Pick<Delivery, 'receiptedMessageId' | 'messageState'>;

export interface ParsedReceipt {
  /** The gateway's id, exactly as written, but that one that no standard allows is cut; '' when the receipt names none. */
  readonly messageId: string;
  readonly state: GatewayState;
  /** `err` as inMobile's absolute value; absent when it is not a number. */
  readonly errorNumber?: number;
  /** `err` as written; absent when it is. */
  readonly errorRaw?: string;
  /** `sub`: of how many short messages this speaks. */
  readonly sub?: number;
  readonly submittedAt?: EpochMs;
  readonly doneAt?: EpochMs;
  readonly raw: string;
}

const LABEL = String.raw`(?:id|sub|dlvrd|submit\s*date|done\s*date|stat|err|text)\s*:`;

/**
 * A label, and its value up to white space. White space may stand before the value; the label that follows an
 * empty value is not one. No two parts of it compete for the same characters, so it is linear.
 */
const FIELD = new RegExp(String.raw`(?:^|\s)(${LABEL})(?:\s+(?!${LABEL}))?(\S*)`, 'gi');

/** What a receipt begins with. */
const FIRST_LABEL = new RegExp(String.raw`^\s*${LABEL}`, 'i');

/** Of what stands between white space: room for a label and an id. */
const WORD_MAX = 80;
const LONG_WORD = new RegExp(String.raw`([^\s\0]{${WORD_MAX}})[^\s\0]+`, 'g');

/** Signed, since `err` is an absolute value to one gateway and the code itself to another. */
const ERROR_NUMBER = /^[+-]?(\d{1,9})$/;

/** As `LABEL` has it, with all that follows. */
const TEXT = /(?:^|\s)text\s*:[^]*$/i;

const COUNT = /^\d{1,9}$/;

/**
 * Reads a receipt or an intermediate notification; undefined for any other delivery, so that a text that
 * imitates a receipt stays an incoming SMS. Never throws: what cannot be read is absent, and a receipt without
 * any id has `messageId` ''.
 *
 * The TLVs receipted_message_id and message_state count for more than the text. Text is read as Latin-1: receipts are
 * ASCII in practice, and GSM7 would turn the `_`, `@` and `$` of an id into other characters. It is read as UTF-16 where
 * the data coding says so and it does not begin as a receipt in ASCII, and where it begins as one only in UTF-16.
 */
export function parseReceipt(delivery: Delivery): ParsedReceipt | undefined {
  if (delivery.kind !== 'receipt' && delivery.kind !== 'notification') return undefined;
  return readReceipt(receiptText(delivery), delivery);
}

/** What a receipt's text says, and its TLVs where it has them. A text that no standard allows is cut, `raw` too. */
export function readReceipt(given: string, tlvs: ReceiptTlvs): ParsedReceipt {
  const raw = given.length > RECEIPT_TEXT_MAX ? shortened(given) : given;
  const receipt = readPlainReceipt(raw) ?? readAnyReceipt(raw);
  return hasTlvs(tlvs) ? withTlvs(receipt, tlvs) : receipt;
}

/** A receipt's text without that of the SMS itself, which some gateways repeat at its end. */
export function withoutText(raw: string): string {
  return raw.replace(TEXT, '');
}

/** A receipt's text in whatever form: slower than `plain-receipt.ts`, and right for every text. */
export function readAnyReceipt(raw: string): ParsedReceipt {
  const fields = readFields(raw);
  const stat = fields.get('stat');
  const receipt: Mutable<ParsedReceipt> = {
    messageId: fields.get('id')?.slice(0, MESSAGE_ID_OCTETS_MAX) ?? '',
    state: stat === undefined ? 'UNKNOWN' : stateOfWord(stat),
    raw,
  };
  readError(fields.get('err'), receipt);
  const sub = readCount(fields.get('sub'));
  if (sub !== undefined) receipt.sub = sub;
  const submittedAt = readReceiptDate(fields.get('submitdate') ?? '');
  if (submittedAt !== undefined) receipt.submittedAt = submittedAt;
  const doneAt = readReceiptDate(fields.get('donedate') ?? '');
  if (doneAt !== undefined) receipt.doneAt = doneAt;
  return receipt;
}

function hasTlvs({ receiptedMessageId, messageState }: ReceiptTlvs): boolean {
  return receiptedMessageId !== undefined || messageState !== undefined;
}

function withTlvs(receipt: ParsedReceipt, { receiptedMessageId, messageState }: ReceiptTlvs): ParsedReceipt {
  const messageId = receiptedId(receiptedMessageId) ?? receipt.messageId;
  const state = (messageState === undefined ? undefined : stateOfNumber(messageState)) ?? receipt.state;
  return { ...receipt, messageId, state };
}

function receiptText({ octets, hasUserDataHeader, dataCoding }: Delivery): string {
  const body = hasUserDataHeader ? parseUserData(octets, true).body : octets;
  const text = (Buffer.isBuffer(body) ? body : Buffer.from(body)).toString('latin1');
  const isUtf16 = readDataCoding(dataCoding).encoding === 'ucs2';
  // Half of what ASCII is in UTF-16 are NULs, the first or the second octet among them.
  const mayBeUtf16 = body[0] === 0 || body[1] === 0;
  if ((!isUtf16 && !mayBeUtf16) || FIRST_LABEL.test(text)) return text;
  const bigEndian = decodeText(body, 'ucs2');
  if (FIRST_LABEL.test(bigEndian)) return bigEndian;
  const littleEndian = decodeText(swapped(body), 'ucs2');
  if (FIRST_LABEL.test(littleEndian)) return littleEndian;
  return isUtf16 ? bigEndian : text;
}

/** Every code unit with its octets in the other order. */
function swapped(octets: Uint8Array): Uint8Array {
  return Buffer.from(octets.subarray(0, octets.length & ~1)).swap16();
}

/** Each word of it, so that the field behind a long one is still read, then the whole, between two words. */
function shortened(text: string): string {
  const words = text.replace(LONG_WORD, '$1');
  return words.length <= RECEIPT_TEXT_MAX
    ? words
    : words.slice(0, RECEIPT_TEXT_MAX + 1).replace(/[\s\0][^\s\0]*$/, '');
}

/** The fields before `text:`, by label in lower case without white space; the first of a label counts. */
function readFields(raw: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const [, label = '', value = ''] of raw.replaceAll('\0', ' ').matchAll(FIELD)) {
    const name = label.slice(0, -1).replace(/\s/g, '').toLowerCase();
    if (name === 'text') break;
    if (value !== '' && !fields.has(name)) fields.set(name, value);
  }
  return fields;
}

function receiptedId(tlv: string | undefined): string | undefined {
  const id = tlv?.replaceAll('\0', ' ').trim().slice(0, MESSAGE_ID_OCTETS_MAX);
  return id === '' ? undefined : id;
}

function readError(text: string | undefined, receipt: Mutable<ParsedReceipt>): void {
  if (text === undefined) return;
  const digits = ERROR_NUMBER.exec(text)?.[1];
  if (digits !== undefined) receipt.errorNumber = Number(digits);
  receipt.errorRaw = text;
}

function readCount(text: string | undefined): number | undefined {
  return text !== undefined && COUNT.test(text) ? Number(text) : undefined;
}
