import assert from 'node:assert/strict';
import { createGateway, type Gateway } from '../../lib/gateway.js';
import type { SubmitResult } from '../../lib/message.js';
import { fakeGateway } from './connection/fake-gateway.js';
import { FakeClock, settle } from '../support/fake-clock.js';

const SMS = { to: '4512345678', from: 'Alarm', text: 'Pump 3 stopped' };

describe('Gateway listeners', () => {
  let gateway: Gateway;
  let lines: string[];
  let clock: FakeClock;

  beforeEach(() => {
    lines = [];
    clock = new FakeClock();
    gateway = createGateway({
      systemId: 'demo',
      password: 'secret',
      clock,
      connect: () => new Promise(() => undefined),
      log: (level, line) => lines.push(`${level}: ${line}`),
    });
  });
  afterEach(() => gateway.stop());

  async function settleOne(): Promise<void> {
    const { id } = await gateway.enqueue(SMS);
    assert.equal(await gateway.cancel(id), true);
    await settle();
  }

  async function leaveOneBehind(): Promise<void> {
    await gateway.start();
    await settleOne();
    await gateway.stop();
  }

  it('hands a result that waited to all that were there before the start', async () => {
    await leaveOneBehind();
    const seen: string[] = [];
    for (const who of ['first', 'second']) gateway.onSettled(() => void seen.push(who));
    await gateway.start();
    await settle();
    assert.deepEqual(seen, ['first', 'second']);
  });

  it('calls one no more that left as it was called for the first time', async () => {
    await leaveOneBehind();
    let calls = 0;
    const leave = gateway.onSettled(() => {
      calls += 1;
      leave();
    });
    await gateway.start();
    await settle();
    await settleOne();
    assert.equal(calls, 1);
  });

  it('keeps for the next one what waited behind the last that one wanted', async () => {
    await gateway.start();
    for (let count = 0; count < 3; count += 1) await settleOne();
    const seen: string[] = [];
    const leave = gateway.onSettled(({ id }) => {
      leave();
      seen.push(id);
    });
    await settle();
    gateway.onSettled(({ id }) => void seen.push(id));
    await settle();
    assert.deepEqual([seen.length, new Set(seen).size], [3, 3]);
  });

  it('gives each of them, and who sends, a result to keep and to change', async () => {
    await gateway.start();
    const seen: unknown[] = [];
    const spoil = (result: SubmitResult): void => {
      seen.push(structuredClone(result));
      Object.assign(result, { outcome: 'accepted' });
      Object.assign(result.correlation as object, { order: 0 });
      (result.messageIds as string[]).push('spoilt');
    };
    gateway.onSettled(spoil);
    gateway.onSettled(spoil);
    const sending = gateway.send({ ...SMS, correlation: { order: 7 } }).then(spoil);
    await settle();
    await gateway.cancel((await gateway.queued())[0]?.id ?? '');
    await sending;
    await settle();
    assert.deepEqual(
      seen.map((result) => {
        const { outcome, correlation, messageIds } = result as SubmitResult;
        return { outcome, correlation, messageIds };
      }),
      Array.from({ length: 3 }, () => ({ outcome: 'cancelled', correlation: { order: 7 }, messageIds: [] })),
    );
  });

  it('gives one that changed a result and rejected it the result as it was', async () => {
    await gateway.start();
    const outcomes: string[] = [];
    gateway.onSettled((result) => {
      outcomes.push(result.outcome);
      Object.assign(result, { outcome: 'accepted' });
      return outcomes.length === 1 ? Promise.reject(new Error('no')) : undefined;
    });
    await settleOne();
    await clock.advance(5_000);
    assert.deepEqual(outcomes, ['cancelled', 'cancelled']);
  });

  it('gives each of them a status of its own', async () => {
    gateway.onStatus((status) => void Object.assign(status, { state: 'spoilt' }));
    const seen: string[] = [];
    gateway.onStatus(({ state }) => seen.push(state));
    await gateway.start();
    await settle();
    assert.equal(seen.at(-1), 'connecting');
  });

  it('forgets the results of who never listens after an hour, and says how many', async () => {
    await gateway.start();
    for (let count = 0; count < 3; count += 1) await settleOne();
    await clock.advance(65 * 60_000);
    const seen: unknown[] = [];
    gateway.onSettled((result) => void seen.push(result));
    await settle();
    assert.deepEqual(seen, []);
    const said = lines.filter((line) => line.startsWith('info: results: 3 forgotten'));
    assert.equal(said.length, 1);
  });

  it('tells the others of the status when one throws, and says so', async () => {
    gateway.onStatus(() => {
      throw new Error('no');
    });
    const seen: string[] = [];
    gateway.onStatus(({ state }) => seen.push(state));
    await gateway.start();
    await settle();
    assert.equal(seen.at(-1), 'connecting');
    assert.equal(lines.filter((line) => line.includes('a listener could not take the status')).length, 1);
  });

  it('tells the others of the status when one rejects, and says so', async () => {
    gateway.onStatus(() => Promise.reject(new Error('no')));
    const seen: string[] = [];
    gateway.onStatus(({ state }) => seen.push(state));
    await gateway.start();
    await settle();
    assert.equal(seen.at(-1), 'connecting');
    assert.equal(lines.filter((line) => line.includes('a listener could not take the status')).length, 1);
  });

  it('says nothing of one that could not take the status since the gateway is stopped', async () => {
    gateway.onStatus(() => gateway.send(SMS));
    await settle();
    assert.deepEqual(lines, []);
  });

  it('ends one of two that are the same function, and not the other', async () => {
    await gateway.start();
    let calls = 0;
    const count = (): void => void (calls += 1);
    const leave = [gateway.onSettled(count), gateway.onSettled(count)][0];
    await settleOne();
    leave?.();
    await settleOne();
    assert.equal(calls, 3);
  });
});

describe('A log that fails', () => {
  const failing: Record<string, () => unknown> = {
    throws: () => {
      throw new Error('no');
    },
    rejects: () => Promise.reject(new Error('no')),
    'gives what it cannot be asked for': () => ({
      get then() {
        throw new Error('no');
      },
    }),
  };
  for (const [how, log] of Object.entries(failing)) {
    it(`is no matter to a gateway that starts, sends and stops: it ${how}`, async () => {
      let lines = 0;
      const clock = new FakeClock();
      const dk1 = fakeGateway(['dk1'], () => clock.now());
      const gateway = createGateway({
        systemId: 'demo',
        password: 'secret',
        hosts: [{ host: 'dk1' }],
        clock,
        connect: dk1.connect,
        log: () => {
          lines += 1;
          return log() as undefined;
        },
      });
      for (let run = 0; run < 2; run += 1) {
        await gateway.start();
        const sending = gateway.send(SMS);
        await clock.advance(1_000);
        assert.equal((await sending).outcome, 'accepted');
        const stopping = gateway.stop();
        await clock.advance(5_000);
        await stopping;
      }
      assert.ok(lines >= 4, String(lines));
    });
  }
});
