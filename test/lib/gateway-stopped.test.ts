/** What may be done to the queue of a gateway that is stopped, and who goes on with it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createGateway,
  createSuccessor,
  isSameAccount,
  type Gateway,
  type GatewayOptions,
  type StorageOptions,
} from '../../lib/gateway.js';
import type { DeliveryReceipt, InboundSms, SubmitResult } from '../../lib/message.js';
import { createSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { collector, connected } from '../support/over-tls.js';

const SMS = { to: '4512345600', from: 'Alarm', text: 'Pump 3 stopped' };
/** The simulator accepts it and never answers. */
const NEVER_ANSWERED = '4512345667';
/** It accepts it and no receipt comes. */
const NO_RECEIPT = '4512345650';
const IN_AN_HOUR = 3_600_000;

describe('A gateway that is stopped', () => {
  let directory: string;
  let simulator: Simulator;
  let gateway: Gateway;
  let results: ReturnType<typeof collector<SubmitResult>>;

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'smpp-stopped-'));
    simulator = createSimulator({ receiptDelayMs: 5 });
    results = collector<SubmitResult>();
  });
  afterEach(async () => {
    await gateway.stop();
    await simulator.stop();
    rmSync(directory, { recursive: true });
  });

  const optionsWith = (options: Partial<GatewayOptions>): GatewayOptions => ({
    systemId: 'demo',
    password: 'secret',
    connect: simulator.connect,
    timers: { drainMs: 50 },
    ...options,
  });

  const STORAGES: Readonly<Record<string, () => StorageOptions>> = {
    memory: () => ({ kind: 'memory' }),
    disk: () => ({ kind: 'disk', directory }),
  };
  for (const [kind, storage] of Object.entries(STORAGES)) {
    describe(`with storage ${kind}`, () => {
      beforeEach(async () => {
        gateway = createGateway(optionsWith({ storage: storage() }));
        await gateway.start();
        await connected(gateway);
      });
      const later = { ...SMS, sendAt: Date.now() + IN_AN_HOUR };

      it('takes SMS out of its queue, and hands their results on', async () => {
        const ids = [await gateway.enqueue(later), await gateway.enqueue(later)].map(({ id }) => id);
        const { id: third } = await gateway.enqueue(later);
        gateway.onSettled(results.take);
        await gateway.stop();
        const cancelled = await Promise.all([...ids, 'nobody'].map((id) => gateway.cancel(id)));
        assert.deepEqual(cancelled, [true, true, false]);
        assert.deepEqual(
          results.events.map(({ id, outcome }) => [id, outcome]),
          ids.map((id) => [id, 'cancelled']),
        );
        const left = await gateway.queued();
        assert.deepEqual([gateway.status().queue.scheduled, left.map(({ id }) => id)], [1, [third]]);
      });

      it('tells since when that is, whatever it is asked meanwhile', async () => {
        const before = Date.now();
        await gateway.stop();
        const { since } = gateway.status();
        assert.ok(since >= before && since <= Date.now(), String(since));
        await gateway.countQueued();
        assert.equal(gateway.status().since, since);
      });

      it('finds by its correlation what is in its queue', async () => {
        const { id } = await gateway.enqueue({ ...later, correlation: 'pump-3' });
        await gateway.stop();
        const found: unknown[] = [];
        await gateway.recovered((sms) => found.push(sms));
        assert.deepEqual(found, [{ id, correlation: 'pump-3' }]);
        assert.equal(gateway.status().state, 'stopped');
      });

      it('counts its queue, and connects to nobody', async () => {
        await gateway.enqueue(later);
        await gateway.stop();
        const again = createSuccessor(optionsWith({ storage: storage() }), gateway);
        assert.equal(await again.countQueued(), 1);
        assert.deepEqual([again.status().state, simulator.bindAttempts.length], ['stopped', 1]);
        assert.equal(await gateway.countQueued(), 1);
      });

      it('tells how many SMS wait for their receipt, as it was then', async () => {
        gateway.onReceipt(() => undefined);
        await gateway.send(SMS);
        await gateway.send({ ...SMS, to: NO_RECEIPT });
        while (gateway.status().counters.receipts === 0)
          await new Promise((resolve) => setImmediate(resolve));
        const running = gateway.receiptsAwaited();
        await gateway.stop();
        const never = createGateway(optionsWith({ storage: storage() })).receiptsAwaited();
        assert.deepEqual([running, gateway.receiptsAwaited(), never], [1, 1, undefined]);
      });

      it('gives every SMS its outcome as it is abandoned: those under way may have been sent', async () => {
        gateway.onSettled(results.take);
        const underWay = await gateway.enqueue({ ...SMS, to: NEVER_ANSWERED });
        while (simulator.accepted.length === 0) await new Promise((resolve) => setImmediate(resolve));
        const waiting = await gateway.enqueue(later);
        await gateway.abandon('its account is gone');
        const outcomes = new Map(results.events.map(({ id, outcome, reason }) => [id, [outcome, reason]]));
        assert.deepEqual(outcomes.get(waiting.id), ['cancelled', 'its account is gone']);
        const [outcome, reason] = outcomes.get(underWay.id) ?? [];
        assert.equal(outcome, 'uncertain');
        assert.match(reason ?? '', /the answer never came.*; its account is gone/);
        assert.equal(await gateway.countQueued(), 0);
      });
    });
  }

  const BEFORE: typeof STORAGES = {
    memory: () => ({ kind: 'memory' }),
    disk: () => ({ kind: 'disk', directory: path.join(directory, 'before') }),
  };
  for (const [before, storageBefore] of Object.entries(BEFORE)) {
    describe(`with storage ${before}`, () => leavesAll(storageBefore));
  }

  function leavesAll(storageBefore: () => StorageOptions): void {
    beforeEach(async () => {
      gateway = createGateway(optionsWith({ storage: storageBefore() }));
      await gateway.start();
      await connected(gateway);
    });

    for (const [kind, storage] of Object.entries(STORAGES)) {
      it(`leaves its queue to a successor with storage ${kind}`, async () => {
        await simulator.kill('all');
        const ids = [await gateway.enqueue(SMS), await gateway.enqueue(SMS)].map(({ id }) => id);
        await gateway.stop();
        await simulator.revive('all');
        const successor = createSuccessor(optionsWith({ storage: storage(), window: 3 }), gateway);
        successor.onSettled(results.take);
        await successor.start();
        await results.reach(2);
        await successor.stop();
        assert.deepEqual(
          results.events.map(({ id, outcome, recovered }) => [id, outcome, recovered]),
          ids.map((id) => [id, 'accepted', true]),
        );
        assert.equal(simulator.accepted.length, 2);
        if (storageBefore().kind === 'memory') return;
        const again = createGateway(optionsWith({ storage: storageBefore() }));
        assert.equal(await again.countQueued(), 0);
      });

      it(`leaves the receipts to come, results and incoming SMS to a successor with storage ${kind}`, async () => {
        const slow = createSimulator({ receiptDelayMs: 200 });
        await gateway.stop();
        gateway = createGateway(optionsWith({ connect: slow.connect, storage: storageBefore() }));
        await gateway.start();
        await connected(gateway);
        const { id } = await gateway.enqueue({ ...SMS, correlation: 'pump-3' });
        while (gateway.status().counters.accepted === 0)
          await new Promise((resolve) => setImmediate(resolve));
        await slow.incoming({ from: '4587654321', to: '1245', text: 'OK' });
        await gateway.stop();
        const successor = createSuccessor(
          optionsWith({ connect: slow.connect, storage: storage(), window: 3 }),
          gateway,
        );
        const receipts = collector<DeliveryReceipt>();
        const incoming = collector<InboundSms>();
        successor.onSettled(results.take);
        successor.onReceipt(receipts.take);
        successor.onSms(incoming.take);
        await successor.start();
        const [[result], [receipt], [sms]] = await Promise.all([
          results.reach(1),
          receipts.reach(1),
          incoming.reach(1),
        ]);
        await successor.stop();
        await slow.stop();
        assert.deepEqual([result?.id, receipt?.id, receipt?.correlation], [id, id, 'pump-3']);
        assert.equal(sms?.text, 'OK');
      });
    }

    it('leaves it to the next but one, whatever became of the one between', async () => {
      await simulator.kill('all');
      await gateway.enqueue(SMS);
      await gateway.stop();
      await simulator.revive('all');
      const between = createSuccessor(optionsWith({ storage: { kind: 'disk', directory } }), gateway);
      const successor = createSuccessor(optionsWith({}), between);
      successor.onSettled(results.take);
      await successor.start();
      assert.equal((await results.reach(1))[0]?.outcome, 'accepted');
      await successor.stop();
    });
  }

  it('is of the same account as others with its system id at hosts of the same service', () => {
    gateway = createGateway(optionsWith({}));
    const account = { systemId: 'demo', password: 'secret' };
    const hosts = [{ host: 'smpp-dk2.inmobile.dk' }];
    assert.equal(isSameAccount(account, { ...account, password: 'another', hosts }), true);
    assert.equal(isSameAccount(account, { ...account, systemId: 'other' }), false);
    assert.equal(isSameAccount(account, { ...account, hosts: [{ host: 'smpp.example' }] }), false);
  });
});
