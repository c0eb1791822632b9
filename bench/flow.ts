/**
 * The same SMS through a flow of a real Node-RED, three figures side by side: a flow whose node does nothing, the library
 * without Node-RED, and the flow with smpp-send. The bar for the last is one and a half times the first and the second.
 */
import type { GatewayClient } from './client-gateway.js';
import type { Effort } from './effort.js';
import type { FastServer } from './fast-server.js';
import { NO_OP, STORAGES, type FlowClient } from './flow-client.js';
import { show, showSpread, spreadOf } from './figures.js';
import type { Report } from './report.js';
import { cpuOf, rateOf } from './submit.js';
import type { Stretch } from './traffic.js';
import { Worker } from './worker.js';

const WINDOW = 100;
/** msg under way at once; as many SMS as the library's client has. */
const AHEAD = 500;

/** What a node may take beside what it is there for, of the flow's own CPU. */
const NO_OP_TIMES = 1.5;

/** Node-RED's own code has to be compiled too, and no-op flows are quick to fill a stretch. */
const WARM_UP_TIMES = 3;

/** The library by `send`, and as smpp-send uses it: `enqueue`, `onSettled`, a correlation. The bar is of the latter. */
const WAYS = ['submit', 'enqueue'] as const;

type Round = Readonly<Record<string, Stretch>>;

export async function flow({ rounds, stretchMs, warmUpMs }: Effort): Promise<Report> {
  const server = new Worker<FastServer>('fast-server');
  const target = await server.call('listen', undefined);
  const nodeRed = new Worker<FlowClient>('flow-client');
  const clients = () => STORAGES.map((storage) => new Worker<GatewayClient>('client-gateway', [storage]));
  const libraries = { submit: clients(), enqueue: clients() };
  await nodeRed.call('start', { target, window: WINDOW });
  const round = async (forMs: number): Promise<Round> => {
    const result: Record<string, Stretch> = {};
    result[NO_OP] = await nodeRed.call('measure', { flow: NO_OP, ahead: AHEAD, forMs });
    for (const [at, storage] of STORAGES.entries()) {
      for (const way of WAYS) {
        result[`${way}, ${storage}`] = await libraries[way][at]!.call(`${way}On`, {
          target,
          window: WINDOW,
          forMs,
        });
      }
      result[`flow, ${storage}`] = await nodeRed.call('measure', { flow: storage, ahead: AHEAD, forMs });
    }
    return result;
  };
  await round(WARM_UP_TIMES * warmUpMs);
  const results: Round[] = [];
  while (results.length < rounds) results.push(await round(stretchMs));
  const all = WAYS.flatMap((way) => libraries[way]);
  for (const library of all) await library.call('stop', undefined);
  for (const process of [...all, nodeRed, server]) await process.end();
  return report(results);
}

function report(rounds: readonly Round[]): Report {
  const found = STORAGES.map((storage) => {
    const flowUs = rounds.map((round) => cpuOf(round[`flow, ${storage}`]!));
    const sendUs = rounds.map((round) => cpuOf(round[`submit, ${storage}`]!));
    const libraryUs = rounds.map((round) => cpuOf(round[`enqueue, ${storage}`]!));
    const noOpUs = rounds.map((round) => cpuOf(round[NO_OP]!));
    return {
      storage,
      noOpUs: spreadOf(noOpUs),
      sendUs: spreadOf(sendUs),
      libraryUs: spreadOf(libraryUs),
      flowUs: spreadOf(flowUs),
      ratio: spreadOf(flowUs.map((us, at) => us / (NO_OP_TIMES * noOpUs[at]! + libraryUs[at]!))),
      perSecond: spreadOf(rounds.map((round) => rateOf(round[`flow, ${storage}`]!))),
    };
  });
  return {
    title: 'Through a flow of Node-RED',
    note:
      `CPU µs of each SMS, window ${WINDOW}: with a node that does nothing; the library by send, and by enqueue with ` +
      `a correlation and a listener, as smpp-send uses it; the flow with smpp-send. The ratio is flow / (${NO_OP_TIMES} × no-op + enqueue); ` +
      'the bar is 1.',
    columns: ['storage', 'no-op', 'send', 'enqueue', 'flow', 'ratio', 'messages/s'],
    rows: found.map(({ storage, noOpUs, sendUs, libraryUs, flowUs, ratio, perSecond }) => [
      storage,
      showSpread(noOpUs),
      showSpread(sendUs),
      showSpread(libraryUs),
      showSpread(flowUs),
      `${show(ratio.median)} (${show(ratio.min)}–${show(ratio.max)}) ×`,
      showSpread(perSecond),
    ]),
    data: found,
  };
}
