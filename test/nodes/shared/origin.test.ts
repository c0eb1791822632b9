import assert from 'node:assert/strict';
import { originalMessage, originOf, unwrapped } from '../../../nodes/shared/origin.js';

const ORIGIN = { node: 'send', key: 'k', msg: { topic: 't' } };

describe('originOf', () => {
  it('finds the origin that a node has written', () => {
    assert.equal(originOf(ORIGIN), ORIGIN);
  });

  for (const foreign of [undefined, null, 'text', 7, {}, { node: 'send' }, { node: 1, key: 'k', msg: {} }]) {
    it(`takes ${JSON.stringify(foreign)} for another program's`, () => {
      assert.equal(originOf(foreign), undefined);
    });
  }
});

describe('unwrapped', () => {
  it('gives the correlation of the flow', () => {
    const event = { id: '1', correlation: { ...ORIGIN, correlation: 'c' } };
    assert.deepEqual(unwrapped<{ id: string; correlation?: unknown }>(event), { id: '1', correlation: 'c' });
  });

  it('has none when the flow gave none', () => {
    assert.deepEqual(unwrapped<{ id: string; correlation?: unknown }>({ id: '1', correlation: ORIGIN }), {
      id: '1',
    });
  });

  it("leaves another program's alone", () => {
    assert.deepEqual(unwrapped({ correlation: 'c' }), { correlation: 'c' });
  });
});

describe('originalMessage', () => {
  it('has the properties of the msg and its place in an array', () => {
    assert.deepEqual(originalMessage({ ...ORIGIN, parts: { index: 0 } }), {
      topic: 't',
      parts: { index: 0 },
    });
  });

  it('is empty for an SMS of unknown origin', () => {
    assert.deepEqual(originalMessage(undefined), {});
  });
});
