import assert from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { jsonSafeText } from '../../../nodes/shared/json-safe.js';

const kept = (msg: object, without: readonly string[] = []): unknown =>
  JSON.parse(jsonSafeText(msg, new Set(without)));

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
    const json = jsonSafeText(JSON.parse('{"__proto__":{"polluted":true},"topic":"t"}') as object, new Set());
    assert.equal(json, '{"topic":"t"}');
  });

  it('keeps id and topic only of a msg that is too large', () => {
    const msg = { _msgid: 'm', topic: 't', blob: 'x'.repeat(70_000) };
    assert.deepEqual(kept(msg), { _msgid: 'm', topic: 't' });
  });

  it('does not walk through a huge array', () => {
    const list = new Array<number>(10_000_000).fill(1);
    assert.deepEqual(kept({ topic: 't', list }), { topic: 't' });
  });

  it('gives what JSON carries without a change, whatever the msg', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything({ withDate: true, withMap: true })), (msg) => {
        const json = jsonSafeText(msg, new Set());
        assert.equal(JSON.stringify(JSON.parse(json)), json);
      }),
    );
  });
});
