import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { Delivery } from '../../../lib/message.js';
import { parseReceipt, readReceipt, type ParsedReceipt } from '../../../lib/receipt/parse-receipt.js';
import { encodeText } from '../../../lib/text/data-coding.js';
import { concatenationHeader } from '../../support/concatenation-header.js';
import { EXAMPLE, EXAMPLE_ID, receiptDelivery } from './builders.js';
import { VARIANTS } from './receipt-variants.js';

/** 12 November 2019, 13:14 in Denmark, which has winter time then. */
const EXAMPLE_DATE = Date.UTC(2019, 10, 12, 12, 14);

/** What the text says, its own text and what is absent apart. */
type Said = Omit<ParsedReceipt, 'raw'>;

const WHOLE: Said = {
  messageId: EXAMPLE_ID,
  state: 'DELIVRD',
  errorNumber: 0,
  errorRaw: '000',
  sub: 1,
  submittedAt: EXAMPLE_DATE,
  doneAt: EXAMPLE_DATE,
};

const NOTHING: Said = { messageId: '', state: 'UNKNOWN' };

const longId = 'x'.repeat(64);

const TEXTS: readonly (readonly [what: string, text: string, said: Said])[] = [
  // inMobile's own
  ['the example of the page', EXAMPLE, WHOLE],
  [
    'the expired example of the page',
    `id:${EXAMPLE_ID} sub:001 dlvrd:000 submit date:1911121314 done date:1911121314 stat:EXPIRED err:005`,
    { ...WHOLE, state: 'EXPIRED', errorNumber: 5, errorRaw: '005' },
  ],
  ['the example broken inside "submit date"', EXAMPLE.replace('submit date', 'submit\ndate'), WHOLE],
  ['the example broken with CR and LF', EXAMPLE.replaceAll(' ', '\r\n'), WHOLE],

  // white space
  ['two spaces between fields', EXAMPLE.replaceAll(' ', '  '), WHOLE],
  ['tabs between fields', EXAMPLE.replaceAll(' ', '\t'), WHOLE],
  ['a CR and LF at the end', `${EXAMPLE}\r\n`, WHOLE],
  ['a NUL at the end', `${EXAMPLE}\0`, WHOLE],
  ['NULs between fields', EXAMPLE.replaceAll(' ', '\0'), WHOLE],
  ['white space before it', ` \n ${EXAMPLE}`, WHOLE],
  ['a space before every colon', EXAMPLE.replaceAll(':', ' :'), WHOLE],
  ['a space after every colon', EXAMPLE.replaceAll(':', ': '), WHOLE],
  ['words of a date label joined', EXAMPLE.replaceAll(' date', 'date'), WHOLE],

  // letter case, order
  [
    'labels in upper case',
    EXAMPLE.replace(/\b(?:[a-z]+ date|[a-z]+):/g, (label) => label.toUpperCase()),
    WHOLE,
  ],
  ['labels capitalised', EXAMPLE.replace('id:', 'Id:').replace('submit d', 'Submit D'), WHOLE],
  [
    'the fields in reverse order',
    `err:000 stat:DELIVRD done date:1911121314 submit date:1911121314 dlvrd:001 sub:001 id:${EXAMPLE_ID}`,
    WHOLE,
  ],
  [
    'the id in the middle',
    'stat:DELIVRD id:a-1 err:000',
    { messageId: 'a-1', state: 'DELIVRD', errorNumber: 0, errorRaw: '000' },
  ],

  // text
  ['a text field after it', `${EXAMPLE} text:Hello there`, WHOLE],
  ['a capitalised Text field', `${EXAMPLE} Text:Hello`, WHOLE],
  ['an empty text field', `${EXAMPLE} text:`, WHOLE],
  [
    'a text that has fields of its own',
    'id:a-1 stat:UNDELIV text:stat:DELIVRD err:000',
    { messageId: 'a-1', state: 'UNDELIV' },
  ],
  [
    'a text that repeats fields after a space',
    'id:a-1 stat:UNDELIV text: id:b-2 stat:DELIVRD',
    { messageId: 'a-1', state: 'UNDELIV' },
  ],
  ['a text before all fields', 'text:x id:a-1 stat:DELIVRD', NOTHING],

  // absent fields
  ['only an id', 'id:a-1', { messageId: 'a-1', state: 'UNKNOWN' }],
  ['only a state', 'stat:DELIVRD', { messageId: '', state: 'DELIVRD' }],
  [
    'no sub, no dlvrd',
    'id:a-1 submit date:1911121314 done date:1911121314 stat:DELIVRD err:000',
    {
      messageId: 'a-1',
      state: 'DELIVRD',
      errorNumber: 0,
      errorRaw: '000',
      submittedAt: EXAMPLE_DATE,
      doneAt: EXAMPLE_DATE,
    },
  ],
  [
    'no dates',
    'id:a-1 sub:001 dlvrd:001 stat:DELIVRD err:000',
    { messageId: 'a-1', state: 'DELIVRD', errorNumber: 0, errorRaw: '000', sub: 1 },
  ],
  ['no err', 'id:a-1 stat:EXPIRED', { messageId: 'a-1', state: 'EXPIRED' }],
  ['nothing at all', '', NOTHING],
  ['white space only', ' \r\n\0', NOTHING],
  ['text that is no receipt', 'Hello there', NOTHING],
  ['an empty id before another field', 'id: stat:DELIVRD', { messageId: '', state: 'DELIVRD' }],
  ['an empty id and many spaces', 'id:    stat:DELIVRD', { messageId: '', state: 'DELIVRD' }],
  [
    'an empty state before another field',
    'id:a-1 stat: err:000',
    { messageId: 'a-1', state: 'UNKNOWN', errorNumber: 0, errorRaw: '000' },
  ],
  ['an empty id at the end', 'stat:DELIVRD id:', { messageId: '', state: 'DELIVRD' }],

  // ids
  [
    'an id of digits with leading zeros',
    'id:0000123456 stat:DELIVRD',
    { messageId: '0000123456', state: 'DELIVRD' },
  ],
  ['an id in upper case', 'id:ABC-DEF stat:DELIVRD', { messageId: 'ABC-DEF', state: 'DELIVRD' }],
  ['an id with _ @ and $', 'id:a_b@c$d stat:DELIVRD', { messageId: 'a_b@c$d', state: 'DELIVRD' }],
  ['an id with colons', 'id:a:b:c stat:DELIVRD', { messageId: 'a:b:c', state: 'DELIVRD' }],
  ['an id that ends like a label', 'id:mid: stat:DELIVRD', { messageId: 'mid:', state: 'DELIVRD' }],
  ['an id of 64 characters', `id:${longId} stat:DELIVRD`, { messageId: longId, state: 'DELIVRD' }],
  ['an id with a space, up to it', 'id:a b stat:DELIVRD', { messageId: 'a', state: 'DELIVRD' }],
  [
    'two ids, of which the first counts',
    'id:a-1 id:b-2 stat:DELIVRD',
    { messageId: 'a-1', state: 'DELIVRD' },
  ],
  ['a label that only ends in "id"', 'mid:b-2 stat:DELIVRD', { messageId: '', state: 'DELIVRD' }],
  [
    'names of object properties',
    'id:__proto__ stat:constructor',
    { messageId: '__proto__', state: 'UNKNOWN' },
  ],

  // err
  [
    'err of one digit',
    'id:a-1 stat:UNDELIV err:5',
    { messageId: 'a-1', state: 'UNDELIV', errorNumber: 5, errorRaw: '5' },
  ],
  [
    'err of four digits',
    'id:a-1 stat:UNDELIV err:0300',
    { messageId: 'a-1', state: 'UNDELIV', errorNumber: 300, errorRaw: '0300' },
  ],
  [
    'a negative err',
    'id:a-1 stat:UNDELIV err:-22',
    { messageId: 'a-1', state: 'UNDELIV', errorNumber: 22, errorRaw: '-22' },
  ],
  [
    'an alphanumeric err',
    'id:a-1 stat:UNDELIV err:0x1',
    { messageId: 'a-1', state: 'UNDELIV', errorRaw: '0x1' },
  ],
  [
    'an err of letters',
    'id:a-1 stat:UNDELIV err:abc',
    { messageId: 'a-1', state: 'UNDELIV', errorRaw: 'abc' },
  ],
  [
    'an err beyond all codes',
    'id:a-1 stat:UNDELIV err:99999999999',
    { messageId: 'a-1', state: 'UNDELIV', errorRaw: '99999999999' },
  ],
  ['an empty err', 'id:a-1 stat:UNDELIV err:', { messageId: 'a-1', state: 'UNDELIV' }],

  // sub and dlvrd
  [
    'a sub of several',
    'id:a-1 sub:003 dlvrd:003 stat:DELIVRD',
    { messageId: 'a-1', state: 'DELIVRD', sub: 3 },
  ],
  ['a sub that is no number', 'id:a-1 sub:abc dlvrd:-1 stat:DELIVRD', { messageId: 'a-1', state: 'DELIVRD' }],

  // dates
  [
    'dates with seconds',
    'id:a-1 submit date:191112131459 done date:200701000000 stat:DELIVRD',
    {
      messageId: 'a-1',
      state: 'DELIVRD',
      submittedAt: EXAMPLE_DATE + 59_000,
      doneAt: Date.UTC(2020, 5, 30, 22),
    },
  ],
  [
    'a date of the 13th month',
    'id:a-1 submit date:1913121314 stat:DELIVRD',
    { messageId: 'a-1', state: 'DELIVRD' },
  ],
  [
    'a date of eleven digits',
    'id:a-1 done date:19111213145 stat:DELIVRD',
    { messageId: 'a-1', state: 'DELIVRD' },
  ],
  [
    'a date that is no number',
    'id:a-1 done date:yesterday stat:DELIVRD',
    { messageId: 'a-1', state: 'DELIVRD' },
  ],

  // states, each in the words of Appendix B
  ...(['ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD'] as const).map(
    (state) => [`the state ${state}`, `id:a-1 stat:${state}`, { messageId: 'a-1', state }] as const,
  ),
  ['a state in lower case', 'id:a-1 stat:delivrd', { messageId: 'a-1', state: 'DELIVRD' }],
  ['a state in mixed case', 'id:a-1 stat:Undeliv', { messageId: 'a-1', state: 'UNDELIV' }],
  ['DELIVERED in full', 'id:a-1 stat:DELIVERED', { messageId: 'a-1', state: 'DELIVRD' }],
  ['DELIVERD of eight letters', 'id:a-1 stat:DELIVERD', { messageId: 'a-1', state: 'DELIVRD' }],
  ['UNDELIVERABLE in full', 'id:a-1 stat:UNDELIVERABLE', { messageId: 'a-1', state: 'UNDELIV' }],
  ['UNDELIVERED in full', 'id:a-1 stat:UNDELIVERED', { messageId: 'a-1', state: 'UNDELIV' }],
  ['ACCEPTED in full', 'id:a-1 stat:ACCEPTED', { messageId: 'a-1', state: 'ACCEPTD' }],
  ['REJECTED in full', 'id:a-1 stat:REJECTED', { messageId: 'a-1', state: 'REJECTD' }],
  ['a state nobody knows', 'id:a-1 stat:BUFFERED', { messageId: 'a-1', state: 'UNKNOWN' }],
  ['a state that only begins like delivered', 'id:a-1 stat:DELIVRDX', { messageId: 'a-1', state: 'UNKNOWN' }],
  ['a state by number', 'id:a-1 stat:2', { messageId: 'a-1', state: 'UNKNOWN' }],
];

