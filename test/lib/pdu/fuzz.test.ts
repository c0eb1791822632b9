/**
 * Octets that no peer should send: the golden PDUs, mutated in ways that parsers trip over. fast-check prints
 * the seed of what fails.
 */
import assert from 'node:assert/strict';

import fc from 'fast-check';

import { SmppError } from '../../../lib/errors.js';
import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodePdu } from '../../../lib/pdu/encode.js';
import { Framer } from '../../../lib/pdu/framer.js';
import type { Pdu } from '../../../lib/pdu/pdu.js';
import { PduError } from '../../../lib/pdu/pdu-error.js';
import { toDelivery } from '../../../lib/pdu/short-message.js';
import { GOLDEN_PDUS } from '../../wire/golden-pdus.js';

/** Octets at the borders of lengths and types. */
const INTERESTING = [0x00, 0x01, 0x04, 0x10, 0x7f, 0x80, 0xfe, 0xff] as const;

type Mutate = (octets: Buffer, at: number, value: number) => Buffer;

const MUTATIONS: readonly Mutate[] = [
  (octets, at, value) => replaced(octets, at, value & 0xff),
  (octets, at, value) => replaced(octets, at, INTERESTING[value % INTERESTING.length] ?? 0),
  (octets, at, value) => replaced(octets, at, (octets[at] ?? 0) ^ (1 << (value % 8))),
  (octets, at) => octets.subarray(0, at),
  (octets, at, value) => Buffer.concat([octets.subarray(0, at), octets.subarray(at + 1 + (value % 8))]),
  (octets, at, value) =>
    Buffer.concat([octets.subarray(0, at), Buffer.alloc(value % 300, value), octets.subarray(at)]),
  (octets, at) => Buffer.concat([octets, octets.subarray(at)]),
];

function replaced(octets: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(octets);
  if (at < copy.length) copy[at] = value;
  return copy;
}

/** Most mutants get their command_length put right, else all of them would fail at that. */
function withLength(octets: Buffer): Buffer {
  if (octets.length < 4) return octets;
  const copy = Buffer.from(octets);
  copy.writeUInt32BE(copy.length, 0);
  return copy;
}

const mutant: fc.Arbitrary<Buffer> = fc
  .record({
    golden: fc.constantFrom(...GOLDEN_PDUS),
    steps: fc.array(fc.tuple(fc.nat(MUTATIONS.length - 1), fc.nat(0xffff), fc.nat(0xffff)), {
      minLength: 1,
      maxLength: 4,
    }),
    hasRightLength: fc.integer({ min: 0, max: 4 }).map((draw) => draw > 0),
  })
  .map(({ golden, steps, hasRightLength }) => {
    const octets = steps.reduce<Buffer>(
      (mutated, [kind, at, value]) => MUTATIONS[kind]!(mutated, at % (mutated.length + 1), value),
      golden.octets,
    );
    return hasRightLength ? withLength(octets) : octets;
  });

function decoded(octets: Buffer): Pdu | undefined {
  try {
    return decodePdu(octets);
  } catch (error) {
    assert.ok(error instanceof PduError && error.kind !== 'framing', String(error));
    return undefined;
  }
}

function encoded(pdu: Pdu): Buffer | undefined {
  try {
    return encodePdu(pdu);
  } catch (error) {
    assert.ok(error instanceof SmppError && error.code === 'SMPP_PROTOCOL', String(error));
    return undefined;
  }
}

interface Outcome {
  readonly frames: readonly string[];
  readonly hasFailed: boolean;
}

function framed(chunks: readonly Buffer[]): Outcome {
  const framer = new Framer();
  const frames: string[] = [];
  for (const chunk of chunks) {
    try {
      for (const frame of framer.push(chunk)) frames.push(frame.toString('hex'));
    } catch (error) {
      assert.ok(error instanceof PduError && error.kind === 'framing', String(error));
      break;
    }
  }
  return { frames, hasFailed: framer.failure !== undefined };
}

function pieces(octets: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0;
  const chunks = lengths.map((length) => octets.subarray(at, (at += length)));
  return [...chunks, octets.subarray(at)];
}

describe('mutated PDUs', () => {
  it('are read, or refused with a PduError', () => {
    fc.assert(
      fc.property(mutant, (octets) => {
        decoded(octets);
      }),
      { numRuns: 20_000 },
    );
  });

  it('mean the same once written again', () => {
    fc.assert(
      fc.property(mutant, (octets) => {
        const pdu = decoded(octets);
        const again = pdu && encoded(pdu);
        if (again !== undefined) assert.deepEqual(decodePdu(again), pdu);
      }),
      { numRuns: 5_000 },
    );
  });

  it('become a delivery when they are a deliver_sm', () => {
    fc.assert(
      fc.property(mutant, (octets) => {
        const pdu = decoded(octets);
        if (pdu?.command === 'deliver_sm') toDelivery(pdu);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are cut the same however they are split', () => {
    fc.assert(
      fc.property(fc.array(mutant, { maxLength: 6 }), fc.array(fc.nat(60)), (octets, lengths) => {
        const stream = Buffer.concat(octets);
        assert.deepEqual(framed(pieces(stream, lengths)), framed([stream]));
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('any octets', () => {
  it('are read as a PDU, or refused with a PduError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom(...GOLDEN_PDUS), (octets, { pdu }) => {
        const header = encodePdu(pdu).subarray(0, 16);
        decoded(withLength(Buffer.concat([header, octets])));
      }),
      { numRuns: 10_000 },
    );
  });
});
