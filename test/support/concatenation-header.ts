/** The header that joins segments, alone: what a peer puts before the text of each. */
import {
  type Concatenation,
  type ReferenceWidth,
  writeConcatenationHeader,
} from '../../lib/text/user-data-header.js';

export function concatenationHeader(place: Concatenation, width: ReferenceWidth): Uint8Array {
  const header = new Uint8Array(7);
  return header.subarray(0, writeConcatenationHeader(header, place, width));
}
