/**
 * A gateway client that tries to log in to each server it is told of, and says how that went: run in a process
 * of its own, since Node reads NODE_TLS_REJECT_UNAUTHORIZED from the environment.
 *
 * Argument: JSON `{ ca, ports }`. Output: a JSON list of `{ code, message }`, or null where it was bound.
 */
import { statusWhere } from '../support/over-tls.js';
import { createGateway } from '../../lib/gateway.js';
import type { TlsOptions } from '../../lib/gateway-options.js';

export interface Attempt {
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly lines: readonly string[];
}

/** Secrets that no server but the right one may see. */
export const CREDENTIALS = { systemId: 'canary-account', password: 'kanariep' } as const;

/** How the first attempt to log in went. */
export async function attempt(port: number, tls: TlsOptions, timers = {}): Promise<Attempt> {
  const lines: string[] = [];
  const gateway = createGateway({
    hosts: [{ host: 'localhost', port }],
    ...CREDENTIALS,
    tls,
    timers,
    log: (level, line) => lines.push(`${level}: ${line}`),
  });
  await gateway.start();
  const status = await statusWhere(
    gateway,
    ({ state, error, links }) => state === 'connected' || (error ?? links[0]?.error) !== undefined,
  );
  await gateway.stop();
  return { error: status.error ?? status.links[0]?.error ?? null, lines };
}

async function main(json: string): Promise<void> {
  const { ca, ports } = JSON.parse(json) as { readonly ca: string; readonly ports: readonly number[] };
  const attempts = await Promise.all(ports.map((port) => attempt(port, { ca }, { tlsMs: 1_000 })));
  process.stdout.write(JSON.stringify(attempts));
}

if (require.main === module) void main(process.argv[2] ?? '');
