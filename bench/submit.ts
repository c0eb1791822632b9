/**
 * submit_sm per second and CPU for each, at several windows: rounds in which every client has its turn.
 */
import type { CeilingClient } from './client-ceiling.js';
import type { GatewayClient } from './client-gateway.js';
import type { NpmClient } from './client-npm.js';
import type { SessionClient } from './client-session.js';
import type { FastServer } from './fast-server.js';
import { show, showSpread, spreadOf, type Spread } from './figures.js';
import type { Effort } from './effort.js';
import type { Report } from './report.js';
import type { Stretch } from './traffic.js';
import { Worker } from './worker.js';

const WINDOWS = [1, 10, 100, 1_000];
const WARM_UP_WINDOWS = [1_000, 100, 10];

/** What every client can do. */
type SubmitClient = Pick<SessionClient, 'submit'>;

/** What the others are compared with. */
const YARDSTICK = 'npm smpp';

export interface Rates {
  readonly client: string;
  readonly window: number;
  readonly perSecond: Spread;
  readonly cpuUs: Spread;
  /** Of the npm package's in the same round: its CPU per message through ours, our rate through its. */
  readonly timesLessCpu: Spread;
  readonly timesRate: Spread;
}

export async function submit({ rounds, stretchMs, warmUpMs }: Effort): Promise<Report> {
  const server = new Worker<FastServer>('fast-server');
  const clients: Readonly<Record<string, Worker<SubmitClient>>> = {
    'gateway, memory': new Worker<GatewayClient>('client-gateway', ['memory']),
    'gateway, disk': new Worker<GatewayClient>('client-gateway', ['disk']),
    'own session alone': new Worker<SessionClient>('client-session'),
    [YARDSTICK]: new Worker<NpmClient>('client-npm'),
    'npm smpp, text encoded before': new Worker<NpmClient>('client-npm', ['encoded']),
    ceiling: new Worker<CeilingClient>('client-ceiling'),
  };
  const target = await server.call('listen', undefined);
  // What runs for days is compiled once: that time is left out, for every client alike.
  for (const client of Object.values(clients)) {
    for (const window of WARM_UP_WINDOWS) await client.call('submit', { target, window, forMs: warmUpMs });
  }
  const found: Rates[] = [];
  for (const window of WINDOWS) {
    const results: Record<string, Stretch>[] = [];
    for (let round = 0; round < rounds; round++) {
      const result: Record<string, Stretch> = {};
      for (const [name, client] of Object.entries(clients)) {
        result[name] = await client.call('submit', { target, window, forMs: stretchMs });
      }
      results.push(result);
    }
    for (const client of Object.keys(clients)) found.push({ client, window, ...compare(results, client) });
  }
  for (const process of [server, ...Object.values(clients)]) await process.end();
  return report(found);
}

export const rateOf = ({ messages, ms }: Stretch): number => (messages / ms) * 1_000;
export const cpuOf = ({ messages, cpuMs }: Stretch): number => (cpuMs / messages) * 1_000;

/** One client against the yardstick, round by round. */
export function compare(
  rounds: readonly Readonly<Record<string, Stretch>>[],
  client: string,
): Omit<Rates, 'client' | 'window'> {
  const own = rounds.map((round) => round[client]!);
  const other = rounds.map((round) => round[YARDSTICK]!);
  return {
    perSecond: spreadOf(own.map(rateOf)),
    cpuUs: spreadOf(own.map(cpuOf)),
    timesLessCpu: spreadOf(own.map((stretch, at) => cpuOf(other[at]!) / cpuOf(stretch))),
    timesRate: spreadOf(own.map((stretch, at) => rateOf(stretch) / rateOf(other[at]!))),
  };
}

export const RATE_COLUMNS = ['CPU µs each', 'CPU: npm / this', 'messages/s', 'rate: this / npm'];

export function rateCells({
  cpuUs,
  timesLessCpu,
  perSecond,
  timesRate,
}: Omit<Rates, 'client' | 'window'>): string[] {
  return [
    showSpread(cpuUs),
    `${show(timesLessCpu.median)} ×`,
    showSpread(perSecond),
    `${show(timesRate.median)} ×`,
  ];
}

function report(found: readonly Rates[]): Report {
  return {
    title: 'submit_sm over TLS',
    note:
      'Median (least–most) of the rounds; ratios are medians of ratios within a round. ' +
      'CPU is all of the client process, its threads included.',
    columns: ['client', 'window', ...RATE_COLUMNS],
    rows: found.map((rates) => [rates.client, String(rates.window), ...rateCells(rates)]),
    data: found,
  };
}
