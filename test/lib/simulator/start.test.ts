import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { connect } from 'smpp';
import { makeCertificate } from '../../../lib/simulator/certificate.js';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../../lib/simulator/simulator.js';
import { FakeClock } from '../../support/fake-clock.js';
import { SmppClient } from './client.js';

describe('startSimulator', () => {
  const simulators: Simulator[] = [];
  const start = async (options: SimulatorOptions = {}): Promise<Simulator> => {
    const simulator = await startSimulator(options);
    simulators.push(simulator);
    return simulator;
  };
  afterEach(async () => {
    await Promise.all(simulators.splice(0).map((simulator) => simulator.stop()));
  });

  it('listens as two hosts on loopback', async () => {
    const { hosts } = await start();
    assert.deepEqual(
      hosts.map(({ name, host }) => [name, host]),
      [
        ['dk1', '127.0.0.1'],
        ['dk2', '127.0.0.1'],
      ],
    );
  });

  it('listens at the ports that were named', async () => {
    const first = await start();
    const ports = [first.hosts[0]!.port, first.hosts[1]!.port] as const;
    await first.stop();
    const second = await start({ ports });
    assert.deepEqual(
      second.hosts.map(({ port }) => port),
      ports,
    );
  });

  for (const [field, value] of [
    ['systemId', 'sixteen-letters!'],
    ['systemId', ''],
    ['systemId', 'Ærø'],
    ['systemId', 7],
    ['password', 'nine-long'],
    ['password', ''],
  ] as const) {
    it(`takes no ${field} ${JSON.stringify(value)}, which no client can send`, async () => {
      await assert.rejects(start({ [field]: value }), { code: 'SMPP_OPTIONS', field });
    });
  }

  it('fails when a port is in use, and keeps none of them', async () => {
    const first = await start();
    const [one, other] = [first.hosts[0]!.port, first.hosts[1]!.port];
    await first.kill(0);
    await assert.rejects(start({ ports: [one, other] }), { code: 'EADDRINUSE' });
    await first.revive(0);
  });

  it('serves TLS 1.2 and later only', async () => {
    const { hosts, ca } = await start();
    const socket = connectTls({
      host: '127.0.0.1',
      port: hosts[0]!.port,
      ca,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
    });
    await assert.rejects(once(socket, 'secureConnect'));
  });

  it('writes the certificate of its CA where asked, and no key', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
    try {
      const { ca } = await start({ caFile: join(directory, 'ca.pem') });
      assert.deepEqual(
        [readdirSync(directory), readFileSync(join(directory, 'ca.pem'), 'latin1')],
        [['ca.pem'], ca],
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('leaves the file as it is when it cannot start', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'simulator-'));
    const caFile = join(directory, 'ca.pem');
    try {
      const { ca, hosts } = await start({ caFile });
      await assert.rejects(start({ caFile, ports: [hosts[0]!.port, 0] }));
      assert.equal(readFileSync(caFile, 'latin1'), ca);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('presents the certificate that it was given', async () => {
    const certificate = makeCertificate({ commonName: 'mine', dnsNames: ['localhost'] });
    const { hosts } = await start({ certificate });
    const socket = connectTls({
      host: '127.0.0.1',
      port: hosts[0]!.port,
      ca: certificate.cert,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerCertificate();
    socket.destroy();
    assert.equal(subject.CN, 'mine');
  });

  it('speaks plain text where asked to', async () => {
    const { hosts } = await start({ tls: false });
    const client = new SmppClient(connect({ host: '127.0.0.1', port: hosts[0]!.port }));
    assert.equal((await client.bind()).command_status, 0);
  });

  it('logs a bind without the password', async () => {
    const lines: string[] = [];
    const simulator = await start({ log: (line) => lines.push(line) });
    await SmppClient.connectBound(simulator);
    assert.deepEqual(lines, ['host 0: session 1: bind as transceiver, status 0']);
  });
});

describe('stopping a simulator', () => {
  it('cuts every connection', async () => {
    const simulator = await startSimulator();
    const client = await SmppClient.connectBound(simulator);
    await simulator.stop();
    await client.ended;
  });

  it('forgets every timer', async () => {
    const clock = new FakeClock();
    const simulator = await startSimulator({ clock, receiptDelayMs: 1_000 });
    const client = await SmppClient.connectBound(simulator);
    await client.submit('4512345678');
    await simulator.stop();
    await client.ended;
    assert.equal(clock.pending, 0);
  });

  it('can be done twice', async () => {
    const simulator = await startSimulator();
    await simulator.stop();
    await simulator.stop();
  });
});
