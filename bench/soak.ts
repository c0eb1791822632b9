/**
 * A gateway that has sent a million SMS and taken their receipts: what of each stays on the heap after a collection,
 * and whether timers, sockets, listeners and file handles are as many as at the beginning.
 */
import type { Effort } from './effort.js';
import type { FastServer } from './fast-server.js';
import { show, spreadOf } from './figures.js';
import type { Report } from './report.js';
import type { Held, SoakClient } from './soak-client.js';
import { cpuOf, rateOf } from './submit.js';
import type { Stretch } from './traffic.js';
import { Worker } from './worker.js';

const WINDOW = 100;
/** What is held is looked at after each. */
const STAGES = 20;
/**
 * Half: an SMS is known for 72 hours after its receipt, which may come again, but of 500 000 at most. Of a million the
 * second half shows whether that is all.
 */
const WARM_UP_STAGES = STAGES / 2;

interface Stage extends Stretch {
  readonly held: Held;
}

export async function soak({ soak: count }: Effort): Promise<Report> {
  // Side by side: what is held is looked at, not the speed.
  const found = await Promise.all(
    ['memory', 'disk'].map(async (storage) => {
      const stages = await run(storage, Math.ceil(count / STAGES));
      return { storage, octetsEach: slopeOf(stages), stages };
    }),
  );
  return {
    title: `Soak: ${show(count)} SMS, each with its result and its receipt`,
    note:
      `TLS, window ${WINDOW}. The slope is that of the heap after a collection, over the second half: an SMS is known ` +
      `for 72 hours, of 500 000 at most. The counts are the least and the most after any stage of it: while the journal is compacted it has files more.`,
    columns: [
      'storage',
      'heap MiB',
      'slope octets/SMS',
      'timers',
      'sockets',
      'listeners',
      'file handles',
      'CPU µs each',
      'messages/s',
    ],
    rows: found.map(({ storage, octetsEach, stages }) => {
      const range = (read: (held: Held) => number): string => {
        const { min, max } = spreadOf(stages.slice(WARM_UP_STAGES).map(({ held }) => read(held)));
        return min === max ? show(min) : `${show(min)}–${show(max)}`;
      };
      const whole = wholeOf(stages);
      return [
        storage,
        range(({ heapOctets }) => heapOctets / 1024 / 1024),
        show(octetsEach),
        range(({ timers }) => timers),
        range(({ sockets }) => sockets),
        range(({ listeners }) => listeners),
        range(({ fileHandles }) => fileHandles),
        show(cpuOf(whole)),
        show(rateOf(whole)),
      ];
    }),
    data: found,
  };
}

async function run(storage: string, count: number): Promise<Stage[]> {
  const server = new Worker<FastServer>('fast-server');
  const client = new Worker<SoakClient>('soak-client', [storage], ['--expose-gc']);
  const target = await server.call('listen', undefined);
  await client.call('start', { target, window: WINDOW });
  const delivering = server.call('deliver', { count: count * STAGES, window: WINDOW, follows: true });
  const stages: Stage[] = [];
  while (stages.length < STAGES) {
    const stretch = await client.call('send', count);
    stages.push({ ...stretch, held: await client.call('held', undefined) });
  }
  await delivering;
  for (const process of [client, server]) await process.end();
  return stages;
}

/**
 * Octets of heap for each SMS: the median of the slopes between any two stages, which a stage that was looked at while
 * the journal was compacted does not move.
 */
function slopeOf(stages: readonly Stage[]): number {
  let sent = 0;
  const points = stages
    .map(({ messages, held }) => ({ x: (sent += messages), y: held.heapOctets }))
    .slice(WARM_UP_STAGES);
  const slopes = points.flatMap((from, at) =>
    points.slice(at + 1).map((to) => (to.y - from.y) / (to.x - from.x)),
  );
  return spreadOf(slopes).median;
}

function wholeOf(stages: readonly Stage[]): Stretch {
  const sum = (read: (stage: Stage) => number): number =>
    stages.reduce((total, stage) => total + read(stage), 0);
  return {
    messages: sum(({ messages }) => messages),
    ms: sum(({ ms }) => ms),
    cpuMs: sum(({ cpuMs }) => cpuMs),
  };
}
