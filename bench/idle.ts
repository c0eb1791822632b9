/**
 * What wakes a process whose gateway is bound and has nothing to do: an enquire_link every 15 s and its answer, and
 * nothing else. Beside each, what the process does without a gateway.
 */
import type { CeilingClient } from './client-ceiling.js';
import type { GatewayClient } from './client-gateway.js';
import type { Effort } from './effort.js';
import type { FastServer } from './fast-server.js';
import { show } from './figures.js';
import type { FlowClient } from './flow-client.js';
import type { Report } from './report.js';
import { Worker } from './worker.js';
import type { WakeUps } from './wake-ups.js';

const WINDOW = 100;
/** What follows a start, a compilation or a bind is over by then. */
const SETTLE_MS = 3_000;

export async function idle({ idleMs: forMs }: Effort): Promise<Report> {
  const server = new Worker<FastServer>('fast-server');
  const target = await server.call('listen', undefined);
  const socket = new Worker<CeilingClient>('client-ceiling');
  const gateways = ['memory', 'disk'].map((kind) => ({
    what: `gateway, ${kind}`,
    client: new Worker<GatewayClient>('client-gateway', [kind]),
  }));
  const bare = new Worker<FlowClient>('flow-client');
  const nodeRed = new Worker<FlowClient>('flow-client');
  await bare.call('start', { window: WINDOW });
  await nodeRed.call('start', { target, window: WINDOW });
  // All at once: what sleeps takes nothing from its neighbours.
  const found: { what: string; wakeUps: WakeUps }[] = await Promise.all([
    socket
      .call('idle', { target, settleMs: SETTLE_MS, forMs })
      .then((wakeUps) => ({ what: 'a bound socket alone', wakeUps })),
    ...gateways.map(async ({ what, client }) => ({
      what,
      wakeUps: await client.call('idle', { target, settleMs: SETTLE_MS, forMs }),
    })),
    bare
      .call('idle', { settleMs: SETTLE_MS, forMs })
      .then((wakeUps) => ({ what: 'Node-RED without the pack', wakeUps })),
    nodeRed
      .call('idle', { settleMs: SETTLE_MS, forMs })
      .then((wakeUps) => ({ what: 'Node-RED with two connections', wakeUps })),
  ]);
  for (const { client } of gateways) await client.call('stop', undefined);
  for (const process of [socket, ...gateways.map(({ client }) => client), bare, nodeRed, server])
    await process.end();
  return {
    title: 'Idle and bound',
    note: `Over ${forMs / 1_000} s. An enquire_link goes out after 15 s of silence: two turns of the event loop with its answer.`,
    columns: ['', 'turns of the event loop', 'voluntary context switches'],
    rows: found.map(({ what, wakeUps }) => [what, show(wakeUps.loopTurns), show(wakeUps.contextSwitches)]),
    data: found,
  };
}
