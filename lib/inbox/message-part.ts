/**
 * One deliver_sm as a part of an incoming message, with its place where it has one. No I/O.
 *
 * Source: 3GPP 23.040 §9.2.3.24.1 (UDH), SMPP 3.4 §5.3.2.22 to 24 (SAR).
 */
import type { EpochMs } from '../clock.js';
import type { Delivery } from '../message.js';
import { parseUserData } from '../text/user-data-header.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };
type Tlvs = Pick<Delivery, 'receiptedMessageId' | 'messageState'>;

/** Where a part belongs in its message. */
export interface Place {
  /** Bits of a UDH's reference, or SMPP's own TLVs: references of different kinds are different. */
  readonly width: 8 | 16 | 'sar';
  readonly reference: number;
  /** 1 to 255. */
  readonly total: number;
  /** 1 to `total`. */
  readonly sequence: number;
}

export interface MessagePart {
  readonly delivery: Omit<Delivery, 'octets' | 'hasUserDataHeader' | 'sar'>;
  /** Without user data header; a copy, since the delivery's octets are a view on what the socket read. */
  readonly body: Uint8Array;
  readonly receivedAt: EpochMs;
  /** Its header names a national table for what septets mean. */
  readonly hasNationalTable?: true;
}

/** What came as one message: its parts in order, some of them perhaps missing. */
export interface WholeMessage {
  readonly parts: readonly (MessagePart & { readonly sequence: number })[];
  readonly total: number;
}

/**
 * Reads the place of a delivery in its message; undefined when it is a message by itself. A place that makes no
 * sense (total 0, sequence outside 1 to total) is none. Where UDH and SAR disagree the UDH counts: it is the phone's.
 */
export function readPart(
  delivery: Delivery,
  receivedAt: EpochMs,
): { readonly part: MessagePart; readonly place: Place | undefined } {
  const { octets, hasUserDataHeader, sar } = delivery;
  const { body, concatenation, hasNationalTable } = parseUserData(octets, hasUserDataHeader);
  const plain = { delivery: withoutOctets(delivery), body: new Uint8Array(body), receivedAt };
  const part = hasNationalTable === undefined ? plain : { ...plain, hasNationalTable };
  const place = concatenation ?? (sar && { ...sar, width: 'sar' as const });
  return { part, place: place !== undefined && isPlace(place) ? place : undefined };
}

/** Whether a delivery has no place in a longer message, as nearly all receipts. */
export function isWhole({ hasUserDataHeader, sar }: Delivery): boolean {
  return !hasUserDataHeader && sar === undefined;
}

/** Whether a delivery says what became of an SMS, in a receipt or a notification. */
export function isReceipt({ kind }: Pick<Delivery, 'kind'>): boolean {
  return kind === 'receipt' || kind === 'notification';
}

/** The joined message as one delivery, when it is a receipt or a notification. */
export function receiptOf({ parts }: WholeMessage): Delivery | undefined {
  const [first] = parts;
  if (first === undefined || !isReceipt(first.delivery)) return undefined;
  const octets = parts.length === 1 ? first.body : joinOctets(parts.map(({ body }) => body));
  return withOctets(first.delivery, octets);
}

/** All octets, one after the other. */
export function joinOctets(bodies: readonly Uint8Array[]): Buffer {
  return Buffer.concat(bodies);
}

/** The parts' delivery with all their octets. */
function withOctets(of: MessagePart['delivery'], octets: Uint8Array): Delivery {
  const { from, to, dataCoding, kind } = of;
  const delivery: Mutable<Delivery> = { from, to, octets, dataCoding, kind, hasUserDataHeader: false };
  copyTlvs(of, delivery);
  return delivery;
}

function withoutOctets(of: Delivery): MessagePart['delivery'] {
  const { from, to, dataCoding, kind } = of;
  const delivery: Mutable<MessagePart['delivery']> = { from, to, dataCoding, kind };
  copyTlvs(of, delivery);
  return delivery;
}

function copyTlvs({ receiptedMessageId, messageState }: Tlvs, to: Mutable<Tlvs>): void {
  if (receiptedMessageId !== undefined) to.receiptedMessageId = receiptedMessageId;
  if (messageState !== undefined) to.messageState = messageState;
}

function isPlace({ total, sequence }: Place): boolean {
  return total > 1 && total <= 255 && sequence >= 1 && sequence <= total;
}
