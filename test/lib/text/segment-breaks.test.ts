import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeGsm7, encodeGsm7 } from '../../../lib/text/gsm7.js';
import { cutSeptets, cutUtf16 } from '../../../lib/text/segment-breaks.js';
import { clusterText, gsm7Text } from './samples.js';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Lengths of the pieces that may not be cut, by the rule as it is written and not as it is coded. */
function pieces(text: string, unitsOf: (text: string) => number, segmentMax: number): number[] {
  return [...graphemes.segment(text)].flatMap(({ segment }) =>
    unitsOf(segment) <= segmentMax ? [unitsOf(segment)] : Array.from(segment, unitsOf),
  );
}

/** The least number of segments, by trying every division. */
function fewest(lengths: readonly number[], segmentMax: number): number {
  const best = [0];
  for (let end = 1; end <= lengths.length; end += 1) {
    let units = 0;
    let least = Infinity;
    for (let start = end - 1; start >= 0; start -= 1) {
      units += lengths[start]!;
      if (units > segmentMax) break;
      least = Math.min(least, best[start]! + 1);
    }
    best.push(least);
  }
  return Math.max(1, best.at(-1)!);
}

function assertCut(ends: readonly number[], lengths: readonly number[], segmentMax: number): void {
  const allowed = new Set([0]);
  let units = 0;
  for (const length of lengths) allowed.add((units += length));
  assert.equal(ends.at(-1), units, 'ends with the text');
  ends.forEach((end, index) => {
    const length = end - (ends[index - 1] ?? 0);
    assert.ok(length <= segmentMax, 'no segment is too long');
    assert.ok(length > 0 || units === 0, 'no segment is empty');
    assert.ok(allowed.has(end), 'nothing is cut in two');
  });
  assert.equal(ends.length, fewest(lengths, segmentMax), 'as few segments as can be');
}

const utf16Units = (text: string) => text.length;
const septets = (text: string) => encodeGsm7(text).length;

describe('cutting UTF-16', () => {
  it('breaks no cluster and gives the least number of segments', () => {
    fc.assert(
      fc.property(clusterText, fc.integer({ min: 2, max: 70 }), (text, segmentMax) => {
        assertCut(cutUtf16(text, segmentMax), pieces(text, utf16Units, segmentMax), segmentMax);
      }),
      { numRuns: 1000 },
    );
  });

  it('does so for characters of every kind', () => {
    const anyWellFormed = fc.string({ unit: 'binary', minLength: 20, maxLength: 200 });
    fc.assert(
      fc.property(anyWellFormed, fc.integer({ min: 2, max: 20 }), (text, segmentMax) => {
        assertCut(cutUtf16(text, segmentMax), pieces(text, utf16Units, segmentMax), segmentMax);
      }),
    );
  });

  it('finds no boundary that Unicode has not, between characters of all scripts', () => {
    // Every unit where the short cut of the code has its edges, every seventh of the long uniform rest.
    for (let unit = 0; unit < 0xd800; unit += unit < 0x600 || unit % 0x100 === 0 ? 1 : 7) {
      const character = String.fromCharCode(unit);
      for (const text of [`aa${character}`, `a${character}a`, `a${character}${character}`]) {
        assertCut(cutUtf16(text, 2), pieces(text, utf16Units, 2), 2);
      }
    }
  });

  it('finds none that Unicode has not, around emoji and what lies beside them', () => {
    for (let codePoint = 0x1eff0; codePoint < 0x20010; codePoint += 1) {
      const character = String.fromCodePoint(codePoint);
      for (const text of [
        `a${character}a`,
        `aa${character}`,
        `${character}aa`,
        `aaa${character}${character}`,
      ]) {
        assertCut(cutUtf16(text, 3), pieces(text, utf16Units, 3), 3);
      }
    }
  });

  it('moves an emoji, a flag and a letter with its accent whole', () => {
    assert.deepEqual(cutUtf16('aaa😀a', 4), [3, 6]);
    assert.deepEqual(cutUtf16('aa🇩🇰a', 4), [2, 6, 7]);
    assert.deepEqual(cutUtf16('aaae\u0301', 4), [3, 5]);
    assert.deepEqual(cutUtf16('aaa\r\nb', 4), [3, 6]);
  });

  it('cuts a cluster that is longer than a segment between code points', () => {
    const family = '👨‍👩‍👧';
    assert.deepEqual(cutUtf16(family, 4), [3, 6, 8]);
    assert.deepEqual(cutUtf16(`a${'e' + '\u0301'.repeat(9)}`, 4), [4, 8, 11]);
  });
});

describe('cutting GSM7', () => {
  it('breaks no escape pair and no CR LF and gives the least number of segments', () => {
    fc.assert(
      fc.property(gsm7Text, fc.integer({ min: 2, max: 40 }), (text, segmentMax) => {
        assertCut(cutSeptets(encodeGsm7(text), segmentMax), pieces(text, septets, segmentMax), segmentMax);
      }),
      { numRuns: 500 },
    );
  });

  it('gives segments that decode each on its own', () => {
    fc.assert(
      fc.property(gsm7Text, (text) => {
        const octets = encodeGsm7(text);
        const ends = cutSeptets(octets, 7);
        const segments = ends.map((end, index) => octets.subarray(ends[index - 1] ?? 0, end));
        assert.equal(segments.map(decodeGsm7).join(''), text);
      }),
    );
  });
});
