import assert from 'node:assert/strict';
import fc from 'fast-check';
import { takeOctets } from '../../../lib/text/octet-pool.js';

describe('the octet pool', () => {
  it('gives pieces of the length asked for, of zeros, that share no octet', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3000 }), { maxLength: 60 }), (lengths) => {
        const pieces = lengths.map((length, index) => {
          const piece = takeOctets(length);
          assert.equal(piece.length, length);
          assert.ok(piece.every((octet) => octet === 0));
          return piece.fill(1 + (index % 255));
        });
        assert.ok(pieces.every((piece, index) => piece.every((octet) => octet === 1 + (index % 255))));
      }),
    );
  });

  it('gives a piece its own memory when it is large', () => {
    assert.equal(takeOctets(2000).buffer.byteLength, 2000);
  });
});
