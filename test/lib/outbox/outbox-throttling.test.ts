import assert from 'node:assert/strict';
import type { OutboundSms } from '../../../lib/message.js';
import { ESME_RMSGQFUL, ESME_RTHROTTLED, ModelGateway, type ModelOptions } from './model-gateway.js';
import { bench, type Bench } from './outbox-bench.js';

interface Made extends Bench {
  readonly gateway: ModelGateway;
}

async function bound(judge: ModelOptions['judge'], more: Partial<ModelOptions> = {}): Promise<Made> {
  const made = await bench();
  const gateway = new ModelGateway({ clock: made.clock, outbox: () => made.outbox, judge, ...more });
  gateway.start();
  await made.clock.advance(1_000);
  return { ...made, gateway };
}

/** Refuses the first so many times that each of these texts comes. */
function refusing(status: number, texts: readonly string[], times = 1): ModelOptions['judge'] {
  const left = new Map(texts.map((text) => [text, times]));
  return (text) => {
    const refusals = left.get(text) ?? 0;
    left.set(text, refusals - 1);
    return refusals > 0 ? status : 0;
  };
}

async function takeMany(made: Made, count: number, sms: Partial<OutboundSms>): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => made.take({ text: `${index}`, ...sms })));
}

describe('Outbox', () => {
  for (const [name, status, tookMs] of [
    ['ESME_RTHROTTLED', ESME_RTHROTTLED, 1_100],
    ['ESME_RMSGQFUL', ESME_RMSGQFUL, 5_100],
  ] as const) {
    it(`is not slowed down by one ${name} in a quiet moment`, async () => {
      const made = await bound(refusing(status, ['odd']));
      await made.take({ text: 'odd' });
      await made.clock.advance(100);
      await takeMany(made, 100, { priority: 'alarm' });
      await made.clock.advance(1_000);
      assert.ok(made.results.length >= 100);
      await made.clock.advance(tookMs);
      assert.equal(made.results.length, 101);
    });
  }

  it('halves the rate after ESME_RTHROTTLED in a busy second, and is free again after a minute', async () => {
    const made = await bound(refusing(ESME_RTHROTTLED, ['20']));
    await takeMany(made, 1_000, {});
    await made.clock.advance(5_000);
    const slowed = made.results.length;
    assert.ok(slowed > 40 && slowed < 600, `${slowed}`);
    await made.clock.advance(70_000);
    assert.equal(made.results.length, 1_000);
  });

  it('lets others pass an SMS that finds the queue full, for 5, 15 and then 60 s', async () => {
    const made = await bound(refusing(ESME_RMSGQFUL, ['odd'], 4));
    await made.take({ text: 'odd' });
    await takeMany(made, 20, {});
    await made.clock.advance(140_400);
    assert.equal(made.results.length, 21);
    const at = made.gateway.submits.filter(({ text }) => text === 'odd').map((submit) => submit.at);
    assert.deepEqual(
      at.slice(1).map((instant, index) => Math.round((instant - at[index]!) / 1_000)),
      [5, 15, 60, 60],
    );
  });

  it('takes a full queue for throttling when three SMS find it so and none is accepted', async () => {
    const made = await bound(refusing(ESME_RMSGQFUL, ['0', '1', '2', '3', '4']));
    await takeMany(made, 5, {});
    await made.clock.advance(1_500);
    assert.equal(made.results.length, 3);
    await made.clock.advance(4_000);
    assert.equal(made.results.length, 5);
  });

  for (const [name, status] of [
    ['ESME_RTHROTTLED', ESME_RTHROTTLED],
    ['ESME_RMSGQFUL', ESME_RMSGQFUL],
  ] as const) {
    it(`slows down others for a minute and a half at most for twenty SMS that are always answered ${name}`, async () => {
      const made = await bound((text) => (text.startsWith('odd') ? status : 0));
      for (let count = 0; count < 20; count += 1) await made.take({ text: `odd${count}` });
      await made.clock.advance(120_000);
      for (let count = 0; count < 90; count += 1) {
        await made.take({ text: `${count}` });
        await made.clock.advance(1_000);
      }
      await takeMany(made, 100, {});
      await made.clock.advance(2_000);
      assert.equal(made.results.length, 190);
    });
  }

  it('has an alarm leave within two seconds beside an SMS that is always throttled', async () => {
    const made = await bound((text) => (text === 'odd' ? ESME_RTHROTTLED : 0));
    await made.take({ text: 'odd', priority: 'alarm' });
    for (let minute = 0; minute < 5; minute += 1) {
      await made.clock.advance(60_000);
      await made.take({ text: 'alarm', priority: 'alarm' });
      await made.clock.advance(2_000);
      assert.equal(made.results.length, minute + 1);
    }
  });
});
