/**
 * The servers that no gateway client may log in to, with the verdict and the words that a person gets.
 *
 * Certificates are those of `lib/simulator/certificate.ts`; the codes behind the verdicts are Node's own.
 */
import type { SmppErrorCode } from '../../lib/errors.js';
import { inDays, stranger, type ServerKind } from './tls-server.js';

export interface RefusedServer {
  readonly name: string;
  readonly kind: ServerKind;
  readonly code: SmppErrorCode;
  readonly words: RegExp;
}

/** Without an `issuer` of its own the certificate is signed by itself. */
const SELF_SIGNED = { certificate: { issuer: undefined } } as unknown as ServerKind;

const CERTIFICATE = 'SMPP_CERTIFICATE';

const row = (name: string, kind: ServerKind, code: SmppErrorCode, words: RegExp): RefusedServer => ({
  name,
  kind,
  code,
  words,
});

export const REFUSED_SERVERS: readonly RefusedServer[] = [
  row(
    'for another name',
    { certificate: { dnsNames: ['other.example'] } },
    CERTIFICATE,
    /is for another name/,
  ),
  row(
    'for the names below this one',
    { certificate: { dnsNames: ['*.localhost'] } },
    CERTIFICATE,
    /another name/,
  ),
  row(
    'for a name that begins like it',
    { certificate: { dnsNames: ['localhost.example'] } },
    CERTIFICATE,
    /another name/,
  ),
  row(
    'with the name of the host as its subject only',
    { certificate: { commonName: 'localhost', dnsNames: ['x.example'] } },
    CERTIFICATE,
    /another name/,
  ),
  row(
    'for a name with a NUL in it',
    { certificate: { dnsNames: ['localhost\0.example'] } },
    CERTIFICATE,
    /another name/,
  ),
  row(
    'that has expired',
    { certificate: { notBefore: inDays(-20), notAfter: inDays(-1) } },
    CERTIFICATE,
    /has expired/,
  ),
  row(
    'that expired a minute ago',
    { certificate: { notAfter: inDays(-1 / 1_440) } },
    CERTIFICATE,
    /has expired/,
  ),
  row(
    'that is not valid yet',
    { certificate: { notBefore: inDays(1), notAfter: inDays(20) } },
    CERTIFICATE,
    /system clock/,
  ),
  row('signed by itself', SELF_SIGNED, CERTIFICATE, /self-signed/),
  row(
    'of an unknown authority',
    { certificate: { issuer: stranger } },
    CERTIFICATE,
    /authority that this machine does not know/,
  ),
  row('that is for clients', { certificate: { purpose: 'client' } }, CERTIFICATE, /not meant for servers/),
  row('over TLS 1.1', { certificate: {}, isOld: true }, 'SMPP_CONNECT', /no TLS as recent as 1\.2/),
  row('that encrypts nothing', { certificate: {}, ciphers: 'eNULL' }, 'SMPP_CONNECT', /did not agree on TLS/),
  row('that proves nothing', { certificate: {}, ciphers: 'aNULL' }, 'SMPP_CONNECT', /did not agree on TLS/),
  row('in plain text', 'plain', 'SMPP_CONNECT', /does not speak TLS on this port/),
  row('that closes at once', 'hasty', 'SMPP_CONNECT', /cut the connection off|closed the connection/),
  row('whose handshake hangs', 'silent', 'SMPP_CONNECT', /did not complete TLS within/),
];
