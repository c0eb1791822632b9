import assert from 'node:assert/strict';

import { Failover } from '../../../lib/connection/failover.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';

/** Without jitter, so that the instants are the longest ones. */
const LONGEST = () => 0;
const NAMES = ['dk1', 'dk2', 'dk3'];

function aFailover(hosts: number, random: () => number = LONGEST): Failover {
  return new Failover(hosts, DEFAULT_TIMERS, random);
}

/** Attempts that all fail at once, as `host+wait`. */
function attempts(failover: Failover, count: number, kind?: 'alreadyBound' | 'certificate'): string[] {
  let now = 0;
  return Array.from({ length: count }, () => {
    const { host, at } = failover.next();
    const waitMs = Math.max(0, at - now);
    now += waitMs;
    failover.ended(host, now, 0, kind);
    return `${NAMES[host]}+${waitMs}`;
  });
}

describe('Failover', () => {
  it('begins with the first host, at once', () => {
    const { host, at } = aFailover(2).next();
    assert.deepEqual([host, at <= 0], [0, true]);
  });

  it('tries the other host at once, and each again by a back-off of its own', () => {
    assert.deepEqual(attempts(aFailover(2), 8), [
      'dk1+0',
      'dk2+0',
      'dk1+500',
      'dk2+0',
      'dk1+1000',
      'dk2+0',
      'dk1+2000',
      'dk2+0',
    ]);
  });

  it('goes round three hosts before it comes back', () => {
    assert.deepEqual(attempts(aFailover(3), 4), ['dk1+0', 'dk2+0', 'dk3+0', 'dk1+500']);
  });

  it('doubles the wait for a single host up to 30 s', () => {
    assert.deepEqual(
      attempts(aFailover(1), 9).map((attempt) => Number(attempt.split('+')[1])),
      [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
    );
  });

  it('shortens each wait by up to half by chance', () => {
    const failover = aFailover(1, () => 0.999_999);
    failover.ended(0, 0, 0);
    assert.ok(Math.abs(failover.next().at - 250) < 0.01);
  });

  it('goes to the other host within 250 ms after the loss of a long session', () => {
    const failover = aFailover(2, () => 0.999_999);
    failover.ended(0, 100_000, 90_000);
    const { host, at } = failover.next();
    assert.equal(host, 1);
    assert.ok(at <= 100_250 && at > 100_249);
  });

  it('goes back to the first host when the second is lost later', () => {
    const failover = aFailover(2);
    failover.ended(0, 1_000, 500);
    failover.ended(1, 100_000, 99_000);
    assert.equal(failover.next().host, 0);
  });

  it('forgets earlier failures after 30 s bound, not before', () => {
    const failover = aFailover(1);
    for (let now = 0; now < 6; now++) failover.ended(0, now, 0);
    failover.ended(0, 100_000, 29_999);
    assert.equal(failover.next().at, 130_000);
    failover.ended(0, 200_000, 30_000);
    assert.equal(failover.next().at, 200_500);
  });

  it('waits at least 10 s before a host that still holds our old session', () => {
    assert.deepEqual(attempts(aFailover(2), 3, 'alreadyBound'), ['dk1+0', 'dk2+0', 'dk1+10000']);
  });

  it('waits 30 s to 5 min before a host whose certificate was refused', () => {
    assert.deepEqual(attempts(aFailover(1), 7, 'certificate'), [
      'dk1+0',
      'dk1+30000',
      'dk1+60000',
      'dk1+120000',
      'dk1+240000',
      'dk1+300000',
      'dk1+300000',
    ]);
  });
});
