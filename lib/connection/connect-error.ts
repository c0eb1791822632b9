/**
 * Why there is no connection, in words for a person: what is wrong, and what to do about it.
 *
 * Codes are Node's and OpenSSL's, as measured against servers with such certificates.
 */
import { SmppError } from '../errors.js';
import { PIN_MISMATCH } from './pins.js';

/** The name has no address. */
export function lookupError(host: string, cause: unknown): SmppError {
  return new SmppError(
    'SMPP_CONNECT',
    `The name ${host} could not be looked up (${codeOf(cause)}): check the name and the network of this machine`,
    { host, cause },
  );
}

/** No TCP. @param name `host:port` */
export function connectError(name: string, cause: unknown): SmppError {
  const code = codeOf(cause);
  const words = CONNECT_WORDS.get(code) ?? `could not be connected to (${code})`;
  return new SmppError('SMPP_CONNECT', `${name} ${words}`, { host: name, cause });
}

/** No TLS, or not with whom we wanted. @param name `host:port` */
export function tlsError(name: string, cause: unknown): SmppError {
  const code = codeOf(cause);
  const verdict = CERTIFICATE_WORDS.get(code);
  if (verdict !== undefined) {
    return new SmppError('SMPP_CERTIFICATE', `The certificate of ${name} ${verdict}`, { host: name, cause });
  }
  if (code === PIN_MISMATCH) {
    return new SmppError('SMPP_CERTIFICATE', (cause as Error).message, { host: name, cause });
  }
  const words = TLS_WORDS.get(code) ?? `did not agree on TLS (${code})`;
  return new SmppError('SMPP_CONNECT', `${name} ${words}`, { host: name, cause });
}

const CONNECT_WORDS: ReadonlyMap<string, string> = new Map([
  [
    'ECONNREFUSED',
    'refused the connection: check the host and port; during its restarts the gateway does so',
  ],
  ['ECONNRESET', 'cut the connection off while it was made'],
  ['ETIMEDOUT', 'did not answer: check the host, and that the firewall lets this port out'],
  ['EHOSTUNREACH', 'cannot be reached from this network'],
  ['ENETUNREACH', 'cannot be reached: this machine has no network'],
]);

const TLS_WORDS: ReadonlyMap<string, string> = new Map([
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'does not speak TLS on this port: check the port'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'does not speak TLS on this port: check the port'],
  [
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    'offers no TLS as recent as 1.2, which is the oldest that is safe',
  ],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'offers no TLS as recent as 1.2, which is the oldest that is safe'],
  ['ECONNRESET', 'cut the connection off during the TLS handshake: check that the port is the one for TLS'],
]);

const UNKNOWN_AUTHORITY =
  'was issued by an authority that this machine does not know: if that authority is right, give its certificate as tls.ca';

const CERTIFICATE_WORDS: ReadonlyMap<string, string> = new Map([
  [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'vouches for itself only (self-signed): this may not be the gateway; if it is yours, give it as tls.ca',
  ],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
  ['CERT_UNTRUSTED', UNKNOWN_AUTHORITY],
  ['CERT_HAS_EXPIRED', 'has expired: ask its operator to renew it, and check the clock of this machine'],
  [
    'CERT_NOT_YET_VALID',
    'is not valid yet: most likely the clock of this machine is wrong, check the system clock',
  ],
  ['CERT_REVOKED', 'was revoked by its authority: do not use this host'],
  [
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'is for another name: check the host; if it is right, this may not be the gateway',
  ],
  ['INVALID_PURPOSE', 'is not meant for servers: ask its operator for one that is'],
  ['INVALID_CA', 'was issued by a certificate that may not issue any: ask its operator'],
  ['PATH_LENGTH_EXCEEDED', 'has a chain of authorities that is longer than they allow: ask its operator'],
  ['CERT_CHAIN_TOO_LONG', 'has a chain of authorities that is too long: ask its operator'],
  ['CERT_SIGNATURE_FAILURE', 'has a signature that does not hold: this may not be the gateway'],
  ['CERT_REJECTED', 'was rejected: ask its operator'],
  ['ERR_SSL_CA_MD_TOO_WEAK', 'has a signature too weak to be trusted: ask its operator to renew it'],
  ['ERR_SSL_EE_KEY_TOO_SMALL', 'has a key too small to be trusted: ask its operator to renew it'],
]);

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}
