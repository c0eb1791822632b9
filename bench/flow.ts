/**
 * The same SMS through a flow of a real Node-RED: what smpp-send adds to a flow whose node in its place does nothing,
 * beside what the library takes by itself.
 */
import type { GatewayClient } from './client-gateway.js';
import type { Effort } from './effort.js';
import type { FastServer } from './fast-server.js';
import { FLOWS, type FlowClient } from './flow-client.js';
import { show, showSpread, spreadOf } from './figures.js';
import type { Report } from './report.js';
import { cpuOf, rateOf } from './submit.js';
import type { Stretch } from './traffic.js';
import { Worker } from './worker.js';

const WINDOW = 100;
const AHEAD = 500;
const LIBRARY = 'library alone';

export async function flow({ rounds, stretchMs: forMs }: Effort): Promise<Report> {
  const server = new Worker<FastServer>('fast-server');
  const target = await server.call('listen', undefined);
  const nodeRed = new Worker<FlowClient>('flow-client');
  const library = new Worker<GatewayClient>('client-gateway', ['memory']);
  await nodeRed.call('start', { target, window: WINDOW });
  const results: Record<string, Stretch>[] = [];
  for (let round = 0; round <= rounds; round++) {
    const result: Record<string, Stretch> = {};
    result[LIBRARY] = await library.call('submit', { target, window: WINDOW, forMs });
    for (const name of FLOWS)
      result[name] = await nodeRed.call('measure', { flow: name, ahead: AHEAD, forMs });
    if (round > 0) results.push(result);
  }
  for (const process of [library, nodeRed, server]) await process.end();
  return report(results);
}

function report(results: readonly Readonly<Record<string, Stretch>>[]): Report {
  const found = [LIBRARY, ...FLOWS].map((what) => ({
    what,
    cpuUs: spreadOf(results.map((result) => cpuOf(result[what]!))),
    perSecond: spreadOf(results.map((result) => rateOf(result[what]!))),
  }));
  const share = spreadOf(
    results.map(
      (result) => (cpuOf(result['smpp-send']!) - cpuOf(result[LIBRARY]!)) / cpuOf(result['no-op']!),
    ),
  );
  return {
    title: 'Through a flow of Node-RED',
    note:
      `Memory storage, window ${WINDOW}. Without the library's own CPU, the flow with smpp-send takes ` +
      `${show(share.median)} × that of the flow with a node that does nothing.`,
    columns: ['', 'CPU µs each', 'messages/s'],
    rows: found.map(({ what, cpuUs, perSecond }) => [what, showSpread(cpuUs), showSpread(perSecond)]),
    data: { found, share },
  };
}
