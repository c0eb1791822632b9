/**
 * What a core tls-config node contributes: an authority to trust, and a certificate of our own.
 *
 * Asked through its `addTLSOptions`, for its fields differ between versions of Node-RED. Its checkbox for
 * verification, its server name and its protocols are left aside: the gateway is verified by its own host name,
 * always.
 * Source: gateway.md (TLS); Node-RED's `05-tls.js`.
 */
import { createPrivateKey } from 'node:crypto';
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
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (Array.isArray(value)) return value.map((part) => pem(part) ?? '').join('\n');
  return undefined;
}

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
