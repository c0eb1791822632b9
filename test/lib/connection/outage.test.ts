import assert from 'node:assert/strict';

import { Outage, type OutageFacts } from '../../../lib/connection/outage.js';

const UP: OutageFacts = { isUp: true, isBindFailing: false, isUntrusted: false, restartsSince: undefined };
const DOWN: OutageFacts = { ...UP, isUp: false };
const MINUTE = 60_000;

/** With a link from the instant 0 until `lostAt`. */
function lost(lostAt: number, facts: Partial<OutageFacts> = {}): Outage {
  const outage = new Outage(false, 0);
  outage.note(UP, 0);
  outage.note({ ...DOWN, ...facts }, lostAt);
  return outage;
}

describe('Outage', () => {
  it('is short for 30 s from the loss of the link', () => {
    const outage = lost(MINUTE);
    assert.deepEqual(
      [outage.since, outage.outlook(89_999), outage.outlook(90_000)],
      [MINUTE, 'short', 'long'],
    );
  });

  it('counts from the start when there never was a link', () => {
    const outage = new Outage(false, 1_000);
    outage.note(DOWN, 20_000);
    assert.deepEqual([outage.since, outage.outlook(31_000)], [1_000, 'long']);
  });

  it('is none while there is a link', () => {
    const outage = lost(MINUTE);
    outage.note(UP, 2 * MINUTE);
    assert.equal(outage.outlook(2 * MINUTE), 'none');
  });

  for (const [lastedMs, since] of [
    [4_999, MINUTE],
    [5_000, 2 * MINUTE + 5_000],
  ] as const) {
    it(`goes back to ${since} ms after a link of ${lastedMs} ms`, () => {
      const outage = lost(MINUTE);
      outage.note(UP, 2 * MINUTE);
      outage.note(DOWN, 2 * MINUTE + lastedMs);
      assert.equal(outage.since, since);
    });
  }

  it('is maintenance for 15 minutes from the first sign of it', () => {
    const outage = lost(MINUTE, { restartsSince: 50_000 });
    assert.equal(outage.outlook(50_000 + 15 * MINUTE - 1), 'maintenance');
    assert.equal(outage.outlook(50_000 + 15 * MINUTE), 'long');
  });

  it('is no maintenance for an account that was never bound in its mode', () => {
    const outage = new Outage(false, 0);
    outage.note({ ...DOWN, isBindFailing: true, restartsSince: 1_000 }, 1_000);
    assert.deepEqual([outage.outlook(2_000), outage.maintenanceSince(2_000)], ['short', undefined]);
  });

  it('is a wrong mode after 5 minutes in which each bind failed', () => {
    const outage = new Outage(false, 0);
    outage.note({ ...DOWN, isBindFailing: true }, 1_000);
    assert.equal(outage.outlook(5 * MINUTE), 'short');
    assert.equal(outage.outlook(5 * MINUTE + 1_000), 'wrongMode');
    outage.note(DOWN, 6 * MINUTE);
    assert.equal(outage.outlook(6 * MINUTE), 'long');
  });

  it('stays long when binds begin to fail later', () => {
    const outage = new Outage(false, 0);
    outage.note(DOWN, 0);
    outage.note({ ...DOWN, isBindFailing: true }, MINUTE);
    assert.equal(outage.outlook(MINUTE), 'long');
    assert.equal(outage.outlook(6 * MINUTE), 'wrongMode');
  });

  it('names the instants at which time alone changes it', () => {
    const outage = lost(MINUTE, { restartsSince: 50_000 });
    assert.ok(outage.turningPoints().includes(90_000));
    assert.ok(outage.turningPoints().includes(50_000 + 15 * MINUTE));
  });
});
