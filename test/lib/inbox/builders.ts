/** Incoming deliveries, whole and in parts. */
import type { Delivery } from '../../../lib/message.js';
import { encodeText, type Encoding } from '../../../lib/text/data-coding.js';
import { concatenationHeader } from '../../support/concatenation-header.js';

export const PHONE = '4512345678';
export const OURS = '1204';

export function smsDelivery(text: string, properties: Partial<Delivery> = {}): Delivery {
  return {
    from: PHONE,
    to: OURS,
    octets: encodeText(text, 'gsm7'),
    dataCoding: 0,
    kind: 'sms',
    hasUserDataHeader: false,
    ...properties,
  };
}

export interface PartOf {
  readonly total: number;
  readonly sequence: number;
  readonly reference?: number;
  readonly width?: 8 | 16;
}

/** A part with these octets after its user data header. */
export function partDelivery(body: Uint8Array, place: PartOf, properties: Partial<Delivery> = {}): Delivery {
  const { total, sequence, reference = 7, width = 8 } = place;
  const header = concatenationHeader({ reference, total, sequence }, width);
  return smsDelivery('', { octets: Buffer.concat([header, body]), hasUserDataHeader: true, ...properties });
}

/** The parts of a text, cut every `size` octets wherever that is. */
export function partsOf(
  text: string,
  size: number,
  options: Partial<PartOf> & { encoding?: Encoding } = {},
): Delivery[] {
  const { encoding = 'gsm7', ...place } = options;
  const octets = encodeText(text, encoding);
  const total = Math.ceil(octets.length / size);
  return Array.from({ length: total }, (_, index) =>
    partDelivery(
      octets.subarray(index * size, (index + 1) * size),
      { ...place, total, sequence: index + 1 },
      { dataCoding: encoding === 'ucs2' ? 8 : 0 },
    ),
  );
}
