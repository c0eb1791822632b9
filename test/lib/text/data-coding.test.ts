import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { InboundEncoding } from '../../../lib/message.js';
import { dataCodingOf, decodeText, encodeText, readDataCoding } from '../../../lib/text/data-coding.js';
import { anyText, gsm7Text } from './samples.js';

const everyOctet = Array.from({ length: 256 }, (_, octet) => octet);

function octetsRead(encoding: InboundEncoding): number[] {
  return everyOctet.filter((octet) => readDataCoding(octet).encoding === encoding);
}

describe('data_coding to send', () => {
  it("is one of inMobile's four", () => {
    assert.equal(dataCodingOf('gsm7', false), 0x00);
    assert.equal(dataCodingOf('gsm7', true), 0x10);
    assert.equal(dataCodingOf('ucs2', false), 0x08);
    assert.equal(dataCodingOf('ucs2', true), 0x18);
  });

  it('reads back as what was meant', () => {
    for (const encoding of ['gsm7', 'ucs2'] as const) {
      for (const flash of [false, true]) {
        assert.deepEqual(readDataCoding(dataCodingOf(encoding, flash)), { encoding, flash });
      }
    }
  });
});

describe('data_coding received', () => {
  it('is UTF-16 in the groups that say so', () => {
    const general = [0x18, 0x19, 0x1a, 0x1b];
    const deleted = [...[0x48, 0x49, 0x4a, 0x4b], ...[0x58, 0x59, 0x5a, 0x5b]];
    const waiting = everyOctet.slice(0xe0, 0xf0);
    assert.deepEqual(octetsRead('ucs2'), [0x08, ...general, ...deleted, ...waiting]);
  });

  it('is Latin-1 for IA5 and Latin-1', () => {
    assert.deepEqual(octetsRead('latin1'), [0x01, 0x03]);
  });

  it('is binary for 8-bit data, for alphabets that are not decoded and for compressed text', () => {
    assert.deepEqual(octetsRead('binary'), [
      ...[0x02, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0a, 0x0d, 0x0e],
      ...[0x14, 0x15, 0x16, 0x17],
      ...everyOctet.slice(0x20, 0x40),
      ...[0x44, 0x45, 0x46, 0x47, 0x54, 0x55, 0x56, 0x57],
      ...everyOctet.slice(0x60, 0x80),
      ...[0xf4, 0xf5, 0xf6, 0xf7, 0xfc, 0xfd, 0xfe, 0xff],
    ]);
  });

  it('is flash for class 0 where the class bits count', () => {
    const flash = everyOctet.filter((octet) => readDataCoding(octet).flash);
    const general = [0x10, 0x14, 0x18, 0x1c, 0x30, 0x34, 0x38, 0x3c];
    const deleted = [0x50, 0x54, 0x58, 0x5c, 0x70, 0x74, 0x78, 0x7c];
    assert.deepEqual(flash, [...general, ...deleted, 0xf0, 0xf4, 0xf8, 0xfc]);
  });
});

describe('text as octets', () => {
  it('is UTF-16 in big-endian order without a byte order mark', () => {
    assert.deepEqual([...encodeText('æ😀', 'ucs2')], [0x00, 0xe6, 0xd8, 0x3d, 0xde, 0x00]);
  });

  it('is refused as GSM7 when a character is not in it', () => {
    assert.throws(() => encodeText('ж', 'gsm7'), { code: 'SMPP_MESSAGE' });
  });

  it('comes back from UTF-16, lone surrogates too', () => {
    const text = anyText.filter((value) => !value.startsWith('\ufeff'));
    fc.assert(fc.property(text, (value) => decodeText(encodeText(value, 'ucs2'), 'ucs2') === value));
  });

  it('comes back from GSM7', () => {
    fc.assert(fc.property(gsm7Text, (text) => decodeText(encodeText(text, 'gsm7'), 'gsm7') === text));
  });
});

describe('octets as text', () => {
  const ucs2 = (...octets: number[]) => decodeText(Uint8Array.from(octets), 'ucs2');

  it('leaves a byte order mark out', () => {
    assert.equal(ucs2(0xfe, 0xff, 0x00, 0x41), 'A');
  });

  it('is little-endian after a byte order mark that says so', () => {
    assert.equal(ucs2(0xff, 0xfe, 0x41, 0x00, 0x16, 0x04), 'AЖ');
  });

  it('shows half a code unit at the end as U+FFFD', () => {
    assert.equal(ucs2(0x00, 0x41, 0x00), 'A\ufffd');
    assert.equal(ucs2(0xff, 0xfe, 0x41), '\ufffd');
    assert.equal(ucs2(0x41), '\ufffd');
  });

  it('is empty for no octets', () => {
    assert.equal(ucs2(), '');
  });

  it('is Latin-1 octet by octet', () => {
    assert.equal(decodeText(Uint8Array.of(0x41, 0xe5, 0xff), 'latin1'), 'Aåÿ');
  });

  it('is empty for binary', () => {
    assert.equal(decodeText(Uint8Array.of(0x41), 'binary'), '');
  });

  it('is made of any octets under any data_coding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 255 }), (octets, dataCoding) => {
        const text = decodeText(octets, readDataCoding(dataCoding).encoding);
        assert.ok(text.length <= octets.length);
      }),
    );
  });
});
