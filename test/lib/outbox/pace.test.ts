import assert from 'node:assert/strict';
import { Pace } from '../../../lib/outbox/pace.js';

/** Takes all that may leave, every 100 ms from `from` to `to`; returns how many left. */
function run(pace: Pace, from: number, to: number, demand = Infinity): number {
  let sent = 0;
  for (let now = from; now < to; now += 100) {
    const segments = Math.min(pace.allowance(now), demand);
    pace.take(segments, now);
    sent += segments;
  }
  return sent;
}

describe('Pace', () => {
  it('binds nothing without a limit', () => {
    const pace = new Pace(undefined);
    assert.equal(pace.allowance(0), Infinity);
    assert.equal(pace.nextAt(0), undefined);
  });

  it('lets a second’s worth through at once and the limit from then on', () => {
    const pace = new Pace(50);
    assert.equal(pace.allowance(0), 50);
    assert.equal(run(pace, 0, 10_000), 50 + 495);
  });

  it('carries less than one segment a second', () => {
    const pace = new Pace(0.5);
    pace.take(pace.allowance(0), 0);
    assert.equal(pace.allowance(1_900), 0);
    assert.equal(pace.allowance(2_000), 1);
  });

  it('says when the next segment may leave', () => {
    const pace = new Pace(10);
    pace.take(10, 0);
    assert.equal(pace.nextAt(0), 100);
  });

  it('halves what was really sent when throttled, once for the answers of one burst', () => {
    const pace = new Pace(undefined);
    run(pace, 0, 2_000, 10);
    assert.deepEqual([pace.throttled(2_000, false), pace.throttled(2_001, false)], [0, 0]);
    assert.equal(pace.rate, 50);
  });

  it('halves again when it is still too much', () => {
    const pace = new Pace(100);
    run(pace, 0, 2_000, 10);
    pace.throttled(2_000, false);
    run(pace, 2_000, 3_500);
    pace.throttled(3_500, false);
    assert.ok(pace.rate < 50);
  });

  it('is raised by a tenth every ten seconds, and free after a minute', () => {
    const pace = new Pace(100);
    run(pace, 0, 2_000, 10);
    pace.throttled(2_000, false);
    pace.allowance(12_000);
    assert.equal(Math.round(pace.rate), 55);
    pace.allowance(61_999);
    assert.ok(pace.rate < 85);
    pace.allowance(62_000);
    assert.equal(pace.rate, 100);
  });

  it('is free of any rate again after a minute when it has no limit', () => {
    const pace = new Pace(undefined);
    run(pace, 0, 2_000, 10);
    pace.throttled(2_000, false);
    assert.equal(pace.allowance(62_000), Infinity);
  });

  it('learns nothing from a refusal in a quiet second, and has that SMS wait for one', () => {
    const pace = new Pace(undefined);
    pace.take(9, 0);
    assert.deepEqual([pace.throttled(50, false), pace.throttled(900, false)], [1_000, 1_000]);
    assert.equal(pace.allowance(1_050), Infinity);
  });

  it('sets a rate at the second refusal in quiet times within ten seconds', () => {
    const pace = new Pace(undefined);
    pace.take(4, 0);
    pace.throttled(50, false);
    pace.take(4, 1_050);
    assert.equal(pace.throttled(1_100, false), 0);
    assert.equal(pace.rate, 2);
  });

  it('takes a refusal in quiet times for the first one again after ten seconds', () => {
    const pace = new Pace(undefined);
    for (let now = 0; now < 100_000; now += 10_001) {
      pace.take(1, now);
      assert.equal(pace.throttled(now, false), 1_000);
    }
  });

  it('never goes below one segment a second, nor above a limit that is lower', () => {
    for (const [limit, least] of [
      [5, 1],
      [0.5, 0.5],
    ] as const) {
      const pace = new Pace(limit);
      for (let now = 0; now < 60_000; now += 2_000) pace.throttled(now, false);
      assert.equal(pace.rate, least);
    }
  });

  it('is a rate of ten a second at least that is set while nothing is accepted, and doubles with each acceptance, until nothing binds', () => {
    const pace = new Pace(undefined);
    for (let now = 0; now < 10_000; now += 1_500) pace.throttled(now, true);
    assert.deepEqual([pace.rate, pace.isGuessed], [10, true]);
    for (let count = 0; count < 8; count += 1) pace.accepted(10_000);
    assert.deepEqual([pace.rate, pace.isGuessed], [Infinity, false]);
    assert.equal(pace.allowance(10_000), Infinity);
  });

  it('takes a rate for measured that was set while SMS were accepted', () => {
    const pace = new Pace(undefined);
    run(pace, 0, 2_000, 10);
    pace.throttled(500, true);
    pace.throttled(2_000, false);
    assert.equal(pace.isGuessed, false);
  });
});
