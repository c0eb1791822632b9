import assert from 'node:assert/strict';

import { OverdueWatch } from '../../../lib/receipt/overdue-watch.js';

function watching(...waits: readonly number[]): OverdueWatch {
  const watch = new OverdueWatch();
  for (const wait of waits) watch.watch(wait);
  return watch;
}

const takenAt = (watch: OverdueWatch, now: number): (readonly [string, number])[] =>
  watch.take(now).map(({ waiting, afterMs }) => [waiting.id, afterMs]);

describe('OverdueWatch', () => {
  it('gives an SMS when its wait is over', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    assert.deepEqual(takenAt(watch, 100), [['a', 100]]);
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
    watch.add('a', 0, 0).isOver = true;
    assert.deepEqual(watch.take(100), []);
  });

  it('knows the SMS from before somebody asked', () => {
    const watch = watching();
    watch.add('a', 0, 0);
    watch.watch(100);
    assert.deepEqual(takenAt(watch, 100), [['a', 100]]);
  });

  it('leaves out what an earlier process reported for this wait', () => {
    const watch = watching(100, 200);
    watch.add('a', 0, 100);
    assert.deepEqual(takenAt(watch, 500), [['a', 200]]);
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
    assert.deepEqual([takenAt(watch, 149), takenAt(watch, 150)], [[], [['a', 100]]]);
  });

  it('does not give again what has its receipt meanwhile', () => {
    const watch = watching(100);
    const waiting = watch.add('a', 0, 0);
    const [overdue] = watch.take(100);
    waiting.isOver = true;
    watch.retry(overdue!, 150);
    assert.deepEqual(watch.take(150), []);
  });

  it('gives those that wait on when the first have their receipts', () => {
    const watch = watching(100);
    const first = watch.add('a', 0, 0);
    watch.add('b', 10, 0);
    first.isOver = true;
    watch.add('c', 20, 0);
    assert.deepEqual(
      [watch.nextAt, takenAt(watch, 120)],
      [
        110,
        [
          ['b', 100],
          ['c', 100],
        ],
      ],
    );
  });

  it('asks for no alarm when nobody wants to hear', () => {
    const watch = watching(100);
    watch.add('a', 0, 0);
    watch.unwatch(100);
    assert.equal(watch.nextAt, undefined);
  });
});
