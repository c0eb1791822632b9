/** Start on a queue that is full: how long until it runs, until the first submit_sm, and what each SMS costs. */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { BacklogClient } from './backlog-client.js';
import type { Effort } from './effort.js';
import type { FastServer } from './fast-server.js';
import { show } from './figures.js';
import type { Report } from './report.js';
import { cpuOf, rateOf } from './submit.js';
import { Worker } from './worker.js';

export async function backlog({ backlogs }: Effort): Promise<Report> {
  const found = [];
  for (const length of backlogs) found.push({ length, ...(await measure(length)) });
  return {
    title: 'Start with a queue on disk',
    note: 'Each in a fresh process; window 100. The heap is what a started gateway holds after a collection.',
    columns: [
      'SMS',
      'start ms',
      'first submit_sm ms',
      'heap MiB',
      'octets each',
      'loop blocked ms',
      'CPU µs each',
      'messages/s',
    ],
    rows: found.map(({ length, startMs, firstSubmitMs, heapMiB, blockedMs, drained }) => [
      show(length),
      show(startMs),
      show(firstSubmitMs),
      show(heapMiB),
      show((heapMiB * 1024 * 1024) / length),
      show(blockedMs),
      show(cpuOf(drained)),
      show(rateOf(drained)),
    ]),
    data: found,
  };
}

async function measure(count: number) {
  const directory = mkdtempSync(path.join(process.cwd(), '.cache', 'bench-'));
  const server = new Worker<FastServer>('fast-server');
  try {
    const target = await server.call('listen', undefined);
    await inFreshProcess((client) => client.call('fill', { directory, count }));
    const heapMiB = await inFreshProcess((client) => client.call('heapMiB', directory));
    const started = await inFreshProcess((client) => client.call('start', { directory, count, target }));
    return { heapMiB, ...started };
  } finally {
    await server.end();
    rmSync(directory, { recursive: true });
  }
}

async function inFreshProcess<T>(run: (client: Worker<BacklogClient>) => Promise<T>): Promise<T> {
  const client = new Worker<BacklogClient>('backlog-client', [], ['--expose-gc']);
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}
