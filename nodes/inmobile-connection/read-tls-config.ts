/**
 * What a core tls-config node contributes: an authority to trust, and a certificate of our own.
 *
 * Asked through its `addTLSOptions`, for its fields differ between versions of Node-RED. Its checkbox for
 * verification, its server name and its protocols are left aside: the gateway is verified by its own host name,
 * always.
 * Source: gateway.md (TLS); Node-RED's `05-tls.js`.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Node } from 'node-red';
import { optionError } from '../shared/form-reader.js';

export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** What we use of core's tls-config node. */
interface TlsConfigNode {
  /** False when its files could not be read. */
  readonly valid: boolean;
  addTLSOptions(options: Record<string, unknown>): unknown;
}

/**
 * The certificates of a tls-config node; undefined when `node` is none.
 *
 * @throws SMPP_OPTIONS when they cannot be read
 */
export function readTlsConfig(node: Node | null | undefined): TlsFiles | undefined {
  const tlsConfig = node as Partial<TlsConfigNode> | null | undefined;
  if (tlsConfig?.addTLSOptions === undefined) return undefined;
  if (tlsConfig.valid === false) throw optionError('tls', 'the TLS configuration cannot read its files');
  const options: Record<string, unknown> = {};
  tlsConfig.addTLSOptions(options);
  if (options.pfx !== undefined) throw optionError('tls', 'a PFX file is not supported: use PEM files');
  const ca = pem(options.ca);
  const cert = pem(options.cert);
  const key = pem(options.key);
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: decrypted(key, pem(options.passphrase)) }),
  };
}

function pem(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  if (Buffer.isBuffer(value)) return pemOf(value);
  if (Array.isArray(value)) return value.map((part) => pem(part) ?? '').join('\n');
  return undefined;
}

/** A file's octets: text, which Windows writes as UTF-16 too, or a certificate or key in DER. */
function pemOf(octets: Buffer): string {
  if (octets[0] === 0xff && octets[1] === 0xfe) return octets.toString('utf16le');
  if (octets[0] !== SEQUENCE) return octets.toString('latin1');
  for (const read of DER_READERS) {
    try {
      return read(octets);
    } catch {
      // It may be of the next kind.
    }
  }
  return octets.toString('latin1');
}

/** What DER begins with, and no PEM. */
const SEQUENCE = 0x30;

const DER_READERS: readonly ((octets: Buffer) => string)[] = [
  (octets) => new X509Certificate(octets).toString(),
  ...(['pkcs8', 'sec1', 'pkcs1'] as const).map(
    (type) => (key: Buffer) =>
      createPrivateKey({ key, format: 'der', type }).export({ type: 'pkcs8', format: 'pem' }).toString(),
  ),
];

function decrypted(key: string, passphrase: string | undefined): string {
  if (passphrase === undefined) return key;
  try {
    return createPrivateKey({ key, passphrase }).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch (error) {
    throw Object.assign(optionError('tls', 'the private key cannot be read with its passphrase'), {
      cause: error,
    });
  }
}
