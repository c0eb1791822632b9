import assert from 'node:assert/strict';

import { lookedAtOnceATurn, withCaughtTimers, type Clock } from '../../lib/clock.js';

/** Moves on by 1 ms with each look at its monotonic time. */
function restless(): Clock & { looks: number } {
  const clock = {
    looks: 0,
    now: () => (clock.looks += 1),
    wall: () => 1_000 + clock.looks,
    after: (_delayMs: number, run: () => void) => {
      run();
      return () => undefined;
    },
  };
  return clock;
}

describe('lookedAtOnceATurn', () => {
  it('says the same for a whole turn, on both clocks', () => {
    const clock = lookedAtOnceATurn(restless());
    assert.deepEqual([clock.now(), clock.wall(), clock.now(), clock.wall()], [1, 1_001, 1, 1_001]);
  });

  it('looks again in the next turn', async () => {
    const clock = lookedAtOnceATurn(restless());
    clock.now();
    await Promise.resolve();
    assert.deepEqual([clock.now(), clock.wall()], [2, 1_002]);
  });

  it('looks again within a turn that goes on and on', () => {
    const clock = lookedAtOnceATurn(restless());
    const seen = Array.from({ length: 1_000 }, () => clock.now());
    assert.ok(new Set(seen).size >= 10, `${new Set(seen).size} looks`);
  });

  it('does not look while nobody asks', async () => {
    const inner = restless();
    const clock = lookedAtOnceATurn(inner);
    clock.now();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    assert.equal(inner.looks, 1);
  });

  it('waits as the other does', () => {
    let hasRun = false;
    lookedAtOnceATurn(restless()).after(1, () => {
      hasRun = true;
    });
    assert.ok(hasRun);
  });
});

describe('withCaughtTimers', () => {
  it('hands on what a timer throws, and no more', () => {
    const thrown: unknown[] = [];
    const clock = withCaughtTimers(restless(), (error) => thrown.push(error));
    clock.after(1, () => {
      throw new RangeError();
    });
    clock.after(1, () => undefined);
    assert.deepEqual(thrown.map(String), ['RangeError']);
  });

  it('is the same clock', () => {
    const clock = withCaughtTimers(restless(), () => assert.fail());
    assert.deepEqual([clock.now(), clock.wall()], [1, 1_001]);
  });
});
