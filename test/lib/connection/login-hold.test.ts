import assert from 'node:assert/strict';

import { LoginHold, TURN_MS } from '../../../lib/connection/login-hold.js';

const MINUTE = 60_000;

/** Instants, in minutes, at which `binds` that want to bind all the time are refused. */
function refusals(binds: number, untilMin: number): number[] {
  const hold = new LoginHold();
  const at: number[] = [];
  for (let now = 0; now < untilMin * MINUTE; now += 1_000) {
    let asked = 0;
    while (asked < binds && hold.waitMs(now) === 0) {
      hold.asked();
      asked += 1;
    }
    for (let bind = 0; bind < asked; bind++) {
      hold.ended('refused', now);
      at.push(Math.round(now / MINUTE));
    }
  }
  return at;
}

describe('LoginHold', () => {
  it('lets every bind through that was not refused', () => {
    const hold = new LoginHold();
    assert.equal(hold.waitMs(0), 0);
    hold.asked();
    hold.ended('other', 0);
    assert.equal(hold.waitMs(0), 0);
    assert.equal(hold.isRefused, false);
  });

  it('holds all binds for 1, 2, 4, 8 and then 10 minutes', () => {
    assert.deepEqual(refusals(1, 40), [0, 1, 3, 7, 15, 25, 35]);
  });

  for (const binds of [2, 4, 8]) {
    it(`never asks more than 6 times in 10 minutes for ${binds} binds`, () => {
      const at = refusals(binds, 120);
      for (const start of at) {
        assert.ok(
          at.filter((minute) => minute >= start && minute < start + 10).length <= 6,
          `from minute ${start}`,
        );
      }
    });
  }

  it('lets one bind alone ask again', () => {
    const hold = new LoginHold();
    hold.asked();
    hold.ended('refused', 0);
    hold.asked();
    assert.ok(hold.waitMs(MINUTE) > 0);
    hold.ended('other', MINUTE);
    assert.equal(hold.waitMs(MINUTE), 0);
  });

  it('counts a bind that went out before the refusal of another, and was given up for that', () => {
    const hold = new LoginHold();
    for (let bind = 0; bind < 6; bind++) hold.asked();
    hold.ended('refused', 0);
    for (let bind = 0; bind < 5; bind++) hold.ended('unanswered', 0);
    assert.equal(hold.waitMs(MINUTE), 9 * MINUTE);
  });

  it('does not count a bind after a refusal that a gateway in trouble left unanswered', () => {
    const hold = new LoginHold();
    hold.asked();
    hold.ended('refused', 0);
    for (let bind = 0; bind < 6; bind++) {
      hold.asked();
      hold.ended('unanswered', MINUTE);
    }
    assert.equal(hold.waitMs(MINUTE), 0);
  });

  it('has the last one wait for the answer to the one before, which may not be a refusal', () => {
    const hold = new LoginHold();
    for (let bind = 0; bind < 5; bind++) {
      hold.asked();
      hold.ended('refused', 0);
    }
    hold.asked();
    assert.equal(hold.waitMs(MINUTE), TURN_MS);
  });

  it('is over when a bind is accepted', () => {
    const hold = new LoginHold();
    hold.asked();
    hold.ended('refused', 0);
    assert.equal(hold.isRefused, true);
    hold.asked();
    hold.ended('bound', MINUTE);
    assert.equal(hold.isRefused, false);
    assert.equal(hold.waitMs(MINUTE), 0);
  });
});
