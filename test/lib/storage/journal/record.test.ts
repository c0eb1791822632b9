import assert from 'node:assert/strict';

import { DEFAULT_BOUNDS } from '../../../../lib/bounds.js';
import type { Piece } from '../../../../lib/storage/journal/piece.js';
import { decodeLine, decodePiece, Lines } from '../../../../lib/storage/journal/record.js';

const piece = (given: Partial<Piece>): Piece => ({
  table: 'tracked',
  keys: ['a'],
  values: [1],
  keepUntil: undefined,
  ...given,
});

/** As it stands between two LF. */
function written(pieces: readonly Piece[]): Buffer {
  const lines = new Lines(DEFAULT_BOUNDS);
  lines.add(pieces);
  return Buffer.from(lines.octets.subarray(1, -1));
}

const CASES: Readonly<Record<string, Piece>> = {
  'a put': piece({}),
  'a put with an end': piece({ keepUntil: 1_767_225_600_000 }),
  'an end that is no whole number': piece({ keepUntil: 1_767_225_600_000.25 }),
  'an end before 1970': piece({ keepUntil: -5 }),
  'an end beyond what is exact': piece({ keepUntil: 1e21 }),
  'an end of sixteen digits': piece({ keepUntil: 9_007_199_254_740_991 }),
  'a deletion': piece({ values: undefined }),
  'a deletion of several': piece({ keys: ['a', 'b', 'c'], values: undefined }),
  'several puts': piece({ keys: ['a', 'b'], values: [{ x: [1] }, null], keepUntil: 7 }),
  'a value that ends as an end does': piece({ values: [[1], 2], keys: ['a', 'b'] }),
  'no key': piece({ keys: [], values: [] }),
  'an empty key': piece({ keys: [''] }),
  'a key with quotes and backslashes': piece({ keys: ['a"],["\\', '\\'], values: [1, 2] }),
  'a key that is no ASCII': piece({ keys: ['blåbær 🫐'] }),
  'a key with a line feed': piece({ keys: ['a\nb\tc'] }),
};

describe('a line of the journal', () => {
  for (const [what, each] of Object.entries(CASES)) {
    it(`says of ${what} what its JSON says, but for the values`, () => {
      const line = decodeLine(written([each, piece({ keys: ['next'] })]));
      assert.ok(line.kind === 'batch');
      const octets = written([each]);
      const { values, ...head } = decodePiece(octets)!;
      assert.deepEqual(line.pieces[0], { ...head, values: values && 'unread' });
    });
  }

  it('is damaged when any bit of it is not as it was written', () => {
    const octets = written([piece({ keys: ['a', 'b'], values: [1, 'two'], keepUntil: 1_767_225_600_000 })]);
    for (let bit = 0; bit < 8 * octets.length; bit += 1) {
      const spoilt = Buffer.from(octets);
      spoilt[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(decodeLine(spoilt).kind, 'damaged', `bit ${bit}`);
    }
  });
});
