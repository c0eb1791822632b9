import assert from 'node:assert/strict';

import { Steps } from '../../lib/steps.js';

/** A step that ends when told to, and notes when it begins. */
function gate(log: string[], name: string) {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, step: () => (log.push(name), opened) };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Steps', () => {
  it('begins the next step of a key when the one before is over', async () => {
    const log: string[] = [];
    const steps = new Steps<number>();
    const first = gate(log, 'first');
    void steps.run(1, first.step);
    const second = steps.run(1, async () => void log.push('second'));
    await turn();
    log.push('opened');
    first.open();
    await second;
    assert.deepEqual(log, ['first', 'opened', 'second']);
  });

  it('does not have one key wait for another', async () => {
    const log: string[] = [];
    const steps = new Steps<number>();
    void steps.run(1, gate(log, 'a').step);
    await steps.run(2, async () => void log.push('b'));
    assert.deepEqual(log, ['a', 'b']);
  });

  it('runs a step at once when none is under way, and makes no promise for it', () => {
    const log: string[] = [];
    const running = new Steps<number>().run(1, () => void log.push('run'));
    assert.deepEqual([running, log], [undefined, ['run']]);
  });

  it('goes on after a step that failed', async () => {
    const steps = new Steps<number>();
    const failed = steps.run(1, () => Promise.reject(new Error('no')));
    const next = steps.run(1, () => Promise.resolve());
    await assert.rejects(() => failed!, /no/);
    await assert.doesNotReject(() => next!);
  });

  it('counts what is not over', async () => {
    const steps = new Steps<number>();
    const first = gate([], 'a');
    const running = steps.run(1, first.step);
    const before = steps.underWay;
    first.open();
    await running;
    assert.deepEqual([before, steps.underWay], [1, 0]);
  });
});