interface Case {
  readonly what: string;
  readonly delivery: Partial<Delivery>;
  readonly said: Said;
}

const byTlv = (receiptedMessageId?: string, messageState?: number): Partial<Delivery> => ({
  ...(receiptedMessageId === undefined ? {} : { receiptedMessageId }),
  ...(messageState === undefined ? {} : { messageState }),
});

const DELIVERIES: readonly Case[] = [
  {
    what: 'an id in a TLV and none in the text',
    delivery: byTlv('t-1', 2),
    said: { messageId: 't-1', state: 'DELIVRD' },
  },
  {
    what: 'a TLV id that differs from the text',
    delivery: { ...byTlv('t-1'), octets: Buffer.from('id:a-1 stat:DELIVRD') },
    said: { messageId: 't-1', state: 'DELIVRD' },
  },
  {
    what: 'a TLV state that differs from the text',
    delivery: { ...byTlv(undefined, 5), octets: Buffer.from('id:a-1 stat:DELIVRD') },
    said: { messageId: 'a-1', state: 'UNDELIV' },
  },
  {
    what: 'a TLV state that 3.4 does not define',
    delivery: { ...byTlv(undefined, 9), octets: Buffer.from('id:a-1 stat:EXPIRED') },
    said: { messageId: 'a-1', state: 'EXPIRED' },
  },
  {
    what: 'an undefined TLV state and no text',
    delivery: byTlv('t-1', 0),
    said: { messageId: 't-1', state: 'UNKNOWN' },
  },
  {
    what: 'an empty TLV id',
    delivery: { ...byTlv('\0'), octets: Buffer.from('id:a-1 stat:DELIVRD') },
    said: { messageId: 'a-1', state: 'DELIVRD' },
  },
  { what: 'a TLV id with its NUL', delivery: byTlv('t-1\0'), said: { messageId: 't-1', state: 'UNKNOWN' } },
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((messageState, index) => ({
    what: `TLV state ${messageState}`,
    delivery: byTlv('t-1', messageState),
    said: {
      messageId: 't-1',
      state: (
        ['ENROUTE', 'DELIVRD', 'EXPIRED', 'DELETED', 'UNDELIV', 'ACCEPTD', 'UNKNOWN', 'REJECTD'] as const
      )[index]!,
    },
  })),
  { what: 'a text in UTF-16', delivery: { dataCoding: 8, octets: encodeText(EXAMPLE, 'ucs2') }, said: WHOLE },
  {
    what: 'a text in ASCII that is marked as UTF-16',
    delivery: { dataCoding: 8, octets: Buffer.from(EXAMPLE) },
    said: WHOLE,
  },
  {
    what: 'a text in ASCII that is marked as UTF-16, with white space and capitals',
    delivery: { dataCoding: 0x18, octets: Buffer.from(`\r\n ${EXAMPLE.replace('id:', 'ID :')}`) },
    said: WHOLE,
  },
  {
    what: 'a text in ASCII that is marked as UTF-16 and begins with another field',
    delivery: { dataCoding: 8, octets: Buffer.from('submit date:1911121314 stat:DELIVRD id:a-1') },
    said: { messageId: 'a-1', state: 'DELIVRD', submittedAt: EXAMPLE_DATE },
  },
  {
    what: 'a text in UTF-16 that is marked as GSM7',
    delivery: { octets: encodeText(EXAMPLE, 'ucs2') },
    said: WHOLE,
  },
  {
    what: 'a text in UTF-16 of the other order of octets',
    delivery: { dataCoding: 8, octets: Buffer.from(EXAMPLE, 'utf16le') },
    said: WHOLE,
  },
  {
    what: 'a text in UTF-16 with a byte order mark',
    delivery: { dataCoding: 8, octets: encodeText(`\ufeff${EXAMPLE}`, 'ucs2') },
    said: WHOLE,
  },
  { what: 'a text in Latin-1', delivery: { dataCoding: 3, octets: Buffer.from(EXAMPLE) }, said: WHOLE },
  { what: 'a text in IA5', delivery: { dataCoding: 1, octets: Buffer.from(EXAMPLE) }, said: WHOLE },
  { what: 'a text marked as binary', delivery: { dataCoding: 4, octets: Buffer.from(EXAMPLE) }, said: WHOLE },
  {
    what: 'a text marked as flash',
    delivery: { dataCoding: 0x10, octets: Buffer.from(EXAMPLE) },
    said: WHOLE,
  },
  {
    what: 'a text after a user data header',
    delivery: {
      hasUserDataHeader: true,
      octets: Buffer.concat([
        concatenationHeader({ reference: 1, total: 1, sequence: 1 }, 8),
        Buffer.from(EXAMPLE),
      ]),
    },
    said: WHOLE,
  },
  {
    what: 'an intermediate notification',
    delivery: { kind: 'notification', octets: Buffer.from('id:a-1 stat:ENROUTE') },
    said: { messageId: 'a-1', state: 'ENROUTE' },
  },
  { what: 'a notification without fields', delivery: { kind: 'notification' }, said: NOTHING },
];

