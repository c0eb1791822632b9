import assert from 'node:assert/strict';
import { crc32, writtenOut } from '../../../../lib/storage/journal/crc32.js';

describe('crc32', () => {
  // Check value of the CRC catalogue (CRC-32/ISO-HDLC), and gzip's for the empty input.
  for (const [text, sum] of [
    ['123456789', 0xcbf43926],
    ['', 0],
    ['a', 0xe8b7be43],
  ] as const) {
    it(`gives the published sum for "${text}"`, () => {
      assert.equal(crc32(Buffer.from(text), 0, text.length), sum);
    });
  }

  it('gives the same sum by either way, for every length', () => {
    const octets = Uint8Array.from({ length: 600 }, (_, index) => (index * 7919) & 0xff);
    for (let end = 0; end <= octets.length; end += 1) {
      assert.equal(crc32(octets, 3, end), writtenOut(octets, 3, end));
    }
  });

  it('sums only what lies between start and end', () => {
    assert.equal(crc32(Buffer.from('xx123456789yy'), 2, 11), 0xcbf43926);
  });
});
