import assert from 'node:assert/strict';

import fc from 'fast-check';

import { readPart, type WholeMessage } from '../../../lib/inbox/message-part.js';
import { readSms } from '../../../lib/inbox/read-sms.js';
import type { Delivery } from '../../../lib/message.js';
import { encodeText, type Encoding } from '../../../lib/text/data-coding.js';
import { OURS, partsOf, PHONE, smsDelivery } from './builders.js';

/** A message of these deliveries, in order; the numbers of those that came may be given. */
function whole(
  deliveries: readonly Delivery[],
  total = deliveries.length,
  sequences?: readonly number[],
): WholeMessage {
  const parts = deliveries.map((delivery, index) => ({
    ...readPart(delivery, 1_000 + index).part,
    sequence: sequences?.[index] ?? index + 1,
  }));
  return { parts, total };
}

const read = (...deliveries: readonly Delivery[]) => readSms(whole(deliveries))!;

describe('readSms', () => {
  it('reads an SMS whole', () => {
    assert.deepEqual(read(smsDelivery('Blåbærgrød €')), {
      from: PHONE,
      to: OURS,
      text: 'Blåbærgrød €',
      encoding: 'gsm7',
      dataCoding: 0,
      flash: false,
      segments: 1,
      complete: true,
      receivedAt: 1_000,
    });
  });

  it('reads UTF-16 with emoji', () => {
    assert.equal(read(smsDelivery('', { dataCoding: 8, octets: encodeText('æ😀', 'ucs2') })).text, 'æ😀');
  });

  for (const [dataCoding, encoding, flash] of [
    [0x00, 'gsm7', false],
    [0x10, 'gsm7', true],
    [0x08, 'ucs2', false],
    [0x18, 'ucs2', true],
    [0x03, 'latin1', false],
    [0x04, 'binary', false],
    [0xf5, 'binary', false],
  ] as const) {
    it(`takes data coding ${dataCoding} for ${encoding}${flash ? ', flash' : ''}`, () => {
      const sms = read(smsDelivery('', { dataCoding, octets: Buffer.from('AAAA') }));
      assert.deepEqual([sms.encoding, sms.flash, sms.dataCoding], [encoding, flash, dataCoding]);
    });
  }

  it('gives binary content as hexadecimal octets', () => {
    const { text, binary } = read(smsDelivery('', { dataCoding: 4, octets: Buffer.from([0, 1, 0xff]) }));
    assert.deepEqual({ text, binary }, { text: '', binary: '0001ff' });
  });

  it('gives what it could not decode as octets too', () => {
    const { binary } = read(smsDelivery('', { dataCoding: 8, octets: Buffer.from([0, 0x41, 0]) }));
    assert.equal(binary, '004100');
  });

  it('gives no octets of plain text', () => {
    assert.equal('binary' in read(smsDelivery('Hi')), false);
  });

  it('leaves the user data header out of the text', () => {
    const octets = Buffer.from([4, 0x24, 1, 2, 0x25, 0x41]);
    assert.equal(read(smsDelivery('', { octets, hasUserDataHeader: true })).text, 'A');
  });

  it('is at its latest part in time', () => {
    assert.equal(read(...partsOf('abcd', 2)).receivedAt, 1_001);
  });

  it('decodes parts in different data codings each by its own', () => {
    const parts = [smsDelivery('æ'), smsDelivery('', { dataCoding: 8, octets: encodeText('ø', 'ucs2') })];
    assert.equal(read(...parts).text, 'æø');
  });

  it('joins neighbouring parts of one encoding, whatever their classes: nothing that was cut stays cut', () => {
    const escaped = [0x00, 0x10, 0xf1].map((dataCoding, index) =>
      smsDelivery('', { dataCoding, octets: Uint8Array.of(...(index === 0 ? [0x41, 0x1b] : [0x65, 0x1b])) }),
    );
    const emoji = [
      smsDelivery('', { dataCoding: 0x08, octets: Uint8Array.of(0xd8) }),
      smsDelivery('', { dataCoding: 0x18, octets: Uint8Array.of(0x3d, 0xde, 0x00) }),
    ];
    assert.deepEqual([read(...escaped).text, read(...emoji).text], ['A€€ ', '😀']);
  });

  describe('of parts that disagree', () => {
    const text = smsDelivery('æ');
    const wide = smsDelivery('', { dataCoding: 8, octets: encodeText('Ж', 'ucs2') });
    const binary = smsDelivery('', { dataCoding: 4, octets: Uint8Array.of(1, 0xff) });

    for (const [order, parts, expected, hex] of [
      ['binary after text', [text, binary], 'æ', '1d01ff'],
      ['text after binary', [binary, text], 'æ', '01ff1d'],
      ['binary between texts', [text, binary, wide], 'æЖ', '1d01ff0416'],
    ] as const) {
      it(`gives all octets in order, and what text there is: ${order}`, () => {
        const sms = read(...parts);
        assert.deepEqual([sms.encoding, sms.dataCoding, sms.text, sms.binary], ['binary', 4, expected, hex]);
      });
    }

    it('is in the encoding that can say all of it', () => {
      const flash = { ...wide, dataCoding: 0x18 };
      const { encoding, dataCoding, flash: isFlash } = read(text, flash, wide);
      assert.deepEqual(
        { encoding, dataCoding, isFlash },
        { encoding: 'ucs2', dataCoding: 0x18, isFlash: true },
      );
      assert.equal('binary' in read(text, wide), false);
    });

    it('is of the first part’s class when they differ in nothing else', () => {
      const { dataCoding, flash } = read(text, smsDelivery('ø', { dataCoding: 0x10 }));
      assert.deepEqual({ dataCoding, flash }, { dataCoding: 0, flash: false });
    });
  });

  describe('of byte order marks', () => {
    const part = (...octets: number[]) => smsDelivery('', { dataCoding: 8, octets: Uint8Array.from(octets) });

    it('leaves out that of each part', () => {
      const marked = [part(0xfe, 0xff, 0x00, 0x41), part(0xfe, 0xff, 0x00, 0x42)];
      const little = [part(0xff, 0xfe, 0x41, 0x00), part(0xff, 0xfe, 0x42, 0x00)];
      assert.deepEqual([read(...marked).text, read(...little).text], ['AB', 'AB']);
    });

    it('reads each part in the order that the last one said, also after a missing part', () => {
      const parts = [
        part(0xff, 0xfe, 0x41, 0x00),
        part(0x42, 0x00),
        part(0xfe, 0xff, 0x00, 0x43),
        part(0x00, 0x44),
      ];
      assert.equal(read(...parts).text, 'ABCD');
      assert.equal(readSms(whole(parts.slice(0, 2), 3, [1, 3]))!.text, 'AB');
    });

    it('takes two octets in the middle of two characters for those characters', () => {
      assert.equal(read(part(0x00), part(0xfe, 0xff, 0x21)).text, 'þＡ');
    });
  });

  it('gives the octets too of a text by a national table, which it reads by the default alphabet', () => {
    const inTurkish = { octets: Buffer.from([3, 0x24, 1, 1, 0x1b, 0x63]), hasUserDataHeader: true };
    const sms = read(smsDelivery('a'), smsDelivery('', inTurkish));
    assert.deepEqual([sms.text, sms.encoding, sms.binary], ['ac', 'gsm7', '611b63']);
    const inUcs2 = { ...inTurkish, dataCoding: 8, octets: Buffer.from([3, 0x25, 1, 1, 0, 0x63]) };
    assert.equal('binary' in read(smsDelivery('', inUcs2)), false);
  });

  it('does not join what is on both sides of a missing part', () => {
    const [first, , third] = partsOf('a😀b', 3, { encoding: 'ucs2' });
    const { text } = readSms(whole([first!, third!], 3, [1, 3]))!;
    // Half a code unit before the gap; after it the octets are read anew, not as the other half.
    assert.equal(text.startsWith('a�'), true);
  });

  it('counts the parts that were sent, and says that some are missing', () => {
    const [first, , third] = partsOf('abcdef', 2);
    const { segments, complete, text } = readSms(whole([first!, third!], 3, [1, 3]))!;
    assert.deepEqual({ segments, complete, text }, { segments: 3, complete: false, text: 'abef' });
  });

  for (const encoding of ['gsm7', 'ucs2'] as const) {
    it(`heals whatever a split in ${encoding} has cut`, () => {
      fc.assert(
        fc.property(textIn(encoding), fc.integer({ min: 1, max: 9 }), (text, size) => {
          assert.equal(read(...partsOf(text, size, { encoding })).text, text);
        }),
      );
    });
  }

  it('survives any deliveries, and loses none of their octets', () => {
    const deliveries = fc.record({
      octets: fc.uint8Array({ maxLength: 200 }),
      dataCoding: fc.nat(255),
      hasUserDataHeader: fc.boolean(),
      kind: fc.constantFrom('sms' as const, 'other' as const),
    });
    fc.assert(
      fc.property(fc.array(deliveries, { minLength: 1, maxLength: 4 }), (list) => {
        const message = whole(list.map((delivery) => smsDelivery('', delivery)));
        const { text, binary, encoding } = readSms(message)!;
        const octets = Buffer.concat(message.parts.map(({ body }) => body)).toString('hex');
        if (binary !== undefined) assert.equal(binary, octets);
        else assert.ok(encoding !== 'binary' && !text.includes('\ufffd'));
      }),
    );
  });
});

/** Text with what takes two units of its encoding; no U+FEFF, which at the start is a byte order mark. */
function textIn(encoding: Encoding): fc.Arbitrary<string> {
  const gsm7 = fc.constantFrom('a', 'æ', '€', '[', '~', '@');
  const ucs2 = fc.oneof(fc.constantFrom('a', '😀', '🇩🇰', 'é'), fc.string({ unit: 'binary', maxLength: 1 }));
  return fc
    .array(encoding === 'gsm7' ? gsm7 : ucs2, { minLength: 1, maxLength: 60 })
    .map((characters) => characters.join('').replace(/[\ufeff\ufffe]/g, '-'))
    .filter((text) => text !== '');
}
