import assert from 'node:assert/strict';

import fc from 'fast-check';

import { encodeAll, encodePdu } from '../../../lib/pdu/encode.js';
import { Framer } from '../../../lib/pdu/framer.js';
import { PduError } from '../../../lib/pdu/pdu-error.js';
import { anyPdu } from './arbitraries.js';

const ENQUIRE_LINK = encodePdu({ command: 'enquire_link', sequence_number: 1 });

function header(command_length: number): Buffer {
  const octets = Buffer.alloc(16);
  octets.writeUInt32BE(command_length, 0);
  return octets;
}

function isFramingError(error: unknown): boolean {
  return error instanceof PduError && error.kind === 'framing' && error.code === 'SMPP_PROTOCOL';
}

/** `octets` in pieces of the given lengths, the rest in one. */
function cut(octets: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of lengths) {
    chunks.push(octets.subarray(at, at + length));
    at += length;
  }
  return [...chunks, octets.subarray(at)];
}

describe('Framer', () => {
  it('returns a frame that lies within the chunk as a view of it', () => {
    const chunk = Buffer.concat([ENQUIRE_LINK, ENQUIRE_LINK]);
    assert.deepEqual(
      new Framer().push(chunk).map((frame) => frame.buffer === chunk.buffer),
      [true, true],
    );
  });

  it('keeps the chunk out of a frame that was split, so that the chunk may be used again', () => {
    const framer = new Framer();
    const reused = Buffer.from(ENQUIRE_LINK.subarray(0, 10));
    framer.push(reused);
    reused.fill(0xff);
    assert.deepEqual(framer.push(ENQUIRE_LINK.subarray(10)), [ENQUIRE_LINK]);
  });

  it('cuts the same frames however the stream was split', () => {
    fc.assert(
      fc.property(fc.array(anyPdu, { maxLength: 8 }), fc.array(fc.nat(40)), (pdus, lengths) => {
        const framer = new Framer();
        const frames = cut(encodeAll(pdus), lengths).flatMap((chunk) => framer.push(chunk));
        assert.deepEqual(
          frames,
          pdus.map((pdu) => encodePdu(pdu)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('cuts 500 PDUs out of one chunk', () => {
    const chunk = Buffer.concat(Array.from({ length: 500 }, () => ENQUIRE_LINK));
    assert.equal(new Framer().push(chunk).length, 500);
  });

  it('cuts PDUs that come octet by octet', () => {
    const framer = new Framer();
    const stream = Buffer.concat([ENQUIRE_LINK, ENQUIRE_LINK]);
    const frames = cut(
      stream,
      Array.from(stream, () => 1),
    ).flatMap((chunk) => framer.push(chunk));
    assert.deepEqual(frames, [ENQUIRE_LINK, ENQUIRE_LINK]);
  });

  it('tells how many octets wait for the rest of their PDU', () => {
    const framer = new Framer();
    const pending = cut(ENQUIRE_LINK, [3, 4, 8]).map((chunk) => {
      framer.push(chunk);
      return framer.pending;
    });
    assert.deepEqual(pending, [3, 7, 15, 0]);
  });

  for (const length of [16, 65_536]) {
    it(`takes a command_length of ${length}`, () => {
      const frame = Buffer.alloc(length);
      frame.writeUInt32BE(length, 0);
      assert.deepEqual(new Framer().push(frame), [frame]);
    });
  }

  for (const length of [0, 1, 2, 3, 4, 8, 15, 65_537, 0x7fffffff, 0xffffffff]) {
    it(`refuses a command_length of ${length}`, () => {
      assert.throws(() => new Framer().push(header(length)), isFramingError);
    });
  }

  it('refuses a bad command_length as soon as its four octets are there', () => {
    const framer = new Framer();
    framer.push(Buffer.from([0x48, 0x54]));
    assert.throws(() => framer.push(Buffer.from([0x54, 0x50])), isFramingError);
  });

  it('keeps nothing once it has failed', () => {
    const framer = new Framer();
    framer.push(Buffer.from('HT'));
    assert.throws(() => framer.push(Buffer.from('TP/1.1 400 Bad Request')));
    assert.equal(framer.pending, 0);
  });

  it('stays failed', () => {
    const framer = new Framer();
    assert.throws(() => framer.push(header(15)));
    assert.throws(() => framer.push(ENQUIRE_LINK), isFramingError);
  });

  it('returns the whole PDUs that precede a bad length', () => {
    assert.deepEqual(new Framer().push(Buffer.concat([ENQUIRE_LINK, header(15)])), [ENQUIRE_LINK]);
  });

  it('is failed after whole PDUs that precede a bad length', () => {
    const framer = new Framer();
    framer.push(Buffer.concat([ENQUIRE_LINK, header(15)]));
    assert.ok(isFramingError(framer.failure));
  });

  it('throws on the next octets after a bad length that followed whole PDUs', () => {
    const framer = new Framer();
    framer.push(Buffer.concat([ENQUIRE_LINK, header(15)]));
    assert.throws(() => framer.push(ENQUIRE_LINK), isFramingError);
  });

  it('fails nowhere else, on any octets and any splitting', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const framer = new Framer();
        try {
          for (const chunk of chunks) framer.push(Buffer.from(chunk));
        } catch (error) {
          assert.ok(isFramingError(error));
        }
      }),
      { numRuns: 1000 },
    );
  });
});
