import assert from 'node:assert/strict';
import { failingTest } from '../../support/fault.js';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';

import { SHORT_SENDER } from '../../../lib/address-type.js';
import { systemClock } from '../../../lib/clock.js';
import { spkiPin } from '../../../lib/connection/pins.js';
import { Supervisor } from '../../../lib/connection/supervisor.js';
import { LoginHold } from '../../../lib/connection/login-hold.js';
import { connectTls } from '../../../lib/connection/tls-connect.js';
import type { TlsOptions } from '../../../lib/connection/trust.js';
import type { SmppError } from '../../../lib/errors.js';
import { DEFAULT_TIMERS } from '../../../lib/timers.js';
import { Certificates, type KeyPair } from './certificates.js';

describe('connectTls', () => {
  let certificates: Certificates;
  let good: KeyPair;
  const open: (() => void)[] = [];

  before(() => {
    certificates = new Certificates();
    good = certificates.issue();
  });
  after(() => certificates.remove());
  afterEach(() => {
    for (const close of open.splice(0)) close();
  });

  /** A server on 127.0.0.1; `octets` counts what came through TLS, `connections` whoever connected. */
  async function serve(options: tls.TlsOptions | 'plain' | 'silent') {
    const seen = { octets: 0, connections: 0 };
    const server =
      options === 'plain' || options === 'silent'
        ? net.createServer((socket) => {
            if (options === 'plain') socket.write('220 not TLS\r\n');
          })
        : tls.createServer(options, (socket) => {
            socket.on('error', () => undefined);
            socket.on('data', (chunk: Buffer) => (seen.octets += chunk.length));
          });
    const sockets = new Set<net.Socket>();
    server.on('connection', (socket: net.Socket) => {
      seen.connections += 1;
      sockets.add(socket);
      socket.on('error', () => undefined);
    });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { port: (server.address() as AddressInfo).port, seen, server };
  }

  const warnings: string[] = [];

  async function connect(
    port: number,
    options: TlsOptions | false,
    host = 'localhost',
    timers = {},
  ): Promise<Duplex> {
    warnings.length = 0;
    const connector = connectTls({
      tls: options,
      timers: { ...DEFAULT_TIMERS, ...timers },
      onWarning: (line) => warnings.push(line),
    });
    const transport = await connector(host, port, new AbortController().signal);
    open.push(() => transport.destroy());
    return transport;
  }

  async function refusal(
    port: number,
    options: TlsOptions | false,
    host?: string,
    timers = {},
  ): Promise<SmppError> {
    try {
      await connect(port, options, host, timers);
    } catch (error) {
      return error as SmppError;
    }
    return assert.fail('it connected');
  }

  it('gives a verified TLS connection, and names the host it wants', async () => {
    const { port, server } = await serve(good);
    const arrived = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
    const transport = await connect(port, { ca: certificates.ca });
    assert.ok(transport instanceof tls.TLSSocket);
    const [theirs] = await arrived;
    assert.deepEqual([transport.authorized, theirs.servername], [true, 'localhost']);
  });

  it('connects to an address whose certificate names it', async () => {
    const { port } = await serve(certificates.issue({ name: 'IP:127.0.0.1' }));
    const transport = await connect(port, { ca: certificates.ca }, '127.0.0.1');
    assert.ok(transport instanceof tls.TLSSocket);
    assert.equal(transport.authorized, true);
  });

  it('shows our own certificate to a peer that asks for one', async () => {
    const ours = certificates.issue({ usage: 'clientAuth' });
    const { port, server } = await serve({
      ...good,
      ca: certificates.ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const [[socket]] = (await Promise.all([
      once(server, 'secureConnection'),
      connect(port, { ca: certificates.ca, ...ours }),
    ])) as unknown as [[tls.TLSSocket]];
    assert.equal(socket.authorized, true);
  });

  const REFUSED: readonly (readonly [string, () => KeyPair, RegExp])[] = [
    ['for another name', () => certificates.issue({ name: 'DNS:other.example' }), /is for another name/],
    [
      'for the parent of a wildcard',
      () => certificates.issue({ name: 'DNS:*.localhost' }),
      /is for another name/,
    ],
    ['signed by itself', () => certificates.selfSigned(), /self-signed/],
    ['of an unknown authority', () => certificates.issue({ issuer: 'otherCa' }), /does not know/],
    ['that has expired', () => certificates.issue({ from: -20, until: -1 }), /has expired/],
    ['that is not valid yet', () => certificates.issue({ from: 2, until: 20 }), /check the system clock/],
    ['not meant for servers', () => certificates.issue({ usage: 'clientAuth' }), /not meant for servers/],
  ];
  for (const [what, make, words] of REFUSED) {
    it(`refuses a certificate ${what}`, async () => {
      const { port, seen } = await serve(make());
      const error = await refusal(port, { ca: certificates.ca });
      assert.equal(error.code, 'SMPP_CERTIFICATE');
      assert.match(error.message, words);
      assert.equal(error.host, `localhost:${port}`);
      assert.equal(seen.octets, 0);
    });
  }

  it('does not know a private authority unless it is told', async () => {
    const { port } = await serve(good);
    assert.equal((await refusal(port, {})).code, 'SMPP_CERTIFICATE');
  });

  it('verifies though NODE_TLS_REJECT_UNAUTHORIZED is 0', async () => {
    const { port } = await serve(certificates.selfSigned());
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      assert.equal((await refusal(port, {})).code, 'SMPP_CERTIFICATE');
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it('takes no TLS older than 1.2', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const { port } = await serve({ ...good, ...old });
    const error = await refusal(port, { ca: certificates.ca });
    assert.equal(error.code, 'SMPP_CONNECT');
    assert.match(error.message, /TLS as recent as 1\.2/);
  });

  it('says that a port does not speak TLS', async () => {
    const { port } = await serve('plain');
    const error = await refusal(port, { ca: certificates.ca });
    assert.equal(error.code, 'SMPP_CONNECT');
    assert.match(error.message, /does not speak TLS on this port/);
  });

  it('gives up a handshake that is never answered, and closes', async () => {
    const { port, server } = await serve('silent');
    const closed = once(server, 'connection').then(([socket]) => {
      (socket as net.Socket).resume();
      return once(socket as net.Socket, 'close');
    });
    const error = await refusal(port, { ca: certificates.ca }, 'localhost', { tlsMs: 50 });
    assert.match(error.message, /did not complete TLS within 50 ms/);
    await closed;
  });

  it('says that a port is closed', async () => {
    const { port, server } = await serve(good);
    server.close();
    await once(server, 'close');
    const error = await refusal(port, {});
    assert.equal(error.code, 'SMPP_CONNECT');
    assert.match(error.message, /refused the connection/);
  });

  it('gives up when it is told to, and closes', async () => {
    const { port, server } = await serve('silent');
    const abort = new AbortController();
    const connector = connectTls({ tls: {}, timers: DEFAULT_TIMERS, onWarning: () => undefined });
    const connecting = connector('localhost', port, abort.signal);
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    abort.abort();
    socket.resume();
    await assert.rejects(connecting, { code: 'SMPP_STOPPED' });
    if (!socket.destroyed) await once(socket, 'close');
  });

  describe('pins', () => {
    const pinOf = (pem: string) => spkiPin(new X509Certificate(pem));
    const WRONG = `${'A'.repeat(43)}=`;

    it('accept the key of the certificate, and that of its authority', async () => {
      const { port } = await serve({ ...good, cert: good.cert + certificates.ca });
      for (const pin of [pinOf(good.cert), `sha256/${pinOf(certificates.ca)}`]) {
        await connect(port, { ca: certificates.ca, pins: [WRONG, pin], pinMode: 'enforce' });
        assert.deepEqual(warnings, []);
      }
    });

    it('warn about another key by default, and let it pass', async () => {
      const { port } = await serve(good);
      await connect(port, { ca: certificates.ca, pins: [WRONG] });
      assert.equal(warnings.length, 1);
      assert.ok(warnings[0]!.includes(pinOf(good.cert)));
    });

    it('warn once about a key, however often the host is connected to', async () => {
      const { port } = await serve(good);
      const lines: string[] = [];
      const connector = connectTls({
        tls: { ca: certificates.ca, pins: [WRONG] },
        timers: DEFAULT_TIMERS,
        onWarning: (line) => lines.push(line),
      });
      for (let time = 0; time < 3; time++) {
        const transport = await connector('localhost', port, new AbortController().signal);
        transport.destroy();
      }
      assert.equal(lines.length, 1);
    });

    it('refuse another key when enforced', async () => {
      const { port } = await serve(good);
      const error = await refusal(port, { ca: certificates.ca, pins: [WRONG], pinMode: 'enforce' });
      assert.equal(error.code, 'SMPP_CERTIFICATE');
      assert.match(error.message, /matches none of the pins/);
    });

    it('do not replace the name, nor the authority', async () => {
      const other = certificates.issue({ name: 'DNS:other.example' });
      const { port } = await serve(other);
      const pins = [pinOf(other.cert)];
      assert.match((await refusal(port, { ca: certificates.ca, pins })).message, /another name/);
      assert.match((await refusal(port, { pins })).message, /does not know/);
    });
  });

  describe('options', () => {
    const bad = (options: TlsOptions) => () =>
      connectTls({ tls: options, timers: DEFAULT_TIMERS, onWarning: () => undefined });

    it('refuse the certificate of a server as ca, and give its pin', () => {
      assert.throws(bad({ ca: good.cert }), (error: SmppError) => {
        assert.deepEqual([error.code, error.field], ['SMPP_OPTIONS', 'tls.ca']);
        return error.message.includes(spkiPin(new X509Certificate(good.cert)));
      });
    });

    it('take a certificate that vouches for itself as ca', async () => {
      const own = certificates.selfSigned();
      const { port } = await serve(own);
      const transport = await connect(port, { ca: own.cert });
      assert.ok(transport instanceof tls.TLSSocket);
      assert.equal(transport.authorized, true);
    });

    for (const ca of ['', 'nonsense', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----']) {
      it(`refuse a ca that reads ${JSON.stringify(ca)}`, () => {
        assert.throws(bad({ ca }), { code: 'SMPP_OPTIONS', field: 'tls.ca' });
      });
    }

    it('refuse a pin that is no SHA-256', () => {
      assert.throws(bad({ pins: ['abc'] }), { code: 'SMPP_OPTIONS', field: 'tls.pins' });
    });

    it('refuse a certificate without its key', () => {
      assert.throws(bad({ cert: good.cert, key: 'nonsense' }), { code: 'SMPP_OPTIONS', field: 'tls.cert' });
    });
  });

  describe('without TLS', () => {
    for (const host of ['localhost', '127.0.0.1']) {
      it(`connects to ${host}`, async () => {
        const { port, seen } = await serve('plain');
        await connect(port, false, host);
        assert.equal(seen.connections, 1);
      });
    }

    it('connects to nothing beyond this machine', async () => {
      const error = await refusal(2775, false, '192.0.2.1');
      assert.deepEqual([error.code, error.field], ['SMPP_OPTIONS', 'tls']);
    });
  });

  it('sends not one octet of a bind to a host that is not proven', async () => {
    const { port, seen } = await serve(certificates.selfSigned());
    const errors: string[] = [];
    await new Promise<void>((resolve) => {
      const supervisor = new Supervisor(
        {
          hosts: [{ host: 'localhost', port }],
          credentials: { systemId: 'tester', password: 'secret', systemType: '' },
          connectionMode: 'transceiver',
          links: 'failover',
          window: 10,
          shortSender: SHORT_SENDER,
          login: new LoginHold(),
          timers: DEFAULT_TIMERS,
          connect: connectTls({ tls: {}, timers: DEFAULT_TIMERS, onWarning: () => undefined }),
          clock: systemClock,
          onFault: failingTest,
          random: () => 0,
        },
        {
          bound: () => undefined,
          restartSigned: () => undefined,
          modeProven: () => undefined,
          linkUp: () => assert.fail('bound'),
          linkDown: () => undefined,
          ready: () => undefined,
          delivery: () => undefined,
          answersRead: () => undefined,
          sessionOver: () => undefined,
          changed: () => {
            const { error } = supervisor.status();
            if (error === undefined || errors.length > 0) return;
            errors.push(error.code);
            void supervisor.stop().then(resolve);
          },
          log: () => undefined,
        },
      );
      supervisor.start();
    });
    assert.deepEqual([errors, seen.octets], [['SMPP_CERTIFICATE'], 0]);
  });
});
