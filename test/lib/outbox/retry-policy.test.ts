import assert from 'node:assert/strict';
import {
  afterUnknown,
  throttledAgainWaitMs,
  queueFullWaitMs,
  transientWaitMs,
} from '../../../lib/outbox/retry-policy.js';

describe('retry policy', () => {
  it('waits 5, 15, 60 and then 300 s after transient refusals', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 99].map(transientWaitMs),
      [5_000, 15_000, 60_000, 300_000, 300_000, 300_000],
    );
  });

  it('waits 5, 15 and then 60 s for a queue that is full', () => {
    assert.deepEqual([1, 2, 3, 4, 99].map(queueFullWaitMs), [5_000, 15_000, 60_000, 60_000, 60_000]);
  });

  it('waits longer each time, at most 30 s, for one that is throttled again', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 5, 99].map(throttledAgainWaitMs),
      [1_000, 2_000, 5_000, 15_000, 30_000, 30_000],
    );
  });

  it('does with an unknown outcome what the user chose', () => {
    assert.equal(afterUnknown('resend', 1), 'resend');
    assert.equal(afterUnknown('reconcile', 1), 'reconcile');
    assert.equal(afterUnknown('report', 1), 'settle');
  });

  it('gives up after three unknown outcomes', () => {
    assert.equal(afterUnknown('resend', 2), 'resend');
    assert.equal(afterUnknown('resend', 3), 'settle');
  });
});
