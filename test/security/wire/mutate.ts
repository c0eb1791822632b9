/**
 * Mutants of a PDU, made with its structure in mind: whole fields, lengths and TLVs are changed as well as
 * octets, so that a mutant gets past the first check and into what is behind it.
 *
 * The layout is read here anew, and loosely, so that a mistake of the codec's own is not made again.
 * Source: SMPP 3.4 §4.4.1 and §4.6.1 (one layout for both messages), §3.2.4.
 */
import type { Chance } from '../chance.js';

/** Octets at the borders of lengths and types. */
const INTERESTING = [0x00, 0x01, 0x03, 0x04, 0x05, 0x10, 0x40, 0x7f, 0x80, 0xfe, 0xff] as const;
const INTERESTING_LENGTHS = [
  0, 1, 15, 16, 17, 255, 256, 0x7fff, 0xffff, 0x10000, 0x10001, 0x7fff_ffff, 0xffff_ffff,
];
/** sar_*, message_payload, receipted_message_id, message_state, their neighbours, and none of ours. */
const TAGS = [0x020c, 0x020e, 0x020f, 0x0424, 0x001e, 0x0427, 0x0000, 0x001d, 0x0425, 0x1400, 0xffff];
const HEADER = 16;
/** service_type, source, destination, esm_class to priority, two times, registered_delivery to default id. */
const LAYOUT = ['text', 1, 1, 'text', 1, 1, 'text', 1, 1, 1, 'text', 'text', 1, 1, 1, 1, 'counted'] as const;
const DELIVER_SM = 5;
const SUBMIT_SM = 4;
/** Of five mutants four get a command_length that is right: the others go no further than the framer. */
const LYING_ONE_IN = 5;

interface Field {
  readonly start: number;
  readonly end: number;
}

type Mutation = (octets: Buffer, chance: Chance) => Buffer;

/** One to four changes to a PDU. */
export function mutant(octets: Buffer, chance: Chance): Buffer {
  let changed = octets;
  for (let step = chance.below(4); step >= 0; step -= 1) changed = chance.oneOf(MUTATIONS)(changed, chance);
  return chance.below(LYING_ONE_IN) === 0 ? changed : withRightLength(changed);
}

/** The octets with the command_length that they have. */
export function withRightLength(octets: Buffer): Buffer {
  if (octets.length < 4) return octets;
  const copy = Buffer.from(octets);
  copy.writeUInt32BE(copy.length, 0);
  return copy;
}

const MUTATIONS: readonly Mutation[] = [
  // an octet, and one bit of it
  (octets, chance) => set(octets, chance.below(octets.length), chance.oneOf(INTERESTING)),
  (octets, chance) => set(octets, chance.below(octets.length), chance.below(256)),
  (octets, chance) => {
    const at = chance.below(octets.length);
    return set(octets, at, (octets[at] ?? 0) ^ (1 << chance.below(8)));
  },
  // cut, repeat, insert
  (octets, chance) => octets.subarray(0, chance.below(octets.length + 1)),
  (octets, chance) => splice(octets, { start: chance.below(octets.length), end: octets.length }, octets),
  (octets, chance) => {
    const start = chance.below(octets.length + 1);
    return splice(octets, { start, end: start }, Buffer.alloc(chance.below(300), chance.below(256)));
  },
  // a whole field: emptied, doubled, filled with what does not belong there
  (octets, chance) => splice(octets, chance.oneOf(fieldsOf(octets)), Buffer.alloc(0)),
  (octets, chance) => {
    const field = chance.oneOf(fieldsOf(octets));
    const value = octets.subarray(field.start, field.end);
    return splice(octets, field, Buffer.concat([value, value]));
  },
  (octets, chance) => {
    const field = chance.oneOf(fieldsOf(octets));
    return splice(octets, field, Buffer.alloc(chance.below(70), chance.oneOf(INTERESTING)));
  },
  // the four words of the header
  (octets, chance) => {
    if (octets.length < HEADER) return octets;
    const copy = Buffer.from(octets);
    copy.writeUInt32BE(chance.oneOf(INTERESTING_LENGTHS), 4 * chance.below(4));
    return copy;
  },
  // TLVs: one of ours or not, with a length that is true or not
  (octets, chance) => Buffer.concat([octets, tlv(chance)]),
  (octets, chance) =>
    Buffer.concat([octets, ...Array.from({ length: chance.below(200) }, () => tlv(chance))]),
  // a user data header that says anything, with its bit set
  (octets, chance) => withUserDataHeader(octets, chance),
];

function set(octets: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(octets);
  if (at < copy.length) copy[at] = value;
  return copy;
}

function splice(octets: Buffer, { start, end }: Field, value: Buffer): Buffer {
  return Buffer.concat([octets.subarray(0, start), value, octets.subarray(end)]);
}

function tlv(chance: Chance): Buffer {
  const value = Buffer.alloc(chance.below(8), chance.below(256));
  const header = Buffer.alloc(4);
  header.writeUInt16BE(chance.oneOf(TAGS), 0);
  header.writeUInt16BE(chance.below(8) === 0 ? chance.below(0x10000) : value.length, 2);
  return Buffer.concat([header, value]);
}

const ESM_CLASS_FIELD = 7;

function withUserDataHeader(octets: Buffer, chance: Chance): Buffer {
  const fields = fieldsOf(octets);
  const esmClass = fields[ESM_CLASS_FIELD];
  const message = fields[LAYOUT.length - 1];
  if (esmClass === undefined || message === undefined) return octets;
  const header = Buffer.from([
    chance.oneOf([0, 3, 4, 5, 6, 255]),
    chance.oneOf([0, 8, 5, 0x24]),
    chance.oneOf([0, 3, 4, 255]),
    chance.below(256),
    chance.below(4),
    chance.below(4),
    chance.below(4),
  ]);
  const changed = splice(
    octets,
    message,
    Buffer.concat([Buffer.from([header.length + 1]), header, Buffer.from('x')]),
  );
  return set(changed, esmClass.start, (changed[esmClass.start] ?? 0) | 0x40);
}

/** Where the fields of a message lie, as far as they can be told; of another PDU, its body as one field. */
function fieldsOf(octets: Buffer): readonly Field[] {
  const whole = { start: Math.min(HEADER, octets.length), end: octets.length };
  const command = octets.length < HEADER ? 0 : octets.readUInt32BE(4);
  if (command !== DELIVER_SM && command !== SUBMIT_SM) return [whole];
  const fields: Field[] = [];
  let start = HEADER;
  for (const kind of LAYOUT) {
    const end = Math.min(octets.length, endOf(octets, start, kind));
    fields.push({ start, end });
    start = end;
  }
  while (start + 4 <= octets.length) {
    const end = Math.min(octets.length, start + 4 + octets.readUInt16BE(start + 2));
    fields.push({ start, end });
    start = end;
  }
  return fields;
}

function endOf(octets: Buffer, start: number, kind: (typeof LAYOUT)[number]): number {
  if (kind === 'counted') return start + 1 + (octets[start] ?? 0);
  if (kind !== 'text') return start + kind;
  const end = octets.indexOf(0, start);
  return end < 0 ? octets.length : end + 1;
}
