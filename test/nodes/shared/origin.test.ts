import assert from 'node:assert/strict';
import {
  addressOf,
  originalMessage,
  type OriginContent,
  originOf,
  originTail,
  originText,
  unwrapped,
} from '../../../nodes/shared/origin.js';

const textWith = (content: Partial<OriginContent> = {}): string =>
  originText('k', originTail({ node: 'send', msg: '{"topic":"t"}', ...content }));

/** Ids of nodes as Node-RED makes them, and as somebody may write them. */
const IDS = ['f1a2b3c4d5e6f708', 'the "send" node', 'back\\slash', 'line\nfeed', 'Ærø 🚨', ''];

describe('originText', () => {
  for (const node of IDS) {
    const text = originText(
      'run.7',
      originTail({ node, msg: '{"topic":"t"}', parts: { index: 0 }, correlation: 7 }),
    );

    it(`carries the whole origin of a node with the id ${JSON.stringify(node)}`, () => {
      const origin = { key: 'run.7', node, msg: { topic: 't' }, parts: { index: 0 }, correlation: 7 };
      assert.deepEqual(originOf(text), origin);
    });

    it(`is addressed to a node with the id ${JSON.stringify(node)}`, () => {
      const { key, node: found } = addressOf(text) ?? {};
      assert.deepEqual({ key, node: found }, { key: 'run.7', node });
    });
  }
});

describe('originOf', () => {
  for (const foreign of [
    undefined,
    null,
    'text',
    '{"key":"k"',
    7,
    {},
    '{"key":"k","node":"send"}',
    '{"key":"k","node":1,"msg":{}}',
  ]) {
    it(`takes ${JSON.stringify(foreign)} for another program's`, () => {
      assert.equal(originOf(foreign), undefined);
    });
  }
});

describe('addressOf', () => {
  for (const foreign of [undefined, 'text', '{"key":"k"', '{"key":"k","other":1}']) {
    it(`takes ${JSON.stringify(foreign)} for another program's`, () => {
      assert.equal(addressOf(foreign), undefined);
    });
  }
});

describe('unwrapped', () => {
  it('gives the correlation of the flow', () => {
    const event = { id: '1', correlation: textWith({ correlation: 'c' }) };
    assert.deepEqual(unwrapped<{ id: string; correlation?: unknown }>(event), { id: '1', correlation: 'c' });
  });

  it('has none when the flow gave none', () => {
    const event = { id: '1', correlation: textWith() };
    assert.deepEqual(unwrapped<{ id: string; correlation?: unknown }>(event), { id: '1' });
  });

  it("leaves another program's alone", () => {
    assert.deepEqual(unwrapped({ correlation: 'c' }), { correlation: 'c' });
  });
});

describe('originalMessage', () => {
  it('has the properties of the msg and its place in an array', () => {
    const origin = originOf(textWith({ parts: { index: 0 } }));
    assert.deepEqual(originalMessage(origin), { topic: 't', parts: { index: 0 } });
  });

  it('is empty for an SMS of unknown origin', () => {
    assert.deepEqual(originalMessage(undefined), {});
  });
});
