/**
 * A process of its own with a gateway client, for its heap to be measured: fills a store with a backlog, or starts
 * with it and tells the test when the first SMS left and how much heap that took.
 */
import { createGateway, type GatewayOptions } from '../../lib/gateway.js';

export interface BacklogTask {
  readonly fill: number;
  readonly options: Pick<GatewayOptions, 'hosts' | 'storage' | 'tls'>;
}

export interface BacklogMeasured {
  readonly firstSubmitMs: number;
  readonly heapOverIdleMb: number;
}

const LOGIN = { systemId: 'demo', password: 'secret' };
/** Taken in at a time. */
const GROUP = 2_000;

process.once('message', (task: BacklogTask) => {
  void (task.fill > 0 ? fill(task) : measure(task)).then((measured) => {
    process.send?.(measured, () => process.exit());
  });
});

async function fill({ fill: count, options }: BacklogTask): Promise<object> {
  const gateway = createGateway({ ...LOGIN, ...options, connect: () => new Promise(() => undefined) });
  await gateway.start();
  for (let from = 0; from < count; from += GROUP) {
    await Promise.all(
      Array.from({ length: GROUP }, (_, index) =>
        gateway.enqueue({
          to: '4512345678',
          from: 'Demo',
          text: `An alarm of the pump, number ${from + index}`,
        }),
      ),
    );
  }
  await gateway.stop();
  return {};
}

async function measure({ options }: BacklogTask): Promise<BacklogMeasured> {
  const gateway = createGateway({ ...LOGIN, ...options });
  const idle = heap();
  const startedAt = performance.now();
  await gateway.start();
  while (gateway.status().counters.submitted === 0) await new Promise((resolve) => setImmediate(resolve));
  const firstSubmitMs = performance.now() - startedAt;
  return { firstSubmitMs, heapOverIdleMb: (heap() - idle) / 2 ** 20 };
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
