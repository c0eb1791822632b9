/**
 * A receipt in exactly the form that inMobile writes, read in one pass: nearly every receipt there is.
 *
 *     id:<id> sub:NNN dlvrd:NNN submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:<STATE> err:NNN
 *
 * On any doubt it reads nothing, and `parse-receipt.ts` reads the text in its general way; a differential test holds
 * that both say the same of all that is read here. Pure.
 * Source: gateway.md: delivery report.
 */
import { MESSAGE_ID_OCTETS_MAX } from '../inmobile.js';
import type { ParsedReceipt } from './parse-receipt.js';
import { readReceiptDate } from './receipt-date.js';
import { stateOfWord } from './receipt-state.js';

const ID = 'id:';
const NUMBER_LENGTH = 3;
const DATE_LENGTH = 10;

/** A place before every text, and so far that no length added to it leads into one. */
const NOWHERE = -1_000;

/** What this text says; undefined when it is in any other form. */
export function readPlainReceipt(raw: string): ParsedReceipt | undefined {
  const idAt = after(ID, raw, 0);
  const idEnd = endOfId(raw, idAt);
  const subAt = after(' sub:', raw, idEnd);
  const deliveredAt = after(' dlvrd:', raw, subAt + NUMBER_LENGTH);
  const submitDateAt = after(' submit date:', raw, deliveredAt + NUMBER_LENGTH);
  const doneDateAt = after(' done date:', raw, submitDateAt + DATE_LENGTH);
  const stateAt = after(' stat:', raw, doneDateAt + DATE_LENGTH);
  const stateEnd = endOfWord(raw, stateAt);
  const errorAt = after(' err:', raw, stateEnd);
  if (errorAt + NUMBER_LENGTH !== raw.length || idEnd === idAt || stateEnd === stateAt) return undefined;
  if (idEnd - idAt > MESSAGE_ID_OCTETS_MAX) return undefined;

  const sub = numberAt(raw, subAt);
  const errorNumber = numberAt(raw, errorAt);
  if (sub < 0 || errorNumber < 0 || numberAt(raw, deliveredAt) < 0) return undefined;
  const submittedAt = readReceiptDate(raw.slice(submitDateAt, submitDateAt + DATE_LENGTH));
  const doneAt = readReceiptDate(raw.slice(doneDateAt, doneDateAt + DATE_LENGTH));
  if (submittedAt === undefined || doneAt === undefined) return undefined;
  const messageId = raw.slice(idAt, idEnd);
  const state = stateOfWord(raw.slice(stateAt, stateEnd));
  return { messageId, state, errorNumber, errorRaw: raw.slice(errorAt), sub, submittedAt, doneAt, raw };
}

/** The place behind `label` when it stands at this place. */
function after(label: string, raw: string, at: number): number {
  return at >= 0 && raw.startsWith(label, at) ? at + label.length : NOWHERE;
}

/** The first character from here on that is not visible ASCII. */
function endOfId(raw: string, from: number): number {
  return endOfRange(raw, from, 0x21, 0x7e);
}

/** The first character from here on that is not a capital letter. */
function endOfWord(raw: string, from: number): number {
  return endOfRange(raw, from, 0x41, 0x5a);
}

function endOfRange(raw: string, from: number, first: number, last: number): number {
  if (from < 0) return NOWHERE;
  for (let at = from; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at);
    if (code < first || code > last) return at;
  }
  return raw.length;
}

/** Three digits as a number; negative when they are not. */
function numberAt(raw: string, at: number): number {
  let value = 0;
  for (let index = at; index < at + NUMBER_LENGTH; index += 1) {
    const digit = raw.charCodeAt(index) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = 10 * value + digit;
  }
  return value;
}
