/**
 * Receipts as other gateways, careless intermediaries and attackers write them, and what each says.
 *
 * A value is what stands between its label and the next white space; everything else of the receipt is the same
 * in a table of values.
 */
import type { ParsedReceipt } from '../../../lib/receipt/parse-receipt.js';

type Said = Omit<ParsedReceipt, 'raw'>;
export type Variant = readonly [what: string, text: string, said: Said];

const ID = 'a-1';
const DELIVERED = { messageId: ID, state: 'DELIVRD' } as const;
const LONG = 'x'.repeat(10_000);

/** Written anyhow, it is this id. */
const IDS = [
  '0',
  '-1',
  '+4512345678',
  '00000000-0000-0000-0000-000000000000',
  '{ble50673-f8b8-41e8-a143-07a43bb8c86b}',
  '"quoted"',
  "'; DROP TABLE sms; --".replaceAll(' ', '_'),
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '${HOME}',
  '%00%0a',
  'constructor',
  'toString',
  'hasOwnProperty',
  'æøå',
  '\x01\x02',
  '\x1b[31m',
  '\x7f',
  'a,b;c',
  'a=b',
  '::',
  'ID:1',
  'stat',
  'id',
  'x'.repeat(65),
  'x'.repeat(66),
  LONG,
] as const;

const WORDS: readonly (readonly [word: string, state: Said['state']])[] = [
  ['DELIVRD ', 'DELIVRD'],
  ['dElIvRd', 'DELIVRD'],
  ['Delivered', 'DELIVRD'],
  ['enroute', 'ENROUTE'],
  ['Expired', 'EXPIRED'],
  ['deleted', 'DELETED'],
  ['rejectd', 'REJECTD'],
  ['acceptd', 'ACCEPTD'],
  ['unknown', 'UNKNOWN'],
  ['UNDELIVRD', 'UNDELIV'],
  ['NOTDELIVRD', 'UNKNOWN'],
  ['DELIVRD.', 'UNKNOWN'],
  ['DELIVRD,', 'UNKNOWN'],
  ['"DELIVRD"', 'UNKNOWN'],
  ['DELIV', 'UNKNOWN'],
  ['D', 'UNKNOWN'],
  ['SKIPPED', 'UNKNOWN'],
  ['SCHEDULED', 'UNKNOWN'],
  ['002', 'UNKNOWN'],
  ['DELIVRD\u00adx', 'UNKNOWN'],
  ['__proto__', 'UNKNOWN'],
  ['toString', 'UNKNOWN'],
  [LONG, 'UNKNOWN'],
];

