import assert from 'node:assert/strict';
import { checkSms } from '../../../lib/gateway.js';
import { planText } from '../../../lib/text/segmenter.js';
import { countText, hasLink, type Count, type CountOptions } from '../../../nodes/smpp-send/count.editor.js';

function count(text: string, choices: Partial<CountOptions> = {}): Count {
  const usual = { encoding: 'auto', substitute: true, longMessage: 'udh8', maxSegments: '10' };
  return countText(text, { ...usual, ...choices });
}

function counted(text: string, choices: Partial<CountOptions> = {}): Extract<Count, { kind: 'counted' }> {
  const result = count(text, choices);
  assert.equal(result.kind, 'counted');
  return result;
}

describe('countText', () => {
  it('says nothing of an empty text', () => {
    assert.deepEqual(count(''), { kind: 'empty' });
  });

  it('says nothing of a text that has nothing in it but what nobody sees', () => {
    assert.deepEqual(count('\0\u200b'), { kind: 'empty' });
  });

  it('counts a short text', () => {
    const { encoding, segments, left, max } = counted('Hello');
    assert.deepEqual([encoding, segments, left, max], ['gsm7', 1, 155, 160]);
  });

  it('counts as the text is sent', () => {
    const text = 'Vi ses på Ærø. '.repeat(30);
    const { parts } = planText(text, { encoding: 'auto', substitute: true, longMessage: 'udh8' });
    assert.equal(counted(text).segments, parts);
  });

  it('names what forces UTF-16, and where', () => {
    const { encoding, foreign } = counted('Hej 😀');
    assert.deepEqual([encoding, foreign], ['ucs2', [{ shown: '😀', place: 5 }]]);
  });

  it('counts places in characters, not in code units', () => {
    assert.deepEqual(
      counted('😀 😀').foreign.map(({ place }) => place),
      [1, 3],
    );
  });

  it('does not blame what would be replaced if another character did not force UTF-16', () => {
    assert.deepEqual(counted(`${'“'.repeat(9)}😀`).foreign, [{ shown: '😀', place: 10 }]);
    const refused = count('“😀”', { encoding: 'gsm7' });
    assert.deepEqual(refused.kind === 'refused' && refused.foreign, [{ shown: '😀', place: 2 }]);
  });

  it('names what is replaced, and by what', () => {
    const { encoding, foreign } = counted('“Hej”');
    assert.equal(encoding, 'gsm7');
    assert.deepEqual(foreign[0], { shown: '“', place: 1, replacement: '"' });
  });

  it('shows the code point of what cannot be seen', () => {
    assert.equal(counted('a\u200bb').foreign[0]?.shown, 'U+200B');
  });

  it('replaces nothing when it is told not to', () => {
    assert.equal(counted('“Hej”', { substitute: false }).encoding, 'ucs2');
  });

  it('shows the first few and counts the rest', () => {
    const { foreign, foreignCount } = counted('😀'.repeat(20));
    assert.deepEqual([foreign.length, foreignCount], [8, 20]);
  });

  it('says that a text is none in GSM7', () => {
    const result = count('Hej 😀', { encoding: 'gsm7' });
    assert.deepEqual([result.kind, result.kind === 'refused' && result.reason], ['refused', 'notGsm7']);
  });

  for (const [maxSegments, segments] of [
    ['', 11],
    ['10', 11],
    ['1', 2],
  ] as const) {
    it(`says that ${segments} segments are too many where the form says "${maxSegments}", as the library does`, () => {
      const text = 'x'.repeat(160 * (segments - 1) + 1);
      const max = maxSegments === '' ? {} : { maxSegments: Number(maxSegments) };
      assert.throws(() => checkSms({ to: '4512345678', from: 'x', text, ...max }), { code: 'SMPP_MESSAGE' });
      const { segmentsMax } = counted(text, { maxSegments });
      assert.equal(segmentsMax, segments - 1);
    });
  }

  for (const maxSegments of ['11', '${MOST}', '-']) {
    it(`says nothing of 11 segments where the form says "${maxSegments}"`, () => {
      assert.equal(counted('x'.repeat(1600), { maxSegments }).segmentsMax, undefined);
    });
  }

  it('says that a text is too long', () => {
    const result = count('x'.repeat(161), { longMessage: 'reject' });
    assert.deepEqual([result.kind, result.kind === 'refused' && result.reason], ['refused', 'tooLong']);
  });
});

describe('hasLink', () => {
  for (const text of [
    'See https://example.com',
    'www.example.dk/x',
    'Læs mere: example.dk',
    'http://10.0.0.1/',
    'Bestil på sø.dk i dag',
  ]) {
    it(`finds the web address in "${text}"`, () => {
      assert.ok(hasLink(text));
    });
  }

  for (const text of ['Level 3.5 m', 'Kl. 12.30: pumpe 3 stoppet', 'f.eks. i dag', 'Tank 2: 31.5 °C.']) {
    it(`finds none in "${text}"`, () => {
      assert.ok(!hasLink(text));
    });
  }

  it('comes to an end for a long text without blanks', () => {
    assert.ok(!hasLink('a-'.repeat(200_000)));
  });
});
