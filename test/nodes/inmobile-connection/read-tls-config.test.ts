import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { Node } from 'node-red';
import { makeAuthority } from '../../../lib/simulator/certificate.js';
import { readTlsConfig } from '../../../nodes/inmobile-connection/read-tls-config.js';

/** A node that contributes these options, as core's tls-config does. */
function tlsConfig(options: Readonly<Record<string, unknown>>, valid = true): Node {
  const node = { valid, addTLSOptions: (into: object) => Object.assign(into, options) };
  return node as unknown as Node;
}

describe('readTlsConfig', () => {
  it('takes the certificates, as text or as octets', () => {
    const node = tlsConfig({ ca: Buffer.from('CA'), cert: 'CERT', key: 'KEY', rejectUnauthorized: true });
    assert.deepEqual(readTlsConfig(node), { ca: 'CA', cert: 'CERT', key: 'KEY' });
  });

  it('takes a certificate and a key in DER, and text in UTF-16', () => {
    const { cert, key } = makeAuthority();
    const der = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    const read = readTlsConfig(
      tlsConfig({ ca: Buffer.from(`\ufeff${cert}`, 'utf16le'), cert: der(cert), key: der(key) }),
    );
    assert.ok(read !== undefined);
    assert.match(read.ca ?? '', /-----BEGIN CERTIFICATE-----/);
    assert.equal(read.cert?.replace(/\s/g, ''), cert.replace(/\s/g, ''));
    assert.equal(createPrivateKey(read.key ?? '').asymmetricKeyType, createPrivateKey(key).asymmetricKeyType);
  });

  it('leaves verification and the server name aside', () => {
    const node = tlsConfig({ ca: 'CA', rejectUnauthorized: false, servername: 'elsewhere' });
    assert.deepEqual(readTlsConfig(node), { ca: 'CA' });
  });

  it('opens a key that has a passphrase', () => {
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' },
    });
    const read = readTlsConfig(tlsConfig({ cert: 'CERT', key: privateKey, passphrase: 'open' }));
    assert.equal(createPrivateKey(read?.key ?? '').asymmetricKeyType, 'ec');
  });

  it('refuses a key that its passphrase does not open', () => {
    assert.throws(() => readTlsConfig(tlsConfig({ key: 'no key', passphrase: 'open' })), { field: 'tls' });
  });

  it('refuses a node that could not read its files', () => {
    assert.throws(() => readTlsConfig(tlsConfig({}, false)), { code: 'SMPP_OPTIONS', field: 'tls' });
  });

  it('refuses a PFX file', () => {
    assert.throws(() => readTlsConfig(tlsConfig({ pfx: Buffer.from('x') })), /PFX/);
  });

  it('gives nothing for a node of another type', () => {
    assert.equal(
      readTlsConfig(Object.assign(new EventEmitter(), { id: 'other' }) as unknown as Node),
      undefined,
    );
  });

  it('gives nothing for no node', () => {
    assert.equal(readTlsConfig(null), undefined);
  });
});
