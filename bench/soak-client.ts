/**
 * A child process with --expose-gc: one gateway that sends and sends. Argument: `memory` or `disk`.
 *
 * Results and receipts are taken by listeners, as by a flow.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Gateway } from '../lib/gateway.js';
import { built } from './built.js';
import { connectTo, LOGIN, type Target } from './target.js';
import { RECIPIENTS, SENDER, stretch, TEXTS, type Stretch } from './traffic.js';
import { callable } from './worker.js';

const { createGateway } = built('gateway.js');

const directory = mkdtempSync(path.join(process.cwd(), '.cache', 'bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** SMS that were handed over and have no receipt yet. */
const AHEAD = 500;

/** What the process holds when nothing is under way. */
export interface Held {
  readonly heapOctets: number;
  readonly timers: number;
  readonly sockets: number;
  /** Of the gateway's socket and of the process. */
  readonly listeners: number;
  /** NaN where the system does not list them. */
  readonly fileHandles: number;
}

let gateway: Gateway | undefined;
let socket: TLSSocket | undefined;
let refused: (error: Error) => void = () => undefined;
let received: () => void = () => undefined;

const methods = {
  /** Resolves when it is bound. */
  async start({ target, window }: { readonly target: Target; readonly window: number }): Promise<void> {
    const made = createGateway({
      hosts: [{ host: target.host, port: target.port }],
      ...LOGIN,
      window,
      storage: process.argv.includes('disk') ? { kind: 'disk', directory } : { kind: 'memory' },
      connect: async () => (socket = await connectTo(target)),
    });
    gateway = made;
    made.onSettled(({ outcome }) => {
      if (outcome !== 'accepted') refused(new Error(`an SMS was ${outcome}`));
    });
    made.onReceipt(({ matched }) => {
      if (!matched) refused(new Error('a receipt was not matched'));
      received();
    });
    await made.start();
    await new Promise<void>((resolve) => {
      made.onStatus(({ state }) => {
        if (state === 'connected') resolve();
      });
    });
  },

  /** Resolves when `count` SMS have their receipts. */
  send(count: number): Promise<Stretch> {
    const measured = stretch();
    let sent = 0;
    let done = 0;
    return new Promise((resolve, reject) => {
      const next = (): void => {
        const index = sent % TEXTS.length;
        sent += 1;
        gateway
          ?.enqueue({ to: RECIPIENTS[index] ?? '', from: SENDER, text: TEXTS[index] ?? '' })
          .catch(reject);
      };
      refused = reject;
      received = () => {
        done += 1;
        if (sent < count) next();
        else if (done === count) resolve(measured(count));
      };
      for (let free = Math.min(AHEAD, count); free > 0; free--) next();
    });
  },

  async held(): Promise<Held> {
    // What was taken last is forgotten in a later turn, and what a collection frees may free more.
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      globalThis.gc?.();
    }
    const resources = process.getActiveResourcesInfo();
    const count = (kind: string): number => resources.filter((resource) => resource === kind).length;
    return {
      heapOctets: process.memoryUsage().heapUsed,
      timers: count('Timeout'),
      sockets: count('TCPSocketWrap'),
      listeners: listenersOf(socket) + listenersOf(process),
      fileHandles: fileHandles(),
    };
  },
};

function listenersOf(emitter: NodeJS.EventEmitter | undefined): number {
  if (emitter === undefined) return 0;
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}

function fileHandles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return NaN;
  }
}

export type SoakClient = typeof methods;

callable(methods);