describe('parseReceipt', () => {
  for (const [what, text, said] of [...TEXTS, ...VARIANTS]) {
    it(`reads ${what}`, () => {
      const raw = text.length > 255 ? text.replace(/([^\s\0]{80})[^\s\0]+/g, '$1') : text;
      assert.deepEqual(parseReceipt(receiptDelivery(text)), { ...said, raw });
    });
  }

  for (const { what, delivery, said } of DELIVERIES) {
    it(`reads ${what}`, () => {
      const { raw: _raw, ...read } = parseReceipt(receiptDelivery('', delivery))!;
      assert.deepEqual(read, said);
    });
  }

  it('cuts a text that no standard allows between two words, and reads no half of one', () => {
    const text = `id:a-1 stat:UNDELIV ${'x '.repeat(115)}err:005 text:Hello`;
    const receipt = parseReceipt(receiptDelivery(text));
    assert.equal(receipt?.raw, text.slice(0, text.indexOf(' err')));
    assert.deepEqual([receipt.messageId, receipt.state, receipt.errorRaw], ['a-1', 'UNDELIV', undefined]);
  });

  it('cuts an id in a TLV where it cuts one in the text', () => {
    const id = 'x'.repeat(60_000);
    const ids = [byTlv(id), { octets: Buffer.from(`id:${id} stat:DELIVRD`) }].map(
      (delivery) => parseReceipt(receiptDelivery('', delivery))?.messageId,
    );
    assert.deepEqual(ids, [id.slice(0, 65), id.slice(0, 65)]);
  });

  it('says the same of what it kept of a text', () => {
    const texts = fc.string({
      unit: fc.constantFrom('id:', 'stat:', 'DELIVRD', ' ', '\0', 'x'.repeat(70), '1'),
    });
    fc.assert(
      fc.property(texts, (text) => {
        const receipt = parseReceipt(receiptDelivery(text.repeat(3)))!;
        assert.ok(receipt.raw.length <= 255);
        assert.deepEqual(readReceipt(receipt.raw, {}), receipt);
      }),
    );
  });

  it('keeps the text that a TLV overrules', () => {
    const delivery = receiptDelivery('id:a-1 stat:DELIVRD', byTlv('t-1', 5));
    assert.equal(parseReceipt(delivery)?.raw, 'id:a-1 stat:DELIVRD');
  });

  for (const kind of ['sms', 'other'] as const) {
    it(`leaves a delivery of kind ${kind} alone that imitates a receipt`, () => {
      assert.equal(parseReceipt(receiptDelivery(EXAMPLE, { kind })), undefined);
    });
  }

  it('survives any octets in any data coding', () => {
    const deliveries = fc.record({
      octets: fc.uint8Array({ maxLength: 300 }),
      dataCoding: fc.nat(255),
      hasUserDataHeader: fc.boolean(),
      kind: fc.constantFrom('receipt' as const, 'notification' as const),
      messageState: fc.nat(255),
      receiptedMessageId: fc.string(),
    });
    fc.assert(
      fc.property(deliveries, (delivery) => parseReceipt(receiptDelivery('', delivery)) !== undefined),
    );
  });

  it('never takes anything for delivered but the word and its spellings', () => {
    const fragments = [
      'id:',
      'a-1',
      ' ',
      'stat:',
      'stat',
      ':',
      'DELIVRD',
      'UNDELIV',
      'err:',
      '000',
      'text:',
      '\n',
      '\0',
    ];
    const texts = fc.array(fc.constantFrom(...fragments), { maxLength: 20 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const state = parseReceipt(receiptDelivery(text))?.state;
        // The label anywhere, then the word whole: what the parser may have read, and more.
        assert.ok(state !== 'DELIVRD' || /stat[\s\0]*:[\s\0]*DELIVRD(?=[\s\0]|$)/.test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('reads the same fields in any order, case and white space', () => {
    const fields = EXAMPLE.match(/[a-z]+(?: date)?:\S+/g)!;
    const variants = fc.tuple(
      fc.shuffledSubarray(fields, { minLength: fields.length }),
      fc.constantFrom(' ', '  ', '\n', '\r\n', '\t', '\0', ' \n '),
      fc.boolean(),
    );
    fc.assert(
      fc.property(variants, ([order, space, isUpper]) => {
        const text = order.map((field) => (isUpper ? upperLabel(field) : field)).join(space);
        assert.deepEqual(parseReceipt(receiptDelivery(text)), { ...WHOLE, raw: text });
      }),
    );
  });

  for (const [what, unit] of [
    ['white space', ' '],
    ['empty ids', 'id: '],
    ['halves of a label', 'submit '],
    ['labels and white space', 'submit   date'],
    ['colons', ':'],
    ['NULs', '\0'],
  ] as const) {
    // Quadratic work on a million characters would not end within the time a test has.
    it(`reads a million characters of ${what}`, () => {
      const text = unit.repeat(1_000_000 / unit.length);
      assert.equal(parseReceipt(receiptDelivery(text))?.state, 'UNKNOWN');
    });
  }
});

function upperLabel(field: string): string {
  return field.replace(/^[a-z ]+:/, (label) => label.toUpperCase());
}
