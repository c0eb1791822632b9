/** The same SMS twice, and one SMS that comes twice, from the wire to the listener. */
import assert from 'node:assert/strict';

import { Engine } from '../../lib/engine.js';
import { readGatewayOptions, type GatewayOptions } from '../../lib/gateway-options.js';
import type { CounterName } from '../../lib/message.js';
import { memoryStorage } from '../../lib/storage/memory-storage.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeGateway, type FakePeer } from './connection/fake-gateway.js';
import { aDeliverSm } from './session/builders.js';

const HOSTS = ['smpp-dk1.inmobile.dk', 'smpp-dk2.inmobile.dk'];
const OK = aDeliverSm(5, 'OK');

async function gatewayWith(options: Partial<GatewayOptions> = {}) {
  const clock = new FakeClock();
  const { connect, host } = fakeGateway(HOSTS, () => clock.now());
  const account = { systemId: 'me', password: 'secret', ...options };
  const storage = memoryStorage(clock);
  const texts: string[] = [];
  const counts: Partial<Record<CounterName, number>> = {};
  let engine: Engine | undefined;
  const stop = async (): Promise<void> => {
    const stopping = engine?.stop();
    await clock.advance(5_000);
    await stopping;
  };
  const start = async (): Promise<void> => {
    engine = new Engine({
      settings: readGatewayOptions({ ...account, clock, log: () => undefined }),
      storage,
      connect,
      count: (counter, by) => (counts[counter] = (counts[counter] ?? 0) + by),
      changed: () => undefined,
    });
    engine.inbox.onSms(({ text }) => void texts.push(text));
    await engine.start();
    await clock.advance(0);
  };
  await start();
  /** The sessions that the gateway delivers over. */
  const peers = (): FakePeer[] => HOSTS.flatMap((name) => host(name).bound);
  const lose = async (): Promise<void> => {
    for (const name of HOSTS) host(name).kill();
    await clock.advance(1_000);
  };
  return { clock, texts, counts, start, stop, lose, peers };
}

describe('Engine, of an SMS that says the same as one before', () => {
  const RECONNECTS: Readonly<Record<string, (on: Awaited<ReturnType<typeof gatewayWith>>) => Promise<void>>> =
    {
      'a lost session': ({ lose }) => lose(),
      'a stop and a start': async ({ stop, start }) => {
        await stop();
        await start();
      },
      "the gateway's unbind": async ({ peers, clock }) => {
        peers()[0]!.send({ command: 'unbind', sequence_number: 99 });
        await clock.advance(3_000);
      },
    };

  for (const mode of ['transceiver', 'receiver', 'pair'] as const) {
    for (const [what, reconnect] of Object.entries(RECONNECTS)) {
      it(`hands on both, with ${what} between them (${mode})`, async () => {
        const on = await gatewayWith({ connectionMode: mode });
        on.peers().at(-1)!.send(OK);
        await on.clock.advance(1_500);
        await reconnect(on);
        on.peers().at(-1)!.send(OK);
        await on.clock.advance(1_500);
        assert.deepEqual([on.texts, on.counts.repeatedIncoming], [['OK', 'OK'], undefined]);
        await on.stop();
      });
    }
  }

  it('hands on both that come over two links, of which none is lost', async () => {
    const on = await gatewayWith({ links: 'both' });
    for (const peer of on.peers()) peer.send(OK);
    await on.clock.advance(1_500);
    assert.deepEqual(on.texts, ['OK', 'OK']);
    await on.stop();
  });

  it('hands on what one phone sends over two links in the order of arrival', async () => {
    const on = await gatewayWith({ links: 'both' });
    const [one, other] = on.peers() as [FakePeer, FakePeer];
    other.send(OK);
    await on.clock.advance(300);
    one.send(OK);
    one.send(aDeliverSm(6, 'STOP'));
    await on.clock.advance(1_500);
    assert.deepEqual(on.texts, ['OK', 'OK', 'STOP']);
    await on.stop();
  });

  it('hands on one that came again when our answer was lost with its session', async () => {
    const on = await gatewayWith();
    on.peers()[0]!.send(OK);
    await on.clock.advance(500);
    await on.lose();
    on.peers()[0]!.send(OK);
    await on.clock.advance(1_500);
    assert.deepEqual([on.texts, on.counts.repeatedIncoming], [['OK'], 1]);
    await on.stop();
  });

  it('hands on both when a stop comes between them at once, since the gateway answers our unbind', async () => {
    const on = await gatewayWith();
    on.peers()[0]!.send(OK);
    await on.clock.advance(0);
    await on.stop();
    await on.start();
    on.peers()[0]!.send(OK);
    await on.clock.advance(0);
    assert.deepEqual(on.texts, ['OK', 'OK']);
    await on.stop();
  });
});
