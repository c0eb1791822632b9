import assert from 'node:assert/strict';

import { OverdueWatch } from '../../../lib/receipt/overdue-watch.js';
import { TrackedIndex } from '../../../lib/receipt/tracked-index.js';
import { received, trackedRecord } from './builders.js';

class Watched {
  readonly #index = new TrackedIndex({ isWhole: true });
  readonly watch: OverdueWatch;

  constructor(waits: readonly number[], notBefore?: number) {
    this.watch = new OverdueWatch(this.#index, notBefore);
    for (const wait of waits) this.watch.watch(wait);
  }

  /** An SMS was accepted. */
  add(id: string, since: number, overdueMs = 0, owedMs: readonly number[] = []): void {
    this.#index.add(trackedRecord({ id, messageIds: [id], overdueMs, owedMs }), since);
  }

  /** Its final receipt comes. */
  delivered(id: string): void {
    const record = trackedRecord({ id, messageIds: [id], reports: [{ state: 'DELIVRD' }], said: 'DELIVRD' });
    this.#index.update(this.#index.find(received({ messageId: id }))!, record);
  }

  take(now: number): (readonly [string, number])[] {
    return this.watch.take(now).map(({ sms, afterMs }) => [this.#index.idOf(sms), afterMs]);
  }
}

const watching = (...waits: readonly number[]): Watched => new Watched(waits);

describe('OverdueWatch', () => {
  it('gives an SMS when its wait is over', () => {
    const watch = watching(100);
    watch.add('a', 0);
    assert.deepEqual(watch.take(100), [['a', 100]]);
  });

  it('gives none before', () => {
    const watch = watching(100);
    watch.add('a', 0);
    assert.deepEqual(watch.take(99), []);
  });

  it('gives each SMS once for each wait', () => {
    const watch = watching(100, 200);
    watch.add('a', 0);
    const times = [100, 150, 200, 300].flatMap((now) => watch.take(now).map(([, afterMs]) => [now, afterMs]));
    assert.deepEqual(times, [
      [100, 100],
      [200, 200],
    ]);
  });

  it('gives the shorter wait first when both are over', () => {
    const watch = watching(200, 100);
    watch.add('a', 0);
    assert.deepEqual(
      watch.take(500).map(([, afterMs]) => afterMs),
      [100, 200],
    );
  });

  it('gives none whose final receipt came', () => {
    const watch = watching(100);
    watch.add('a', 0);
    watch.delivered('a');
    assert.deepEqual(watch.take(100), []);
  });

  it('knows the SMS from before somebody asked', () => {
    const watch = watching();
    watch.add('a', 0);
    watch.watch.watch(100);
    assert.deepEqual(watch.take(100), [['a', 100]]);
  });

  it('leaves out what an earlier process reported for this wait', () => {
    const watch = watching(100, 200);
    watch.add('a', 0, 100);
    assert.deepEqual(watch.take(500), [['a', 200]]);
  });

  it('gives nothing before the grace after a start', () => {
    const watch = new Watched([100], 1_000);
    watch.add('a', 0);
    assert.deepEqual([watch.watch.nextAt, watch.take(999).length, watch.take(1_000).length], [1_000, 0, 1]);
  });

  it('gives again, to who asks anew, what was not reported', () => {
    const watch = watching(100);
    watch.add('a', 0);
    const before = watch.take(100);
    watch.watch.unwatch(100);
    watch.watch.watch(100);
    assert.deepEqual([before, watch.take(100)], [[['a', 100]], [['a', 100]]]);
  });

  it('gives a wait that is owed although a longer one was reported', () => {
    const watch = watching(100, 150);
    watch.add('a', 0, 200, [100]);
    assert.deepEqual(watch.take(500), [['a', 100]]);
  });

  it('gives those that wait on when the first have their receipts', () => {
    const watch = watching(100);
    watch.add('a', 0);
    watch.add('b', 10);
    watch.delivered('a');
    watch.add('c', 20);
    assert.deepEqual(
      [watch.watch.nextAt, watch.take(120)],
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
    watch.add('a', 0);
    watch.watch.unwatch(100);
    assert.equal(watch.watch.nextAt, undefined);
  });
});
