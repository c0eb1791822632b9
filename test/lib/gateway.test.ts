import assert from 'node:assert/strict';
import { createGateway, diagnose } from '../../lib/gateway.js';
import type { DeliveryReceipt, GatewayStatus, InboundSms, SubmitResult } from '../../lib/message.js';
import type { SubmitSm } from '../../lib/pdu/pdu.js';
import { collector, connected, type OverTls, overTls, statusWhere, traffic } from '../support/over-tls.js';
import { fakeGateway } from './connection/fake-gateway.js';

const SMS = { to: '4512345600', from: 'Alarm', text: 'Pump 3 stopped' };

describe('Gateway over TLS', () => {
  let made: OverTls | undefined;
  async function set(...options: Parameters<typeof overTls>): Promise<OverTls> {
    made = await overTls(...options);
    return made;
  }
  afterEach(async () => {
    await made?.stop();
    made = undefined;
  });

  it('sends an SMS and brings its receipt', async () => {
    const { gateway, simulator } = await set();
    const receipts = collector<DeliveryReceipt>();
    gateway.onReceipt(receipts.take);
    await gateway.start();
    const result = await gateway.send({ ...SMS, correlation: 'pump-3' });
    assert.equal(result.outcome, 'accepted');
    assert.equal(simulator.accepted[0]?.text, SMS.text);
    const [receipt] = await receipts.reach(1);
    assert.equal(receipt?.id, result.id);
    assert.equal(receipt.messageId, result.messageIds[0]);
    assert.equal(receipt.state, 'DELIVRD');
    assert.equal(receipt.delivered, true);
    assert.equal(receipt.correlation, 'pump-3');
  });

  it('carries 500 characters with emoji as one SMS with one result and one receipt', async () => {
    const { gateway, simulator } = await set();
    const receipts = collector<DeliveryReceipt>();
    const results = collector<SubmitResult>();
    gateway.onReceipt(receipts.take);
    gateway.onSettled(results.take);
    await gateway.start();
    const text = '👨‍👩‍👧‍👦 Vandstand 🌊 høj! '.repeat(40).slice(0, 498) + '😀';
    assert.equal(text.length, 500);
    const result = await gateway.send({ ...SMS, text });
    assert.equal(result.encoding, 'ucs2');
    assert.equal(result.segments, 9);
    assert.equal(simulator.accepted.length, 1);
    assert.equal(simulator.accepted[0]?.text, text);
    const [receipt] = await receipts.reach(1);
    assert.deepEqual(receipt?.segments, { total: 9, delivered: 9, failed: 0 });
    // A second, short SMS: were there more events of the first, they would come before its own.
    await gateway.send(SMS);
    await receipts.reach(2);
    assert.deepEqual(
      receipts.events.map(({ segments, isFinal }) => [segments.total, isFinal]),
      [
        [9, true],
        [1, true],
      ],
    );
    assert.equal(results.events.length, 2);
  });

  it('receives a long SMS as one, and says what it answers', async () => {
    const { gateway, simulator } = await set();
    const incoming = collector<InboundSms>();
    gateway.onSms(incoming.take);
    await gateway.start();
    const { id } = await gateway.send({ ...SMS, correlation: { order: 7 } });
    const text = 'Kvittering æøå 🚰 '.repeat(20);
    await simulator.incoming({ from: SMS.to, to: '4599000000', text });
    const [sms] = await incoming.reach(1);
    assert.equal(sms?.text, text);
    assert.equal(sms.from, SMS.to);
    assert.ok(sms.segments > 1);
    assert.equal(sms.complete, true);
    assert.equal(sms.inReplyTo?.id, id);
    assert.deepEqual(sms.inReplyTo.correlation, { order: 7 });
  });

  it('moves to the other host when the bound one is killed under load, and loses nothing', async () => {
    const { gateway, simulator } = await set({ window: 20 });
    await gateway.start();
    await connected(gateway);
    const load = traffic(gateway, (index) => ({ ...SMS, text: `n${index}` }), 2);
    const before = collector<unknown>();
    const unwatch = simulator.onAccepted(before.take);
    await before.reach(100);
    await simulator.kill(0);
    const killedAt = performance.now();
    unwatch();
    const after = collector<unknown>();
    simulator.onAccepted(after.take);
    await after.reach(1);
    const tookMs = performance.now() - killedAt;
    await after.reach(100);
    const results = await load.stop();
    const texts = simulator.accepted.map(({ text }) => text);
    assert.ok(results.every(({ outcome }) => outcome === 'accepted'));
    assert.equal(new Set(texts).size, results.length);
    const flagged = results.filter(({ possibleDuplicate }) => possibleDuplicate).length;
    assert.ok(texts.length - results.length <= flagged, 'a duplicate was not flagged');
    assert.ok(flagged <= 20, 'more were flagged than the window holds');
    assert.ok(tookMs < 1_500, `it took ${Math.round(tookMs)} ms`);
  });

  it('waits through a restart of both hosts, and sends each SMS once', async () => {
    const { gateway, simulator } = await set({ timers: { backoffFirstMs: 50, backoffMaxMs: 200 } });
    await gateway.start();
    await connected(gateway);
    const load = traffic(gateway, (index) => ({ ...SMS, text: `n${index}` }), 5);
    const isOver = simulator.restart('all', 1_000);
    const { maintenanceSince } = await statusWhere(gateway, ({ state }) => state === 'maintenance');
    await isOver;
    await connected(gateway);
    const results = await load.stop();
    const texts = simulator.accepted.map(({ text }) => text);
    assert.ok(
      results.every(({ outcome, possibleDuplicate }) => outcome === 'accepted' && !possibleDuplicate),
    );
    assert.equal(texts.length, results.length);
    assert.ok(maintenanceSince !== undefined);
  });

  it('is bound to both hosts at once when asked', async () => {
    const { gateway, simulator } = await set({ links: 'both' });
    await gateway.start();
    await statusWhere(gateway, ({ links }) => links.filter(({ state }) => state === 'bound').length === 2);
    assert.deepEqual(simulator.sessions.map(({ host }) => host).sort(), [0, 1]);
  });

  it('binds a transmitter and a receiver as a pair', async () => {
    const { gateway, simulator } = await set({ connectionMode: 'pair' });
    const receipts = collector<DeliveryReceipt>();
    gateway.onReceipt(receipts.take);
    await gateway.start();
    await gateway.send(SMS);
    await receipts.reach(1);
    assert.deepEqual(simulator.sessions.map(({ mode }) => mode).sort(), ['receiver', 'transmitter']);
  });

  it('sends not one octet of the bind to a host that is not proven', async () => {
    const { gateway, simulator, lines } = await set({ tls: {} });
    await gateway.start();
    const { error } = await statusWhere(gateway, ({ links }) =>
      links.some((link) => link.error !== undefined),
    );
    assert.equal(simulator.bindAttempts.length, 0);
    assert.equal(error?.code, 'SMPP_CERTIFICATE');
    assert.ok(lines.some((line) => line.startsWith('error') || line.startsWith('warn')));
  });

  it('says that the login was refused, in one line', async () => {
    const { gateway, simulator, lines } = await set();
    simulator.refuse('demo');
    await gateway.start();
    await statusWhere(gateway, ({ state }) => state === 'refused');
    assert.equal(lines.filter((line) => /refused/i.test(line)).length, 1);
    assert.ok(lines.every((line) => !line.includes('secret')));
  });

  it('sends a list with back-pressure, and goes on after a bad number', async () => {
    const { gateway, simulator } = await set({ window: 50 });
    await gateway.start();
    let read = 0;
    function* list() {
      for (; read < 5_000; read += 1)
        yield { ...SMS, to: read === 17 ? 'nobody' : SMS.to, correlation: read };
    }
    const outcomes: string[] = [];
    let aheadMax = 0;
    for await (const { outcome } of gateway.sendAll(list())) {
      outcomes.push(outcome);
      aheadMax = Math.max(aheadMax, read - outcomes.length);
    }
    assert.equal(outcomes.length, 5_000);
    assert.equal(outcomes.filter((outcome) => outcome === 'rejected').length, 1);
    assert.equal(simulator.accepted.length, 4_999);
    assert.ok(aheadMax <= 2_000, `${aheadMax} were read ahead`);
  });

  it('ends a list that hangs as it is stopped, with the results that are there', async () => {
    const { gateway } = await set();
    await gateway.start();
    async function* list() {
      yield SMS;
      await new Promise(() => undefined);
    }
    const outcomes: string[] = [];
    const sending = (async () => {
      for await (const { outcome } of gateway.sendAll(list())) {
        outcomes.push(outcome);
        void gateway.stop();
      }
    })();
    await assert.rejects(sending, { code: 'SMPP_STOPPED' });
    assert.deepEqual(outcomes, ['accepted']);
  });

  it('counts what it did', async () => {
    const { gateway, simulator } = await set();
    const receipts = collector<DeliveryReceipt>();
    const incoming = collector<InboundSms>();
    gateway.onReceipt(receipts.take);
    gateway.onSms(incoming.take);
    await gateway.start();
    await gateway.send(SMS);
    await simulator.incoming({ from: SMS.to, to: '4599000000', text: 'OK' });
    await Promise.all([receipts.reach(1), incoming.reach(1)]);
    const { counters } = await statusWhere(gateway, (status) => status.counters.delivered === 1);
    assert.deepEqual(
      { ...counters },
      {
        queued: 1,
        submitted: 1,
        accepted: 1,
        rejected: 0,
        uncertain: 0,
        expired: 0,
        cancelled: 0,
        possibleDuplicates: 0,
        receipts: 1,
        delivered: 1,
        incoming: 1,
        repeatedIncoming: 0,
        binds: 1,
      },
    );
  });

  it('lets a listener finish what it was handed before it stops', async () => {
    const { gateway, lines } = await set();
    let confirm = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      gateway.onReceipt(() => {
        resolve();
        return new Promise<void>((taken) => (confirm = taken));
      });
    });
    await gateway.start();
    await gateway.send(SMS);
    await asked;
    const stopping = gateway.stop();
    confirm();
    await stopping;
    assert.deepEqual(
      lines.filter((line) => line.startsWith('error')),
      [],
    );
  });

  it('refuses after stop, and starts again', async () => {
    const { gateway } = await set();
    await gateway.start();
    await gateway.stop();
    await assert.rejects(gateway.send(SMS), { code: 'SMPP_STOPPED' });
    assert.equal(gateway.status().state, 'stopped');
    await gateway.start();
    assert.equal((await gateway.send(SMS)).outcome, 'accepted');
  });

  it('tells what is in its queue while it is stopped, and nothing of it when it is sent', async () => {
    const { gateway } = await set();
    await gateway.start();
    const sendAt = Date.now() + 3_600_000;
    const { id } = await gateway.enqueue({ ...SMS, priority: 'alarm', sendAt });
    const before = [gateway.status().queue, await gateway.queued()] as const;
    const told: GatewayStatus[] = [];
    gateway.onStatus((status) => void told.push(status));
    await gateway.stop();
    assert.deepEqual([gateway.status().queue, await gateway.queued()], before);
    assert.equal((await gateway.queued())[0]?.to, '45******00');
    assert.deepEqual(await gateway.queued(0), []);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([told.at(-1)?.state, told.at(-1)?.queue.alarm], ['stopped', 1]);
    await gateway.start();
    assert.equal(await gateway.cancel(id), true);
    await gateway.stop();
    assert.deepEqual([gateway.status().queue.alarm, await gateway.queued()], [0, []]);
  });

  it('takes a list in as a whole, and finds of it what an earlier run has left', async () => {
    const { gateway } = await set();
    await gateway.start();
    const later = { ...SMS, sendAt: Date.now() + 3_600_000 };
    const taken = await gateway.enqueueAll([later, { ...later, correlation: 7 }]);
    const recovered = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      await gateway.recovered(({ id, correlation }) => found.push([id, correlation]));
      return found;
    };
    assert.deepEqual(await recovered(), []);
    await gateway.stop();
    await assert.rejects(gateway.enqueueAll([SMS]), { code: 'SMPP_STOPPED' });
    await gateway.start();
    assert.deepEqual(await recovered(), [
      [taken[0]?.id, undefined],
      [taken[1]?.id, 7],
    ]);
    await gateway.stop();
  });

  it('has the sender and the country of an SMS that names none', async () => {
    const { gateway, simulator } = await set({ sender: 'Works', defaultCountry: 'dk' });
    await gateway.start();
    const { to, from } = await gateway.send({ to: '12 34 56 00', text: 'Pump 3 stopped' });
    assert.deepEqual([to, from], ['4512345600', 'Works']);
    assert.equal(simulator.accepted[0]?.from, 'Works');
  });

  it('asks with a wrong password at most 6 times in 10 minutes, however often it is started', async () => {
    const { gateway, simulator } = await set();
    simulator.refuse('demo', 'ESME_RINVPASWD');
    for (let time = 1; time <= 8; time++) {
      await gateway.start();
      await statusWhere(gateway, ({ state, links }) => state === 'refused' && links[0]?.state === 'waiting');
      assert.equal(simulator.bindAttempts.length, Math.min(time + 1, 6)); // both hosts the first time
      await gateway.stop();
    }
  });

  it('asks no more often for being several, and each with another wrong password', async () => {
    const { gateway, simulator } = await set();
    await gateway.start();
    await connected(gateway);
    simulator.refuse('demo', 'ESME_RINVPASWD');
    const { hosts, ca } = simulator;
    const options = { hosts, systemId: 'demo', tls: { ca } };
    const refused = (): number =>
      simulator.bindAttempts.filter(({ command_status }) => command_status !== 0).length;
    for (let time = 0; time < 6; time++) {
      const other = createGateway({ ...options, password: `wrong ${time}` });
      await other.start();
      await statusWhere(
        other,
        ({ links }) => links[0]?.state === 'waiting' && (links[0].retryAt ?? 0) > Date.now() + 500,
      );
      await other.stop();
    }
    await diagnose({ ...options, password: 'wrong' });
    assert.equal(refused(), 5); // the sixth is for the one that is bound
    await simulator.kill(0);
    await simulator.kill(1);
    await simulator.revive(0);
    await statusWhere(gateway, () => refused() === 6);
  });

  for (const [connectionMode, binds] of [
    ['receiver', 1],
    ['pair', 2],
  ] as const) {
    it(`counts every bind that was accepted: ${connectionMode}`, async () => {
      const { gateway } = await set({ connectionMode });
      await gateway.start();
      assert.equal((await connected(gateway)).counters.binds, binds);
    });
  }

  it('takes no SMS in that an account which only receives could never send', async () => {
    const { gateway } = await set({ connectionMode: 'receiver' });
    await gateway.start();
    await assert.rejects(gateway.send(SMS), { code: 'SMPP_OPTIONS' });
    await assert.rejects(gateway.enqueue(SMS), { code: 'SMPP_OPTIONS' });
    await assert.rejects(gateway.enqueueAll([SMS]), { code: 'SMPP_OPTIONS' });
  });
});

