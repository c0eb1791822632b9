import assert from 'node:assert/strict';
import type { OutboundSms } from '../../../lib/message.js';
import {
  ESME_RMSGQFUL,
  ESME_RSYSERR,
  ESME_RTHROTTLED,
  ModelGateway,
  type ModelOptions,
} from './model-gateway.js';
import { bench, type Bench } from './outbox-bench.js';

interface Made extends Bench {
  readonly gateway: ModelGateway;
}

async function bound(judge: ModelOptions['judge'], segmentsPerSecond?: number): Promise<Made> {
  const made = await bench({ segmentsPerSecond });
  const gateway = new ModelGateway({ clock: made.clock, outbox: () => made.outbox, judge });
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

/** Takes so many a second, with as many in hand, and refuses the others. */
function limited(perSecond: number, now: () => number, status: number): ModelOptions['judge'] {
  let tokens = perSecond;
  let at = 0;
  return () => {
    tokens = Math.min(perSecond, tokens + ((now() - at) / 1_000) * perSecond);
    at = now();
    if (tokens < 1) return status;
    tokens -= 1;
    return 0;
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

  for (const everyMs of [3_000, 5_000, 9_000]) {
    it(`keeps no alarm waiting for one that is throttled once every ${everyMs / 1_000} s among two a second`, async () => {
      let refusedAt = -Infinity;
      const made: Made = await bound(() => {
        if (made.clock.now() - refusedAt < everyMs) return 0;
        refusedAt = made.clock.now();
        return ESME_RTHROTTLED;
      });
      for (let half = 0; half < 120; half += 1) {
        await made.take({ text: `${half}`, priority: 'alarm' });
        await made.clock.advance(500);
      }
      const waits = made.results.map(({ queuedAt, settledAt }) => settledAt - queuedAt);
      assert.ok(waits.length >= 118, `${waits.length} of 120 are settled`);
      assert.ok(Math.max(...waits) <= 1_500, `${Math.max(...waits)} ms`);
    });
  }

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

  for (const [name, status] of [
    ['ESME_RTHROTTLED', ESME_RTHROTTLED],
    ['ESME_RMSGQFUL', ESME_RMSGQFUL],
  ] as const) {
    for (const count of [1, 2, 3, 15]) {
      it(`has fresh SMS leave beside ${count} alarms that are always answered ${name}`, async () => {
        const made = await bound((text) => (text === 'odd' ? status : 0));
        for (let odd = 0; odd < count; odd += 1) await made.take({ text: 'odd', priority: 'alarm' });
        await made.clock.advance(1_500);
        for (let round = 1; round <= 20; round += 1) {
          await made.take({ text: 'alarm', priority: 'alarm' });
          await made.clock.advance(2_000);
          assert.equal(made.gateway.count('alarm'), round);
          await made.take({ text: 'normal' });
          await made.clock.advance(1_000);
          const isSettled = round > 5; // by then those refused wait for longer than others come in
          if (isSettled) assert.equal(made.results.length, 2 * round);
        }
        await made.clock.advance(1_000);
        assert.equal(made.results.length, 40);
      });

      it(`has a normal SMS leave in three seconds beside ${count} alarms that are always answered ${name}`, async () => {
        const made = await bound((text) => (text === 'odd' ? status : 0));
        for (let odd = 0; odd < count; odd += 1) await made.take({ text: 'odd', priority: 'alarm' });
        await made.clock.advance(1_500);
        for (let round = 1; round <= 60; round += 1) {
          await made.take({ text: `${round}` });
          await made.clock.advance(3_000);
          assert.equal(made.results.length, round);
        }
      });

      for (const afterMs of [3_000, 70_000]) {
        it(`has a hundred alarms leave at once ${afterMs / 1_000} s after ${count} that are always answered ${name}`, async () => {
          const made = await bound((text) => (text === 'odd' ? status : 0));
          for (let odd = 0; odd < count; odd += 1) await made.take({ text: 'odd' });
          await made.clock.advance(afterMs);
          await takeMany(made, 100, { priority: 'alarm' });
          await made.clock.advance(5_000);
          assert.equal(made.results.length, 100);
        });
      }
    }
  }

  for (const priority of ['normal', 'alarm'] as const) {
    for (const everyMs of [50, 1_000]) {
      it(`has others pass a hundred SMS of priority ${priority} that always find the queue full, at one every ${everyMs} ms`, async () => {
        const made = await bound((text) => (text === 'odd' ? ESME_RMSGQFUL : 0));
        for (let odd = 0; odd < 100; odd += 1) await made.take({ text: 'odd', priority });
        const waitsMs: number[] = [];
        const send = (): void => {
          const at = made.clock.now();
          const isAlarm = at % (5 * everyMs) === 0;
          const sms = {
            to: '4512345678',
            from: 'x',
            text: 'fine',
            ...(isAlarm && { priority: 'alarm' as const }),
          };
          void made.outbox.send(sms).then(() => waitsMs.push(made.clock.now() - at));
        };
        for (let sent = 0; sent * everyMs < 180_000; sent += 1) {
          send();
          await made.clock.advance(everyMs);
        }
        waitsMs.sort((one, other) => one - other);
        assert.equal(waitsMs.length, 180_000 / everyMs);
        assert.ok(
          waitsMs[Math.floor(waitsMs.length / 2)]! < 1_000,
          `half of them took ${waitsMs[waitsMs.length >> 1]} ms`,
        );
        const tries = made.gateway.count('odd');
        assert.ok(tries <= 6 * 100, `${tries} tries in three minutes`);
      });
    }
  }

  for (const limit of [2, 10, 50]) {
    it(`settles near a gateway's limit of ${limit} a second, with alarms passing and nothing lost`, async () => {
      const made: Made = await bound(limited(limit, () => made.clock.now(), ESME_RTHROTTLED));
      await takeMany(made, limit * 60, {});
      for (let second = 0; second < 120; second += 1) {
        if (second % 5 === 0) await made.take({ text: 'alarm', priority: 'alarm' });
        await made.clock.advance(1_000);
      }
      const { submits } = made.gateway;
      assert.equal(made.results.length, limit * 60 + 24);
      assert.ok(submits.length < 1.3 * made.results.length, `${submits.length} tries`);
    });
  }

  it('has SMS that were never refused go before those that were, but for one in five', async () => {
    const made = await bound(refusing(ESME_RSYSERR, ['odd0', 'odd1', 'odd2']), 2);
    for (const text of ['odd0', 'odd1', 'odd2']) await made.take({ text });
    await made.clock.advance(3_000);
    await takeMany(made, 30, {});
    await made.clock.advance(13_000);
    const order = made.gateway.submits
      .slice(3)
      .map(({ text }) => (text.startsWith('odd') ? 'repeat' : 'fresh'));
    const first = order.indexOf('repeat');
    assert.deepEqual(order.slice(first, first + 6), ['repeat', ...Array<string>(4).fill('fresh'), 'repeat']);
  });
});

describe('Outbox at a gateway that tells its limit by ESME_RMSGQFUL', () => {
  for (const limit of [2, 10, 50]) {
    for (const load of [1.5, 2, 4]) {
      it(`soon has alarms leave in a second at ${load} times a limit of ${limit} a second`, async () => {
        const made: Made = await bound(limited(limit, () => made.clock.now(), ESME_RMSGQFUL));
        const waitsMs: number[] = [];
        const alarm = (): void => {
          const at = made.clock.now();
          const sms = { to: '4512345678', from: 'Alarm', text: 'alarm', priority: 'alarm' } as const;
          const hasBegun = at > 40_000;
          void made.outbox.send(sms).then(() => hasBegun && waitsMs.push(made.clock.now() - at));
        };
        let taken = 0;
        for (let tenths = 0; tenths < 800; tenths += 1) {
          for (; taken < (tenths / 10) * limit * load; taken += 1) await made.take({ text: 'x' });
          if (tenths % 25 === 0) alarm();
          await made.clock.advance(100);
        }
        await made.clock.advance(5_000);
        assert.equal(waitsMs.length, 16);
        assert.ok(Math.max(...waitsMs) < 1_500, `${Math.max(...waitsMs)} ms`);
      });
    }
  }

  it('does not take one SMS that finds the queue full for throttling where ESME_RTHROTTLED tells it', async () => {
    const made = await bound((text) => {
      if (text === 'odd') return ESME_RMSGQFUL;
      return made.gateway.submits.length === 20 ? ESME_RTHROTTLED : 0;
    });
    await takeMany(made, 100, {});
    await made.clock.advance(2_000);
    await made.take({ text: 'odd', priority: 'alarm' });
    await made.clock.advance(5_500);
    const at = made.gateway.submits.filter(({ text }) => text === 'odd').map((submit) => submit.at);
    assert.deepEqual([at.length, Math.round((at[1]! - at[0]!) / 1_000)], [2, 5]);
  });
});

describe('Long alarms of which one segment is always refused', () => {
  for (const [name, status, count] of [
    ['ESME_RTHROTTLED', ESME_RTHROTTLED, 3],
    ['ESME_RMSGQFUL', ESME_RMSGQFUL, 15],
    ['ESME_RSYSERR', ESME_RSYSERR, 15],
  ] as const) {
    for (const segmentsPerSecond of [undefined, 2]) {
      it(`hold up no others when they are ${count} and it is ${name}, at ${segmentsPerSecond ?? 'any'} a second`, async () => {
        const made = await bound((text) => (text.includes('odd') ? status : 0), segmentsPerSecond);
        const text = `${'x'.repeat(200)}odd${'x'.repeat(170)}`;
        for (let odd = 0; odd < count; odd += 1)
          await made.take({ text, to: `45201000${10 + odd}`, priority: 'alarm' });
        await made.clock.advance(60_000); // all of them were tried by then
        for (let round = 1; round <= 40; round += 1) {
          await made.take({ text: 'alarm', priority: 'alarm' });
          await made.clock.advance(2_000);
          assert.equal(made.gateway.count('alarm'), round);
          await made.take({ text: 'normal' });
          await made.clock.advance(3_000);
          assert.equal(made.gateway.count('normal'), round);
        }
      });
    }
  }
});
