import assert from 'node:assert/strict';
import { isOverdue, isWasteful } from '../../../../lib/storage/journal/upkeep.js';

const MEGABYTE = 1024 * 1024;
const MINUTE_MS = 60_000;

describe('a journal', () => {
  const volumes = [
    { liveOctets: 0, octets: 0, files: 0, wasteful: false },
    { liveOctets: 0, octets: 32 * MEGABYTE, files: 1, wasteful: false },
    { liveOctets: 0, octets: 33 * MEGABYTE, files: 1, wasteful: true },
    { liveOctets: 100 * MEGABYTE, octets: 200 * MEGABYTE, files: 4, wasteful: false },
    { liveOctets: 100 * MEGABYTE, octets: 233 * MEGABYTE, files: 4, wasteful: true },
    { liveOctets: 100, octets: 200, files: 16, wasteful: false },
    { liveOctets: 100, octets: 200, files: 17, wasteful: true },
  ];
  for (const { wasteful, ...volume } of volumes) {
    const { octets, liveOctets, files } = volume;
    it(`of ${octets} octets in ${files} files, ${liveOctets} live, is ${wasteful ? '' : 'not '}wasteful`, () => {
      assert.equal(isWasteful(volume), wasteful);
    });
  }

  it('without dead octets is never overdue', () => {
    assert.equal(isOverdue(undefined, 1e12), false);
  });

  it('is overdue when octets have been dead for half an hour', () => {
    const deadMs = [29 * MINUTE_MS, 30 * MINUTE_MS];
    assert.deepEqual(
      deadMs.map((now) => isOverdue(0, now)),
      [false, true],
    );
  });
});
