/**
 * Messages that no smpp-send can make an SMS of, each with the property that its error names; and odd ones that
 * it can, each with the number that it may go to and no other.
 *
 * Made anew for each test: a message is changed on its way, and some cannot be copied.
 */
import { inspect } from 'node:util';

export interface HostileMessage {
  readonly name: string;
  readonly make: () => Record<string, unknown>;
  /** The property that the error names; '' where the message itself cannot be read. */
  readonly field: string;
}

export interface OddMessage {
  readonly name: string;
  readonly make: () => Record<string, unknown>;
  readonly to: string;
}

export const TO = '4512345678';
const MANY = 100_000;
/** More than the gateway queues; a Catch node's copy of one of 2^32 would not end, which is Node-RED's own. */
const SPARSE = 5_000_000;
const TEN_MB = 10_000_000;

const boom = (): never => {
  throw new Error('a getter');
};

/** An object whose property `name` throws when it is read. */
function trap(name: string, others: object = {}): Record<string, unknown> {
  return Object.defineProperty({ ...others }, name, { enumerable: true, configurable: true, get: boom });
}

function cyclic(properties: object): Record<string, unknown> {
  const object: Record<string, unknown> = { ...properties };
  object.self = object;
  return object;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({ to: TO, text: 'x' }, {});
  revoke();
  return proxy;
}

const throwing = (handler: ProxyHandler<object>, target: object = { to: TO, text: 'x' }): object =>
  new Proxy(target, handler);

/** An array with methods of its own, which say something else than what is in it. */
class Liar extends Array<unknown> {
  override map<U>(): U[] {
    return [{ to: '4599999999', text: 'x' } as U];
  }
  override flatMap<U>(): U[] {
    return this.map<U>();
  }
  override entries(): ArrayIterator<[number, unknown]> {
    return [[0, { to: '4599999999' }] as [number, unknown]].values();
  }
}

type Row = readonly [name: string, value: unknown];

