/**
 * A receipt as a record of table `event`: what came, no more. What it says is read again when it is needed, which
 * nearly none is: most are gone in the same turn of the event loop. No I/O.
 */
import type { Delivery } from '../message.js';
import type { Owed, ReceivedReceipt } from './join-receipt.js';
import { readReceipt } from './parse-receipt.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/** JSON. */
export interface ReceiptRecord {
  /** The receipt's text. */
  readonly raw: string;
  readonly phone: string;
  readonly sender: string;
  readonly receivedAt: number;
  readonly receiptedMessageId?: string;
  readonly messageState?: number;
  /** Once it was emitted and not taken by all. */
  readonly owed?: Owed;
}

export function recordOf(received: ReceivedReceipt, delivery: Delivery): ReceiptRecord {
  const { parsed, phone, sender, receivedAt } = received;
  const record: Mutable<ReceiptRecord> = { raw: parsed.raw, phone, sender, receivedAt };
  const { receiptedMessageId, messageState } = delivery;
  if (receiptedMessageId !== undefined) record.receiptedMessageId = receiptedMessageId;
  if (messageState !== undefined) record.messageState = messageState;
  return record;
}

/** The receipt that a record keeps. */
export function receivedOf(value: ReceiptRecord): ReceivedReceipt {
  const { raw, phone, sender, receivedAt } = value;
  return { parsed: readReceipt(raw, value), phone, sender, receivedAt };
}

/** Enough to tell a record of ours from anything else; the engine has checked that it is whole. */
export function isReceiptRecord(value: unknown): value is ReceiptRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { raw, phone, receivedAt } = value as Partial<ReceiptRecord>;
  return typeof raw === 'string' && typeof phone === 'string' && typeof receivedAt === 'number';
}
