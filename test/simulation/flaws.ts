/** What is wrong with the octets of a deliver_sm now and then, as gateways write them: all that it says can be read. */
import type { Chance } from './chance.js';

export type Flaw =
  | 'a NUL behind the text'
  | 'a TLV cut short'
  | 'sm_length one too high'
  | 'a service_type of six'
  | 'a source_addr of 21';

const FLAWS: readonly [Flaw, ...Flaw[]] = [
  'a NUL behind the text',
  'a TLV cut short',
  'sm_length one too high',
  'a service_type of six',
];

/** Characters that a source_addr may have (SMPP 3.4 §5.2.8). */
export const SOURCE_MAX = 20;

const HEADER_LENGTH = 16;

/** additional_status_info_text, of ten octets, of which two are there. */
const CUT_TLV = [0x00, 0x1d, 0x00, 0x0a, 0x41, 0x42];

export interface FlawHabits {
  /** Share of the deliver_sm that have one. */
  readonly share: number;
  /** Of the receipts whose octets are ASCII under a data_coding that says UCS2. */
  readonly miscoded: number;
  readonly chance: Chance;
}

export function drawFlaws(chance: Chance): FlawHabits {
  const share = chance.happens(0.3) ? chance.oneOf([0.1, 0.5]) : 0;
  const miscoded = chance.happens(0.15) ? 0.3 : 0;
  return { share, miscoded, chance: chance.fork() };
}

export function drawFlaw({ share, chance }: FlawHabits): Flaw | undefined {
  return chance.happens(share) ? chance.oneOf(FLAWS) : undefined;
}

/** @param pdu a deliver_sm without a flaw, whose source_addr is the first that SMPP has room for of `phone` */
export function withFlaw(pdu: Buffer, flaw: Flaw, phone: string): Buffer {
  switch (flaw) {
    case 'a NUL behind the text':
      return framed(pdu, [...pdu.subarray(HEADER_LENGTH), 0]);
    case 'a TLV cut short':
      return framed(pdu, [...pdu.subarray(HEADER_LENGTH), ...CUT_TLV]);
    case 'a service_type of six':
      return framed(pdu, [...Buffer.from('ABCDEF'), ...pdu.subarray(HEADER_LENGTH)]);
    case 'sm_length one too high':
      return withLongerText(pdu);
    case 'a source_addr of 21': {
      const at = HEADER_LENGTH + 3;
      return framed(pdu, [
        ...pdu.subarray(HEADER_LENGTH, at),
        ...Buffer.from(phone),
        ...pdu.subarray(pdu.indexOf(0, at)),
      ]);
    }
  }
}

/** One with a TLV behind the text would say something else. */
function withLongerText(pdu: Buffer): Buffer {
  const source = HEADER_LENGTH + 3;
  const destination = pdu.indexOf(0, source) + 3;
  // esm_class, protocol_id, priority_flag, two empty times, and four more of one octet each stand between.
  const lengthAt = pdu.indexOf(0, destination) + 1 + 3 + 2 + 4;
  const length = pdu[lengthAt] ?? 0;
  if (lengthAt + 1 + length !== pdu.length) return pdu;
  const longer = Buffer.from(pdu);
  longer[lengthAt] = length + 1;
  return longer;
}

function framed(pdu: Buffer, body: readonly number[]): Buffer {
  const octets = Buffer.from([...pdu.subarray(0, HEADER_LENGTH), ...body]);
  octets.writeUInt32BE(octets.length, 0);
  return octets;
}
