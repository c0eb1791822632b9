/**
 * When the certificate of a host ends, and the line that says so in time.
 *
 * An expired certificate stops every message, and public ones live for some months only.
 */
import { TLSSocket, type PeerCertificate } from 'node:tls';
import type { Duplex } from 'node:stream';

import type { EpochMs } from '../clock.js';

const DAY_MS = 86_400_000;

/** Renewed certificates are in place weeks before that: one with less left has most likely been forgotten. */
const WARN_DAYS = 14;

/** When the peer's certificate ends; undefined of a transport that shows none. */
export function certificateExpiry(transport: Duplex): EpochMs | undefined {
  if (!(transport instanceof TLSSocket)) return undefined;
  // Null once the socket is closed, which the types do not say.
  const certificate = transport.getPeerCertificate() as Partial<PeerCertificate> | null;
  const expiresAt = Date.parse(certificate?.valid_to ?? '');
  return Number.isNaN(expiresAt) ? undefined : expiresAt;
}

/** What to log about it; undefined while there is time. @param host short name */
export function expiryWarning(host: string, expiresAt: EpochMs, now: EpochMs): string | undefined {
  const days = Math.floor((expiresAt - now) / DAY_MS);
  if (days >= WARN_DAYS) return undefined;
  const date = new Date(expiresAt).toISOString().slice(0, 10);
  return `The certificate of ${host} expires in ${days} days, on ${date}: unless its operator renews it, nothing can be sent then`;
}
