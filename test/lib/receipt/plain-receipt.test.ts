import assert from 'node:assert/strict';

import fc from 'fast-check';

import { readAnyReceipt } from '../../../lib/receipt/parse-receipt.js';
import { readPlainReceipt } from '../../../lib/receipt/plain-receipt.js';
import { EXAMPLE, EXAMPLE_ID } from './builders.js';
import { VARIANTS } from './receipt-variants.js';

const digits = (length: number) =>
  fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: length, maxLength: length })
    .map((all) => all.join(''));

const two = (min: number, max: number) =>
  fc.integer({ min, max }).map((number) => String(number).padStart(2, '0'));
const dates = fc
  .tuple(two(0, 99), two(1, 12), two(1, 28), two(0, 23), two(0, 59))
  .map((pairs) => pairs.join(''));
const ids = fc.array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: 70 }).map((codes) => {
  return String.fromCharCode(...codes);
});
const words = fc.constantFrom('DELIVRD', 'EXPIRED', 'UNDELIV', 'REJECTD', 'ENROUTE', 'DELIVERED', 'WHATEVER');

/** In inMobile's form, whatever the values are. */
const plain = fc
  .tuple(ids, digits(3), digits(3), dates, dates, words, digits(3))
  .map(
    ([id, sub, delivered, submitted, done, stat, err]) =>
      `id:${id} sub:${sub} dlvrd:${delivered} submit date:${submitted} done date:${done} stat:${stat} err:${err}`,
  );

/** As good as in that form: a few characters are others, gone, or more. */
const damaged = fc
  .tuple(
    plain,
    fc.array(
      fc.tuple(
        fc.nat(150),
        fc.nat(2),
        fc.constantFrom(' ', '\t', '\0', '\n', ':', '0', 'a', '9', 'Z', '-', '\xa0', 'é', '.'),
      ),
      { maxLength: 3 },
    ),
  )
  .map(([text, changes]) =>
    changes.reduce(
      (now, [at, removed, character]) => now.slice(0, at) + character + now.slice(at + removed),
      text,
    ),
  );

function agrees(text: string): void {
  const read = readPlainReceipt(text);
  if (read !== undefined) assert.deepEqual(read, readAnyReceipt(text), JSON.stringify(text));
}

describe('readPlainReceipt', () => {
  it('reads the example of inMobile', () => {
    assert.deepEqual(readPlainReceipt(EXAMPLE), {
      messageId: EXAMPLE_ID,
      state: 'DELIVRD',
      errorNumber: 0,
      errorRaw: '000',
      sub: 1,
      submittedAt: Date.UTC(2019, 10, 12, 12, 14),
      doneAt: Date.UTC(2019, 10, 12, 12, 14),
      raw: EXAMPLE,
    });
  });

  it('reads every receipt in that form, as the general parser does', () => {
    fc.assert(
      fc.property(plain, (text) => {
        assert.deepEqual(readPlainReceipt(text), readAnyReceipt(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('says of any other text nothing that the general parser does not say', () => {
    fc.assert(fc.property(damaged, agrees), { numRuns: 20_000 });
  });

  it('says of receipts as others write them nothing else either', () => {
    for (const [, text] of VARIANTS) agrees(text);
  });

  for (const [what, text] of [
    ['without an id', EXAMPLE.replace(EXAMPLE_ID, '')],
    ['with a text behind it', `${EXAMPLE} text:Hi`],
    ['with seconds in a date', EXAMPLE.replace('1911121314 stat', '191112131400 stat')],
    ['with a date that is none', EXAMPLE.replace('1911121314 stat', '1913121314 stat')],
    ['in another order', EXAMPLE.replace(' sub:001 dlvrd:001', ' dlvrd:001 sub:001')],
    ['with a signed error', EXAMPLE.replace('err:000', 'err:-05')],
    ['with a word in small letters', EXAMPLE.replace('DELIVRD', 'delivrd')],
    ['cut short', EXAMPLE.slice(0, -1)],
    ['that is empty', ''],
  ] as const) {
    it(`leaves a receipt ${what} to the general parser`, () => {
      assert.equal(readPlainReceipt(text), undefined);
    });
  }
});
