import assert from 'node:assert/strict';

import { Maintenance, type Sign } from '../../../lib/connection/maintenance.js';

function after(...signs: (readonly [Sign, number])[]): Maintenance {
  const maintenance = new Maintenance(30_000);
  for (const [sign, at] of signs) maintenance.noticed(sign, at);
  return maintenance;
}

describe('Maintenance', () => {
  for (const sign of ['unbind', 'bindFailed'] as const) {
    it(`begins with ${sign}`, () => {
      assert.equal(after([sign, 100]).since(200), 100);
    });
  }

  it('does not begin with a close alone, nor with a refused message alone', () => {
    assert.equal(after(['close', 100]).since(200), undefined);
    assert.equal(after(['submitFailed', 100]).since(200), undefined);
  });

  it('begins with a refused message and a close within 60 s, as of the first of them', () => {
    assert.equal(after(['submitFailed', 100], ['close', 60_100]).since(60_100), 100);
    assert.equal(after(['close', 100], ['submitFailed', 5_000]).since(5_000), 100);
    assert.equal(after(['submitFailed', 100], ['close', 60_101]).since(60_101), undefined);
  });

  it('is one event however many signs follow', () => {
    assert.equal(after(['unbind', 100], ['bindFailed', 400], ['bindFailed', 90_000]).since(90_000), 100);
  });

  it('is over when the gateway accepts a segment with everything up', () => {
    const maintenance = after(['unbind', 100]);
    maintenance.accepted(); // over the old session, while it drains
    assert.equal(maintenance.since(200), 100);
    maintenance.setUp(true, 300);
    maintenance.accepted();
    assert.equal(maintenance.since(300), undefined);
  });

  it('is over when everything has been up for 30 s', () => {
    const maintenance = after(['unbind', 100]);
    maintenance.setUp(true, 1_000);
    maintenance.setUp(true, 20_000);
    assert.equal(maintenance.since(30_999), 100);
    assert.equal(maintenance.since(31_000), undefined);
  });

  it('goes on when what came up goes down again', () => {
    const maintenance = after(['unbind', 100]);
    maintenance.setUp(true, 1_000);
    maintenance.setUp(false, 2_000);
    assert.equal(maintenance.since(100_000), 100);
  });

  it('is over 10 minutes after the last sign of it, whatever else keeps hosts away', () => {
    const maintenance = after(['unbind', 100], ['bindFailed', 500_000], ['close', 700_000]);
    assert.equal(maintenance.since(1_099_999), 100);
    assert.equal(maintenance.since(1_100_000), undefined);
    maintenance.noticed('bindFailed', 1_200_000);
    assert.equal(maintenance.since(1_200_000), 1_200_000);
  });

  it('goes on while messages are refused as in a restart', () => {
    const maintenance = after(['unbind', 0]);
    for (let at = 20_000; at <= 900_000; at += 20_000) maintenance.noticed('submitFailed', at);
    assert.equal(maintenance.since(900_000), 0);
  });

  for (const sign of ['unbind', 'close', 'bindFailed'] as const) {
    it(`excuses a refused message within 60 s before or after ${sign}`, () => {
      const maintenance = after([sign, 100_000], [sign, 500_000]);
      const excused = [39_999, 40_000, 100_000, 160_000, 160_001].map((at) => maintenance.isRestart(at));
      assert.deepEqual(excused, [false, true, true, true, false]);
    });
  }

  it('does not excuse a refused message that nothing else goes with', () => {
    assert.equal(after(['submitFailed', 1_000]).isRestart(1_000), false);
  });
});
