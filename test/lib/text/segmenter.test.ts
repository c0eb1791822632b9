import assert from 'node:assert/strict';
import fc from 'fast-check';
import { SegmentedMessage } from 'sms-segments-calculator';
import { SmppError } from '../../../lib/errors.js';
import type { LongMessage } from '../../../lib/message.js';
import { decodeText } from '../../../lib/text/data-coding.js';
import { isGsm7 } from '../../../lib/text/gsm7.js';
import { forcedBy, planText, type TextOptions } from '../../../lib/text/segmenter.js';
import { anyText, clusterText, gsm7Text, GSM7_CHARACTERS } from './samples.js';

const options = (given: Partial<TextOptions> = {}): TextOptions => ({
  encoding: 'auto',
  substitute: true,
  longMessage: 'udh8',
  ...given,
});

const anyOptions = fc.record({
  encoding: fc.constantFrom<TextOptions['encoding']>('auto', 'ucs2'),
  substitute: fc.boolean(),
  longMessage: fc.constantFrom<LongMessage>('udh8', 'udh16', 'sar', 'payload'),
});

describe('the encoding of a text', () => {
  it('is GSM7 for Danish', () => {
    const plan = planText('Blåbærgrød på ØÆÅ, 5 €', options());
    assert.equal(plan.encoding, 'gsm7');
    assert.equal(plan.unitsUsed, 23);
  });

  it('is GSM7 after substitution, which is reported', () => {
    const plan = planText('Temp 23,5 °C', options());
    assert.equal(plan.encoding, 'gsm7');
    assert.equal(plan.text, 'Temp 23,5 C');
    assert.deepEqual(plan.substituted, [{ from: '°C', to: 'C', index: 10 }]);
  });

  it('is UTF-16, and the text as given, without substitution', () => {
    const plan = planText('Temp 23,5 °C', options({ substitute: false }));
    assert.equal(plan.encoding, 'ucs2');
    assert.equal(plan.text, 'Temp 23,5 °C');
    assert.deepEqual(plan.substituted, []);
  });

  it('is UTF-16, and nothing is replaced, when one character has no plain equivalent', () => {
    const plan = planText('“Hej” 😀', options());
    assert.equal(plan.encoding, 'ucs2');
    assert.equal(plan.text, '“Hej” 😀');
    assert.deepEqual(plan.substituted, []);
  });

  it('is UTF-16 when asked for', () => {
    const plan = planText('a…', options({ encoding: 'ucs2' }));
    assert.equal(plan.encoding, 'ucs2');
    assert.equal(plan.text, 'a…');
  });

  it('is GSM7 when asked for and substitution makes it fit', () => {
    assert.equal(planText('a…', options({ encoding: 'gsm7' })).text, 'a...');
  });

  it('is as given for text that is GSM7, whatever substitution may do', () => {
    fc.assert(
      fc.property(gsm7Text, fc.boolean(), (text, substitute) => {
        const plan = planText(text, options({ substitute }));
        assert.equal(plan.encoding, 'gsm7');
        assert.equal(plan.text, text);
        assert.deepEqual(plan.substituted, []);
      }),
    );
  });

  it('has U+FFFD for a lone surrogate, which is reported', () => {
    const plan = planText('a\ud83db\ude00😀', options());
    assert.equal(plan.text, 'a\ufffdb\ufffd😀');
    assert.deepEqual(plan.substituted, [
      { from: '\ud83d', to: '\ufffd', index: 1 },
      { from: '\ude00', to: '\ufffd', index: 3 },
    ]);
  });
});

