import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { errors } from 'smpp';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../lib/simulator/simulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SmppClient } from './client.js';

describe('an outage of the simulated gateway', () => {
  let simulator: Simulator;
  let clock: FakeClock;
  const start = async (options: SimulatorOptions = {}): Promise<SmppClient> => {
    clock = new FakeClock();
    simulator = await startSimulator({ clock, ...options });
    return SmppClient.connectBound(simulator);
  };
  afterEach(() => simulator.stop());

  describe('a restart', () => {
    it('answers a new submit_sm ESME_RSUBMITFAIL', async () => {
      const client = await start();
      void simulator.restart(0, 120_000);
      assert.equal((await client.submit('4512345678')).command_status, errors.ESME_RSUBMITFAIL);
    });

    it('accepts no SMS', async () => {
      const client = await start();
      void simulator.restart(0, 120_000);
      await client.submit('4512345678');
      assert.deepEqual(simulator.segments, []);
    });

    it('sends an unbind and closes', async () => {
      const client = await start();
      void simulator.restart(0, 120_000);
      await clock.advance(50);
      const { command } = await client.next('unbind');
      await client.ended;
      assert.equal(command, 'unbind');
    });

    it('closes on a client that does not answer the unbind', async () => {
      const client = await start();
      const deaf = await SmppClient.connectBound(simulator);
      deaf.session.send = () => true;
      void simulator.restart(0, 120_000);
      await clock.advance(50);
      await client.ended;
      await clock.advance(200);
      await deaf.ended;
    });

    it('answers what it had accepted before it closes', async () => {
      const client = await start({ responseDelayMs: 10_000 });
      const answer = client.submit('4512345678');
      await client.request('enquire_link');
      void simulator.restart(0, 120_000);
      await clock.advance(50);
      const { command_status } = await answer;
      await client.ended;
      assert.equal(command_status, errors.ESME_ROK);
    });

    it('answers a bind ESME_RBINDFAIL until it is over', async () => {
      await start();
      const over = simulator.restart(0, 120_000);
      await clock.advance(119_999);
      const early = await SmppClient.connect(simulator);
      const refused = await early.bind();
      await clock.advance(1);
      await over;
      const late = await SmppClient.connect(simulator);
      assert.deepEqual(
        [refused.command_status, (await late.bind()).command_status],
        [errors.ESME_RBINDFAIL, errors.ESME_ROK],
      );
    });

    it('leaves the other host alone', async () => {
      await start();
      const other = await SmppClient.connectBound(simulator, 1);
      void simulator.restart('dk1', 120_000);
      assert.equal((await other.submit('4512345678')).command_status, errors.ESME_ROK);
    });

    it('takes both hosts where asked to', async () => {
      await start();
      void simulator.restart('all', 120_000);
      const other = await SmppClient.connect(simulator, 1);
      assert.equal((await other.bind()).command_status, errors.ESME_RBINDFAIL);
    });

    it('is over when the simulator stops', async () => {
      await start();
      const over = simulator.restart('all', 120_000);
      await simulator.stop();
      await over;
    });
  });

  describe('a blackhole', () => {
    // Shorter than the gateway waits for an answer to its own enquire_link.
    it('answers nothing until it is over', async () => {
      const client = await start();
      const over = simulator.blackhole(0, 20_000);
      const answer = client.request('enquire_link');
      const other = await SmppClient.connectBound(simulator, 1);
      await other.request('enquire_link');
      const beforehand = client.log.length;
      await clock.advance(20_000);
      await over;
      await answer;
      assert.deepEqual([beforehand, client.log.length], [1, 2]);
    });

    it('sends nothing until it is over', async () => {
      const client = await start();
      const over = simulator.blackhole(0, 20_000);
      const outcome = simulator.incoming({ from: '4512345678', to: '1204', text: 'OK' });
      const other = await SmppClient.connectBound(simulator, 1, 'transmitter');
      await other.request('enquire_link');
      const beforehand = client.log.length;
      await clock.advance(20_000);
      await over;
      assert.deepEqual([beforehand, await outcome], [1, 'accepted']);
    });

    it('takes a connection and leaves it without TLS until it is over', async () => {
      await start();
      const over = simulator.blackhole(0, 20_000);
      let isConnected = false;
      const connecting = SmppClient.connect(simulator, 0).finally(() => (isConnected = true));
      // A whole login at the other host takes longer than a handshake at this one would.
      await SmppClient.connectBound(simulator, 1);
      const beforehand = isConnected;
      await clock.advance(20_000);
      await over;
      const client = await connecting;
      assert.deepEqual([beforehand, (await client.bind()).command_status], [false, errors.ESME_ROK]);
    });

    it('leaves the other host alone', async () => {
      await start();
      void simulator.blackhole(0, 20_000);
      const other = await SmppClient.connectBound(simulator, 1);
      assert.equal((await other.submit('4512345678')).command_status, errors.ESME_ROK);
    });
  });

  describe('a killed host', () => {
    it('cuts its connections', async () => {
      const client = await start();
      await simulator.kill(0);
      await client.ended;
    });

    it('refuses connections', async () => {
      await start();
      await simulator.kill(0);
      const socket = connectTcp(simulator.hosts[0]!.port, '127.0.0.1');
      const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [
        NodeJS.ErrnoException,
      ];
      assert.equal(error.code, 'ECONNREFUSED');
    });

    it('comes back at the same port', async () => {
      await start();
      const { port } = simulator.hosts[0]!;
      await simulator.kill(0);
      await simulator.revive(0);
      const client = await SmppClient.connect(simulator);
      assert.deepEqual(
        [simulator.hosts[0]!.port, (await client.bind()).command_status],
        [port, errors.ESME_ROK],
      );
    });
  });

  for (const [words, choose] of [
    ['place', () => 0],
    ['name', () => 'dk1'],
    ['host:port', () => `127.0.0.1:${simulator.hosts[0]?.port}`],
    ['entry in hosts', () => simulator.hosts[0] ?? 0],
  ] as const) {
    it(`takes a host by its ${words}`, async () => {
      const client = await start();
      void simulator.restart(choose(), 120_000);
      assert.equal((await client.submit('4512345678')).command_status, errors.ESME_RSUBMITFAIL);
    });
  }

  it('is refused for a host that does not exist', async () => {
    await start();
    await assert.rejects(simulator.kill('dk3'), RangeError);
  });
});
