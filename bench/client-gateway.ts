/**
 * A child process: the gateway client itself, with every guarantee on. Argument: `memory` or `disk`.
 *
 * A new gateway with an empty store for each measurement; only what lies between bound and the last result counts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Gateway, StorageOptions, SubmitResult } from '../lib/gateway.js';
import { built } from './built.js';
import type { DeliverRun, IdleRun, SubmitRun } from './client.js';
import { connectTo, LOGIN, type Target } from './target.js';
import { RECIPIENTS, SENDER, stretch, TEXTS, type Stretch } from './traffic.js';
import { wakeUps, type WakeUps } from './wake-ups.js';
import { callable } from './worker.js';

const { createGateway } = built('gateway.js');

const isDisk = process.argv.includes('disk');

/** Its folder is that of the checkout: a temporary one may lie in memory. */
const SCRATCH = path.join(process.cwd(), '.cache');

/**
 * SMS handed over and not settled: what fills the window while others are next in line, and on a disk while others
 * are being stored, marked and settled.
 */
const aheadOf = (window: number): number => (isDisk ? 4 * window : window) + 100;

let delivered: Promise<Stretch> | undefined;
/** Of `submitOn` and `idle`. */
let kept: Gateway | undefined;
/** Of `enqueueOn`: what takes the results. */
let settled: (result: SubmitResult) => void = () => undefined;
let finish: () => Promise<void> = () => Promise.resolve();

const methods = {
  async submit({ target, window, forMs }: SubmitRun): Promise<Stretch> {
    const { gateway, stop } = await running(target, window);
    const measured = stretch();
    const until = performance.now() + forMs;
    const messages = await sendWhile(gateway, aheadOf(window), () => performance.now() < until);
    const result = measured(messages);
    await stop();
    return result;
  },

  /** As `submit`, with one gateway for all calls: what it keeps of SMS that await their receipts grows, as in a flow. */
  async submitOn({ target, window, forMs }: SubmitRun): Promise<Stretch> {
    const gateway = await keptRunning(target, window);
    const measured = stretch();
    const until = performance.now() + forMs;
    return measured(await sendWhile(gateway, aheadOf(window), () => performance.now() < until));
  },

  /**
   * As `submitOn`, in the way of smpp-send: `enqueue`, the results by `onSettled`, and with each SMS a text that says
   * where it came from. A kept gateway is for this or for `submitOn`.
   */
  async enqueueOn({ target, window, forMs }: SubmitRun): Promise<Stretch> {
    const isFirst = kept === undefined;
    const gateway = await keptRunning(target, window);
    if (isFirst) gateway.onSettled((result) => settled(result));
    const measured = stretch();
    const until = performance.now() + forMs;
    return measured(await enqueueWhile(gateway, aheadOf(window), () => performance.now() < until));
  },

  /** Bound, with nothing to do; ended by `stop`. */
  async idle({ target, settleMs, forMs }: IdleRun & { readonly target: Target }): Promise<WakeUps> {
    await keptRunning(target, 100);
    await setTimeout(settleMs);
    return wakeUps(forMs);
  },

  /** Ends what `submitOn` or `idle` began. */
  stop: (): Promise<void> => finish(),

  /** Has `count` SMS accepted, so that every receipt is one for an SMS of ours. */
  async prepareDeliver({ target, count }: DeliverRun): Promise<void> {
    const { gateway, stop } = await running(target, 1_000);
    let left = count;
    await sendWhile(gateway, aheadOf(1_000), () => left-- > 0);
    finish = stop;
    const measured = stretch();
    let emitted = 0;
    delivered = new Promise((resolve) => {
      gateway.onReceipt(({ matched, delivered: isDelivered }) => {
        if (!matched || !isDelivered) throw new Error('a receipt was not matched');
        emitted += 1;
        if (emitted === count) setImmediate(() => resolve(measured(emitted)));
      });
    });
  },

  /** Resolves when `count` receipts were stored, answered, matched and emitted. */
  async delivered(): Promise<Stretch | undefined> {
    const result = await delivered;
    await finish();
    return result;
  },
};

/** The gateway that one call leaves to the next. */
async function keptRunning(target: Target, window: number): Promise<Gateway> {
  if (kept !== undefined) return kept;
  const { gateway, stop } = await running(target, window);
  kept = gateway;
  finish = stop;
  return gateway;
}

async function running(
  target: Target,
  window: number,
): Promise<{ gateway: Gateway; stop: () => Promise<void> }> {
  const directory = isDisk ? mkdtempSync(path.join(SCRATCH, 'bench-')) : undefined;
  const storage: StorageOptions = directory === undefined ? { kind: 'memory' } : { kind: 'disk', directory };
  const gateway = createGateway({
    hosts: [{ host: target.host, port: target.port }],
    ...LOGIN,
    window,
    storage,
    connect: () => connectTo(target),
    log: (level, line) => {
      if (level !== 'info') process.stderr.write(`${line}\n`);
    },
  });
  await gateway.start();
  await new Promise<void>((resolve) => {
    gateway.onStatus(({ state }) => {
      if (state === 'connected') resolve();
    });
  });
  const stop = async (): Promise<void> => {
    await gateway.stop();
    if (directory !== undefined) rmSync(directory, { recursive: true });
  };
  return { gateway, stop };
}

/** By `send`, each with its own promise. */
function sendWhile(gateway: Gateway, ahead: number, goesOn: () => boolean): Promise<number> {
  return keepAhead(ahead, goesOn, (number, taken, reject) => {
    const index = number % TEXTS.length;
    gateway.send({ to: RECIPIENTS[index]!, from: SENDER, text: TEXTS[index]! }).then(taken, reject);
  });
}

/** By `enqueue`, with the one listener for all results. */
function enqueueWhile(gateway: Gateway, ahead: number, goesOn: () => boolean): Promise<number> {
  return keepAhead(ahead, goesOn, (number, taken, reject) => {
    settled = taken;
    const index = number % TEXTS.length;
    const to = RECIPIENTS[index]!;
    const correlation = originOfBench(number, to);
    gateway.enqueue({ to, from: SENDER, text: TEXTS[index]!, correlation }).catch(reject);
  });
}

type HandOver = (
  number: number,
  taken: (result: SubmitResult) => void,
  reject: (error: unknown) => void,
) => void;

/** Keeps `ahead` SMS handed over as long as `goesOn` says; resolves to their number when all are settled. */
function keepAhead(ahead: number, goesOn: () => boolean, handOver: HandOver): Promise<number> {
  let sent = 0;
  let came = 0;
  return new Promise((resolve, reject) => {
    const next = (): void => handOver(sent++, taken, reject);
    const taken = ({ outcome }: SubmitResult): void => {
      if (outcome !== 'accepted') reject(new Error(`an SMS was ${outcome}`));
      came += 1;
      if (goesOn()) next();
      else if (came === sent) resolve(sent);
    };
    for (let free = ahead; free > 0 && goesOn(); free--) next();
  });
}

/** As long as what smpp-send keeps of the same msg (`nodes/shared/origin.ts`). */
function originOfBench(number: number, to: string): string {
  const key = `bench-bench-.${number.toString(36)}`;
  return `{"key":"${key}","node":"flow-memory-2","msg":{"_msgid":"0123456789abcdef","to":"${to}"}}`;
}

export type GatewayClient = typeof methods;

callable(methods);
