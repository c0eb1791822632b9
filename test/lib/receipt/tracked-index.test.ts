import assert from 'node:assert/strict';

import { TrackedIndex } from '../../../lib/receipt/tracked-index.js';

const tracked = (...messageIds: readonly string[]) => ({ messageIds, phone: '45', acceptedAt: 1_000 });

describe('TrackedIndex', () => {
  it('finds an SMS by the id of any segment', () => {
    const index = new TrackedIndex();
    index.add('sms-1', tracked('a', 'b'));
    assert.equal(index.find('b'), 'sms-1');
  });

  for (const [known, asked] of [
    ['abc', 'ABC'],
    ['ABC', 'abc'],
    ['AbC', 'aBc'],
  ] as const) {
    it(`finds ${known} as ${asked}`, () => {
      const index = new TrackedIndex();
      index.add('sms-1', tracked(known));
      assert.equal(index.find(asked), 'sms-1');
    });
  }

  it('prefers the exact id to another letter case', () => {
    const index = new TrackedIndex();
    index.add('sms-1', tracked('abc'));
    index.add('sms-2', tracked('ABC'));
    assert.deepEqual([index.find('abc'), index.find('ABC')], ['sms-1', 'sms-2']);
  });

  it('finds nothing for an absent id', () => {
    const index = new TrackedIndex();
    index.add('sms-1', tracked('', 'a'));
    assert.equal(index.find(''), undefined);
  });

  it('knows the last SMS to a phone', () => {
    const index = new TrackedIndex();
    index.add('sms-1', tracked('a'));
    index.add('sms-2', { ...tracked('b'), acceptedAt: 2_000 });
    assert.deepEqual(index.lastTo('45'), { id: 'sms-2', sentAt: 2_000 });
  });

  it('forgets what is too old, and says so', () => {
    const index = new TrackedIndex();
    index.add('sms-1', tracked('a'));
    index.add('sms-2', { ...tracked('b'), acceptedAt: 2_000 });
    assert.deepEqual(
      [index.removeBefore(2_000), index.find('a'), index.find('b')],
      [['sms-1'], undefined, 'sms-2'],
    );
  });

  it('keeps what a later SMS has taken over from the one it forgets', () => {
    const index = new TrackedIndex();
    index.add('sms-1', tracked('a'));
    index.add('sms-2', { ...tracked('a'), acceptedAt: 2_000 });
    index.removeBefore(2_000);
    assert.deepEqual([index.find('a'), index.lastTo('45')?.id], ['sms-2', 'sms-2']);
  });

  it('forgets the phones it wrote to longest ago beyond its bound', () => {
    const index = new TrackedIndex();
    for (let phone = 0; phone <= 100_000; phone += 1) {
      index.add(`sms-${phone}`, { ...tracked(`m-${phone}`), phone: `45${phone}` });
    }
    assert.deepEqual([index.lastTo('450'), index.lastTo('45100000')?.id], [undefined, 'sms-100000']);
  });
});
