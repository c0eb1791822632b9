import assert from 'node:assert/strict';

import { OverdueWatch } from '../../../lib/receipt/overdue-watch.js';

function watching(...waits: readonly number[]): OverdueWatch {
  const watch = new OverdueWatch();
  for (const wait of waits) watch.watch(wait);
  return watch;
}

describe('OverdueWatch', () => {
  it('gives an SMS when its wait is over', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    assert.deepEqual(watch.take(100), [{ id: 'a', afterMs: 100 }]);
  });

  it('gives none before', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    assert.deepEqual(watch.take(99), []);
  });

  it('gives each SMS once for each wait', () => {
    const watch = watching(100, 200);
    watch.add('a', 0, 0);
    const times = [100, 150, 200, 300].flatMap((now) => watch.take(now).map(({ afterMs }) => [now, afterMs]));
    assert.deepEqual(times, [
      [100, 100],
      [200, 200],
    ]);
  });

  it('gives the shorter wait first when both are over', () => {
    const watch = watching(200, 100);
    watch.add('a', 0, 0);
    assert.deepEqual(
      watch.take(500).map(({ afterMs }) => afterMs),
      [100, 200],
    );
  });

  it('gives none whose final receipt came', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    watch.remove('a');
    assert.deepEqual(watch.take(100), []);
  });

  it('knows the SMS from before somebody asked', () => {
    const watch = watching();
    watch.add('a', 0, 0);
    watch.watch(100);
    assert.deepEqual(watch.take(100), [{ id: 'a', afterMs: 100 }]);
  });

  it('leaves out what an earlier process reported for this wait', () => {
    const watch = watching(100, 200);
    watch.add('a', 0, 100);
    assert.deepEqual(watch.take(500), [{ id: 'a', afterMs: 200 }]);
  });

  it('gives nothing before the grace after a start', () => {
    const watch = watching(100);
    watch.holdUntil(1_000);
    watch.add('a', 0, 0);
    assert.deepEqual([watch.nextAt, watch.take(999).length, watch.take(1_000).length], [1_000, 0, 1]);
  });

  it('gives again what nobody could be told', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    const [overdue] = watch.take(100);
    watch.retry(overdue!, 150);
    assert.deepEqual([watch.take(149), watch.take(150)], [[], [{ id: 'a', afterMs: 100 }]]);
  });

  it('does not give again what has its receipt meanwhile', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    const [overdue] = watch.take(100);
    watch.remove('a');
    watch.retry(overdue!, 150);
    assert.deepEqual(watch.take(150), []);
  });

  it('asks for no alarm when nobody wants to hear', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    watch.unwatch(100);
    assert.equal(watch.nextAt, undefined);
  });
});
