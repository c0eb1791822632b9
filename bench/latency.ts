/** From `send()` to octets written, at the rates that an account has; and how long `enqueue` takes on disk. */
import type { Effort } from './effort.js';
import type { FastServer } from './fast-server.js';
import { quantile, show } from './figures.js';
import type { LatencyClient } from './latency-client.js';
import type { Report } from './report.js';
import { Worker } from './worker.js';

const RATES = [1, 100, 1_000];
const DURABLE_RATE = 100;

interface Latency {
  readonly what: string;
  readonly perSecond: number;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export async function latency({ latencySeconds: seconds }: Effort): Promise<Report> {
  const server = new Worker<FastServer>('fast-server');
  const target = await server.call('listen', undefined);
  const kinds = { 'gateway, memory': 'memory', 'gateway, disk': 'disk', 'npm smpp': 'npm' };
  const clients = Object.entries(kinds).map(([name, kind]) => ({
    name,
    client: new Worker<LatencyClient>('latency-client', [kind]),
  }));
  for (const { client } of clients) {
    await client.call('connect', target);
    await client.call('toWire', { perSecond: 1_000, count: 1_000 }); // warms up
  }
  const found: Latency[] = [];
  for (const perSecond of RATES) {
    for (const { name, client } of clients) {
      const times = await client.call('toWire', { perSecond, count: perSecond * seconds });
      found.push(latencyOf(`${name}: send to octets written`, perSecond, times));
    }
  }
  const disk = clients[1]!.client;
  const { enqueue, bare } = await disk.call('durable', {
    perSecond: DURABLE_RATE,
    count: DURABLE_RATE * seconds,
  });
  found.push(latencyOf('gateway, disk: enqueue until safe', DURABLE_RATE, enqueue));
  found.push(latencyOf('bare write and fdatasync', DURABLE_RATE, bare));
  for (const { client } of clients) await client.end();
  await server.end();
  return {
    title: 'Latency',
    note: 'Milliseconds. On disk an SMS is durable, and marked as under way, before its octets leave: one fdatasync.',
    columns: ['', 'a second', 'SMS', 'p50 ms', 'p99 ms', 'max ms'],
    rows: found.map(({ what, perSecond, count, p50Ms, p99Ms, maxMs }) => [
      what,
      String(perSecond),
      String(count),
      show(p50Ms),
      show(p99Ms),
      show(maxMs),
    ]),
    data: found,
  };
}

function latencyOf(what: string, perSecond: number, times: readonly number[]): Latency {
  const sorted = times.toSorted((left, right) => left - right);
  return {
    what,
    perSecond,
    count: sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? NaN,
  };
}
