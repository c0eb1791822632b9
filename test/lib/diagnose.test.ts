import assert from 'node:assert/strict';
import { diagnose, type DiagnosisPlan, type GatewayOptions } from '../../lib/gateway.js';
import type { HostDiagnosis } from '../../lib/message.js';
import { makeDuplexPair } from '../../lib/simulator/duplex-pair.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../lib/simulator/simulator.js';
import { STATUS } from '../../lib/pdu/command-status.js';
import { serve } from '../security/tls-server.js';
import { FakeClock } from '../support/fake-clock.js';
import { fakeGateway, type FakePeer } from './connection/fake-gateway.js';
import { aDeliverSm } from './session/builders.js';

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
    const account = { hosts, systemId: 'demo', password: 'secret', tls: { ca } };
    return diagnose({ ...account, ...options }, { keepsBindMs: 10, ...plan });
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

  describe('over a bind that is accepted', () => {
    type Fate = (peer: FakePeer, clock: FakeClock) => void;

    /** Of what becomes of each bind after its answer. */
    async function over(fate: Fate, plan: DiagnosisPlan = {}): Promise<HostDiagnosis> {
      const clock = new FakeClock();
      const gateway = fakeGateway(['dk1'], () => clock.now());
      const connect: NonNullable<GatewayOptions['connect']> = async (...to) => {
        const transport = await gateway.connect(...to);
        const peer = gateway.host('dk1').sessions.at(-1)!;
        peer.onBound = () => fate(peer, clock);
        return transport;
      };
      const account = { hosts: [{ host: 'dk1' }], systemId: 'demo', password: 'secret' };
      const found = diagnose({ ...account, connect, clock }, plan);
      await clock.advance(60_000);
      const [first] = await found;
      assert.deepEqual(gateway.host('dk1').bound, []);
      return first!;
    }

    it('keeps it for a second, and has its enquire_link answered', async () => {
      const commands: string[] = [];
      let tookMs = 0;
      const found = await over((peer, clock) => {
        const boundAt = clock.now();
        peer.transport.on('close', () => {
          commands.push(...peer.commands());
          tookMs = clock.now() - boundAt;
        });
      });
      assert.deepEqual(way(found), ['bind transceiver']);
      assert.deepEqual(commands, ['bind_transceiver', 'enquire_link', 'unbind']);
      assert.equal(tookMs, 1_000);
    });

    const fates: [name: string, fate: Fate, code: string][] = [
      ['is cut at once', (peer) => peer.transport.destroy(), 'CUT_AFTER_BIND'],
      ['is closed at once', (peer) => peer.transport.end(), 'CUT_AFTER_BIND'],
      [
        'is cut within the second',
        (peer, clock) => void clock.after(900, () => peer.transport.destroy()),
        'CUT_AFTER_BIND',
      ],
      [
        'is ended with unbind',
        (peer) => peer.send({ command: 'unbind', sequence_number: 9 }),
        'UNBOUND_AFTER_BIND',
      ],
      [
        'is ended with unbind and cut',
        (peer) => {
          peer.send({ command: 'unbind', sequence_number: 9 });
          setImmediate(() => peer.transport.destroy());
        },
        'UNBOUND_AFTER_BIND',
      ],
      ['falls silent', (peer) => peer.transport.removeAllListeners('data').resume(), 'SILENT_AFTER_BIND'],
      ['speaks no SMPP', (peer) => peer.transport.write(Buffer.alloc(16)), 'PROTOCOL_AFTER_BIND'],
      [
        'has an SMS come over it and is cut then',
        (peer) => {
          peer.send(aDeliverSm(9));
          setImmediate(() => peer.transport.destroy());
        },
        'CUT_AFTER_BIND',
      ],
    ];
    for (const [name, fate, code] of fates) {
      it(`says what happened to one that ${name}`, async () => {
        const found = await over(fate);
        assert.deepEqual(way(found), [`bind transceiver: ${code}`]);
        assert.match(found.steps[0]!.problem!.message, /^dk1:2775 accepted the login and /);
      });
    }

    it('does so in each mode', async () => {
      const found = await over((peer) => peer.transport.destroy(), { modes: ['transmitter', 'receiver'] });
      assert.deepEqual(way(found), ['bind transmitter: CUT_AFTER_BIND', 'bind receiver: CUT_AFTER_BIND']);
    });

    it('is content with a bind that receives all the time', async () => {
      const found = await over((peer, clock) => {
        for (let ms = 0; ms < 1_000; ms += 20) clock.after(ms, () => peer.send(aDeliverSm(100 + ms)));
      });
      assert.deepEqual(way(found), ['bind transceiver']);
    });
  });

  it('tries no login where more could lock the account, and says for how long', async () => {
    const clock = new FakeClock();
    const { connect, host } = fakeGateway(['dk1', 'dk2'], () => clock.now());
    host('dk1').bindStatus = STATUS.ESME_RINVPASWD;
    const options = { hosts: [{ host: 'dk1' }, { host: 'dk2' }], systemId: 'demo', connect, clock };
    const attempt = async (password: string): Promise<string[][]> => {
      const found = diagnose({ ...options, password });
      await clock.advance(10_000);
      return (await found).map(way);
    };
    for (let time = 0; time < 6; time++) {
      assert.deepEqual(await attempt(`wrong ${time}`), [['bind transceiver: ESME_RINVPASWD']]);
    }
    assert.deepEqual(await attempt('right'), [['bind transceiver: LOGIN_LIMIT']]);
    assert.equal(host('dk1').sessions.filter((peer) => peer.received.length > 0).length, 6);
    await clock.advance(600_000);
    host('dk1').bindStatus = 0;
    assert.deepEqual(await attempt('right'), [['bind transceiver'], ['bind transceiver']]);
  });

  it('says neither account nor password', async () => {
    const found = await diagnosed({ systemId: 'canary-id', password: 'canary!' }, { systemId: 'demo' });
    assert.ok(!JSON.stringify(found).includes('canary'));
  });
});
