import assert from 'node:assert/strict';
import { diagnose, type DiagnosisPlan, type GatewayOptions } from '../../lib/gateway.js';
import type { HostDiagnosis } from '../../lib/message.js';
import { makeDuplexPair } from '../../lib/simulator/duplex-pair.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../lib/simulator/simulator.js';
import { serve } from '../security/tls-server.js';
import { FakeClock } from '../support/fake-clock.js';

/** `step` of what went well, `step: code` of what did not. */
function way({ steps }: HostDiagnosis): string[] {
  return steps.map(({ step, mode, problem }) => {
    const name = mode === undefined ? step : `${step} ${mode}`;
    return problem === undefined ? name : `${name}: ${problem.code}`;
  });
}

describe('a diagnosis', () => {
  let simulator: Simulator | undefined;
  afterEach(async () => simulator?.stop());

  async function diagnosed(
    options: Partial<GatewayOptions> = {},
    simulatorOptions: SimulatorOptions = {},
    plan: DiagnosisPlan = {},
  ): Promise<HostDiagnosis[]> {
    simulator = await startSimulator(simulatorOptions);
    const { hosts, ca } = simulator;
    return diagnose({ hosts, systemId: 'demo', password: 'secret', tls: { ca }, ...options }, plan);
  }

  it('goes every step at each host', async () => {
    const found = await diagnosed();
    assert.deepEqual(found.map(way), Array(2).fill(['dns', 'tcp', 'tls', 'bind transceiver']));
  });

  it('tells what the certificate is good for', async () => {
    const [first] = await diagnosed();
    assert.ok((first?.certificate?.expiresAt ?? 0) > Date.now());
    assert.match(first?.certificate?.pin ?? '', /^[A-Za-z0-9+/]{43}=$/);
  });

  it('leaves nothing bound', async () => {
    await diagnosed();
    assert.deepEqual(simulator?.sessions ?? [], []);
  });

  it('stops at a certificate of an unknown authority, before the login', async () => {
    const found = await diagnosed({ tls: {} });
    assert.deepEqual(found.map(way), Array(2).fill(['dns', 'tcp', 'tls: UNABLE_TO_VERIFY_LEAF_SIGNATURE']));
    assert.deepEqual(simulator?.bindAttempts ?? [], []);
  });

  it('stops at a host that refuses the connection', async () => {
    const free = await serve('silent');
    free.close();
    const [found] = await diagnose({
      hosts: [{ host: '127.0.0.1', port: free.port }],
      systemId: 'demo',
      password: 'secret',
      tls: {},
    });
    assert.deepEqual(found && way(found), ['dns', 'tcp: ECONNREFUSED']);
  });

  it('stops at an address that is not to be connected to', async () => {
    const found = await diagnosed({}, {}, { refusesAddress: (address) => address.startsWith('127.') });
    assert.deepEqual(found.map(way), Array(2).fill(['dns: ADDRESS_REFUSED']));
  });

  it('tries a login that was refused for its credentials once, at one host', async () => {
    const found = await diagnosed({ password: 'wrong' }, { systemId: 'demo', password: 'secret' });
    assert.deepEqual(found.map(way), [['dns', 'tcp', 'tls', 'bind transceiver: ESME_RINVPASWD']]);
  });

  it('tells a refused login as one, and not as an SMS', async () => {
    const refusing = await startSimulator();
    refusing.refuse('demo', 'ESME_RSYSERR');
    const { hosts, ca } = refusing;
    const [found] = await diagnose({ hosts, systemId: 'demo', password: 'secret', tls: { ca } });
    await refusing.stop();
    assert.match(found?.steps.at(-1)?.problem?.message ?? '', /ESME_RSYSERR: The gateway takes no login at/);
  });

  it('finds the mode of the account when it is told to try them', async () => {
    const modes = ['transceiver', 'transmitter', 'receiver'] as const;
    const [first] = await diagnosed({}, { connectionMode: 'receiver' }, { modes });
    const [transceiver = '', transmitter = '', receiver] = first === undefined ? [] : way(first).slice(3);
    assert.match(transceiver, /^bind transceiver: ESME_/);
    assert.match(transmitter, /^bind transmitter: ESME_/);
    assert.equal(receiver, 'bind receiver');
  });

  it('binds once in each mode of a pair', async () => {
    const [first] = await diagnosed({ connectionMode: 'pair' });
    assert.deepEqual(first && way(first).slice(3), ['bind transmitter', 'bind receiver']);
  });

  describe('over a transport that never comes', () => {
    const [transport] = makeDuplexPair();

    async function over(connect: NonNullable<GatewayOptions['connect']>): Promise<HostDiagnosis[]> {
      const clock = new FakeClock();
      const hosts = [{ host: 'dk1' }];
      const found = diagnose({ hosts, systemId: 'demo', password: 'secret', connect, clock });
      await clock.advance(15_000);
      return found;
    }

    it('waits as long as for one of ours, and says so', async () => {
      const [found] = await over(() => new Promise(() => undefined));
      assert.deepEqual(found?.steps, [
        {
          step: 'tcp',
          tookMs: 15_000,
          problem: { code: 'SMPP_CONNECT', message: 'dk1:2775 was not reached within 15000 ms' },
        },
      ]);
    });

    it('tells it to give up, and closes it when it comes all the same', async () => {
      await over(
        (_host, _port, signal) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve(transport))),
      );
      assert.ok(transport.destroyed);
    });
  });

  it('says neither account nor password', async () => {
    const found = await diagnosed({ systemId: 'canary-id', password: 'canary!' }, { systemId: 'demo' });
    assert.ok(!JSON.stringify(found).includes('canary'));
  });
});
