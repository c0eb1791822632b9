import assert from 'node:assert/strict';

import { LoginCount, LoginHold, TURN_MS, type LoginOutcome } from '../../../lib/connection/login-hold.js';

const MINUTE = 60_000;
const DK1 = 'dk1:2775';
const DK2 = 'dk2:2775';

/** One bind at `host` from beginning to end. */
function bind(hold: LoginHold, host: string, outcome: LoginOutcome, now: number): void {
  hold.ended(hold.asked(host), outcome, now);
}

/** Instants, in minutes, at which `binds` at each of some hosts that want to bind all the time are refused. */
function refusals(
  hosts: readonly string[],
  binds: number,
  untilMin: number,
  holds = [new LoginHold()],
): number[] {
  const at: number[] = [];
  for (let now = 0; now < untilMin * MINUTE; now += 1_000) {
    for (const hold of holds) {
      for (const host of hosts) {
        const asked = [];
        while (asked.length < binds && hold.waitMs(host, now) === 0) asked.push(hold.asked(host));
        for (const attempt of asked) {
          hold.ended(attempt, 'refused', now);
          at.push(Math.floor(now / MINUTE));
        }
      }
    }
  }
  return at;
}

function mostWithinTenMinutes(at: readonly number[]): number {
  return Math.max(...at.map((start) => at.filter((minute) => minute >= start && minute < start + 10).length));
}

describe('LoginHold', () => {
  it('lets every bind through that was not refused', () => {
    const hold = new LoginHold();
    assert.equal(hold.waitMs(DK1, 0), 0);
    bind(hold, DK1, 'other', 0);
    assert.equal(hold.waitMs(DK1, 0), 0);
    assert.equal(hold.isRefused, false);
  });

  it('holds the only host for 1, 2, 4, 8 and then 10 minutes', () => {
    assert.deepEqual(refusals([DK1], 1, 40), [0, 1, 3, 7, 15, 25, 35]);
  });

  it('tries the other of two once at the first refusal, and holds both from then on', () => {
    assert.deepEqual(refusals([DK1, DK2], 1, 40), [0, 0, 1, 3, 7, 15, 25, 35]);
  });

  it('asks the hosts in turn', () => {
    const hold = new LoginHold();
    bind(hold, DK1, 'refused', 0);
    bind(hold, DK2, 'refused', 0);
    assert.deepEqual([hold.waitMs(DK1, MINUTE), hold.waitMs(DK2, MINUTE)], [0, TURN_MS]);
    bind(hold, DK1, 'refused', MINUTE);
    assert.deepEqual([hold.waitMs(DK1, 3 * MINUTE), hold.waitMs(DK2, 3 * MINUTE)], [TURN_MS, 0]);
    assert.equal(hold.waitMs(DK1, 3 * MINUTE + TURN_MS), 0);
  });

  it('goes on with a host that takes the login, and leaves the one that refuses for as long as ever', () => {
    const hold = new LoginHold();
    const at: number[] = [];
    for (let now = 0; now < 40 * MINUTE; now += 1_000) {
      assert.equal(hold.waitMs(DK2, now), 0);
      bind(hold, DK2, 'bound', now);
      if (hold.waitMs(DK1, now) > 0) continue;
      bind(hold, DK1, 'refused', now);
      at.push(now / MINUTE);
    }
    assert.deepEqual(at, [0, 1, 3, 7, 15, 25, 35]);
    assert.equal(hold.isRefused, false);
  });

  it('tries a host that another refusal came before as long as that one does not refuse', () => {
    const hold = new LoginHold();
    bind(hold, DK1, 'refused', 0);
    for (const outcome of ['other', 'unanswered', 'other'] as const) {
      assert.deepEqual([hold.waitMs(DK2, 1_000), hold.mayKnowBetter(DK2)], [0, true]);
      bind(hold, DK2, outcome, 1_000);
    }
    bind(hold, DK2, 'refused', 1_000);
    assert.deepEqual([hold.waitMs(DK2, 1_000) > 0, hold.mayKnowBetter(DK2)], [true, false]);
  });

  for (const binds of [1, 2, 4, 8]) {
    for (const hosts of [[DK1], [DK1, DK2], [DK1, DK2, 'dk3:2775', 'dk4:2775']]) {
      it(`never asks more than 6 times in 10 minutes for ${binds} binds at each of ${hosts.length} hosts`, () => {
        assert.ok(mostWithinTenMinutes(refusals(hosts, binds, 120)) <= 6);
      });
    }
  }

  it('lets one bind alone ask again', () => {
    const hold = new LoginHold();
    bind(hold, DK1, 'refused', 0);
    const attempt = hold.asked(DK1);
    assert.ok(hold.waitMs(DK1, MINUTE) > 0);
    hold.ended(attempt, 'other', MINUTE);
    assert.equal(hold.waitMs(DK1, MINUTE), 0);
  });

  it('counts a bind that went out before the refusal of another, and was given up for that', () => {
    const hold = new LoginHold();
    const [first, ...others] = Array.from({ length: 6 }, () => hold.asked(DK1));
    hold.ended(first!, 'refused', 0);
    for (const attempt of others) hold.ended(attempt, 'unanswered', 0);
    assert.equal(hold.waitMs(DK1, MINUTE), 9 * MINUTE);
  });

  it('does not count a bind after a refusal that a gateway in trouble left unanswered', () => {
    const hold = new LoginHold();
    bind(hold, DK1, 'refused', 0);
    for (let time = 0; time < 6; time++) bind(hold, DK1, 'unanswered', MINUTE);
    assert.equal(hold.waitMs(DK1, MINUTE), 0);
  });

  it('has the last one wait for the answer to the one before, which may not be a refusal', () => {
    const count = new LoginCount();
    const hold = new LoginHold(count);
    for (let time = 0; time < 5; time++) bind(new LoginHold(count), DK1, 'refused', 0);
    hold.asked(DK1);
    assert.equal(hold.waitMs(DK1, MINUTE), TURN_MS);
  });

  it('is over when a bind is accepted', () => {
    const hold = new LoginHold();
    bind(hold, DK1, 'refused', 0);
    assert.equal(hold.isRefused, true);
    bind(hold, DK1, 'bound', MINUTE);
    assert.equal(hold.isRefused, false);
    assert.equal(hold.waitMs(DK1, MINUTE), 0);
  });

  it('is over for whoever connects anew, unless another host takes the login', () => {
    const hold = new LoginHold();
    bind(hold, DK1, 'refused', 0);
    hold.startsAnew();
    assert.equal(hold.waitMs(DK1, 0), 0);
    bind(hold, DK1, 'refused', 0);
    bind(hold, DK2, 'bound', 0);
    hold.startsAnew();
    assert.ok(hold.waitMs(DK1, 0) > 0);
  });
});

