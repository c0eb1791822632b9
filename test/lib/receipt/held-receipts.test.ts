import assert from 'node:assert/strict';

import { HeldReceipts } from '../../../lib/receipt/held-receipts.js';
import { PHONE, received } from './builders.js';

const stored = (key: string, messageId = key) => {
  const { parsed, ...record } = received({ messageId });
  return { key, received: { parsed, ...record }, record: { ...record, raw: parsed.raw } };
};
const known = () => true;
const keysOf = (list: readonly { readonly key: string }[]) => list.map(({ key }) => key);

describe('HeldReceipts', () => {
  it('lets go of a receipt when its SMS becomes known', () => {
    const held = new HeldReceipts();
    held.add(stored('a'), 60);
    held.add(stored('b'), 60);
    assert.deepEqual(keysOf(held.claim('b', known)), ['b']);
  });

  it('compares ids in any letter case', () => {
    const held = new HeldReceipts();
    held.add(stored('k', 'AbC'), 60);
    assert.deepEqual(keysOf(held.claim('aBc', known)), ['k']);
  });

  it('keeps those whose SMS is another', () => {
    const held = new HeldReceipts();
    held.add(stored('first', 'a'), 60);
    held.add(stored('second', 'A'), 61);
    const claimed = held.claim('a', ({ key }) => key === 'second');
    assert.deepEqual(
      [keysOf(claimed), held.has('A'), keysOf(held.expired(60))],
      [['second'], true, ['first']],
    );
  });

  it('lets go of all receipts with one id, in their order', () => {
    const held = new HeldReceipts();
    held.add(stored('first', 'a'), 60);
    held.add(stored('second', 'a'), 61);
    assert.deepEqual(keysOf(held.claim('a', known)), ['first', 'second']);
  });

  it('lets go of what has waited long enough, and of that only', () => {
    const held = new HeldReceipts();
    held.add(stored('a'), 60);
    held.add(stored('b'), 70);
    assert.deepEqual([keysOf(held.expired(69)), held.nextAt], [['a'], 70]);
  });

  it('lets go of each once', () => {
    const held = new HeldReceipts();
    held.add(stored('a'), 60);
    held.claim('a', known);
    assert.deepEqual(held.expired(100), []);
  });

  it('has the oldest give way beyond its bound', () => {
    const held = new HeldReceipts();
    const gaveWay = Array.from({ length: 10_002 }, (_, index) => held.add(stored(`k${index}`), 60));
    assert.deepEqual(keysOf(gaveWay.filter((each) => each !== undefined)), ['k0', 'k1']);
  });

  it('gives those for a phone, however it is written, one for each id', () => {
    const held = new HeldReceipts();
    held.add(stored('a'), 60);
    held.add(stored('again', 'A'), 60);
    held.add({ ...stored('b'), received: { ...received({ messageId: 'b' }), phone: '4587654321' } }, 60);
    assert.deepEqual(keysOf(held.for(`+${PHONE}`)), ['again']);
    held.claim('a', known);
    assert.deepEqual(held.for(PHONE), []);
  });
});
