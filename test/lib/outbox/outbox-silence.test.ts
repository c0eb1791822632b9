import assert from 'node:assert/strict';
import { ModelGateway } from './model-gateway.js';
import { bench, type Bench } from './outbox-bench.js';

interface Made extends Bench {
  readonly gateway: ModelGateway;
  /** Milliseconds until each alarm was accepted. */
  readonly alarmMs: readonly number[];
  alarm(): void;
}

/** To a gateway that never answers SMS of the text `odd`. */
async function bound(window: number): Promise<Made> {
  const made = await bench();
  const judge = (text: string): number | undefined => (text === 'odd' ? undefined : 0);
  const gateway = new ModelGateway({ clock: made.clock, outbox: () => made.outbox, judge, window });
  gateway.start();
  await made.clock.advance(1_000);
  const alarmMs: number[] = [];
  const alarm = (): void => {
    const at = made.clock.now();
    const sms = { to: '4512345678', from: 'Alarm', text: 'alarm', priority: 'alarm' } as const;
    void made.outbox.send(sms).then(() => alarmMs.push(made.clock.now() - at));
  };
  return Object.assign(made, { gateway, alarmMs, alarm });
}

describe('SMS that are never answered', () => {
  for (const window of [4, 10, 50]) {
    it(`leave a place for alarms in a window of ${window}, however many come one after another`, async () => {
      const made = await bound(window);
      for (let count = 0; count < 2 * window; count += 1) {
        await made.take({ text: 'odd' });
        await made.clock.advance(Math.max(300, 20_000 / window));
        made.alarm();
      }
      await made.clock.advance(1_000);
      assert.equal(made.alarmMs.length, 2 * window);
      assert.ok(Math.max(...made.alarmMs) < 1_000, `${Math.max(...made.alarmMs)} ms`);
    });

    it(`leave one in a window of ${window} that they all fill at once, as soon as the first were given up`, async () => {
      const made = await bound(window);
      for (let count = 0; count < 3 * window; count += 1) await made.take({ text: 'odd' });
      await made.clock.advance(30_500);
      for (let count = 0; count < 30; count += 1) {
        made.alarm();
        await made.clock.advance(2_000);
        assert.equal(made.alarmMs.length, count + 1);
      }
    });
  }

  it('leave the others all places as soon as they are answered', async () => {
    const made = await bound(10);
    for (let count = 0; count < 100; count += 1) await made.take({ text: 'fine' });
    await made.clock.advance(10 * 50);
    assert.equal(made.results.length, 100);
  });

  for (const window of [1, 2, 3]) {
    it(`take no place from others in a window of ${window}`, async () => {
      const made = await bound(window);
      for (let count = 1; count < window; count += 1) await made.take({ text: 'odd' });
      await made.clock.advance(3_000);
      await made.take({ text: 'fine' });
      await made.clock.advance(1_000);
      assert.equal(made.gateway.count('fine'), 1);
    });
  }
});
