import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  codePointName,
  isHighSurrogate,
  isLowSurrogate,
  isPaired,
  isWellFormed,
  textOfCodeUnits,
} from '../../../lib/text/code-units.js';

describe('code units', () => {
  it('are well-formed to the engine and to our own test alike', () => {
    const halves = fc.constantFrom('a', 'å', '\ud83c', '\udf0a', '\ud800', '\udfff', '\ue000');
    fc.assert(
      fc.property(fc.array(halves, { maxLength: 12 }), (units) => {
        const text = units.join('');
        assert.equal(isPaired(text), !/\p{Surrogate}/u.test(text));
        assert.equal(isWellFormed(text), isPaired(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('become the text they came from, lone surrogates too', () => {
    fc.assert(
      fc.property(fc.uint16Array({ maxLength: 10_000, size: 'max' }), (units) => {
        const text = textOfCodeUnits(units);
        assert.deepEqual(
          Uint16Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
          units,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('are told apart as high, low and no surrogate', () => {
    const kinds = [0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000].map((unit) => [
      isHighSurrogate(unit),
      isLowSurrogate(unit),
    ]);
    assert.deepEqual(kinds, [
      [false, false],
      [true, false],
      [true, false],
      [false, true],
      [false, true],
      [false, false],
    ]);
  });
});

describe('the name of a code point', () => {
  it('has four digits or more', () => {
    assert.equal(codePointName('a°', 1), 'U+00B0');
    assert.equal(codePointName('😀', 0), 'U+1F600');
  });

  it('is that of the surrogate when its other half is missing', () => {
    assert.equal(codePointName('\ude00', 0), 'U+DE00');
  });
});
