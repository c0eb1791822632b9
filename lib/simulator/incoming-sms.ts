/**
 * An SMS that a phone sends to an account, as deliver_sm: one, or the parts of a long one.
 *
 * How inMobile passes long incoming SMS on is not published: parts with a 16-bit or 8-bit user data header,
 * SAR TLVs and message_payload are all *assumed* possible.
 */
import { consts, type PduFields } from 'smpp';
import { addressFields } from './receipt.js';
import { splitOctets, writeText } from './sms-text.js';

export interface IncomingSms {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly flash?: boolean;
  /** How a long text is carried. Default `udh8`. */
  readonly longMessage?: 'udh8' | 'udh16' | 'sar' | 'payload';
  /** Reference of a long message's parts. Default: one of its own. */
  readonly reference?: number;
  /** Which parts come, in this order, from 1. Default: all in their order. */
  readonly parts?: readonly number[];
  /** Overrides the message: any octets in any data coding. */
  readonly binary?: { readonly octets: Uint8Array; readonly dataCoding: number };
  /** The account. Default: whichever is bound to receive, or the next that is. */
  readonly systemId?: string;
}

/** How a deliver_sm ended: accepted by the client, refused for good, or given up by the simulator. */
export type DeliveryOutcome = 'accepted' | 'refused' | 'dropped';

/** One octet numbers the parts (3GPP 23.040 §9.2.3.24.1, SMPP 3.4 §5.3.2.23). */
const PARTS_MAX = 255;

/** What a part needs to know of its whole. */
interface Whole {
  readonly dataCoding: number;
  readonly reference: number;
  readonly total: number;
}

/**
 * The deliver_sm of an SMS, in the order in which they are sent.
 *
 * @param reference for its parts, where the SMS names none itself
 * @throws RangeError when it is longer than any SMS
 */
export function incomingFields(sms: IncomingSms, reference: number): PduFields[] {
  const { octets, dataCoding } = messageOf(sms);
  const addresses = addressFields(sms);
  const common = { ...addresses, esm_class: 0, data_coding: dataCoding };
  const { longMessage = 'udh8' } = sms;
  const bodies = splitOctets(octets, dataCoding);
  if (bodies.length > PARTS_MAX)
    throw new RangeError(
      `the SMS takes ${bodies.length} parts, and has at most ${PARTS_MAX}: shorten its text`,
    );
  if (longMessage === 'payload') return [{ ...common, message_payload: octets }];
  if (bodies.length === 1) return [{ ...common, short_message: octets }];
  const whole: Whole = { dataCoding, reference: sms.reference ?? reference, total: bodies.length };
  const order = sms.parts ?? bodies.map((_, index) => index + 1);
  return order.map((sequence) => {
    const body = bodies[sequence - 1] ?? Buffer.alloc(0);
    return { ...common, ...partFields(longMessage, { body, sequence }, whole) };
  });
}

function messageOf({ text, flash = false, binary }: IncomingSms): { octets: Buffer; dataCoding: number } {
  if (binary === undefined) return writeText(text, flash);
  return { octets: Buffer.from(binary.octets), dataCoding: binary.dataCoding };
}

function partFields(
  by: 'udh8' | 'udh16' | 'sar',
  { body, sequence }: { readonly body: Buffer; readonly sequence: number },
  { reference, total }: Whole,
): PduFields {
  if (by === 'sar') {
    const sar = {
      sar_msg_ref_num: reference & 0xffff,
      sar_total_segments: total,
      sar_segment_seqnum: sequence,
    };
    return { short_message: body, ...sar };
  }
  const header =
    by === 'udh8'
      ? [5, 0x00, 3, reference & 0xff, total, sequence]
      : [6, 0x08, 4, (reference >> 8) & 0xff, reference & 0xff, total, sequence];
  return {
    esm_class: consts.ESM_CLASS.UDH_INDICATOR,
    short_message: Buffer.concat([Buffer.from(header), body]),
  };
}
