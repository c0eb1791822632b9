import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseUserData } from '../../../lib/text/user-data-header.js';
import { concatenationHeader } from '../../support/concatenation-header.js';

const BODY = [0x41, 0x42];

function parsed(...octets: number[]) {
  return parseUserData(Uint8Array.from([...octets, ...BODY]), true);
}

describe('the concatenation header', () => {
  const place = { reference: 0x1234, total: 3, sequence: 2 };

  it('has 6 octets with an 8-bit reference', () => {
    assert.deepEqual([...concatenationHeader(place, 8)], [0x05, 0x00, 0x03, 0x34, 3, 2]);
  });

  it('has 7 octets with a 16-bit reference', () => {
    assert.deepEqual([...concatenationHeader(place, 16)], [0x06, 0x08, 0x04, 0x12, 0x34, 3, 2]);
  });

  it('reads back as it was written', () => {
    const places = fc
      .record({ reference: fc.nat({ max: 0xffff }), total: fc.integer({ min: 1, max: 255 }) })
      .chain((base) => fc.integer({ min: 1, max: base.total }).map((sequence) => ({ ...base, sequence })));
    fc.assert(
      fc.property(places, fc.constantFrom(8 as const, 16 as const), fc.uint8Array(), (given, width, body) => {
        const reference = width === 8 ? given.reference & 0xff : given.reference;
        const octets = Uint8Array.of(...concatenationHeader(given, width), ...body);
        const result = parseUserData(octets, true);
        assert.deepEqual(result, { body, concatenation: { ...given, reference, width } });
      }),
    );
  });
});

describe('user data', () => {
  it('is all body without a header', () => {
    const octets = Uint8Array.of(0x05, 0x00, 0x03, 1, 2, 1);
    assert.deepEqual(parseUserData(octets, false), { body: octets });
  });

  it('takes 0 for a reference', () => {
    assert.equal(parsed(5, 0x00, 3, 0, 2, 1).concatenation?.reference, 0);
  });

  it('passes over elements beside the concatenation, before and behind it', () => {
    const { body, concatenation } = parsed(14, 0x05, 4, 1, 2, 3, 4, 0x00, 3, 9, 2, 1, 0x24, 1, 1);
    assert.deepEqual([...body], BODY);
    assert.deepEqual(concatenation, { reference: 9, total: 2, sequence: 1, width: 8 });
  });

  it('tells of a national table, whichever it is', () => {
    const tables = [parsed(3, 0x24, 1, 1), parsed(3, 0x25, 1, 1), parsed(3, 0x05, 1, 1)];
    assert.deepEqual(
      tables.map(({ hasNationalTable }) => hasNationalTable),
      [true, true, undefined],
    );
  });

  it('counts the last of two concatenation elements', () => {
    const { concatenation } = parsed(11, 0x00, 3, 9, 2, 1, 0x08, 4, 1, 0, 3, 2);
    assert.deepEqual(concatenation, { reference: 256, total: 3, sequence: 2, width: 16 });
  });

  it('counts a valid concatenation element although the last is not', () => {
    const { concatenation } = parsed(10, 0x00, 3, 9, 2, 1, 0x00, 3, 8, 0, 0);
    assert.deepEqual(concatenation, { reference: 9, total: 2, sequence: 1, width: 8 });
  });

  for (const [name, header] of [
    ['of total 0', [5, 0x00, 3, 9, 0, 1]],
    ['of sequence 0', [5, 0x00, 3, 9, 2, 0]],
    ['of a sequence over the total', [5, 0x00, 3, 9, 2, 3]],
    ['of a length that is not its own', [6, 0x00, 4, 9, 2, 1, 0]],
    ['of 16 bits with the length of 8', [5, 0x08, 3, 9, 2, 1]],
    ['that runs past the header', [4, 0x00, 3, 9, 0xff]],
  ] as const) {
    it(`ignores a concatenation element ${name}`, () => {
      assert.deepEqual(parsed(...header), { body: Uint8Array.from(BODY) });
    });
  }

  it('keeps what stood before an element that runs past the header', () => {
    const { body, concatenation } = parsed(7, 0x00, 3, 9, 2, 1, 0x05, 9);
    assert.deepEqual([...body], BODY);
    assert.equal(concatenation?.reference, 9);
  });

  it('is body without concatenation after an empty header', () => {
    assert.deepEqual(parsed(0), { body: Uint8Array.from(BODY) });
  });

  it('is empty after a header that is all there is', () => {
    assert.equal(parseUserData(Uint8Array.of(5, 0x00, 3, 9, 2, 1), true).body.length, 0);
  });

  it('is all body when the header is longer than the octets, or there are none', () => {
    assert.deepEqual([...parsed(9, 0x00, 3, 9, 2, 1).body], [9, 0x00, 3, 9, 2, 1, ...BODY]);
    assert.equal(parseUserData(new Uint8Array(), true).body.length, 0);
  });

  it('is parsed from any octets, to a valid concatenation or none', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .array(fc.constantFrom(0, 1, 2, 3, 4, 5, 6, 8, 11, 255), { maxLength: 40 })
        .map((octets) => Uint8Array.from(octets)),
    );
    fc.assert(
      fc.property(octets, (value) => {
        const { body, concatenation } = parseUserData(value, true);
        assert.ok(body.length <= value.length);
        if (concatenation === undefined) return;
        assert.ok(concatenation.sequence >= 1 && concatenation.sequence <= concatenation.total);
      }),
      { numRuns: 2000 },
    );
  });
});
