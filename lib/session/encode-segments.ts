/**
 * Many segments to the octets of one write.
 *
 * All are encoded at once, which is what makes it fast; only when one of them has no place in SMPP are they
 * taken one by one, so that it alone is left out.
 */
import type { AddressType } from '../address-type.js';
import { SmppError } from '../errors.js';
import type { Segment } from '../message.js';
import { encodeAll, encodePdu } from '../pdu/encode.js';
import type { SubmitSm } from '../pdu/pdu.js';
import { toSubmitSm } from '../pdu/short-message.js';

export interface EncodedSegments {
  readonly bytes: Buffer;
  /** One for each segment, in order; undefined for one that SMPP cannot carry. */
  readonly sequence_numbers: readonly (number | undefined)[];
}

export function encodeSegments(
  segments: readonly Segment[],
  takeSequenceNumber: () => number,
  shortSender: AddressType,
): EncodedSegments {
  const pdus = segments.map((segment) => toSubmitSm(segment, takeSequenceNumber(), shortSender));
  try {
    return { bytes: encodeAll(pdus), sequence_numbers: pdus.map((pdu) => pdu.sequence_number) };
  } catch (error) {
    if (!(error instanceof SmppError)) throw error;
    return encodeOneByOne(pdus);
  }
}

function encodeOneByOne(pdus: readonly SubmitSm[]): EncodedSegments {
  const written: Buffer[] = [];
  const sequence_numbers = pdus.map((pdu) => {
    try {
      written.push(encodePdu(pdu));
      return pdu.sequence_number;
    } catch (error) {
      if (!(error instanceof SmppError)) throw error;
      return undefined;
    }
  });
  return { bytes: Buffer.concat(written), sequence_numbers };
}
