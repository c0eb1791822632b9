/**
 * Pins: which public keys the peer's certificate, or one that vouches for it, may have.
 *
 * Checked in addition to chain, name and dates, never instead. A pin of an authority's key is a good second one.
 * Source: RFC 7469 §2.4 (SPKI fingerprint).
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, PeerCertificate } from 'node:tls';

import { SmppError } from '../errors.js';

export interface Pins {
  readonly pins: ReadonlySet<string>;
  readonly pinMode: 'warn' | 'enforce';
}

/** Base64 of a SHA-256. */
const PIN = /^[A-Za-z0-9+/]{43}=$/;

/** @throws SMPP_OPTIONS when one is not the SHA-256 of a key */
export function readPins(pins: readonly string[]): ReadonlySet<string> {
  return new Set(
    pins.map((written, index) => {
      const pin = written.trim().replace(/^sha256\//, '');
      if (PIN.test(pin)) return pin;
      throw new SmppError(
        'SMPP_OPTIONS',
        `tls.pins: entry ${index + 1} is not the base64 of a SHA-256 (44 characters, the last one "=")`,
        { field: 'tls.pins' },
      );
    }),
  );
}

/** The pin of a certificate's public key. */
export function spkiPin(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

/** The code of an error that means that no pin matched. */
export const PIN_MISMATCH = 'PIN_MISMATCH';

/**
 * Compares the chain with the pins; with none there is nothing to compare.
 *
 * @returns an error with code PIN_MISMATCH when none matches under `enforce`; under `warn` it says so and lets go
 */
export function checkPins(
  certificate: PeerCertificate,
  { pins, pinMode }: Pins,
  name: string,
  onWarning: (line: string) => void,
): Error | undefined {
  if (pins.size === 0) return undefined;
  const served = chainOf(certificate).map(spkiPin);
  if (served.some((pin) => pins.has(pin))) return undefined;
  const message = `The certificate of ${name} matches none of the pins; the pin of the one it shows is ${served[0] ?? '?'}`;
  if (pinMode === 'enforce') return Object.assign(new Error(message), { code: PIN_MISMATCH });
  onWarning(`${message}. It is otherwise valid and was accepted, since pinMode is warn`);
  return undefined;
}

/** The peer's certificate, its issuer and so on; a root names itself as its issuer. */
function chainOf(certificate: PeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<unknown>();
  let next: Partial<DetailedPeerCertificate> | undefined = certificate;
  while (next?.raw !== undefined && !seen.has(next)) {
    seen.add(next);
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}
