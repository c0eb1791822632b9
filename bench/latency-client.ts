/**
 * A child process: how long an SMS takes from the call to the octets handed to the socket. Argument: `memory`, `disk`
 * or `npm`, the package's `submit_sm`.
 *
 * On disk also: how long `enqueue` takes until the SMS is safe, in turn with a bare write and fdatasync.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import * as smpp from 'smpp';
import { built } from './built.js';
import { COMMAND, FrameScanner } from './frames.js';
import { connectTo, LOGIN, watchWrites, type Target } from './target.js';
import { RECIPIENTS, SENDER, TEXTS } from './traffic.js';
import { callable } from './worker.js';

const { createGateway } = built('gateway.js');

const kind = process.argv[2] ?? 'memory';
const directory = mkdtempSync(path.join(process.cwd(), '.cache', 'bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

/** Enough that no SMS of these rates waits for room. */
const WINDOW = 100;

/** As much as the record of one SMS takes in the journal. */
const RECORD_OCTETS = 300;

/** What sends one SMS, and the socket that its octets go to. */
interface Sender {
  readonly send: (index: number) => Promise<unknown>;
  readonly enqueue: (index: number) => Promise<unknown>;
  readonly socket: Duplex;
}

let sender: Sender | undefined;
let writtenAt: number[] = [];

const methods = {
  async connect(target: Target): Promise<void> {
    sender = kind === 'npm' ? await npmSender(target) : await gatewaySender(target);
    watch(sender.socket);
  },

  /** Milliseconds from the call to the write, for each SMS, at an even rate. */
  async toWire({
    perSecond,
    count,
  }: {
    readonly perSecond: number;
    readonly count: number;
  }): Promise<number[]> {
    const { send } = required(sender);
    writtenAt = [];
    const calledAt: number[] = [];
    const sending: Promise<unknown>[] = [];
    await evenly(perSecond, count, (index) => {
      calledAt.push(performance.now());
      sending.push(send(index));
    });
    await Promise.all(sending);
    return calledAt.map((at, index) => writtenAt[index]! - at);
  },

  /** Milliseconds of each `enqueue`, and of each bare write with fdatasync between two of them. */
  async durable({ perSecond, count }: { readonly perSecond: number; readonly count: number }): Promise<{
    readonly enqueue: readonly number[];
    readonly bare: readonly number[];
  }> {
    const { enqueue } = required(sender);
    const file = await open(path.join(directory, 'bare'), 'a');
    const record = Buffer.alloc(RECORD_OCTETS, 0x2e);
    const bare: Promise<number>[] = [];
    const enqueued: Promise<number>[] = [];
    await evenly(2 * perSecond, 2 * count, (index) => {
      if (index % 2 === 0) enqueued.push(timed(() => enqueue(index)));
      else bare.push(timed(() => file.write(record).then(() => file.datasync())));
    });
    const times = { enqueue: await Promise.all(enqueued), bare: await Promise.all(bare) };
    await file.close();
    return times;
  },
};

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/** Calls `run` at an even rate; what a late timer has missed is caught up. */
function evenly(perSecond: number, count: number, run: (index: number) => void): Promise<void> {
  const startedAt = performance.now();
  let index = 0;
  return new Promise((resolve) => {
    const step = (): void => {
      const due = Math.floor(((performance.now() - startedAt) / 1_000) * perSecond) + 1;
      while (index < Math.min(due, count)) run(index++);
      if (index === count) resolve();
      else setTimeout(step, startedAt + (index / perSecond) * 1_000 - performance.now());
    };
    step();
  });
}

/** Notes when each submit_sm was handed to the socket. */
function watch(socket: Duplex): void {
  const scanner = new FrameScanner();
  watchWrites(socket, (octets) => {
    const now = performance.now();
    scanner.scan(octets, (pdus, at) => {
      if (pdus.readUInt32BE(at + 4) === COMMAND.submit_sm) writtenAt.push(now);
    });
  });
}

async function gatewaySender(target: Target): Promise<Sender> {
  let socket: Duplex | undefined;
  const gateway = createGateway({
    hosts: [{ host: target.host, port: target.port }],
    ...LOGIN,
    window: WINDOW,
    storage: kind === 'disk' ? { kind, directory } : { kind: 'memory' },
    connect: async () => (socket = await connectTo(target)),
  });
  await gateway.start();
  await new Promise<void>((resolve) => {
    gateway.onStatus(({ state }) => {
      if (state === 'connected') resolve();
    });
  });
  const sms = (index: number) => ({
    to: RECIPIENTS[index % RECIPIENTS.length]!,
    from: SENDER,
    text: TEXTS[index % TEXTS.length]!,
  });
  return {
    send: (index) => gateway.send(sms(index)),
    enqueue: (index) => gateway.enqueue(sms(index)),
    socket: required(socket),
  };
}

function npmSender({ host, port, ca }: Target): Promise<Sender> {
  return new Promise((resolve, reject) => {
    const session = smpp.connect({ host, port, ca, tls: true }, () => {
      session.bind_transceiver({ system_id: LOGIN.systemId, password: LOGIN.password }, () => {
        const send = (index: number) =>
          new Promise((answered) => {
            session.submit_sm(
              {
                source_addr: SENDER,
                destination_addr: RECIPIENTS[index % RECIPIENTS.length],
                data_coding: 0,
                short_message: TEXTS[index % TEXTS.length],
              },
              answered,
            );
          });
        resolve({ send, enqueue: send, socket: session.socket });
      });
    });
    session.on('error', reject);
  });
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('connect comes first');
  return value;
}

export type LatencyClient = typeof methods;

callable(methods);