/** Each value as `msg.to`, with a sound text. */
const RECIPIENTS: readonly Row[] = [
  ['undefined', undefined],
  ['null', null],
  ['an empty string', ''],
  ['a blank', ' '],
  ['a no-break space', '\u00a0'],
  ['NaN', NaN],
  ['infinity', Infinity],
  ['zero', 0],
  ['a negative number', -4_512_345_678],
  ['a fraction', 4_512_345_678.5],
  ['a number beyond 2^53', 45_123_456_789_012_345_678],
  ['a very large number', 1e300],
  ['a very small number', 1e-7],
  ['a float as text', '4512345678.0'],
  ['a float as text, with a comma', '4512345678,5'],
  ['true', true],
  ['false', false],
  ['an object', { to: TO }],
  ['an object that reads like a number', { toString: () => TO, valueOf: () => 4_512_345_678 }],
  ['an object of a primitive', new String(TO)],
  ['a thenable that never comes', { then: () => undefined }],
  ['a promise', Promise.resolve(TO)],
  ['a function', () => TO],
  ['a symbol', Symbol(TO)],
  ['a BigInt', 4_512_345_678n],
  ['a date', new Date(0)],
  ['a map', new Map([['to', TO]])],
  ['a set', new Set([TO])],
  ['a regular expression', /4512345678/],
  ['a buffer', Buffer.from(TO)],
  ['an array of octets', new Uint8Array([4, 5])],
  ['a nested array', [[TO]]],
  ['an empty array', []],
  ['an array of null', [null]],
  ['an array with a hole', [TO, , TO]],
  ['an array with a bad end', [TO, TO, 'mother']],
  ['a sparse array of five million', new Array(SPARSE)],
  ['an array that lies about itself', Liar.from(['mother'])],
  [
    'an array that says it is endless',
    new Proxy([TO], { get: (array, key): unknown => (key === 'length' ? 1e15 : Reflect.get(array, key)) }),
  ],
  ['an array that throws', new Proxy([TO], { get: boom })],
  [
    `an array of ${MANY} with one bad entry at its end`,
    [...Array.from({ length: MANY }, () => TO), 'mother'],
  ],
  [`an array of ${MANY} empty strings`, Array.from({ length: MANY }, () => '')],
  ['a NUL at the end', `${TO}\0`],
  ['a NUL at the start', `\0${TO}`],
  ['a NUL in the middle', '45\x0012345678'],
  ['a NUL and another number', `${TO}\x004587654321`],
  ['an escape sequence', `\x1b[31m${TO}`],
  ['a bell', `${TO}\x07`],
  ['a C1 control', `45\x8512345678`],
  ['two numbers on two lines', '1234567\n8765432'],
  ['two numbers on two lines of a Mac', '1234567\r8765432'],
  ['two numbers and a page break', '1234567\f8765432'],
  ['two numbers and a line separator', '1234567\u20288765432'],
  ['two numbers and a comma, one of them wrong', '4512345678,45876543210987654'],
  ['two numbers and a semicolon, one of them wrong', '4512345678;nobody'],
  ['two numbers and a blank', '4512345678 4587654321'],
  ['two pluses', `++${TO}`],
  ['a plus in the middle', '45+12345678'],
  ['a plus alone', '+'],
  ['00 alone', '00'],
  ['four zeros', '00004512345678'],
  ['a national number with a zero', '0123456'],
  ['a plus and a zero', '+0123456789'],
  ['six digits', '+451234'],
  ['sixteen digits', '4512345678901234'],
  ['a million digits', '4'.repeat(1_000_000)],
  ['ten million letters', 'x'.repeat(TEN_MB)],
  ['letters', 'mother'],
  ['letters among digits', '45O2345678'],
  ['an extension', '4512345678x12'],
  ['a tel: with parameters', 'tel:4512345678;phone-context=+45'],
  ['an address', 'mailto:a@example.com'],
  ['a hexadecimal number', '0x10cf4d8ae'],
  ['an exponent', '4.5e9'],
  ['Arabic digits', '\u0664\u0665\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668'],
  ['Devanagari digits', '\u096a\u096b\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e'],
  ['a combining accent', `${TO}\u0301`],
  ['half a surrogate pair', `${TO}\ud83d`],
  ['an emoji', `${TO}📱`],
  ['a vulgar fraction', '451234567½'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['an environment variable', '${HOME}'],
  ['a path', '../../etc/passwd'],
  ['a script', '<script>alert(1)</script>'],
  ['a query', "4512345678' OR '1'='1"],
];

/** Each as properties of `msg.payload`, with a sound recipient and text where they are not given. */
const PROPERTIES: readonly (readonly [name: string, field: string, payload: Record<string, unknown>])[] = [
  ['a sender of 12 letters', 'from', { from: 'Twelve chars' }],
  ['a sender of 16 digits', 'from', { from: '4512345678901234' }],
  ['a sender with a NUL', 'from', { from: 'De\0mo' }],
  ['a sender of two lines', 'from', { from: 'De\nmo' }],
  ['a sender with an escape sequence', 'from', { from: '\x1b[31mDemo' }],
  ['a sender that turns the direction', 'from', { from: '\u202eomeD' }],
  ['a sender in another alphabet', 'from', { from: 'Демо' }],
  ['a sender of an emoji', 'from', { from: '📱' }],
  ['a sender of 10 MB', 'from', { from: 'x'.repeat(TEN_MB) }],
  ['a sender that is an object', 'from', { from: {} }],
  ['a sender that is an array', 'from', { from: ['Demo'] }],
  ['a sender that is a symbol', 'from', { from: Symbol('Demo') }],
  ['a sender that is a BigInt', 'from', { from: 1245n }],
  ['a sender of octets that are no text', 'from', { from: Buffer.from([0xff]) }],
  ['an empty text', 'text', { text: '' }],
  ['a text that is an object', 'text', { text: {} }],
  ['a text that is an array', 'text', { text: ['x'] }],
  ['a text that is a function', 'text', { text: () => 'x' }],
  ['a text that is a symbol', 'text', { text: Symbol('x') }],
  ['a text that is a BigInt', 'text', { text: 1n }],
  ['a text that is a date', 'text', { text: new Date(0) }],
  ['a text that is a thenable', 'text', { text: { then: () => undefined } }],
  ['a text of 10 MB', 'text', { text: 'x'.repeat(TEN_MB) }],
  ['a text of 10 MB of emoji', 'text', { text: '📱'.repeat(TEN_MB / 4) }],
  ['a text of 10 MB of one character and its accents', 'text', { text: `e${'\u0301'.repeat(TEN_MB)}` }],
  ['a text of 256 segments', 'text', { text: 'x'.repeat(153 * 256), maxSegments: 255 }],
  ['a text of eleven segments', 'text', { text: 'x'.repeat(153 * 10 + 1) }],
  ['a text of octets that are no text', 'text', { text: Buffer.from([0xff, 0xfe]) }],
  ['a text of 10 MB of octets', 'text', { text: Buffer.alloc(TEN_MB, 0x41) }],
  ['a text that GSM7 lacks', 'encoding', { text: 'Ж', encoding: 'gsm7' }],
  ['flash as a word', 'flash', { flash: 'yes' }],
  ['flash as a number', 'flash', { flash: 1 }],
  ['an unknown encoding', 'encoding', { encoding: 'utf8' }],
  ['an encoding that every object has', 'encoding', { encoding: 'toString' }],
  ['an encoding of its prototype', 'encoding', { encoding: '__proto__' }],
  ['an encoding that is an array of a right one', 'encoding', { encoding: ['gsm7'] }],
  ['substitute as a word', 'substitute', { substitute: 'no' }],
  ['no segments', 'maxSegments', { maxSegments: 0 }],
  ['negative segments', 'maxSegments', { maxSegments: -1 }],
  ['256 segments', 'maxSegments', { maxSegments: 256 }],
  ['half a segment', 'maxSegments', { maxSegments: 1.5 }],
  ['NaN segments', 'maxSegments', { maxSegments: NaN }],
  ['segments in words', 'maxSegments', { maxSegments: 'ten' }],
  ['an unknown way for long messages', 'longMessage', { longMessage: 'udh32' }],
  ['an unknown wish for receipts', 'receipt', { receipt: true }],
  ['an unknown priority', 'priority', { priority: 'constructor' }],
  ['a time in words', 'sendAt', { sendAt: 'tomorrow' }],
  ['a time that is no date', 'sendAt', { sendAt: new Date(NaN) }],
  ['a time that never comes', 'sendAt', { sendAt: Infinity }],
  ['a time in microseconds', 'sendAt', { sendAt: 1.8e15 }],
  ['a time that is an object', 'sendAt', { sendAt: { getTime: () => 0 } }],
  ['no life', 'expiresAfterMs', { expiresAfterMs: 0 }],
  ['a negative life', 'expiresAfterMs', { expiresAfterMs: -1 }],
  ['an endless life', 'expiresAfterMs', { expiresAfterMs: Infinity }],
  ['a life that overflows a timer', 'expiresAfterMs', { expiresAfterMs: 1e13 }],
  ['no validity', 'validityMs', { validityMs: 0 }],
  ['an endless validity', 'validityMs', { validityMs: Infinity }],
  ['a time in seconds', 'sendAt', { sendAt: 1_800_000_000 }],
  ['a dedupe key that is an object', 'dedupeKey', { dedupeKey: {} }],
  ['a dedupe key of 10 MB', 'dedupeKey', { dedupeKey: 'k'.repeat(TEN_MB) }],
  ['a dedupe time in words', 'dedupeMs', { dedupeKey: 'k', dedupeMs: 'an hour' }],
  ['an unknown policy', 'onUncertain', { onUncertain: 'retry' }],
  ['a correlation with a cycle', 'correlation', { correlation: cyclic({}) }],
  ['a correlation that is a BigInt', 'correlation', { correlation: 1n }],
  ['a correlation that is a function', 'correlation', { correlation: () => 1 }],
  ['a correlation that is a symbol', 'correlation', { correlation: Symbol('x') }],
  ['a correlation of 10 MB', 'correlation', { correlation: 'x'.repeat(TEN_MB) }],
  ['a correlation that throws', 'correlation', { correlation: trap('x') }],
  ['a correlation whose toJSON throws', 'correlation', { correlation: { toJSON: boom } }],
  ['a correlation whose toJSON gives nothing', 'correlation', { correlation: { toJSON: () => undefined } }],
];

const FIELDS = [
  'to',
  'from',
  'text',
  'flash',
  'encoding',
  'substitute',
  'maxSegments',
  'longMessage',
  'receipt',
  'priority',
  'sendAt',
  'expiresAfterMs',
  'validityMs',
  'dedupeKey',
  'dedupeMs',
  'onUncertain',
  'correlation',
];

const ACTIONS = [
  'send',
  'toString',
  '__proto__',
  'constructor',
  'connect ',
  'CANCEL',
  1,
  true,
  {},
  ['connect'],
  Symbol('connect'),
];
const IDS = [undefined, null, '', 7, {}, [], Symbol('id')];

const row = (name: string, field: string, make: () => Record<string, unknown>): HostileMessage => ({
  name,
  field,
  make,
});

export const HOSTILE_MESSAGES: readonly HostileMessage[] = [
  ...RECIPIENTS.map(([name, to]) =>
    row(`a recipient that is ${name}`, 'to', () => ({ to, payload: 'Hello' })),
  ),
  ...RECIPIENTS.filter(([, to]) => typeof to === 'string' && to.trim() !== '').map(([name, to]) =>
    row(`a recipient in the payload that is ${name}`, 'to', () => ({
      to: TO,
      payload: { to, text: 'Hello' },
    })),
  ),
  ...PROPERTIES.map(([name, field, payload]) =>
    row(name, field, () => ({ payload: { to: TO, text: 'Hello', ...payload } })),
  ),
  ...FIELDS.map((field) =>
    row(`a ${field} that throws`, field, () => ({ to: TO, payload: trap(field, { text: 'Hello', to: TO }) })),
  ),
  row('a msg.to that throws', 'to', () => trap('to', { payload: 'Hello' })),
  row('an action that throws', '', () => trap('action', { to: TO, payload: 'Hello' })),
  row('a payload that is null', 'text', () => ({ to: TO, payload: null })),
  row('no payload', 'text', () => ({ to: TO })),
  row('a payload that is a symbol', 'text', () => ({ to: TO, payload: Symbol('x') })),
  row('a payload that is a function', 'text', () => ({ to: TO, payload: () => 'x' })),
  row('a payload without properties', 'text', () => ({ to: TO, payload: Object.create(null) as unknown })),
  row('a payload with a cycle', 'text', () => ({ to: TO, payload: cyclic({}) })),
  row('a payload that never comes', 'text', () => ({ to: TO, payload: { then: () => undefined } })),
  row('a payload that throws when asked what it has', 'to', () => ({
    to: TO,
    payload: throwing({ getOwnPropertyDescriptor: boom }),
  })),
  row('a payload that throws when read', 'to', () => ({ to: TO, payload: throwing({ get: boom }) })),
  row('a payload that throws at everything', '', () => ({ to: TO, payload: revoked() })),
  row('inherited properties only', 'to', () => ({
    payload: Object.create({ to: TO, text: 'x' }) as unknown,
  })),
  row('a prototype of its own from JSON', 'to', () => ({
    payload: JSON.parse(`{"__proto__":{"to":"${TO}","polluted":1},"text":"x"}`) as unknown,
  })),
  row('a constructor from JSON', 'to', () => ({
    payload: JSON.parse(`{"constructor":{"prototype":{"polluted":1,"to":"${TO}"}},"text":"x"}`) as unknown,
  })),
  row('an empty list', 'to', () => ({ payload: [] })),
  row('a list of texts', 'payload', () => ({ to: TO, payload: ['x'] })),
  row('a list of lists', 'payload', () => ({ to: TO, payload: [[{ text: 'x' }]] })),
  row('a list of null', 'payload', () => ({ to: TO, payload: [null] })),
  row('a list with a hole', 'payload', () => ({ to: TO, payload: [{ text: 'x' }, , { text: 'x' }] })),
  row('a sparse list of five million', 'to', () => ({ to: TO, payload: new Array(SPARSE) })),
  row('a list that lies about itself', 'payload', () => ({ to: TO, payload: Liar.from(['x']) })),
  row('a list whose entries throw', 'text', () => ({ to: TO, payload: [{ text: 'x' }, trap('text')] })),
  row(`a list of ${MANY} with one bad entry at its end`, 'to', () => ({
    payload: [...Array.from({ length: MANY }, () => ({ to: TO, text: 'x' })), { to: 'mother', text: 'x' }],
  })),
  row('lists in each entry of a list', 'to', () => ({
    payload: Array.from({ length: 2_000 }, () => ({
      to: Array.from({ length: 1_000 }, () => TO),
      text: 'x',
    })),
  })),
  ...ACTIONS.map((action) =>
    row(`the action ${inspect(action)}`, 'action', () => ({ to: TO, payload: 'Hello', action })),
  ),
  ...IDS.map((id) => row(`a cancel of ${inspect(id)}`, 'id', () => ({ action: 'cancel', id }))),
];

const odd = (name: string, to: string, msg: Record<string, unknown>): OddMessage => ({
  name,
  to,
  make: () => msg,
});

/** They can be read, one way only. */
export const ODD_MESSAGES: readonly OddMessage[] = [
  odd('marks of writing direction around a number', TO, {
    to: `\u202a+45 12\u00a034\u200956 78\u202c`,
    payload: 'x',
  }),
  odd('a line break after a number', TO, { to: `${TO}\r\n`, payload: 'x' }),
  odd('full-width digits', TO, { to: '４５１２３４５６７８', payload: 'x' }),
  odd('a number as a number', TO, { to: 4_512_345_678, payload: 'x' }),
  odd('a text of control characters and marks', TO, { to: TO, payload: 'a\0b\x1b[31m\u202e\u2066c\ufeff' }),
  odd('a text of half a surrogate pair', TO, { to: TO, payload: 'a\ud83db' }),
  odd('a text that is a number', TO, { to: TO, payload: 42 }),
  odd('an own property that every object has', TO, {
    to: TO,
    payload: JSON.parse(
      '{"text":"x","__proto__":{"to":"4599999999"},"hasOwnProperty":1,"toString":2}',
    ) as unknown,
  }),
  odd('properties that throw beside the payload', TO, trap('other', { to: TO, payload: 'x' })),
  odd('a cycle beside the payload', TO, cyclic({ to: TO, payload: 'x' })),
  odd('a proxy beside the payload', TO, { to: TO, payload: 'x', other: revoked() }),
  odd('parts that are none', TO, { to: TO, payload: 'x', parts: Symbol('parts') }),
  odd('a frozen message', TO, Object.freeze({ _msgid: 'frozen', to: TO, payload: 'x' })),
  odd('properties of every kind', TO, {
    to: TO,
    payload: 'x',
    big: 1n,
    symbol: Symbol('x'),
    run: boom,
    map: new Map(),
    then: 'no thenable',
    large: 'x'.repeat(TEN_MB),
  }),
];
