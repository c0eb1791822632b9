import assert from 'node:assert/strict';
import { SmppError } from '../../../lib/errors.js';
import { FormReader, settingsError } from '../../../nodes/shared/form-reader.js';

const ENVIRONMENT: Readonly<Record<string, string>> = { HOST: 'a.example', ON: 'true', TEN: '10', EMPTY: '' };

const reader = (value: unknown): FormReader => new FormReader({ field: value }, (name) => ENVIRONMENT[name]);

describe('FormReader', () => {
  const read: [what: string, value: unknown, by: (reader: FormReader) => unknown, gives: unknown][] = [
    ['text without its blanks', ' x ', (form) => form.text('field'), 'x'],
    ['a number as text', 7, (form) => form.text('field'), '7'],
    ['an environment value within a text', '${HOST}:${TEN}', (form) => form.text('field'), 'a.example:10'],
    ['nothing as empty text', undefined, (form) => form.text('field'), ''],
    ['a text with a variable in it as it is', 'costs ${TEN}', (form) => form.value('field'), 'costs ${TEN}'],
    ['an environment value alone', ' ${TEN} ', (form) => form.value('field'), '10'],
    ['an expression that looks like one', '${"a": 1}', (form) => form.value('field'), '${"a": 1}'],
    ['a value of any type', [1], (form) => form.value('field'), [1]],
    ['null as absent', null, (form) => form.value('field'), undefined],
    ['a truth value', true, (form) => form.flag('field'), true],
    ['a truth value as text', ' False ', (form) => form.flag('field'), false],
    ['a truth value of the environment', '${ON}', (form) => form.flag('field'), true],
    ['a blank as no truth value', ' ', (form) => form.flag('field'), undefined],
    ['a count', '${TEN}', (form) => form.count('field', 10), 10],
    ['a word', 'two', (form) => form.word('field', ['one', 'two']), 'two'],
    ['no word as the first', '', (form) => form.word('field', ['one', 'two']), 'one'],
    ['no choice as none', '', (form) => form.choice('field', ['one', 'two']), undefined],
    ['minutes', '1.5', (form) => form.minutesAsMs('field', { range: 'above 0', max: 2 }), 90_000],
    ['no minutes', 0, (form) => form.minutesAsMs('field', { range: 'from 0', max: 2 }), 0],
    ['blanks as no 0', ' ', (form) => form.minutesAsMs('field', { range: 'from 0', max: 2 }), undefined],
  ];
  for (const [what, value, by, gives] of read) {
    it(`reads ${what}`, () => assert.deepEqual(by(reader(value)), gives));
  }

  const refused: [what: string, value: unknown, by: (reader: FormReader) => unknown, says: RegExp][] = [
    ['a list as text', ['x'], (form) => form.text('field'), /^field: must be text$/],
    ['a variable that is not set', '${NONE}', (form) => form.text('field'), /variable NONE has no value/],
    ['a variable that is empty', '${EMPTY}', (form) => form.value('field'), /variable EMPTY has no value/],
    ['another word', 'three', (form) => form.choice('field', ['one', 'two']), /must be one of one, two$/],
    ['another truth value', 'yes', (form) => form.flag('field'), /must be true or false$/],
    ['a count of 0', 0, (form) => form.count('field', 9), /must be a whole number from 1 to 9$/],
    [
      '0 minutes where none is too few',
      '0',
      (form) => form.minutesAsMs('field', { range: 'above 0', max: 2 }),
      /must be a number of minutes above 0, at most 2$/,
    ],
    [
      'minutes that are no number',
      'soon',
      (form) => form.minutesAsMs('field', { range: 'from 0', max: 2 }),
      /must be a number of minutes from 0, at most 2$/,
    ],
  ];
  for (const [what, value, by, says] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(() => by(reader(value)), { code: 'SMPP_OPTIONS', field: 'field', message: says });
    });
  }
});

describe('settingsError', () => {
  const labelOf = (field: string): string | undefined =>
    field === 'expiresAfter' ? 'Expires after' : undefined;

  it('names a field as the form does', () => {
    const error = new SmppError('SMPP_MESSAGE', 'expiresAfter: must be less', { field: 'expiresAfter' });
    const { code, message, field } = settingsError(error, labelOf);
    assert.deepEqual([code, message, field], ['SMPP_OPTIONS', 'Expires after: must be less', 'expiresAfter']);
  });

  it('names one that the form has no word for as it is', () => {
    const error = new SmppError('SMPP_OPTIONS', 'toType: must be one', { field: 'toType' });
    assert.equal(settingsError(error, labelOf).message, 'toType: must be one');
  });

  it('takes what is no error of ours', () => {
    assert.equal(settingsError(new Error('broken'), labelOf).message, 'broken');
  });
});
