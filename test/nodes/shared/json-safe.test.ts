import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { jsonSafeText, KEPT_CHARACTERS_MAX } from '../../../nodes/shared/json-safe.js';

function json(msg: object, without: readonly string[] = [], tooLarge: string[] = []): string {
  return jsonSafeText(msg, {
    without: new Set(without),
    charactersMax: KEPT_CHARACTERS_MAX,
    onTooLarge: (name) => tooLarge.push(name),
  });
}

const kept = (msg: object, without?: readonly string[]): unknown => JSON.parse(json(msg, without));

/** What is kept, and what is named as too large. */
function keptOf(msg: object): { kept: unknown; tooLarge: string[] } {
  const tooLarge: string[] = [];
  return { kept: JSON.parse(json(msg, [], tooLarge)), tooLarge };
}

describe('jsonSafeText', () => {
  it('keeps plain JSON as it is', () => {
    const msg = { _msgid: 'm', topic: 't', order: { id: 7, lines: [1, 'two', null, true] } };
    assert.deepEqual(kept(msg), msg);
  });

  it('leaves out the properties that it is told to', () => {
    assert.deepEqual(kept({ payload: 'text', topic: 't' }, ['payload']), { topic: 't' });
  });

  it('leaves them out of the msg alone, not out of what is inside', () => {
    assert.deepEqual(kept({ data: { payload: 1 } }, ['payload']), { data: { payload: 1 } });
  });

  it('keeps what a function node has made', () => {
    const data = runInNewContext('({ list: [1], at: new Date(0) })') as object;
    assert.deepEqual(kept({ data }), { data: { list: [1], at: '1970-01-01T00:00:00.000Z' } });
  });

  const lost: [name: string, value: unknown][] = [
    ['functions', () => 1],
    ['symbols', Symbol('s')],
    ['big integers', 1n],
    ['NaN', NaN],
    ['buffers', Buffer.from('x')],
    ['sets', new Set([1])],
    ['instances of a class', new URL('http://localhost')],
    ['dates that are none', new Date(NaN)],
  ];
  for (const [name, value] of lost) {
    it(`leaves out ${name}`, () => {
      assert.deepEqual(kept({ value, topic: 't' }), { topic: 't' });
    });
  }

  it('leaves out the request and response of an HTTP node', () => {
    assert.deepEqual(kept({ req: {}, res: {}, topic: 't' }), { topic: 't' });
  });

  it('cuts cycles', () => {
    const node: Record<string, unknown> = { name: 'n' };
    node.self = node;
    assert.deepEqual(kept({ node }), { node: { name: 'n' } });
  });

  it('keeps what is there twice without a cycle', () => {
    const shared = { a: 1 };
    assert.deepEqual(kept({ one: shared, two: shared }), { one: shared, two: shared });
  });

  it('counts a getter that throws as absent', () => {
    const msg = {
      topic: 't',
      get broken(): string {
        throw new Error('a getter');
      },
    };
    assert.deepEqual(kept(msg), { topic: 't' });
  });

  it('does not take a property for a prototype', () => {
    const msg = JSON.parse('{"__proto__":{"polluted":true},"topic":"t"}') as object;
    assert.equal(json(msg), '{"topic":"t"}');
  });

  const tooLarge: [name: string, value: unknown][] = [
    ['a long text', 'x'.repeat(70_000)],
    ['a text that is long as JSON', '\u0001'.repeat(20_000)],
    ['a long text far inside', { page: { body: ['x'.repeat(70_000)] } }],
    ['many values', new Array<number>(5_001).fill(1)],
    ['many values far inside', { rows: Array.from({ length: 101 }, () => new Array<number>(50).fill(1)) }],
    ['a huge array', new Array<number>(10_000_000)],
  ];
  for (const [name, value] of tooLarge) {
    it(`leaves out and names a property that is too large, and it alone: ${name}`, () => {
      const before = { _msgid: 'm', big: value, order: { id: 7 } };
      assert.deepEqual(keptOf(before), { kept: { _msgid: 'm', order: { id: 7 } }, tooLarge: ['big'] });
    });
  }

  it('of properties that are too large together leaves out the largest', () => {
    const msg = { a: 'a'.repeat(30_000), topic: 't', b: 'b'.repeat(40_000), c: 'c'.repeat(20_000) };
    const { b: _b, ...rest } = msg;
    assert.deepEqual(keptOf(msg), { kept: rest, tooLarge: ['b'] });
  });

  it('keeps what is just small enough', () => {
    const msg = { text: 'x'.repeat(KEPT_CHARACTERS_MAX - '{"text":""}'.length), list: undefined };
    assert.deepEqual(keptOf(msg).tooLarge, []);
    assert.deepEqual(keptOf({ text: `${msg.text}x` }), { kept: {}, tooLarge: ['text'] });
    assert.deepEqual(keptOf({ list: new Array<number>(4_999).fill(1) }).tooLarge, []);
  });

  it('looks at no more of a msg with many large properties, and names them', () => {
    const list = { rows: Array.from({ length: 101 }, () => new Array<number>(50).fill(1)) };
    const names = Array.from({ length: 1_000 }, (_, index) => `list${index}`);
    const msg = { topic: 't', ...Object.fromEntries(names.map((name) => [name, list])) };
    assert.deepEqual(keptOf(msg), { kept: { topic: 't' }, tooLarge: names });
  });

  it('gives what JSON carries without a change, whatever the msg', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything({ withDate: true, withMap: true })), (msg) => {
        const text = json(msg);
        assert.equal(JSON.stringify(JSON.parse(text)), text);
      }),
    );
  });
});
