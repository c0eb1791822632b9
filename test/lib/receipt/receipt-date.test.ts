import assert from 'node:assert/strict';

import fc from 'fast-check';

import { readReceiptDate } from '../../../lib/receipt/receipt-date.js';

/** An independent opinion on Danish time: the time zone data of Node. */
const danish = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Copenhagen',
  dateStyle: 'short',
  timeStyle: 'medium',
});

const digitsOf = (instant: number) => danish.format(instant).replace(/\D/g, '').slice(2);

describe('readReceiptDate', () => {
  it('reads any instant of 2000 to 2037 as Danish time', () => {
    const seconds = fc.integer({ min: Date.UTC(2000, 0, 1) / 1_000, max: Date.UTC(2037, 11, 31) / 1_000 });
    fc.assert(
      fc.property(seconds, (second) => {
        const read = readReceiptDate(digitsOf(second * 1_000))!;
        assert.equal(digitsOf(read), digitsOf(second * 1_000));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes winter time until the clocks go forward', () => {
    assert.equal(readReceiptDate('260329015959'), Date.UTC(2026, 2, 29, 0, 59, 59));
  });

  it('takes summer time from then on', () => {
    assert.equal(readReceiptDate('260329030000'), Date.UTC(2026, 2, 29, 1));
  });

  it('takes the hour that comes twice as the first of the two', () => {
    assert.equal(readReceiptDate('2610250230'), Date.UTC(2026, 9, 25, 0, 30));
  });

  it('takes winter time after it', () => {
    assert.equal(readReceiptDate('2610250300'), Date.UTC(2026, 9, 25, 2));
  });

  it('knows the 29th of February of a leap year', () => {
    assert.equal(readReceiptDate('2402291200'), Date.UTC(2024, 1, 29, 11));
  });

  for (const digits of [
    '',
    '2302291200',
    '2606311200',
    '2600011200',
    '2613011200',
    '2601001200',
    '2601321200',
    '2601012400',
    '2601011260',
    '260101120060',
    '26010112',
    '26010112000',
    '20260101120000',
    '26-01-01 12:00',
    '２６０１０１１２００',
    '000004000000000R',
  ]) {
    it(`takes "${digits}" for no date`, () => {
      assert.equal(readReceiptDate(digits), undefined);
    });
  }
});
