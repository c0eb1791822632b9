/** Whom the client logs in to, from its options to the last octet that a server sees. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spkiPin } from '../../lib/connection/pins.js';
import { createGateway } from '../../lib/gateway.js';
import { makeCertificate, startSimulator } from '../../lib/simulator/simulator.js';
import { connected } from '../support/over-tls.js';
import { attempt, CREDENTIALS, type Attempt } from './tls-client.js';
import { REFUSED_SERVERS } from './tls-matrix.js';
import { authority, inDays, serve, stranger, type MatrixServer } from './tls-server.js';

const DAY_MS = 86_400_000;
const SECRETS = Object.values(CREDENTIALS);

describe('a login', () => {
  const open: MatrixServer[] = [];
  afterEach(() => {
    for (const server of open.splice(0)) server.close();
  });

  async function started(kind: Parameters<typeof serve>[0]): Promise<MatrixServer> {
    const server = await serve(kind);
    open.push(server);
    return server;
  }

  for (const { name, kind, code, words } of REFUSED_SERVERS) {
    it(`to a server ${name} is not tried, and the reason is said`, async () => {
      const server = await started(kind);
      const { error, lines } = await attempt(server.port, { ca: authority.cert }, { tlsMs: 300 });
      assert.equal(error?.code, code);
      assert.match(error.message, words);
      assert.ok(
        lines.some((line) => words.test(line)),
        lines.join('\n'),
      );
      assert.deepEqual(server.received, []);
      assertNoSecret(Buffer.concat(server.raw).toString('latin1'));
    });
  }

  /** In a process of its own, with this in its environment. */
  async function attempts(
    servers: readonly MatrixServer[],
    ca: string,
    env: Readonly<Record<string, string>>,
  ): Promise<Attempt[]> {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        '--import',
        'tsx',
        join(__dirname, 'tls-client.ts'),
        JSON.stringify({ ca, ports: servers.map(({ port }) => port) }),
      ],
      { env: { ...process.env, NODE_NO_WARNINGS: '1', ...env } },
    );
    return JSON.parse(stdout) as Attempt[];
  }

  const WEAKENED = {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    NODE_OPTIONS: '--tls-min-v1.0 --tls-cipher-list=ALL:eNULL:aNULL:@SECLEVEL=0',
  };

  it('to any of them is not tried either by a process that was told to be careless', async () => {
    const servers = await Promise.all(REFUSED_SERVERS.map(({ kind }) => started(kind)));
    const made = await attempts(servers, authority.cert, WEAKENED);
    assert.deepEqual(
      made.map(({ error }) => error?.code),
      REFUSED_SERVERS.map(({ code }) => code),
    );
    assert.deepEqual(
      servers.flatMap(({ received }) => received),
      [],
    );
  }).timeout(60_000);

  it('to a server of an authority of NODE_EXTRA_CA_CERTS is tried, beside a CA that is given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smpp-ca-'));
    const file = join(folder, 'extra.pem');
    writeFileSync(file, stranger.cert);
    const servers = [
      await started({ certificate: { issuer: stranger } }),
      await started({ certificate: {} }),
    ];
    await attempts(servers, authority.cert, { NODE_EXTRA_CA_CERTS: file });
    rmSync(folder, { recursive: true });
    for (const { received } of servers)
      assert.match(Buffer.concat(received).toString('latin1'), /canary-account/);
  }).timeout(60_000);

  const oneLine = (pem: string): string => pem.replaceAll('\n', '');
  const forms: [what: string, write: (pem: string) => string][] = [
    ['with a byte order mark', (pem) => `\ufeff${pem}`],
    ['with the octets of one', (pem) => `\u00ef\u00bb\u00bf${pem}`],
    ['in one line', oneLine],
    ['with blanks for line breaks', (pem) => pem.replaceAll('\n', ' ')],
    ['with line breaks written out', (pem) => pem.replaceAll('\n', '\\n')],
    ['of two authorities in one line', (pem) => oneLine(stranger.cert + pem)],
  ];
  for (const [what, write] of forms) {
    it(`is tried with a CA ${what}`, async () => {
      const server = await started({ certificate: {} });
      await attempt(server.port, { ca: write(authority.cert) }, { bindMs: 200 });
      assert.match(Buffer.concat(server.received).toString('latin1'), /canary-account/);
    });
  }

  it('that fails says neither account nor password', async () => {
    for (const { kind } of REFUSED_SERVERS) {
      const { error, lines } = await attempt(
        (await started(kind)).port,
        { ca: authority.cert },
        { tlsMs: 300 },
      );
      assertNoSecret([error?.message, ...lines].join('\n'));
    }
  });
});

describe('a gateway bound over TLS', () => {
  /** What it logs and shows about a certificate that ends in so many days, after a start and a reconnect. */
  async function bound(days: number, pins?: (served: string) => readonly string[]) {
    const certificate = makeCertificate({
      commonName: 'matrix',
      issuer: authority,
      addresses: ['127.0.0.1'],
      dnsNames: ['localhost'],
      notAfter: inDays(days),
    });
    const simulator = await startSimulator({ certificate });
    const lines: string[] = [];
    const pin = spkiPin(new X509Certificate(certificate.cert));
    const gateway = createGateway({
      hosts: simulator.hosts,
      ...CREDENTIALS,
      tls: { ca: authority.cert, ...(pins && { pins: pins(pin), pinMode: 'enforce' }) },
      log: (level, line) => lines.push(`${level}: ${line}`),
    });
    await gateway.start();
    await connected(gateway);
    await simulator.kill(0);
    await simulator.revive(0);
    await connected(gateway);
    const status = gateway.status();
    await gateway.stop();
    await simulator.stop();
    return { status, warnings: lines.filter((line) => line.includes('expires')), certificate };
  }

  it('shows when the certificate expires', async () => {
    const { status, certificate } = await bound(20);
    const validTo = Date.parse(new X509Certificate(certificate.cert).validTo);
    assert.equal(status.links[0]?.certificateExpiresAt, validTo);
  });

  it('is silent about a certificate that has more than 14 days', async () => {
    assert.deepEqual((await bound(14.5)).warnings, []);
  });

  it('warns of one that has less, once for each host, with the days that are left', async () => {
    const { warnings } = await bound(13.5);
    assert.equal(new Set(warnings).size, warnings.length);
    assert.match(warnings[0] ?? '', /^warn: The certificate of .* expires in 13 days, on \d{4}-\d\d-\d\d/);
  });

  it('takes a certificate whose key is the second of two pins', async () => {
    const { status } = await bound(20, (served) => [`${'A'.repeat(43)}=`, `sha256/${served}`]);
    assert.ok((status.links[0]?.certificateExpiresAt ?? 0) > Date.now() + 19 * DAY_MS);
  });
});

describe('a pin', () => {
  it('of another key, enforced, keeps the login from a server that is otherwise right', async () => {
    const server = await serve({ certificate: {} });
    const pins = [`${'A'.repeat(43)}=`, `${'B'.repeat(43)}=`];
    const { error } = await attempt(server.port, { ca: authority.cert, pins, pinMode: 'enforce' });
    server.close();
    assert.deepEqual([error?.code, server.received], ['SMPP_CERTIFICATE', []]);
  });
});

function assertNoSecret(text: string): void {
  assert.deepEqual(
    SECRETS.filter((secret) => text.includes(secret)),
    [],
  );
}
