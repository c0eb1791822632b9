/** A child process with --expose-gc: fills a queue on disk, or starts on one that is full. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { built } from './built.js';
import { connectTo, LOGIN, watchWrites, type Target } from './target.js';
import { RECIPIENTS, SENDER, stretch, TEXTS, type Stretch } from './traffic.js';
import { callable } from './worker.js';

const { createGateway } = built('gateway.js');

/** SMS handed over at once while the queue is filled. */
const GROUP = 2_000;

const MIB = 1024 * 1024;

export interface Started {
  /** Until `start` has resolved. */
  readonly startMs: number;
  /** From the call of `start` to the first submit_sm. */
  readonly firstSubmitMs: number;
  /** The longest that the event loop was busy meanwhile. */
  readonly blockedMs: number;
  /** All that waited, sent and settled. */
  readonly drained: Stretch;
}

const methods = {
  async fill({ directory, count }: { readonly directory: string; readonly count: number }): Promise<void> {
    const gateway = unconnected(directory);
    await gateway.start();
    for (let from = 0; from < count; from += GROUP) {
      const group = Array.from({ length: Math.min(GROUP, count - from) }, (_, index) =>
        gateway.enqueue({
          to: RECIPIENTS[index % RECIPIENTS.length]!,
          from: SENDER,
          text: TEXTS[index % TEXTS.length]!,
        }),
      );
      await Promise.all(group);
    }
    await gateway.stop();
  },

  /** Heap that a started gateway holds, with its queue and nothing sent. */
  async heapMiB(directory: string): Promise<number> {
    const before = heapUsed();
    const gateway = unconnected(directory);
    await gateway.start();
    const heldMiB = (heapUsed() - before) / MIB;
    await gateway.stop();
    return heldMiB;
  },

  async start(run: {
    readonly directory: string;
    readonly count: number;
    readonly target: Target;
  }): Promise<Started> {
    const { directory, count, target } = run;
    let firstSubmitMs = NaN;
    const startedAt = performance.now();
    const gateway = createGateway({
      hosts: [{ host: target.host, port: target.port }],
      ...LOGIN,
      window: 100,
      storage: { kind: 'disk', directory },
      connect: async () => {
        const socket = await connectTo(target);
        let writes = 0;
        watchWrites(socket, () => {
          writes += 1;
          // The first write is the bind.
          if (writes === 2) firstSubmitMs = performance.now() - startedAt;
        });
        return socket;
      },
    });
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    await gateway.start();
    const startMs = performance.now() - startedAt;
    const measured = stretch();
    let settled = 0;
    const drained = await new Promise<Stretch>((resolve) => {
      gateway.onSettled(() => {
        settled += 1;
        if (settled === count) resolve(measured(count));
      });
    });
    delay.disable();
    await gateway.stop();
    return { startMs, firstSubmitMs, blockedMs: delay.max / 1e6, drained };
  },
};

function unconnected(directory: string): ReturnType<typeof createGateway> {
  return createGateway({
    ...LOGIN,
    storage: { kind: 'disk', directory },
    connect: (_host, _port, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('given up')));
      }),
  });
}

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error('this process needs --expose-gc');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

export type BacklogClient = typeof methods;

callable(methods);
