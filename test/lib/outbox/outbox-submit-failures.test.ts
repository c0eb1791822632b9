import assert from 'node:assert/strict';
import type { OutboundSms, SubmitResult } from '../../../lib/message.js';
import { ESME_RINVBNDSTS, ESME_RSUBMITFAIL, ModelGateway, type ModelOptions } from './model-gateway.js';
import { bench, type Bench } from './outbox-bench.js';

interface Made extends Bench {
  readonly gateway: ModelGateway;
  /** Milliseconds until each was accepted. */
  readonly alarmMs: readonly number[];
  /** Sends an alarm that the gateway takes. */
  alarm(): void;
}

const NORMAL = 300;

/** The texts that the gateway never takes begin so. */
const odd = (count: number, more = ''): string[] =>
  Array.from({ length: count }, (_, index) => `odd${index}${more}`);
const fine = (count: number): string[] => Array.from({ length: count }, (_, index) => `fine${index}`);

/** Deterministic, and nowhere near even. */
function mixed(texts: readonly string[], among: readonly string[]): string[] {
  const list = [...among];
  for (const [index, text] of texts.entries()) list.splice((index * 7_919) % list.length, 0, text);
  return list;
}

async function bound(
  options: Partial<ModelOptions> = {},
  outbox: Parameters<typeof bench>[0] = {},
): Promise<Made> {
  const made = await bench({ isRestart: (at) => gateway.isRestart(at), ...outbox });
  const gateway: ModelGateway = new ModelGateway({
    clock: made.clock,
    outbox: () => made.outbox,
    judge: (text) => (text.startsWith('odd') ? ESME_RSUBMITFAIL : 0),
    ...options,
  });
  gateway.start();
  await made.clock.advance(1_000);
  const alarmMs: number[] = [];
  const alarm = (): void => {
    const at = made.clock.now();
    const sms = { to: '4512345678', from: 'Alarm', text: 'alarm', priority: 'alarm' } as const;
    made.outbox.send(sms).then(
      () => alarmMs.push(made.clock.now() - at),
      () => undefined,
    );
  };
  return Object.assign(made, { gateway, alarmMs, alarm });
}

async function takeAll(made: Made, texts: readonly string[], sms: Partial<OutboundSms> = {}): Promise<void> {
  await Promise.all(texts.map((text) => made.take({ ...sms, text })));
}

/** With an alarm every so often. */
async function pass(made: Made, ms: number, everyMs = 5_000): Promise<void> {
  for (let passed = 0; passed < ms; passed += everyMs) {
    made.alarm();
    await made.clock.advance(Math.min(everyMs, ms - passed));
  }
}

function assertAlarmsLeft(made: Made, count: number): void {
  assert.equal(made.alarmMs.length, count);
  assert.ok(Math.max(...made.alarmMs) < 2_000, `${Math.max(...made.alarmMs)} ms`);
}

const acceptedOf = (results: readonly SubmitResult[]): number =>
  results.filter(({ outcome }) => outcome === 'accepted').length;

/** What goes on behind a queue of SMS that the gateway never takes. */
const POISONED: readonly (readonly [string, readonly string[], number])[] = [
  ...[1, 4, 12, 20].map(
    (count) => [`${count} among others`, mixed(odd(count), fine(NORMAL)), 10_000] as const,
  ),
  ['200 among others', mixed(odd(200), fine(NORMAL)), 20_000],
  ['20 before all others', [...odd(20), ...fine(NORMAL)], 10_000],
  ['200 before all others', [...odd(200), ...fine(NORMAL)], 20_000],
  ['200 after all others', [...fine(NORMAL), ...odd(200)], 10_000],
  ['400 on both sides of the others', [...odd(200), ...fine(NORMAL), ...odd(200, 'x')], 25_000],
];

