/**
 * Certificates made at start, so that the simulated gateway speaks real TLS and no key lies in the repository.
 *
 * EC P-256 with SHA-256 only, and only the extensions that a TLS client looks at. Not for anything but a
 * gateway on loopback: nothing is revoked and no key is kept.
 * Source: RFC 5280 §4; RFC 5480; RFC 5758 §3.2.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';
import * as der from './der.js';

/** Both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that may sign others. */
export interface Authority extends Certificate {
  readonly name: string;
  readonly privateKey: KeyObject;
}

export interface CertificateOptions {
  readonly commonName: string;
  /** Without one the certificate signs itself. */
  readonly issuer?: Authority;
  /** A name may begin with `*.`. */
  readonly dnsNames?: readonly string[];
  /** IPv4 addresses. */
  readonly addresses?: readonly string[];
  /** Default: yesterday. */
  readonly notBefore?: Date;
  /** Default: in 30 days. */
  readonly notAfter?: Date;
  /** What a peer may take it for. Default `server`. */
  readonly purpose?: 'server' | 'client';
}

interface Subject {
  readonly name: string;
  readonly issuerName: string;
  readonly signingKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Buffer[];
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
} as const;

/** KeyUsage is a named bit list: the first bit is the highest, and unused bits are counted (RFC 5280 §4.2.1.3). */
const KEY_USAGE = {
  digitalSignature: der.bitString(Buffer.from([0x80]), 7),
  certificateSigning: der.bitString(Buffer.from([0x06]), 1),
};

const DAY_MS = 86_400_000;
/** Long enough for a demo that is left running, short enough to be of no use to anyone else. */
const VALID_DAYS = 30;
/** RFC 5280 §4.1.2.2 allows 20 octets. */
const SERIAL_OCTETS = 16;

/** An authority with a name of its own, so that those of two runs are never taken for each other. */
export function makeAuthority(): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const run = `${new Date().toISOString()} ${randomBytes(4).toString('hex')}`;
  const name = `Simulated gateway CA ${run}`;
  const cert = makePem({
    name,
    issuerName: name,
    signingKey: privateKey,
    publicKey,
    notBefore: defaultNotBefore(),
    notAfter: defaultNotAfter(),
    extensions: [
      extension(OID.basicConstraints, der.sequence(der.boolean(true)), true),
      extension(OID.keyUsage, KEY_USAGE.certificateSigning, true),
    ],
  });
  return { name, cert, key: toPem(privateKey), privateKey };
}

/** A certificate for a host (or, with purpose `client`, for the other side), right or wrong as a test wants it. */
export function makeCertificate(options: CertificateOptions): Certificate {
  const { commonName, issuer, purpose = 'server' } = options;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = alternativeNames(options);
  const cert = makePem({
    name: commonName,
    issuerName: issuer?.name ?? commonName,
    signingKey: issuer?.privateKey ?? privateKey,
    publicKey,
    notBefore: options.notBefore ?? defaultNotBefore(),
    notAfter: options.notAfter ?? defaultNotAfter(),
    extensions: [
      extension(OID.basicConstraints, der.sequence(), true),
      extension(OID.keyUsage, KEY_USAGE.digitalSignature, true),
      extension(OID.extendedKeyUsage, der.sequence(der.objectId(OID[purpose]))),
      ...(names.length > 0 ? [extension(OID.subjectAltName, der.sequence(...names))] : []),
    ],
  });
  return { cert, key: toPem(privateKey) };
}

function makePem(subject: Subject): string {
  const algorithm = der.sequence(der.objectId(OID.ecdsaWithSha256));
  const version3 = der.element(0xa0, der.integer(Buffer.from([2])));
  const toBeSigned = der.sequence(
    version3,
    der.integer(serialNumber()),
    algorithm,
    distinguishedName(subject.issuerName),
    der.sequence(der.time(subject.notBefore), der.time(subject.notAfter)),
    distinguishedName(subject.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der.element(0xa3, der.sequence(...subject.extensions)),
  );
  const signature = sign('sha256', toBeSigned, subject.signingKey);
  const certificate = der.sequence(toBeSigned, algorithm, der.bitString(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** Never 0 and never with a leading zero octet, which DER forbids. */
function serialNumber(): Buffer {
  const octets = randomBytes(SERIAL_OCTETS);
  octets[0] = 0x40 | ((octets[0] ?? 0) & 0x3f);
  return octets;
}

function distinguishedName(commonName: string): Buffer {
  return der.sequence(der.set(der.sequence(der.objectId(OID.commonName), der.utf8String(commonName))));
}

function extension(oid: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [der.boolean(true)] : [];
  return der.sequence(der.objectId(oid), ...critical, der.octetString(value));
}

function alternativeNames({ dnsNames = [], addresses = [] }: CertificateOptions): Buffer[] {
  return [
    ...dnsNames.map((name) => der.element(0x82, Buffer.from(name, 'latin1'))),
    ...addresses
      .filter(isIPv4)
      .map((address) => der.element(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
}

const toPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const defaultNotBefore = (): Date => new Date(Date.now() - DAY_MS);
const defaultNotAfter = (): Date => new Date(Date.now() + VALID_DAYS * DAY_MS);
