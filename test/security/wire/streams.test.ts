/** Octet streams cut anywhere, with good PDUs before, between and after what is none. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodePdu } from '../../../lib/pdu/decode.js';
import { Framer } from '../../../lib/pdu/framer.js';
import { bound, deliverSm, enquireLink } from '../../lib/session/builders.js';
import { HOSTILE_PDUS } from './hostile-pdus.js';
import { takeIn } from './take-in.js';

const READABLE = HOSTILE_PDUS.filter(({ fate }) => fate !== 'ended').map(({ octets }) => octets);
const ENDING = HOSTILE_PDUS.filter(({ fate }) => fate === 'ended').map(({ octets }) => octets);
const LAST = 0x7fff_ffff;

function pieces(octets: Buffer, lengths: readonly number[]): Buffer[] {
  let at = 0;
  const cut = lengths.map((length) => octets.subarray(at, (at += length)));
  return [...cut, octets.subarray(at)];
}

function read(chunks: readonly Buffer[]): {
  /** deliver_sm that were passed on. */
  readonly delivered: number;
  /** Sequence number of the last answer. */
  readonly last: number | undefined;
  readonly isClosed: boolean;
} {
  const { answers, deliveries, session } = takeIn(bound(), chunks);
  const last = answers.at(-1);
  return {
    delivered: deliveries.length,
    last: last && decodePdu(last).sequence_number,
    isClosed: session.state === 'closed',
  };
}

const cuts = fc.array(fc.nat(90), { maxLength: 40 });

describe('a stream', () => {
  it('of readable PDUs, hostile ones among them, is read to its end however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...READABLE), { maxLength: 8 }), cuts, (pdus, lengths) => {
        const stream = Buffer.concat([...pdus, enquireLink(LAST)]);
        const { last, isClosed } = read(pieces(stream, lengths));
        assert.deepEqual([last, isClosed], [LAST, false]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is read as far as a length that is none, and ends there', () => {
    const good = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(good, fc.constantFrom(...ENDING), fc.uint8Array(), cuts, (count, bad, garbage, lengths) => {
        const before = Array.from({ length: count }, (_, index) => deliverSm(index + 1));
        const stream = Buffer.concat([...before, bad, garbage, enquireLink(LAST)]);
        const { delivered, isClosed } = read(pieces(stream, lengths));
        assert.deepEqual([delivered, isClosed], [count, true]);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of any octets after good PDUs loses none of those', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), cuts, (garbage, lengths) => {
        const stream = Buffer.concat([deliverSm(1), deliverSm(2), garbage]);
        assert.ok(read(pieces(stream, lengths)).delivered >= 2);
      }),
      { numRuns: 2_000 },
    );
  });

  it('of one octet at a time is read', () => {
    const stream = Buffer.concat([...READABLE, enquireLink(LAST)]);
    assert.equal(read(Array.from(stream, (octet) => Buffer.of(octet))).last, LAST);
  });

  it('of a thousand PDUs in one chunk is read', () => {
    const stream = Buffer.concat(Array.from({ length: 1_000 }, (_, index) => deliverSm(index + 1)));
    assert.equal(read([stream]).delivered, 1_000);
  });

  it('of lengths announced and never completed keeps no more than one PDU', () => {
    const framer = new Framer();
    const begun = Buffer.alloc(65_536 - 1, 1);
    begun.writeUInt32BE(65_536, 0);
    framer.push(begun);
    assert.equal(framer.pending, 65_535);
  });
});
