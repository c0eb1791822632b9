import assert from 'node:assert/strict';

import fc from 'fast-check';

import { encodeText } from '../../../lib/text/data-coding.js';
import { encodeGsm7, encodeGsm7IfPossible } from '../../../lib/text/gsm7.js';
import { GSM7_CHARACTERS } from './samples.js';

/** Character by character, each of them a text of its own. */
const oneByOne = (text: string) => Array.from(text).flatMap((character) => [...encodeGsm7(character)]);
const gsm7 = fc
  .array(fc.constantFrom(...GSM7_CHARACTERS), { maxLength: 400 })
  .map((characters) => characters.join(''));

describe('encoding by words', () => {
  it('gives for a text of GSM7 what each of its characters gives', () => {
    fc.assert(fc.property(gsm7, (text) => assert.deepEqual([...encodeGsm7(text)], oneByOne(text))));
  });

  it('misses no character that GSM7 lacks, wherever it stands', () => {
    for (let length = 1; length <= 9; length += 1) {
      for (let at = 0; at < length; at += 1) {
        const text = `${'a'.repeat(at)}Ł${'a'.repeat(length - at - 1)}`;
        assert.equal(encodeGsm7IfPossible(text), undefined, text);
      }
    }
  });

  it('is not misled by what an earlier, longer text left behind', () => {
    encodeGsm7IfPossible('ŁŁŁŁŁŁŁŁ');
    assert.deepEqual([...encodeGsm7('ab')], [0x61, 0x62]);
  });

  it('gives UTF-16 in big-endian order, lone surrogates and all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const expected = Buffer.from(text, 'utf16le').swap16();
        assert.deepEqual(Buffer.from(encodeText(text, 'ucs2')), expected);
      }),
    );
  });

  for (const [encoding, text] of [
    ['gsm7', 'ab€ '.repeat(25_000)],
    ['ucs2', 'ab€🌊'.repeat(25_000)],
  ] as const) {
    it(`encodes a text in ${encoding} that no SMS holds as its parts`, () => {
      const parts = [0, 1, 2, 3, 4].map((index) => text.slice(index * 20_000, (index + 1) * 20_000));
      const expected = Buffer.concat(
        [...parts, text.slice(100_000)].map((part) => encodeText(part, encoding)),
      );
      assert.deepEqual(Buffer.from(encodeText(text, encoding)), expected);
    });
  }
});