describe('the segments of a text', () => {
  it('are one, empty, for an empty text', () => {
    const plan = planText('', options());
    assert.deepEqual(plan, {
      encoding: 'gsm7',
      text: '',
      substituted: [],
      segments: [new Uint8Array()],
      parts: 1,
      unitsUsed: 0,
      unitsLeft: 160,
      unitMax: 160,
    });
  });

  for (const [longMessage, gsm7Max, utf16Max] of [
    ['udh8', 153, 67],
    ['udh16', 152, 66],
    ['sar', 153, 67],
    ['payload', 153, 67],
  ] as const) {
    it(`hold ${gsm7Max} septets or ${utf16Max} UTF-16 units each by ${longMessage}, alone 160 or 70`, () => {
      const parts = (text: string) => planText(text, options({ longMessage })).parts;
      const counts = [160, 161, 2 * gsm7Max, 2 * gsm7Max + 1].map((length) => parts('a'.repeat(length)));
      assert.deepEqual(counts, [1, 2, 2, 3]);
      const utf16 = [70, 71, 2 * utf16Max, 2 * utf16Max + 1].map((length) => parts('Ж'.repeat(length)));
      assert.deepEqual(utf16, [1, 2, 2, 3]);
    });
  }

  it('are one in a payload, which is billed as the parts it is cut into', () => {
    const plan = planText('a'.repeat(400), options({ longMessage: 'payload' }));
    assert.equal(plan.segments.length, 1);
    assert.equal(plan.segments[0]?.length, 400);
    assert.equal(plan.parts, 3);
    assert.equal(plan.unitsLeft, 3 * 153 - 400);
  });

  it('join to the text', () => {
    fc.assert(
      fc.property(anyText, anyOptions, (text, given) => {
        const plan = planText(text, given);
        // Each on its own, for a phone may show them so; a mark at the start of one is not text to a decoder.
        const joined = plan.segments.map((octets) => decodeText(octets, plan.encoding)).join('');
        assert.equal(joined.replaceAll('\ufeff', ''), plan.text.replaceAll('\ufeff', ''));
      }),
    );
  });

  it('say what was used and what is left', () => {
    fc.assert(
      fc.property(anyText, anyOptions, (text, given) => {
        const plan = planText(text, given);
        const octetsOfUnit = plan.encoding === 'gsm7' ? 1 : 2;
        const lengths = plan.segments.map((octets) => octets.length / octetsOfUnit);
        assert.equal(
          lengths.reduce((sum, length) => sum + length),
          plan.unitsUsed,
        );
        if (given.longMessage === 'payload') return;
        assert.equal(plan.segments.length, plan.parts);
        assert.equal(plan.unitMax - lengths.at(-1)!, plan.unitsLeft);
      }),
    );
  });

  it('end in no escape and in no half of a pair', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, clusterText), anyOptions, (text, given) => {
        const plan = planText(text, given);
        for (const octets of plan.segments) {
          if (plan.encoding === 'gsm7') assert.notEqual(octets.at(-1), 0x1b);
          else assert.doesNotMatch(decodeText(octets, 'ucs2'), /\p{Surrogate}/u);
        }
      }),
    );
  });

  it('are as many as sms-segments-calculator counts where no cluster stands at a cut', () => {
    // It cuts CR LF, which we keep together, so there is no CR; and the emoji are single code points.
    const characters = GSM7_CHARACTERS.filter((character) => character !== '\r');
    const text = fc.array(fc.constantFrom(...characters, ...characters, '€', 'Ж', '中', '😀'), {
      minLength: 1,
      maxLength: 500,
      size: 'max',
    });
    const gsm7 = fc.array(fc.constantFrom(...characters, '€', '['), {
      minLength: 1,
      maxLength: 700,
      size: 'max',
    });
    fc.assert(
      fc.property(fc.oneof(text, gsm7), (pieces) => {
        const oracle = new SegmentedMessage(pieces.join(''), 'auto');
        const plan = planText(pieces.join(''), options({ substitute: false }));
        assert.equal(plan.parts, oracle.segmentsCount);
        assert.equal(plan.encoding === 'gsm7' ? 'GSM-7' : 'UCS-2', oracle.encodingName);
      }),
    );
  });

  it('carry a text of 500 characters with emoji', () => {
    const text = 'Alarm på pumpe 3 😀 vandstand 2,5 m 👨‍👩‍👧 '.repeat(20).slice(0, 500);
    const plan = planText(text, options());
    assert.equal(plan.encoding, 'ucs2');
    assert.equal(plan.parts, 8);
    assert.equal(plan.segments.map((octets) => decodeText(octets, 'ucs2')).join(''), text);
  });
});

