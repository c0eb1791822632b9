import assert from 'node:assert/strict';
import { readOwnNumber } from '../../../lib/phone-number.js';
import { isNumber, numbersIn } from '../../../nodes/shared/number.editor.js';

/** Whether the runtime takes it as one of our numbers. */
function isTaken(text: string): boolean {
  try {
    return readOwnNumber(text, 'to') !== '';
  } catch {
    return false;
  }
}

describe('isNumber', () => {
  const texts = [
    '4512345678',
    '+45 12 34 56 78',
    ' (+45) 12-34-56-78 ',
    '0045 12345678',
    'tel:+4512345678',
    '+44 (0)7911 123456',
    '1245',
    'mother',
    'mother 12',
    '4511111111, 4522222222',
    '4511111111;4522222222',
    '4511111111\n4522222222',
    '12 34 56 78/79',
    '+',
    '-',
  ];
  for (const text of texts) {
    it(`agrees with the runtime about ${JSON.stringify(text)}`, () => {
      assert.equal(isNumber(text), isTaken(text));
    });
  }
});

describe('numbersIn', () => {
  it('has each number of a text', () => {
    assert.deepEqual(numbersIn(' 4511111111, 22 33;\r\n44,\n'), ['4511111111', '22 33', '44']);
  });
});