describe('createGateway', () => {
  const good = { systemId: 'demo', password: 'secret' };
  for (const [field, options] of [
    ['systemId', { ...good, systemId: '' }],
    ['password', { ...good, password: 'ninechars' }],
    ['password', { systemId: 'demo' }],
    ['hosts', { ...good, hosts: [] }],
    ['hosts.0.host', { ...good, hosts: [{ host: 'https://x' }] }],
    ['hosts.0.port', { ...good, hosts: [{ host: 'x', port: 70_000 }] }],
    ['window', { ...good, window: 0 }],
    ['windows', { ...good, windows: 10 }],
    ['tls.ca', { ...good, tls: { ca: 'not PEM' } }],
    ['tls.pins.0', { ...good, tls: { pins: ['abc'] } }],
    ['tls.rejectUnauthorized', { ...good, tls: { rejectUnauthorized: false } }],
    ['shortSender.ton', { ...good, shortSender: { ton: 7, npi: 0 } }],
    ['timers.bindMs', { ...good, timers: { bindMs: -1 } }],
    ['storage.kind', { ...good, storage: { kind: 'paper' } }],
    ['storage.directory', { ...good, storage: { kind: 'disk', directory: '' } }],
    ['sender', { ...good, sender: 'The waterworks' }],
    ['sender', { ...good, sender: 7 }],
    ['defaultCountry', { ...good, defaultCountry: 'Denmark' }],
  ] as const) {
    it(`refuses ${field} with a sentence that names it and no secret`, () => {
      assert.throws(
        () => createGateway(options as unknown as Parameters<typeof createGateway>[0]),
        (error: Error & { code?: string; field?: string }) => {
          assert.equal(error.code, 'SMPP_OPTIONS');
          assert.equal(error.field, field);
          assert.doesNotMatch(error.message, /secret|ninechars/);
          return true;
        },
      );
    });
  }

  it('says the type of a short sender as it is chosen, and that of others as it must be', async () => {
    const { connect, host } = fakeGateway(['dk1'], () => 0);
    const shortSender = { ton: 0, npi: 1 };
    const gateway = createGateway({ ...good, hosts: [{ host: 'dk1' }], connect, shortSender });
    await gateway.start();
    for (const from of ['1245', '4512345678', 'Alarm']) await gateway.send({ ...SMS, from });
    const submits = host('dk1').sessions[0]?.received.filter(({ command }) => command === 'submit_sm') ?? [];
    await gateway.stop();
    assert.deepEqual(
      (submits as SubmitSm[]).map(({ source_addr_ton, source_addr_npi }) => [
        source_addr_ton,
        source_addr_npi,
      ]),
      [
        [0, 1],
        [1, 1],
        [5, 0],
      ],
    );
  });
});