for (const [name, status] of [
  ['ESME_RSUBMITFAIL', ESME_RSUBMITFAIL],
  ['ESME_RINVBNDSTS', ESME_RINVBNDSTS],
] as const) {
  describe(`SMS that are always answered ${name}`, () => {
    for (const links of ['failover', 'both'] as const) {
      const options = { links, judge: (text: string) => (text.startsWith('odd') ? status : 0) };

      for (const [where, texts, withinMs] of POISONED) {
        it(`hold up no other: ${where}, links ${links}`, async () => {
          const made = await bound(options);
          await takeAll(made, texts);
          await pass(made, withinMs);
          assert.equal(acceptedOf(made.results), NORMAL + withinMs / 5_000);
          assertAlarmsLeft(made, withinMs / 5_000);
        });
      }

      for (const count of [1, 4, 20]) {
        it(`do not have us log in again and again: ${count} alone, links ${links}`, async () => {
          const made = await bound(options);
          await takeAll(made, odd(count));
          await pass(made, 210_000);
          assertAlarmsLeft(made, 42);
          const binds = links === 'failover' ? 2 : 4;
          assert.ok(made.gateway.binds <= binds, `${made.gateway.binds} binds`);
        });
      }

      for (const count of [4, 12, 20, 50, 200]) {
        it(`are left alone for longer each time while few others come: ${count}, links ${links}`, async () => {
          const made = await bound(options);
          await takeAll(made, odd(count));
          await made.clock.advance(300);
          await pass(made, 60_000, 300); // all that is free has its answer before the next comes
          assertAlarmsLeft(made, 200);
          const tries = odd(count).map((text) => made.gateway.count(text));
          assert.ok(Math.max(...tries) <= 15, `one was tried ${Math.max(...tries)} times`);
        });
      }

      it(`hold up no other with a window of one, links ${links}`, async () => {
        const made = await bound({ ...options, window: 1 });
        await takeAll(made, [...odd(20), ...fine(100)]);
        await pass(made, 20_000);
        assert.equal(acceptedOf(made.results), 104);
        assertAlarmsLeft(made, 4);
      });
    }

    it('are tried every 30 s as long as they live', async () => {
      const made = await bound({ judge: (text) => (text === 'odd0' ? status : 0) });
      await takeAll(made, ['odd0'], { expiresAfterMs: 600_000 });
      await pass(made, 602_000);
      const at = made.gateway.submits.filter(({ text }) => text === 'odd0').map((submit) => submit.at);
      const waits = at.slice(1).map((instant, index) => instant - at[index]!);
      assert.deepEqual([...new Set(waits.slice(8).map((wait) => Math.round(wait / 1_000)))], [30]);
      const expired = made.results.find(({ outcome }) => outcome === 'expired');
      assert.deepEqual([expired?.status, expired?.attempts], [name, at.length]);
    });

    it('leave room for others where few leave in a second', async () => {
      const options = { segmentsPerSecond: 2 };
      const made = await bound({ judge: (text) => (text.startsWith('odd') ? status : 0) }, options);
      await takeAll(made, mixed(odd(100), fine(30)));
      await pass(made, 75_000);
      await takeAll(made, fine(20));
      await made.clock.advance(25_000);
      assert.equal(acceptedOf(made.results), 30 + 20 + 15);
      assertAlarmsLeft(made, 15);
    });

    it('hold up none that come when they are alarms themselves, were due later or outlived a crash', async () => {
      const judge = (text: string): number => (text.startsWith('odd') ? status : 0);
      const first = await bound({ judge });
      await takeAll(first, odd(20), { priority: 'alarm' });
      await takeAll(first, odd(20, 'later'), { sendAt: first.clock.wall() + 30_000 });
      await pass(first, 20_000);
      const second = await bound({ judge }, { storage: first.storage, clock: first.clock });
      first.gateway.halt();
      await takeAll(second, fine(100));
      await pass(second, 30_000);
      assert.equal(second.results.filter(({ recovered }) => !recovered).length, 106);
      assertAlarmsLeft(second, 6);
    });
  });
}