describe('LoginCount', () => {
  it('is of all that log in to the account, with whatever password', () => {
    const count = new LoginCount();
    const holds = ['wrong', 'wrong too', 'still wrong'].map((secret) => new LoginHold(count, secret));
    const at = refusals([DK1, DK2], 2, 60, holds);
    assert.ok(at.length > 12 && mostWithinTenMinutes(at) <= 6);
  });

  it('holds a new password back only when the six are used up', () => {
    const count = new LoginCount();
    for (let time = 1; time <= 6; time++) {
      const hold = new LoginHold(count, `wrong ${time}`);
      assert.equal(hold.waitMs(DK1, 0), 0);
      bind(hold, DK1, 'refused', 0);
    }
    assert.equal(new LoginHold(count, 'right').waitMs(DK1, 0), 10 * MINUTE);
    assert.equal(new LoginHold(count, 'right').waitMs(DK1, 10 * MINUTE), 0);
  });

  it('keeps the last of the six for a password that the host took', () => {
    const count = new LoginCount();
    bind(new LoginHold(count, 'right'), DK1, 'bound', 0);
    const wrong = refusals(
      [DK1, DK2],
      1,
      1,
      Array.from({ length: 9 }, () => new LoginHold(count, 'wrong')),
    );
    assert.equal(wrong.length, 5);
    const right = new LoginHold(count, 'right');
    assert.deepEqual([right.waitMs(DK1, MINUTE), right.waitMs(DK2, MINUTE) > 0], [0, true]);
    bind(right, DK1, 'refused', MINUTE);
    assert.ok(right.waitMs(DK1, MINUTE) > MINUTE);
  });

  it('has nothing to remember ten minutes after the last refusal', () => {
    const count = new LoginCount();
    bind(new LoginHold(count), DK1, 'refused', 0);
    assert.deepEqual([count.isIdle(10 * MINUTE - 1), count.isIdle(10 * MINUTE)], [false, true]);
    count.asked(DK1);
    assert.equal(count.isIdle(20 * MINUTE), false);
  });
});
