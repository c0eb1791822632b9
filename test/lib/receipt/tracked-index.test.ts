import assert from 'node:assert/strict';

import { type Tracked, TrackedIndex } from '../../../lib/receipt/tracked-index.js';

const sms = (id: string, ...messageIds: readonly string[]): Tracked => ({
  id,
  messageIds,
  phone: '45',
  acceptedAt: 1_000,
  waiting: undefined,
  record: undefined,
  next: undefined,
});

describe('TrackedIndex', () => {
  it('finds an SMS by the id of any segment', () => {
    const index = new TrackedIndex();
    index.add(sms('sms-1', 'a', 'b'));
    assert.equal(index.find('b')?.id, 'sms-1');
  });

  for (const [known, asked] of [
    ['abc', 'ABC'],
    ['ABC', 'abc'],
    ['AbC', 'aBc'],
  ] as const) {
    it(`finds ${known} as ${asked}`, () => {
      const index = new TrackedIndex();
      index.add(sms('sms-1', known));
      assert.equal(index.find(asked)?.id, 'sms-1');
    });
  }

  it('prefers the exact id to another letter case', () => {
    const index = new TrackedIndex();
    index.add(sms('sms-1', 'abc'));
    index.add(sms('sms-2', 'ABC'));
    assert.deepEqual([index.find('abc')?.id, index.find('ABC')?.id], ['sms-1', 'sms-2']);
  });

  it('finds nothing for an absent id', () => {
    const index = new TrackedIndex();
    index.add(sms('sms-1', '', 'a'));
    assert.equal(index.find(''), undefined);
  });

  it('knows the last SMS to a phone', () => {
    const index = new TrackedIndex();
    index.add(sms('sms-1', 'a'));
    index.add({ ...sms('sms-2', 'b'), acceptedAt: 2_000 });
    assert.equal(index.lastTo('45')?.id, 'sms-2');
  });

  it('forgets what is too old, and says so', () => {
    const index = new TrackedIndex();
    index.add(sms('sms-1', 'a'));
    index.add({ ...sms('sms-2', 'b'), acceptedAt: 2_000 });
    assert.deepEqual(
      [index.removeBefore(2_000).map(({ id }) => id), index.find('a')?.id, index.find('b')?.id],
      [['sms-1'], undefined, 'sms-2'],
    );
  });

  it('keeps what a later SMS has taken over from the one it forgets', () => {
    const index = new TrackedIndex();
    index.add(sms('sms-1', 'a'));
    index.add({ ...sms('sms-2', 'a'), acceptedAt: 2_000 });
    index.removeBefore(2_000);
    assert.deepEqual([index.find('a')?.id, index.lastTo('45')?.id], ['sms-2', 'sms-2']);
  });

  it('forgets a phone with the last SMS to it', () => {
    const index = new TrackedIndex();
    index.add({ ...sms('sms-1', 'a'), phone: '46' });
    index.add({ ...sms('sms-2', 'b'), acceptedAt: 2_000 });
    index.removeBefore(2_000);
    assert.deepEqual([index.lastTo('46'), index.lastTo('45')?.id], [undefined, 'sms-2']);
  });

  it('lets the oldest give way beyond its bound', () => {
    const index = new TrackedIndex();
    const gaveWay: Tracked[] = [];
    for (let count = 0; count <= 500_000; count += 1) {
      gaveWay.push(...index.add(sms(`sms-${count}`, `m-${count}`)));
    }
    assert.deepEqual(
      [gaveWay[0]?.id, gaveWay.length, index.find('m-0'), index.find('m-500000')?.id],
      ['sms-0', 5_000, undefined, 'sms-500000'],
    );
  });
});
