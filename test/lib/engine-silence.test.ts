/** The whole way, from send to receipt, over a session that leaves some SMS without an answer. */
import assert from 'node:assert/strict';

import { Engine } from '../../lib/engine.js';
import { type GatewayOptions, readGatewayOptions } from '../../lib/gateway-options.js';
import type { DeliveryReceipt, SubmitResult } from '../../lib/message.js';
import { memoryStorage } from '../../lib/storage/memory-storage.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeGateway } from './connection/fake-gateway.js';
import { aDeliverSm } from './session/builders.js';

const SILENT = '4500000000';
const HOSTS = ['localhost', '127.0.0.1'];

const nothing = (): void => undefined;

/** Two hosts that answer when the test says so. */
async function silentGateway(options: Partial<GatewayOptions> = {}) {
  const clock = new FakeClock();
  const gateway = fakeGateway(HOSTS, () => clock.now());
  const hosts = HOSTS.map((name) => gateway.host(name));
  for (const host of hosts) host.submitStatus = undefined;
  const engine = new Engine({
    settings: readGatewayOptions({
      systemId: 'me',
      password: 'secret',
      hosts: HOSTS.map((host) => ({ host })),
      tls: false,
      ...options,
      clock,
      log: nothing,
    }),
    storage: memoryStorage(clock),
    connect: gateway.connect,
    count: nothing,
    changed: nothing,
  });
  const results: SubmitResult[] = [];
  const receipts: DeliveryReceipt[] = [];
  engine.outbox.onSettled((result) => void results.push(result));
  engine.tracker.onReceipt((receipt) => void receipts.push(receipt));
  await engine.start();
  await clock.advance(0);
  const peers = () => hosts.flatMap(({ sessions }) => sessions);
  const answered = new Set<string>();
  const submits = () =>
    peers().flatMap((peer, index) =>
      peer.received.flatMap((pdu) =>
        pdu.command === 'submit_sm'
          ? [{ peer, pdu, to: pdu.destination_addr, messageId: `${index}-${pdu.sequence_number}` }]
          : [],
      ),
    );
  return {
    clock,
    results,
    receipts,
    submits,
    binds: () => peers().length,
    async send(to: string, count = 1): Promise<void> {
      for (let each = 0; each < count; each += 1)
        await engine.outbox.enqueue({ to, from: 'Alarm', text: 'x' });
    },
    /** Answers every submit_sm that was not, but those to some. */
    async answers(isMeant: (to: string) => boolean): Promise<void> {
      for (const { peer, pdu, to, messageId: message_id } of submits()) {
        if (answered.has(message_id) || !isMeant(to)) continue;
        answered.add(message_id);
        const { sequence_number } = pdu;
        peer.send({ command: 'submit_sm_resp', sequence_number, command_status: 0, message_id });
      }
      await clock.advance(400);
    },
    async receipt(messageId: string, to: string): Promise<void> {
      const peer = peers().at(-1)!;
      const pdu = aDeliverSm(1_000, `id:${messageId} stat:DELIVRD err:000`);
      peer.send({ ...pdu, source_addr: to, esm_class: 0x04 });
      await clock.advance(0);
    },
    async stop(): Promise<void> {
      const stopped = engine.stop();
      await clock.advance(5_000);
      await stopped;
    },
  };
}

describe('A gateway that leaves one SMS unanswered and lives', () => {
  for (const onUncertain of ['resend', 'report'] as const) {
    it(`has no other SMS sent twice nor uncertain, with ${onUncertain}`, async () => {
      const on = await silentGateway({ onUncertain });
      await on.send(SILENT);
      await on.send('4512345678', 300);
      for (let time = 0; time < 100_000; time += 400) await on.answers((to) => to !== SILENT);
      const others = on.results.filter(({ to }) => to !== SILENT);
      assert.equal(others.length, 300);
      assert.ok(
        others.every(({ outcome, possibleDuplicate }) => outcome === 'accepted' && !possibleDuplicate),
      );
      assert.equal(on.submits().filter(({ to }) => to !== SILENT).length, 300);
      assert.equal(on.submits().filter(({ to }) => to === SILENT).length, onUncertain === 'resend' ? 3 : 1);
      assert.equal(on.results.find(({ to }) => to === SILENT)?.outcome, 'uncertain');
      // Alone on a link it looks like a host that answers none: that costs one change of host, with resend.
      assert.equal(on.binds(), onUncertain === 'resend' ? 2 : 1);
      await on.stop();
    });
  }

  it('has its late answers matched with receipts, whatever became of the SMS', async () => {
    const on = await silentGateway();
    await on.send(SILENT);
    await on.clock.advance(31_000);
    await on.answers(() => true); // to both times that it was sent
    const [first, again] = on.submits().map(({ messageId }) => messageId);
    assert.deepEqual(
      on.results.map(({ messageIds, possibleDuplicate }) => [messageIds, possibleDuplicate]),
      [[[again], true]],
    );
    await on.receipt(first!, SILENT);
    await on.receipt(again!, SILENT);
    assert.deepEqual(
      on.receipts.map(({ id, messageId }) => [id, messageId]),
      [[on.results[0]?.id, first]],
    );
    await on.stop();
  });

  it('is left for the other host when it answers no SMS at all for a minute', async () => {
    const on = await silentGateway();
    await on.send('4512345678');
    await on.send('4587654321');
    await on.clock.advance(62_000);
    assert.equal(on.binds(), 2);
    await on.answers(() => true);
    assert.deepEqual(
      on.results.map(({ outcome, host }) => [outcome, host]),
      [
        ['accepted', '127.0.0.1:2775'],
        ['accepted', '127.0.0.1:2775'],
      ],
    );
    await on.stop();
  });

  it('with a window of one has each SMS uncertain after 90 s', async () => {
    const on = await silentGateway({ window: 1 });
    await on.send(SILENT);
    await on.clock.advance(91_000);
    assert.deepEqual(
      on.results.map(({ outcome, attempts }) => [outcome, attempts]),
      [['uncertain', 3]],
    );
    assert.equal(on.binds(), 2);
    await on.stop();
  });
});
