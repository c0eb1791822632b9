import assert from 'node:assert/strict';
import { isSameNumber, readCountry, readNumber } from '../../../nodes/shared/read-number.js';

const DK = readCountry('DK');
const DE = readCountry('DE');
const SE = readCountry('se');

describe('readNumber', () => {
  const written: [unknown, ReturnType<typeof readCountry>, string][] = [
    ['12345678', DK, '4512345678'],
    ['12 34 56 78', DK, '4512345678'],
    [12345678, DK, '4512345678'],
    ['12\u00a034\u00a056\u00a078', DK, '4512345678'],
    ['１２３４５６７８', DK, '4512345678'],
    ['45123456', DK, '4545123456'],
    ['4512345678', DK, '4512345678'],
    [4512345678, DK, '4512345678'],
    ['+45 12 34 56 78', DK, '4512345678'],
    ['0045 12345678', DK, '4512345678'],
    ['tel:+45-12-34-56-78', DK, '4512345678'],
    ['\u202a+45 12 34 56 78\u202c', DK, '4512345678'],
    ['(+45) 12.34.56.78', DK, '4512345678'],
    ['46701234567', DK, '46701234567'],
    ['+46 (0)70 123 45 67', DK, '46701234567'],
    ['070-123 45 67', SE, '46701234567'],
    ['0151 23456789', DE, '4915123456789'],
    ['4915123456789', DE, '4915123456789'],
    ['4512345678', undefined, '4512345678'],
    ['+6834123', undefined, '6834123'],
  ];
  for (const [value, country, number] of written) {
    it(`reads ${JSON.stringify(value)} with ${country ?? 'no country'} as ${number}`, () => {
      assert.equal(readNumber(value, 'to', country), number);
    });
  }

  it('does not judge whether a number is in use', () => {
    assert.equal(readNumber('10000000', 'to', DK), '4510000000');
  });

  const refused: [name: string, value: unknown, country: ReturnType<typeof readCountry>][] = [
    ['letters', '12AB5678', DK],
    ['a national number without a country', '070 123 45 67', undefined],
    ['too few digits', '+45123', DK],
    ['too many digits', '1234567890123456', DK],
    ['nothing', '', DK],
    ['an absent value', undefined, DK],
    ['an object', {}, DK],
    ['a truth value', true, DK],
    ['a number that is none', NaN, DK],
    ['two numbers', '4512345678,4587654321', DK],
    ['two numbers on two lines', '1234567\n8765432', DK],
    ['a fraction', 4512345678.5, DK],
    ['a negative number', -4512345678, DK],
    ['a number as a spreadsheet writes it', '4512345678.0', DK],
  ];
  for (const [name, value, country] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => readNumber(value, 'to', country), { code: 'SMPP_MESSAGE', field: 'to' });
    });
  }

  it('masks the number in its error', () => {
    assert.throws(
      () => readNumber('9876598765987659', 'to', DK),
      ({ message }: Error) => message.includes('98************59') && !message.includes('76598'),
    );
  });
});

describe('readCountry', () => {
  it('takes no country at all', () => {
    assert.equal(readCountry(' '), undefined);
  });

  it('refuses what is no country', () => {
    assert.throws(() => readCountry('Denmark'), { code: 'SMPP_OPTIONS', field: 'defaultCountry' });
  });
});

describe('isSameNumber', () => {
  it('sees through ways of writing', () => {
    assert.equal(isSameNumber('+45 12 34 56 78', '4512345678', DK), true);
  });

  it('takes a short code for itself', () => {
    assert.equal(isSameNumber('1245', '1245', DK), true);
  });

  it('tells numbers apart', () => {
    assert.equal(isSameNumber('1245', '1246', DK), false);
  });
});
