/**
 * A planned text as the user data of its submit_sm, each with what joins it to the others.
 *
 * Source: 3GPP 23.040 §9.2.3.24.1 (UDH); SMPP 3.4 §5.3.2.22 to §5.3.2.24 (SAR), §5.3.2.32 (message_payload).
 */
import type { LongMessage, Segment } from '../message.js';
import type { TextPlan } from './segmenter.js';
import { takeOctets } from './octet-pool.js';
import { type Concatenation, type ReferenceWidth, writeConcatenationHeader } from './user-data-header.js';

/** What a text decides about a submit_sm. */
export type SegmentData = Pick<Segment, 'octets' | 'hasUserDataHeader' | 'asPayload' | 'sar'>;

/**
 * The user data of every submit_sm, in order.
 *
 * @param plan made for this same `longMessage`
 * @param reference must differ between long SMS from one sender to one recipient that are under way together;
 *   its lowest 8 bits count for `udh8`, 16 for `udh16` and `sar`
 */
export function assemble(
  plan: Pick<TextPlan, 'segments' | 'parts'>,
  longMessage: LongMessage,
  reference: number,
): SegmentData[] {
  const total = plan.segments.length;
  // A payload that is one SMS goes as short_message, which no gateway refuses.
  const asPayload = plan.parts > total;
  if (total === 1) return plan.segments.map((octets) => ({ octets, hasUserDataHeader: false, asPayload }));
  return plan.segments.map((body, index) => {
    const place = { reference: reference & 0xffff, total, sequence: index + 1 };
    if (longMessage === 'sar') return { octets: body, hasUserDataHeader: false, asPayload, sar: place };
    const width = longMessage === 'udh16' ? 16 : 8;
    return { octets: joined(place, width, body), hasUserDataHeader: true, asPayload };
  });
}

function joined(place: Concatenation, width: ReferenceWidth, body: Uint8Array): Uint8Array {
  const octets = takeOctets((width === 8 ? 6 : 7) + body.length);
  octets.set(body, writeConcatenationHeader(octets, place, width));
  return octets;
}
