import assert from 'node:assert/strict';
import { planText } from '../../../lib/text/segmenter.js';
import { countText, hasLink, type Count, type CountOptions } from '../../../nodes/smpp-send/count.editor.js';

function count(text: string, choices: Partial<CountOptions> = {}): Count {
  return countText(text, { encoding: 'auto', substitute: true, longMessage: 'udh8', ...choices });
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
});