describe('ESME_RSUBMITFAIL of a gateway in trouble', () => {
  for (const links of ['failover', 'both'] as const) {
    it(`costs no time and no attempt when one host restarts, links ${links}`, async () => {
      let isRefusing = false;
      const judge = (_: string, host: number): number => (isRefusing && host === 0 ? ESME_RSUBMITFAIL : 0);
      const made = await bound({ links, judge });
      await takeAll(made, fine(NORMAL));
      await made.clock.advance(20);
      isRefusing = true;
      await made.clock.advance(60);
      made.gateway.restart(0, 120_000);
      await made.clock.advance(2_500);
      assert.equal(acceptedOf(made.results), NORMAL);
      assert.deepEqual([...new Set(made.results.map(({ attempts }) => attempts))], [1]);
    });

    it(`costs no time and no attempt when both hosts restart for two minutes, links ${links}`, async () => {
      let isRefusing = false;
      const made = await bound({ links, judge: () => (isRefusing ? ESME_RSUBMITFAIL : 0) });
      await takeAll(made, fine(NORMAL));
      await made.clock.advance(70);
      isRefusing = true;
      await made.clock.advance(60);
      for (const host of [0, 1]) made.gateway.restart(host, 120_000);
      await made.clock.advance(120_000);
      isRefusing = false;
      assert.ok(acceptedOf(made.results) < NORMAL);
      const binds = made.gateway.binds;
      while (made.gateway.binds === binds) await made.clock.advance(10);
      await made.clock.advance(2_500);
      assert.equal(acceptedOf(made.results), NORMAL);
      assert.deepEqual([...new Set(made.results.map(({ attempts }) => attempts))], [1]);
    });

    it(`is told from an SMS that is always answered so, which comes at the same time, links ${links}`, async () => {
      let isRefusing = false;
      const judge = (text: string): number => (isRefusing || text.startsWith('odd') ? ESME_RSUBMITFAIL : 0);
      const made = await bound({ links, judge });
      await takeAll(made, mixed(odd(20), fine(NORMAL)));
      await made.clock.advance(70);
      isRefusing = true;
      await made.clock.advance(60);
      for (const host of [0, 1]) made.gateway.restart(host, 60_000);
      await made.clock.advance(60_000);
      isRefusing = false;
      await made.clock.advance(35_000);
      assert.equal(acceptedOf(made.results), NORMAL);
    });
  }

  it('is tried with one SMS at each bind, and every 0.5, 1, 2, 5 s while the session stays', async () => {
    let isRefusing = true;
    const made = await bound({ judge: () => (isRefusing ? ESME_RSUBMITFAIL : 0) });
    await takeAll(made, fine(NORMAL));
    await made.clock.advance(1_000);
    const sessions = [...new Set(made.gateway.submits.map(({ session }) => session))];
    assert.equal(sessions.length, 2);
    await made.clock.advance(19_000);
    const tried = made.gateway.submits.filter(({ session }) => session === sessions[1]);
    const waits = tried.slice(1).map(({ at }, index) => Math.round((at - tried[index]!.at) / 500) / 2);
    assert.deepEqual(waits, [0.5, 1, 2, 5, 5, 5]);
    assert.equal(new Set(tried.map(({ text }) => text)).size, 7);
    isRefusing = false;
    await made.clock.advance(5_000 + 2_000);
    assert.equal(acceptedOf(made.results), NORMAL);
    assert.deepEqual([...new Set(made.results.map(({ attempts }) => attempts))], [1]);
  });

  it('is tried at once with each SMS that is new', async () => {
    const made = await bound({ judge: () => ESME_RSUBMITFAIL });
    await takeAll(made, fine(NORMAL));
    await made.clock.advance(20_300);
    for (const priority of ['alarm', 'bulk', 'normal'] as const) {
      await made.take({ text: priority, priority });
      await made.clock.advance(150);
      assert.equal(made.gateway.count(priority), 1);
    }
  });

  it('is left for the other host in the end, though all that is new is refused', async () => {
    const made = await bound({ judge: (_, host) => (host === 1 ? ESME_RSUBMITFAIL : 0) });
    made.gateway.restart(0, 5_000);
    await made.clock.advance(500);
    await takeAll(made, fine(NORMAL));
    await made.clock.advance(40_000);
    assert.equal(acceptedOf(made.results), NORMAL);
  });

  it('has a sign of a restart end the wait of an SMS, which goes first at the next bind', async () => {
    let isOdd = true;
    const made = await bound({ judge: (text) => (isOdd && text === 'odd' ? ESME_RSUBMITFAIL : 0) });
    await takeAll(made, ['odd', ...fine(5)]);
    await made.clock.advance(50_000);
    isOdd = false;
    made.gateway.restart(0, 60_000);
    await made.clock.advance(400);
    assert.equal(acceptedOf(made.results), 6);
  });
});

describe('A long SMS of which one segment is answered ESME_RSUBMITFAIL', () => {
  const LONG = 'odd'.repeat(100);

  it('has that segment sent again over the same session, and holds up no other', async () => {
    let left = 3;
    const judge = (text: string): number => {
      return text.includes('odd') && text.charCodeAt(5) === 2 && (left -= 1) >= 0 ? ESME_RSUBMITFAIL : 0;
    };
    const made = await bound({ judge });
    await takeAll(made, [LONG, ...fine(NORMAL)]);
    await pass(made, 10_000);
    assert.equal(acceptedOf(made.results), NORMAL + 3);
    const segments = made.gateway.submits.filter(({ text }) => text.includes('odd'));
    assert.deepEqual([segments.length, new Set(segments.map(({ session }) => session)).size], [5, 1]);
  });

  it('holds up no other when it is so always', async () => {
    const judge = (text: string): number => {
      return text.includes('odd') && text.charCodeAt(5) === 2 ? ESME_RSUBMITFAIL : 0;
    };
    const made = await bound({ judge });
    await takeAll(made, [LONG, ...fine(NORMAL), LONG]);
    await pass(made, 75_000);
    assert.equal(acceptedOf(made.results), NORMAL + 15);
    assertAlarmsLeft(made, 15);
    assert.ok(made.gateway.binds <= 3);
  });
});
