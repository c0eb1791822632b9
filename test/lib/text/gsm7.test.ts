import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodings } from 'smpp';
import { decodeGsm7, encodeGsm7, encodeGsm7IfPossible, isGsm7 } from '../../../lib/text/gsm7.js';
import { GSM7, GSM7_CHARACTERS, gsm7Text } from './samples.js';

/** The npm package takes U+001B for a character of the alphabet; it is the escape to the extension table. */
const ESCAPE_UNIT = 0x1b;

const everyUnit = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));

describe('GSM7', () => {
  it('has 127 basic and 10 extended characters', () => {
    assert.equal(everyUnit.filter(isGsm7).length, 137);
    assert.equal(everyUnit.filter((character) => encodeGsm7IfPossible(character)?.length === 2).length, 10);
  });

  it('encodes each character as in 3GPP 23.038', () => {
    for (const [character, octets] of GSM7) assert.deepEqual([...encodeGsm7(character)], octets, character);
  });

  it('decodes each character as in 3GPP 23.038', () => {
    for (const [character, octets] of GSM7) assert.equal(decodeGsm7(Uint8Array.from(octets)), character);
  });

  it('agrees with the npm package on which of the 65 536 code units are in the alphabet', () => {
    const ours = everyUnit.filter(isGsm7);
    const theirs = everyUnit.filter(
      (character) => character.charCodeAt(0) !== ESCAPE_UNIT && encodings.ASCII.match(character),
    );
    assert.deepEqual(ours, theirs);
  });

  it('agrees with the npm package on the octets of each character, both ways', () => {
    for (const character of GSM7_CHARACTERS) {
      const octets = encodings.ASCII.encode(character);
      assert.deepEqual([...encodeGsm7(character)], [...octets], character);
      assert.equal(decodeGsm7(octets), encodings.ASCII.decode(octets), character);
    }
  });

  it('writes Danish letters as one septet each', () => {
    assert.deepEqual([...encodeGsm7('æøåÆØÅ')], [0x1d, 0x0c, 0x0f, 0x1c, 0x0b, 0x0e]);
  });

  it('decodes what it encodes', () => {
    fc.assert(fc.property(gsm7Text, (text) => decodeGsm7(encodeGsm7(text)) === text));
  });

  it('keeps texts that were encoded one after the other apart', () => {
    fc.assert(
      fc.property(fc.array(gsm7Text, { maxLength: 40 }), (texts) => {
        const encoded = texts.map(encodeGsm7);
        assert.deepEqual(encoded.map(decodeGsm7), texts);
      }),
    );
  });

  it('has no octets for a text with a character that it lacks', () => {
    for (const text of ['ç', 'a°', '[ç', 'ç[', '😀', '\u001b', '\ud800', '\0']) {
      assert.equal(isGsm7(text), false);
      assert.equal(encodeGsm7IfPossible(text), undefined);
    }
  });

  it('takes an empty text', () => {
    assert.equal(isGsm7(''), true);
    assert.equal(encodeGsm7('').length, 0);
    assert.equal(decodeGsm7(new Uint8Array()), '');
  });

  it('names the code point and the index of the first character that it lacks, and no text', () => {
    assert.throws(() => encodeGsm7('Hej [Bo] 😀 °'), {
      name: 'SmppError',
      code: 'SMPP_MESSAGE',
      field: 'text',
      message: 'text: GSM7 has no U+1F600 (index 9); leave it out, or use UTF-16',
    });
  });
});

describe('GSM7 from the wire', () => {
  const decoded = (...octets: number[]) => decodeGsm7(Uint8Array.from(octets));

  it('shows the basic character after an escape that means nothing', () => {
    assert.equal(decoded(0x1b, 0x41, 0x42), 'AB');
    assert.equal(decoded(0x1b, 0x00), '@');
  });

  it('shows an escape at the end as a space', () => {
    assert.equal(decoded(0x41, 0x1b), 'A ');
  });

  it('shows two escapes as one space', () => {
    assert.equal(decoded(0x1b, 0x1b, 0x65), ' e');
  });

  it('shows an octet over 0x7F as U+FFFD, after an escape too', () => {
    assert.equal(decoded(0x41, 0x80, 0xff), 'A\ufffd\ufffd');
    assert.equal(decoded(0x1b, 0xe5), '\ufffd');
  });

  it('decodes any octets, to no more characters than there are octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => decodeGsm7(octets).length <= octets.length),
    );
  });

  it('decodes a text that is longer than one call can take', () => {
    const text = 'æ€'.repeat(100_000);
    assert.equal(decodeGsm7(encodeGsm7(text)), text);
  });
});
