import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type ConnectionOptions } from 'node:tls';
import {
  makeAuthority,
  makeCertificate,
  type Certificate,
  type CertificateOptions,
} from '../../../lib/simulator/certificate.js';

const authority = makeAuthority();
const HOST = {
  commonName: 'localhost',
  issuer: authority,
  dnsNames: ['localhost', '*.example.dk'],
  addresses: ['127.0.0.1'],
};
const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

describe('makeAuthority', () => {
  const cert = new X509Certificate(authority.cert);

  it('makes a certificate that may sign others', () => {
    assert.equal(cert.ca, true);
  });

  it('signs itself', () => {
    assert.equal(cert.verify(cert.publicKey), true);
  });

  it('gives each authority a name of its own', () => {
    assert.notEqual(makeAuthority().name, authority.name);
  });
});

describe('makeCertificate', () => {
  const { cert, key } = makeCertificate(HOST);
  const parsed = new X509Certificate(cert);

  it('signs with its issuer', () => {
    assert.equal(parsed.verify(new X509Certificate(authority.cert).publicKey), true);
  });

  it('names its issuer', () => {
    assert.equal(parsed.checkIssued(new X509Certificate(authority.cert)), true);
  });

  it('is no authority', () => {
    assert.equal(parsed.ca, false);
  });

  it('carries its host names and addresses', () => {
    assert.equal(parsed.subjectAltName, 'DNS:localhost, DNS:*.example.dk, IP Address:127.0.0.1');
  });

  it('carries its dates to the second', () => {
    const notBefore = new Date('2024-02-29T12:34:56Z');
    const notAfter = new Date('2049-12-31T23:59:59Z');
    const dated = new X509Certificate(makeCertificate({ ...HOST, notBefore, notAfter }).cert);
    assert.deepEqual([new Date(dated.validFrom), new Date(dated.validTo)], [notBefore, notAfter]);
  });

  it('carries a date after 2049', () => {
    const notAfter = new Date('2051-06-01T00:00:00Z');
    const dated = new X509Certificate(makeCertificate({ ...HOST, notAfter }).cert);
    assert.deepEqual(new Date(dated.validTo), notAfter);
  });

  it('brings the key that belongs to it', () => {
    assert.equal(parsed.checkPrivateKey(createPrivateKey(key)), true);
  });

  it('never gives two certificates the same serial number', () => {
    assert.notEqual(new X509Certificate(makeCertificate(HOST).cert).serialNumber, parsed.serialNumber);
  });
});

describe('a TLS connection to a made certificate', () => {
  const other = makeAuthority();
  const cases: readonly [
    says: string,
    certificate: Partial<CertificateOptions>,
    client: ConnectionOptions,
    code: string,
  ][] = [
    ['is trusted by its host name', {}, { servername: 'localhost' }, 'trusted'],
    ['is trusted by its address', {}, {}, 'trusted'],
    ['is trusted by a wildcard', {}, { servername: 'smpp-dk1.example.dk' }, 'trusted'],
    ['fails for another name', {}, { servername: 'example.com' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['fails once it has expired', { notAfter: inDays(-0.5) }, {}, 'CERT_HAS_EXPIRED'],
    ['fails before it is valid', { notBefore: inDays(1) }, {}, 'CERT_NOT_YET_VALID'],
    ['fails when it is for clients', { purpose: 'client' }, {}, 'INVALID_PURPOSE'],
    ['fails when another authority signed it', { issuer: other }, {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ];
  for (const [says, certificate, client, code] of cases) {
    it(says, async () => {
      assert.equal(await outcomeOf(makeCertificate({ ...HOST, ...certificate }), client), code);
    });
  }

  it('fails when it signed itself', async () => {
    const { commonName, dnsNames, addresses } = HOST;
    const certificate = makeCertificate({ commonName, dnsNames, addresses });
    assert.equal(await outcomeOf(certificate, {}), 'DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});

/** `trusted`, or the code of what Node's TLS client has against it. */
async function outcomeOf(certificate: Certificate, options: ConnectionOptions): Promise<string> {
  const server = createServer({ ...certificate }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ca: authority.cert, ...options });
  try {
    await once(socket, 'secureConnect');
    return 'trusted';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code';
  } finally {
    socket.destroy();
    server.close();
  }
}
