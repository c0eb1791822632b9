/**
 * Whom a TLS connection trusts: options read once, before anything is connected.
 *
 * The user's CA comes in addition to what Node.js trusts by itself, pins come in addition to chain and name. What the
 * process was started with (NODE_OPTIONS) makes nothing weaker.
 * Source: gateway.md (TLS; inMobile asks applications to download its certificate).
 */
import { constants, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls, { type SecureContext } from 'node:tls';

import { SmppError } from '../errors.js';
import { type Pins, readPins, spkiPin } from './pins.js';

export interface TlsOptions {
  /** PEM: certificates to trust in addition to the built-in roots and those of NODE_EXTRA_CA_CERTS. */
  readonly ca?: string;
  /** SHA-256 of a SubjectPublicKeyInfo, base64, with or without `sha256/` before it. */
  readonly pins?: readonly string[];
  /** Default `warn`: public certificates are renewed often, and a stale pin would stop every alarm. */
  readonly pinMode?: 'warn' | 'enforce';
  /** PEM: our own certificate and key, where the peer asks for them. */
  readonly cert?: string;
  readonly key?: string;
}

export interface Trust extends Pins {
  readonly context: SecureContext;
}

/** @throws SMPP_OPTIONS naming the field that cannot be used */
export function readTrust(options: TlsOptions): Trust {
  const ca = tidyPem(options.ca);
  const cert = tidyPem(options.cert);
  const key = tidyPem(options.key);
  if (ca !== undefined) requireAuthority(ca);
  return {
    context: createContext({
      minVersion: 'TLSv1.2',
      // As Node.js was built: NODE_OPTIONS may let in some that encrypt nothing, or prove nothing.
      ciphers: constants.defaultCoreCipherList,
      // `ca` alone would replace those that apply without it.
      ...(ca === undefined ? {} : { ca: [...rootCertificates(), ca] }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    }),
    pins: readPins(options.pins ?? []),
    pinMode: options.pinMode ?? 'warn',
  };
}

/** Of Node.js 22.15 and later. */
type GetCertificates = (kind: 'default') => readonly string[];

function rootCertificates(): readonly string[] {
  const { getCACertificates } = tls as { readonly getCACertificates?: GetCertificates };
  return getCACertificates?.('default') ?? [...tls.rootCertificates, ...extraCertificates()];
}

/** A file that cannot be read is told of by Node.js itself. */
function extraCertificates(): readonly string[] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file === undefined || file === '') return [];
  try {
    return tidyPem(readFileSync(file, 'latin1')).match(PEM_CERTIFICATE) ?? [];
  } catch {
    return [];
  }
}

/** One that is encrypted in the old way has lines with a colon, and is none. */
const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s\\]+)-----END \1-----/g;

/** Lines of PEM as OpenSSL wants them: some come as one line, with blanks or `\n` in it, or behind a byte order mark. */
function tidyPem<Text extends string | undefined>(text: Text): Text {
  return text?.replace(PEM_BLOCK, (_, label: string, body: string) => {
    const lines = body.replace(/\\[nr]|\s/g, '').match(/.{1,64}/g) ?? [];
    return ['', `-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
  }) as Text;
}

function createContext(options: tls.SecureContextOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    throw new SmppError(
      'SMPP_OPTIONS',
      'tls.cert and tls.key cannot be used: give a PEM certificate and the PEM key that belongs to it',
      { field: 'tls.cert', cause: error },
    );
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Somebody who pastes the gateway's own certificate here would get a refusal that explains nothing. */
function requireAuthority(pem: string): void {
  const certificates = (pem.match(PEM_CERTIFICATE) ?? []).map(readCertificate);
  const [first] = certificates;
  if (first === undefined) throw unusable('holds no PEM certificate');
  if (certificates.some((certificate) => certificate.ca || certificate.checkIssued(certificate))) return;
  throw unusable(
    `holds the certificate of a server, not of an authority, and cannot vouch for it; leave it out (the built-in ` +
      `roots know the public authorities), and to accept that server's key alone, give the pin ${spkiPin(first)}`,
  );
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw unusable('holds a certificate that cannot be read', error);
  }
}

function unusable(fault: string, cause?: unknown): SmppError {
  return new SmppError('SMPP_OPTIONS', `tls.ca ${fault}`, { field: 'tls.ca', cause });
}