const ERRORS: readonly (readonly [written: string, number: number | undefined])[] = [
  ['0', 0],
  ['00', 0],
  ['+5', 5],
  ['-000', 0],
  ['0000000001', undefined],
  ['999999999', 999_999_999],
  ['1.5', undefined],
  ['1e3', undefined],
  ['0b1', undefined],
  ['٠٠٥', undefined],
  ['005,', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['--5', undefined],
  ['-', undefined],
  ['00A', undefined],
  [LONG, undefined],
];

/** In Denmark: summer time is two hours ahead of UTC, winter time one. */
const DATES: readonly (readonly [written: string, at: number | undefined])[] = [
  ['0001010000', Date.UTC(1999, 11, 31, 23)],
  ['9912312359', Date.UTC(2099, 11, 31, 22, 59)],
  ['2402291200', Date.UTC(2024, 1, 29, 11)],
  ['2302291200', undefined],
  ['2307011200', Date.UTC(2023, 6, 1, 10)],
  ['2304311200', undefined],
  ['2300011200', undefined],
  ['2301001200', undefined],
  ['2301012400', undefined],
  ['2301011260', undefined],
  ['230101120060', undefined],
  ['2301011200-', undefined],
  ['20230101120000', undefined],
  ['230101', undefined],
  ['2023-01-01T12:00:00Z', undefined],
  ['0000000000', undefined],
  ['-301011200', undefined],
  ['２３０１０１１２００', undefined],
  ['9'.repeat(10_000), undefined],
];

const latin1 = (text: string): boolean => /^[\0-\xff]*$/.test(text);

/** Rows whose text goes into a receipt as it is: a receipt is read as Latin-1. */
export const VARIANTS: readonly Variant[] = [
  ...IDS.map((id): Variant => [
    `the id ${shown(id)}`,
    `id:${id} stat:DELIVRD`,
    { messageId: id.slice(0, 65), state: 'DELIVRD' },
  ]),
  ...WORDS.map(([word, state]): Variant => [
    `the state ${shown(word)}`,
    `id:a-1 stat:${word}`,
    { messageId: ID, state },
  ]),
  ...ERRORS.filter(([written]) => latin1(written)).map(([written, number]): Variant => {
    const said = { ...DELIVERED, errorRaw: written.slice(0, 76) };
    return [
      `the err ${shown(written)}`,
      `id:a-1 stat:DELIVRD err:${written}`,
      number === undefined ? said : { ...said, errorNumber: number },
    ];
  }),
  ...DATES.filter(([written]) => latin1(written)).map(([written, at]): Variant => [
    `the date ${shown(written)}`,
    `id:a-1 done date:${written} stat:DELIVRD`,
    at === undefined ? DELIVERED : { ...DELIVERED, doneAt: at },
  ]),
  ['vertical tabs and form feeds between fields', 'id:a-1\v\fstat:DELIVRD', DELIVERED],
  ['no-break spaces between fields', 'id:a-1\u00a0stat:DELIVRD', DELIVERED],
  ['a label and its colon on two lines', 'id\r\n:a-1 stat\r\n:DELIVRD', DELIVERED],
  ['commas between fields', 'id:a-1,stat:DELIVRD', { messageId: 'a-1,stat:DELIVRD', state: 'UNKNOWN' }],
  ['equals signs instead of colons', 'id=a-1 stat=DELIVRD', { messageId: '', state: 'UNKNOWN' }],
  ['nothing between fields', 'id:a-1stat:DELIVRD', { messageId: 'a-1stat:DELIVRD', state: 'UNKNOWN' }],
  ['a text before the first field', 'Receipt for id:a-1 stat:DELIVRD', DELIVERED],
  [
    'two states, of which the first counts',
    'id:a-1 stat:EXPIRED stat:DELIVRD',
    { messageId: ID, state: 'EXPIRED' },
  ],
  [
    'two errs, of which the first counts',
    'id:a-1 stat:UNDELIV err:005 err:000',
    { messageId: ID, state: 'UNDELIV', errorNumber: 5, errorRaw: '005' },
  ],
  ['an empty id and another one', 'id: id:a-1 stat:DELIVRD', DELIVERED],
  ['a label that only begins like one', 'id:a-1 status:DELIVRD', { messageId: ID, state: 'UNKNOWN' }],
  ['a label in other letters', 'ID:a-1 STATE:DELIVRD STAT:EXPIRED', { messageId: ID, state: 'EXPIRED' }],
  ['a sub of nothing', 'id:a-1 sub: dlvrd: stat:DELIVRD', DELIVERED],
  ['a sub of ten digits', 'id:a-1 sub:9999999999 stat:DELIVRD', DELIVERED],
  ['a text that ends in a label', 'id:a-1 stat:DELIVRD text:id:', DELIVERED],
  ['a TEXT field in the middle', 'id:a-1 TEXT:hello stat:DELIVRD', { messageId: ID, state: 'UNKNOWN' }],
  [
    'a text with another receipt in it',
    'id:a-1 stat:UNDELIV err:005 text:id:b-2 sub:001 stat:DELIVRD err:000',
    { messageId: ID, state: 'UNDELIV', errorNumber: 5, errorRaw: '005' },
  ],
  [
    'a text label with a space before its colon',
    'id:a-1 text : stat:DELIVRD',
    { messageId: ID, state: 'UNKNOWN' },
  ],
  [
    'labels alone',
    'id: sub: dlvrd: submit date: done date: stat: err: text:',
    { messageId: '', state: 'UNKNOWN' },
  ],
  ['labels without colons', 'id a-1 stat DELIVRD', { messageId: '', state: 'UNKNOWN' }],
  ['half a date label', 'id:a-1 done:2301011200 stat:DELIVRD', DELIVERED],
  ['the other half of it', 'id:a-1 date:2301011200 stat:DELIVRD', DELIVERED],
  ['a receipt twice', 'id:a-1 stat:DELIVRD id:b-2 stat:UNDELIV', DELIVERED],
  ['JSON', '{"id":"a-1","stat":"DELIVRD"}', { messageId: '', state: 'UNKNOWN' }],
  ['XML', '<receipt id="a-1" stat="DELIVRD"/>', { messageId: '', state: 'UNKNOWN' }],
];

function shown(value: string): string {
  return value.length > 40 ? `of ${value.length} characters` : JSON.stringify(value);
}
