import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isGsm7 } from '../../../lib/text/gsm7.js';
import {
  substitute,
  SUBSTITUTIONS,
  SUBSTITUTIONS_AFTER_DIGIT,
  unfitForGsm7,
} from '../../../lib/text/substitution.js';
import { anyText, gsm7Text } from './samples.js';

function plain(text: string): string | undefined {
  return substitute(text)?.text;
}

describe('the table of substitutions', () => {
  const rules = [...SUBSTITUTIONS, ...SUBSTITUTIONS_AFTER_DIGIT];

  it('has only what GSM7 lacks on its left', () => {
    assert.deepEqual(
      rules.flatMap(({ from }) => from).filter((character) => isGsm7(character)),
      [],
    );
  });

  it('has only GSM7 on its right', () => {
    assert.deepEqual(
      rules.filter(({ to }) => !isGsm7(to)),
      [],
    );
  });

  it('has each character once', () => {
    const characters = SUBSTITUTIONS.flatMap(({ from }) => from);
    assert.equal(new Set(characters).size, characters.length);
  });

  it('is what is done', () => {
    for (const { from, to } of SUBSTITUTIONS) {
      for (const character of from) {
        const expected = { text: `a${to}b`, substituted: [{ from: character, to, index: 1 }] };
        assert.deepEqual(substitute(`a${character}b`), expected);
      }
    }
  });
});

describe('substitution', () => {
  for (const [name, text, expected] of [
    ['a temperature', 'Temp 23,5 °C', 'Temp 23,5 C'],
    ['a degree sign', 'Vind 270°', 'Vind 270deg'],
    ['units', '5 µm, 3 m², 2 m³, ±1, 3×4', '5 um, 3 m2, 2 m3, +/-1, 3x4'],
    ['an exponent', '10² og 10³', '10^2 og 10^3'],
    ['a fraction', '½ og 1½', '1/2 og 1 1/2'],
    ['typographic punctuation', '“Ja” – ‘nej’ … • `x`', "\"Ja\" - 'nej' ... - 'x'"],
    ['spaces', 'a\u00a0b\u2009c\u200bd\te', 'a b cd e'],
    ['the NULs that pad a text', 'Alarm\0\0', 'Alarm'],
    ['decomposed letters', 'A\u030arhus, cafe\u0301', 'Århus, café'],
    ['accented letters', 'François Čapek ŠŽ á ê í ó ú ý', 'Francois Capek SZ a e i o u y'],
    ['two accents', 'ế ǻ ǘ ợ', 'é å ü o'],
    ['letters with a stroke', 'Łódź, Þór, Đorđe, ısı', 'Lodz, Thor, Dorde, isi'],
    ['signs of their own code point', '5 k\u2126, 3 \u212b', '5 kΩ, 3 Å'],
    ['a sign in its coloured form', 'A\u00a9\ufe0f', 'A(C)'],
  ] as const) {
    it(`makes ${name} plain`, () => {
      assert.equal(plain(text), expected);
    });
  }

  it('reports what it replaced, with the index in the text as given', () => {
    assert.deepEqual(substitute('“e\u0301” 5°C…')?.substituted, [
      { from: '“', to: '"', index: 0 },
      { from: 'e\u0301', to: 'é', index: 1 },
      { from: '”', to: '"', index: 3 },
      { from: '°C', to: 'C', index: 6 },
      { from: '…', to: '...', index: 8 },
    ]);
  });

  it('touches no character of GSM7', () => {
    fc.assert(
      fc.property(gsm7Text, (text) => {
        assert.deepEqual(substitute(text), { text, substituted: [] });
      }),
    );
  });

  it('gives nothing when one character has no plain equivalent', () => {
    for (const text of ['5 °C 😀', '“Ж”', '中…', '\ud83d', '1️⃣']) assert.equal(substitute(text), undefined);
  });

  it('drops no bar that changes the meaning', () => {
    assert.equal(plain('a \u226e b'), undefined);
    assert.equal(plain('n\u0336o\u0336'), undefined);
  });

  it('leaves ÷ alone, which is a minus sign to Danes', () => {
    assert.equal(plain('÷5'), undefined);
  });

  it('gives GSM7 or nothing, and a report from which the text follows', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const result = substitute(text);
        if (result === undefined) return;
        assert.ok(isGsm7(result.text));
        let rebuilt = '';
        let copied = 0;
        for (const { from, to, index } of result.substituted) {
          assert.equal(text.slice(index, index + from.length), from);
          rebuilt += text.slice(copied, index) + to;
          copied = index + from.length;
        }
        assert.equal(rebuilt + text.slice(copied), result.text);
      }),
    );
  });
});

describe('what GSM7 lacks', () => {
  const unfit = (text: string) => [...unfitForGsm7(text)].map(({ from }) => from);

  it('is found in every text that is not GSM7, and in no other', () => {
    fc.assert(fc.property(anyText, (text) => (unfit(text).length === 0) === isGsm7(text)));
  });

  it('has an emoji or a flag in one piece', () => {
    const emoji = ['👨‍👩‍👧', '👍🏽', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '🇩🇰', '❤️'];
    assert.deepEqual(unfit(emoji.join('')), emoji);
  });
});

describe('substitute, where characters belong together', () => {
  for (const [what, text, expected] of [
    ['an accent behind a letter that GSM7 has', 'xe\u0301y', [['e\u0301', 1, 'é']]],
    ['an accent behind a letter of its own', 'ł\u0301', [['ł\u0301', 0, undefined]]],
    [
      'a degree sign with its scale, and an accent behind it',
      '°C\u0301',
      [
        ['°C', 0, 'C'],
        ['\u0301', 2, undefined],
      ],
    ],
    ['an accent at the beginning', '\u0301a', [['\u0301', 0, undefined]]],
    ['an accent behind a digit', '1\u0301', [['\u0301', 1, undefined]]],
    ['a square behind a digit', '2²', [['²', 1, '^2']]],
    ['a sign in its coloured form', '©\ufe0f', [['©\ufe0f', 0, '(C)']]],
  ] as const) {
    it(`takes ${what} for what it is`, () => {
      assert.deepEqual(
        [...unfitForGsm7(text)].map(({ from, index, to }) => [from, index, to]),
        expected,
      );
    });
  }

  it('finds no plain equivalent beyond the basic plane, and looks for none there', () => {
    for (let codePoint = 0x10000; codePoint <= 0x10ffff; codePoint += 1) {
      const character = String.fromCodePoint(codePoint);
      const [unfit] = unfitForGsm7(character);
      assert.equal(unfit?.to, undefined, codePoint.toString(16));
    }
    assert.equal(substitute('10 °C \u{1f30a}'), undefined);
  }).timeout(60_000);
});
