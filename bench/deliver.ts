/**
 * deliver_sm per second and CPU for each: receipts that the gateway client stores, answers, matches to their SMS and
 * emits, while the npm package only decodes and answers.
 */
import type { CeilingClient } from './client-ceiling.js';
import type { GatewayClient } from './client-gateway.js';
import type { DeliverRun } from './client.js';
import type { NpmClient } from './client-npm.js';
import type { Effort } from './effort.js';
import type { FastServer } from './fast-server.js';
import type { Report } from './report.js';
import { compare, rateCells, RATE_COLUMNS, type Rates } from './submit.js';
import type { Stretch } from './traffic.js';
import { Worker, type Methods } from './worker.js';

const WINDOWS = [10, 100, 1_000];

/** What every client can do. */
interface DeliverClient extends Methods {
  readonly prepareDeliver: (run: DeliverRun) => Promise<void>;
  readonly delivered: () => Promise<Stretch | undefined> | undefined;
}

export async function deliver({ rounds, deliveries: count }: Effort): Promise<Report> {
  const server = new Worker<FastServer>('fast-server');
  const clients: Readonly<Record<string, Worker<DeliverClient>>> = {
    'gateway, memory': new Worker<GatewayClient>('client-gateway', ['memory']),
    'gateway, disk': new Worker<GatewayClient>('client-gateway', ['disk']),
    'npm smpp': new Worker<NpmClient>('client-npm'),
    ceiling: new Worker<CeilingClient>('client-ceiling'),
  };
  const target = await server.call('listen', undefined);
  const found: Rates[] = [];
  for (const window of WINDOWS) {
    const results: Record<string, Stretch>[] = [];
    for (let round = 0; round <= rounds; round++) {
      const result: Record<string, Stretch> = {};
      for (const [name, client] of Object.entries(clients)) {
        await client.call('prepareDeliver', { target, count });
        await server.call('deliver', { count, window });
        const stretch = await client.call('delivered', undefined);
        if (stretch === undefined) throw new Error(`${name} was not prepared`);
        result[name] = stretch;
      }
      if (round > 0) results.push(result);
    }
    for (const client of Object.keys(clients)) found.push({ client, window, ...compare(results, client) });
  }
  for (const process of [server, ...Object.values(clients)]) await process.end();
  return {
    title: 'deliver_sm over TLS: receipts',
    note: 'The gateway client stores, answers, matches and emits each; the npm package decodes and answers.',
    columns: ['client', 'window', ...RATE_COLUMNS],
    rows: found.map((rates) => [rates.client, String(rates.window), ...rateCells(rates)]),
    data: found,
  };
}