describe('a text that cannot be sent', () => {
  const refusal = (text: string, given: Partial<TextOptions>): SmppError => {
    try {
      planText(text, options(given));
    } catch (error) {
      assert.ok(error instanceof SmppError);
      assert.equal(error.code, 'SMPP_MESSAGE');
      return error;
    }
    return assert.fail('not refused');
  };

  it('is refused when GSM7 is asked for and substitution does not help, naming what has no equivalent', () => {
    const error = refusal('5 °C 😀', { encoding: 'gsm7' });
    assert.equal(error.field, 'encoding');
    assert.match(error.message, /U\+1F600 \(index 5 of text\); leave it out, or set encoding to auto/);
  });

  it('is refused when GSM7 is asked for without substitution, naming that as a remedy', () => {
    const error = refusal('5 °C 😀', { encoding: 'gsm7', substitute: false });
    assert.match(error.message, /U\+00B0 \(index 2 of text\); leave it out, allow substitution, or/);
  });

  it('is refused when it does not fit one SMS and longMessage is reject', () => {
    const error = refusal('a'.repeat(161), { longMessage: 'reject' });
    assert.equal(error.field, 'text');
    assert.match(error.message, /one SMS holds 160 septets of GSM7, this text has 161/);
  });

  it('is not refused by reject when it fits', () => {
    assert.equal(planText('a'.repeat(160), options({ longMessage: 'reject' })).parts, 1);
  });

  it('is refused over 255 segments, in every way of joining', () => {
    for (const longMessage of ['udh8', 'sar', 'payload'] as const) {
      assert.equal(planText('a'.repeat(255 * 153), options({ longMessage })).parts, 255);
      assert.equal(refusal('a'.repeat(255 * 153 + 1), { longMessage }).field, 'text');
      assert.equal(planText('Ж'.repeat(255 * 67), options({ longMessage })).parts, 255);
      assert.match(refusal('Ж'.repeat(255 * 67 + 1), { longMessage }).message, /256 segments/);
    }
    assert.match(refusal('a'.repeat(255 * 152 + 1), { longMessage: 'udh16' }).message, /256 segments/);
  });

  it('is refused by its length alone when no encoding could carry it', () => {
    assert.match(refusal('“'.repeat(1_000_000), {}).message, /^text: 1000000 characters, /);
  });

  it('has none of its characters in the error', () => {
    const texts = ['hemmelig Ж', 'hemmelig'.repeat(10_000)];
    for (const text of texts) assert.doesNotMatch(refusal(text, { encoding: 'gsm7' }).message, /hemmelig|Ж/);
  });
});

describe('what forces UTF-16', () => {
  it('is named with its place and what substitution makes of it', () => {
    assert.deepEqual(forcedBy('5 °C 👨‍👩‍👧!', true), [
      { character: '°C', index: 2, replacement: 'C' },
      { character: '👨‍👩‍👧', index: 5 },
    ]);
  });

  it('is named without replacement when substitution is off', () => {
    assert.deepEqual(forcedBy('5 °C', false), [{ character: '°C', index: 2 }]);
  });

  it('is nothing in GSM7', () => {
    assert.deepEqual(forcedBy('Blåbær [5 €]', true), []);
  });

  it('agrees with the plan', () => {
    fc.assert(
      fc.property(anyText, fc.boolean(), (text, substitute) => {
        const forced = forcedBy(text, substitute).some(({ replacement }) => replacement === undefined);
        assert.equal(planText(text, options({ substitute })).encoding, forced ? 'ucs2' : 'gsm7');
        assert.equal(forcedBy(text, substitute).length === 0, isGsm7(text));
      }),
    );
  });
});
