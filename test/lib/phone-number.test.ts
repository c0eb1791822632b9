import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { SmppError } from '../../lib/errors.js';
import { isSameNumber, readCountry, readNumber, type CountryCode } from '../../lib/phone-number.js';

const DK = readCountry('DK');
const DE = readCountry('DE');
const SE = readCountry('se');
const GB = readCountry('GB');
const IT = readCountry('IT');
const US = readCountry('US');
const RU = readCountry('RU');

describe('readNumber', () => {
  const written: [unknown, ReturnType<typeof readCountry>, string][] = [
    ['12345678', DK, '4512345678'],
    ['12 34 56 78', DK, '4512345678'],
    [12345678, DK, '4512345678'],
    ['12\u00a034\u00a056\u00a078', DK, '4512345678'],
    ['１２３４５６７８', DK, '4512345678'],
    ['＋４５１２３４５６７８', DK, '4512345678'],
    ['12\u00ad34\u00ad56\u00ad78', DK, '4512345678'],
    ['12\u221234\u221256\u221278', DK, '4512345678'],
    ['45123456', DK, '4545123456'],
    ['4512345678', DK, '4512345678'],
    [4512345678, DK, '4512345678'],
    ['+45 12 34 56 78', DK, '4512345678'],
    ['0045 12345678', DK, '4512345678'],
    ['tel:+45-12-34-56-78', DK, '4512345678'],
    ['\u202a+45 12 34 56 78\u202c', DK, '4512345678'],
    ['(+45) 12.34.56.78', DK, '4512345678'],
    ['4512345678\r\n', DK, '4512345678'],
    ['46701234567', DK, '46701234567'],
    ['+46 (0)70 123 45 67', DK, '46701234567'],
    ['+46 070 123 45 67', DK, '46701234567'],
    ['+44 07911 123456', DK, '447911123456'],
    ['0044 (0) 7911 123456', DK, '447911123456'],
    ['+39 06 1234 5678', DK, '390612345678'],
    ['070-123 45 67', SE, '46701234567'],
    ['(0)70-123 45 67', SE, '46701234567'],
    ['701234567', SE, '46701234567'],
    ['0151 23456789', DE, '4915123456789'],
    ['(0151) 23456789', DE, '4915123456789'],
    ['4915123456789', DE, '4915123456789'],
    ['7911 123456', GB, '447911123456'],
    ['447911123456', GB, '447911123456'],
    ['06 1234 5678', IT, '390612345678'],
    ['333 123 4567', IT, '393331234567'],
    ['917 555 0123', US, '19175550123'],
    ['12025550123', US, '12025550123'],
    ['011 45 12 34 56 78', US, '4512345678'],
    ['8 911 123-45-67', RU, '79111234567'],
    ['15123456789', undefined, '15123456789'],
    ['4512345678', undefined, '4512345678'],
    ['+6834123', undefined, '6834123'],
    ['+870 773 123 456', undefined, '870773123456'],
    ['0011 45 20 30 40 50', 'AU', '4520304050'],
    ['0015 45 20 30 40 50', 'BR', '4520304050'],
    ['00700 45 20 30 40 50', 'KR', '4520304050'],
    ['000 45 20 30 40 50', 'KE', '4520304050'],
    ['00 45 20 30 40 50', 'SG', '4520304050'],
    ['001 1 202 555 0123', 'SG', '12025550123'],
    ['00 55 11 96123 4567', 'BR', '5511961234567'],
    ['00 57 321 1234567', 'CO', '573211234567'],
    ['00 855 91 234 567', 'KH', '85591234567'],
    ['0011 46 (0)70 123 45 67', 'AU', '46701234567'],
    ['+30 (0)691 234 5678', DK, '306912345678'],
    ['0030（０）691 234 5678', undefined, '306912345678'],
    ['+48 ( 0 ) 512 345 678', DK, '48512345678'],
    ['tel:+420-(0)601-123-456', undefined, '420601123456'],
    ['+39 (0)6 1234 5678', DK, '390612345678'],
    ['+47 580 000 000 000', DK, '47580000000000'],
    ['0047 590 000 000 000', undefined, '47590000000000'],
    ['+45 37 12 3456 7890', DK, '45371234567890'],
    ['+31 97 012 345 678', undefined, '3197012345678'],
  ];
  for (const [value, country, number] of written) {
    it(`reads ${JSON.stringify(value)} with ${country ?? 'no country'} as ${number}`, () => {
      assert.equal(readNumber(value, 'to', country), number);
    });
  }

  it('does not judge whether a number is in use', () => {
    assert.equal(readNumber('10000000', 'to', DK), '4510000000');
  });

  // Numbers of Elsinore and of Germany, of Danish phones and of St Helena.
  for (const number of ['49523456', '98765432', '29021234']) {
    it(`reads ${number} as one dials it in Denmark, although numbers abroad begin so`, () => {
      assert.equal(readNumber(number, 'to', DK), `45${number}`);
    });
  }

  const refused: [name: string, value: unknown, country: ReturnType<typeof readCountry>, words: RegExp][] = [
    ['letters', '12AB5678', DK, /^to: must be one phone number, has letters: 12\*{4}78$/],
    ['a national number without a country', '070 123 45 67', undefined, /no country code/],
    [
      'a national number of 8 digits without a country',
      '12345678',
      undefined,
      /^to: must be a phone number with country code, such as 4512345678, fits no country/,
    ],
    ['too few digits', '+45123', DK, /has 5 digits/],
    ['too few digits for its country', '+45 1234 567', DK, /fits no country/],
    ['too many digits', '1234567890123456', DK, /has 16 digits/],
    ['too many digits with a +', '+4912345678901234', DE, /has 16 digits/],
    [
      'one digit too many',
      '12 34 56 78 9',
      DK,
      /^to: must be .* such as 4512345678, or one of DK, fits no country: 12\*+ 9$/,
    ],
    ['one digit too many with a +', '+45 12 34 56 78 9', DK, /fits no country/],
    ['one digit too many with 00', '0045 12 34 56 78 9', undefined, /fits no country/],
    ['12 digits in Denmark that no machine has', '+45 38 12 3456 7890', DK, /fits no country/],
    ["a machine's number without a +", '47580000000000', DK, /fits no country/],
    ['a national number of 7 digits without a country', '318 1234', undefined, /fits no country: 31\*+34$/],
    ['a national number of 9 digits without a country', '612345678', undefined, /fits no country/],
    ['a number that lacks a digit', '31 81 23 4', DK, /fits no country/],
    ['a (0) and a digit too few', '+45 (0)1234567', DK, /fits no country/],
    ['a (0) and a digit too many', '+45 (0)12 34 56 78 9', DK, /fits no country/],
    [
      'a (0) that may be left out or be part of the number',
      '+39 (0)332 123456',
      DK,
      /^to: must have \+ and its country code, may be 39\*+56 or 39\*+56$/,
    ],
    [
      'a prefix that may be two',
      '001 45 20 30 40 50',
      'SG',
      /^to: must have \+ and its country code, may be 14\*+50 or 45\*+50$/,
    ],
    ['another prefix that may be two', '009 45 20 30 40 50', 'NG', /may be 94\*+50 or 45\*+50$/],
    ['a prefix that may be two in Indonesia', '001 45 20 30 40 50', 'ID', /may be 14\*+50 or 45\*+50$/],
    ['a prefix of another country', '0011 45 20 30 40 50', undefined, /fits no country/],
    ['a country code that is none', '+999 1234 5678', DK, /fits no country/],
    ['a 0 where the country has none', '+45 012 345 678', DK, /fits no country/],
    ['nothing', '', DK, /^to: must be a phone number such as 4512345678, is missing$/],
    ['blanks alone', '   ', DK, /has no digits/],
    ['an absent value', undefined, DK, /is missing/],
    ['an object', {}, DK, /^to: must be a phone number, is an object$/],
    ['a truth value', true, DK, /a boolean/],
    ['a number that is none', NaN, DK, /not whole/],
    ['two numbers', '4512345678,4587654321', DK, /has a comma/],
    ['two numbers with a semicolon', '4512345678;4587654321', DK, /has a semicolon/],
    [
      'two numbers with a slash',
      '12 34 56 78/79',
      DK,
      /^to: must be one phone number, has a slash: 12\*{10}79$/,
    ],
    ['two whole numbers with a slash', '12345678/87654321', DK, /has a slash/],
    ['two numbers with a slash of double width', '12345678／79', DK, /has a slash/],
    ['two numbers on two lines', '1234567\n8765432', DK, /has several lines/],
    ['two numbers with a +', '12345678+87654321', DK, /has a \+ inside/],
    ['two +', '++4512345678', DK, /has a \+ inside/],
    ['a + alone', '+', DK, /has no digits/],
    ['a digit that is raised', '1234567²', DK, /has a character that no number has/],
    ['a digit in a circle', '1234567⑧', DK, /has a character that no number has/],
    ['a fraction', 4512345678.5, DK, /^to: must be text or a whole number, is not whole: 45/],
    ['a negative number', -4512345678, DK, /is not above 0/],
    ['a number as a spreadsheet writes it', '4512345678.0', DK, /ends as a decimal number does/],
    [
      'a number that may be two',
      '15123456789',
      DE,
      /^to: must have \+ and its country code, may be 49\*+89 \(DE\) or 15\*+89 \(abroad\)$/,
    ],
    [
      'a number that may be two, with blanks',
      '151 234 567 89',
      DE,
      /may be 49\*+89 \(DE\) or 15\*+89 \(abroad\)/,
    ],
    ['a Russian number that may be Indian', '9111234567', RU, /may be 79\*+67 \(RU\) or 91\*+67 \(abroad\)/],
  ];
  for (const [name, value, country, words] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(
        () => readNumber(value, 'to', country),
        ({ code, field, message }: SmppError) => {
          assert.deepEqual([code, field], ['SMPP_MESSAGE', 'to']);
          assert.match(message, words);
          return true;
        },
      );
    });
  }

  for (const value of ['9876598765987659', '15123456789']) {
    it(`masks ${value} in its error`, () => {
      assert.throws(
        () => readNumber(value, 'to', DE),
        ({ message }: Error) =>
          /\d\d\*+\d\d/.test(message) && !/\d{3}/.test(message.replace('4512345678', '')),
      );
    });
  }

  describe('however it is written', () => {
    const digits = fc
      .tuple(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 5, maxLength: 15 }),
      )
      .map(([first, rest]) => [first, ...rest].join(''));
    const countries: fc.Arbitrary<CountryCode | undefined> = fc.constantFrom(
      DK,
      DE,
      SE,
      GB,
      IT,
      US,
      RU,
      'NO',
      'LU',
      'PL',
      'FR',
      'IN',
      'BR',
      undefined,
    );

    function outcome(value: string, country: CountryCode | undefined): string {
      try {
        return readNumber(value, 'to', country);
      } catch (error) {
        return (error as Error).message.replace(/^to: \S+/, '');
      }
    }

    it('is the same number, the short way and the long one', () => {
      fc.assert(
        fc.property(digits, countries, (number, country) => {
          // A blank has it read by the package's parser.
          const apart = `${number.slice(0, 4)} ${number.slice(4)}`;
          assert.equal(
            outcome(number, country).replace(/\d\d\*+\d\d/g, ''),
            outcome(apart, country).replace(/\d\d\*+\d\d/g, ''),
          );
        }),
        // St Helena shares its code with a country whose numbers are shorter.
        { numRuns: 5_000, examples: [['29020000', 'PL']] },
      );
    });

    it('is possible by the package when it is taken without a +, and itself again with one', () => {
      fc.assert(
        fc.property(digits, countries, (number, country) => {
          const read = outcome(number, country);
          if (!/^\d+$/.test(read)) return;
          assert.equal(parsePhoneNumberFromString(`+${read}`)?.isPossible(), true, read);
          assert.equal(outcome(`+${read}`, country), read);
        }),
        { numRuns: 5_000 },
      );
    });
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
    assert.equal(isSameNumber('12 34 56 78', '4512345678', DK), true);
  });

  it('takes what the gateway writes as international, though it may be national', () => {
    assert.equal(isSameNumber('+45 12 34 56 78', '4512345678', DE), true);
    assert.equal(isSameNumber('4512345678', '4512345678', DE), true);
  });

  it('takes a short code for itself', () => {
    assert.equal(isSameNumber('1245', '1245', DK), true);
  });

  it('tells numbers apart', () => {
    assert.equal(isSameNumber('1245', '1246', DK), false);
    assert.equal(isSameNumber('12345678', '4612345678', DK), false);
  });

  it('compares names in any letter case', () => {
    assert.equal(isSameNumber('Alarm', 'ALARM', DK), true);
  });
});
