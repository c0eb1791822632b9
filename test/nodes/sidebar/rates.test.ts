import assert from 'node:assert/strict';
import { ratesOf, type Sample } from '../../../nodes/sidebar/rates.js';

const at = (ms: number, submitted: number): Sample => ({
  at: ms,
  counts: { submitted, accepted: 0, receipts: 0 },
});
const submitted = (samples: readonly Sample[], now: number, seconds: number): readonly number[] =>
  ratesOf(samples, now, seconds).submitted;

describe('The rates', () => {
  it('are what each whole second has gained', () => {
    const samples = [at(10_000, 0), at(10_500, 3), at(11_000, 4), at(11_500, 10)];
    assert.deepEqual(submitted(samples, 13_000, 3), [0, 4, 6]);
  });

  it('leave out the last second, of which not all may be told', () => {
    assert.deepEqual(submitted([at(10_000, 0), at(10_500, 3)], 11_999, 2), [0, 0]);
    assert.deepEqual(submitted([at(10_000, 0), at(10_500, 3)], 12_000, 2), [0, 3]);
  });

  it('are steady under steady traffic, whenever it is told of', () => {
    const samples = Array.from({ length: 40 }, (_, index) => at(10_123 + 505 * index, 5.05 * index));
    assert.deepEqual(submitted(samples, 24_000, 10), new Array(10).fill(10));
  });

  it('give what came after a silence to the half second before it was told', () => {
    assert.deepEqual(submitted([at(1_000, 0), at(60_250, 8)], 62_000, 3), [0, 4, 4]);
  });

  it('are of the counters apart', () => {
    const counts = { submitted: 3, accepted: 2, receipts: 1 };
    const rates = ratesOf([at(10_000, 0), { at: 10_500, counts }], 12_000, 1);
    assert.deepEqual(rates, { submitted: [3], accepted: [2], receipts: [1] });
  });

  it('are nothing without samples, and before the first', () => {
    assert.deepEqual(submitted([], 60_000, 2), [0, 0]);
    assert.deepEqual(submitted([at(10_000, 500)], 12_000, 3), [0, 0, 0]);
  });
});
