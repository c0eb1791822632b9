/**
 * One deliver_sm as a part of an incoming message, with its place where it has one. No I/O.
 *
 * Source: 3GPP 23.040 §9.2.3.24.1 (UDH), SMPP 3.4 §5.3.2.22 to 24 (SAR).
 */
import type { EpochMs } from '../clock.js';
import type { Delivery } from '../message.js';
import { parseUserData } from '../text/user-data-header.js';

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
  const { octets, hasUserDataHeader, sar, ...rest } = delivery;
  const { body, concatenation } = parseUserData(octets, hasUserDataHeader);
  const part = { delivery: rest, body: new Uint8Array(body), receivedAt };
  const place = concatenation ?? (sar && { ...sar, width: 'sar' as const });
  return { part, place: place !== undefined && isPlace(place) ? place : undefined };
}

function isPlace({ total, sequence }: Place): boolean {
  return total > 1 && total <= 255 && sequence >= 1 && sequence <= total;
}
