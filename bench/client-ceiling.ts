/**
 * A child process: what the same TLS sockets carry when the client does next to nothing. Precomputed octets, the
 * sequence number patched in, one write for each chunk of answers, a parser that only counts.
 */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { built } from './built.js';
import type { DeliverRun, IdleRun, SubmitRun } from './client.js';
import { COMMAND, FrameScanner, frame, repeated } from './frames.js';
import { bindBody, connectTo, type Target } from './target.js';
import { encodedTexts, RECIPIENTS, SENDER, stretch, type Stretch } from './traffic.js';
import { wakeUps, type WakeUps } from './wake-ups.js';
import { callable } from './worker.js';

const BATCH_MAX = 1_000;
const SUBMITS = repeated(submitPdu(), BATCH_MAX);
const PDU_LENGTH = SUBMITS.length / BATCH_MAX;
const DELIVER_ANSWER = frame(COMMAND.deliver_sm_resp, Buffer.from([0]));

let delivered: Promise<Stretch> | undefined;

const methods = {
  async submit({ target, window, forMs }: SubmitRun): Promise<Stretch> {
    const socket = await bound(target);
    const measured = stretch();
    const until = performance.now() + forMs;
    const scanner = new FrameScanner();
    let sent = 0;
    let answered = 0;
    const count = (): void => {
      answered += 1;
    };
    const send = (batch: number): void => {
      if (batch === 0) return;
      // A copy: the socket reads from it until it is written.
      const octets = Buffer.from(SUBMITS.subarray(0, batch * PDU_LENGTH));
      for (let at = 12; at < octets.length; at += PDU_LENGTH) octets.writeUInt32BE((sent += 1), at);
      socket.write(octets);
    };
    await new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        scanner.scan(chunk, count);
        if (performance.now() < until) send(window - (sent - answered));
        else if (answered === sent) resolve();
      });
      send(window);
    });
    const result = measured(answered);
    socket.destroy();
    return result;
  },

  /** A bound socket, and nothing that uses it. */
  async idle({ target, settleMs, forMs }: IdleRun & { readonly target: Target }): Promise<WakeUps> {
    const socket = await bound(target);
    await setTimeout(settleMs);
    const measured = await wakeUps(forMs);
    socket.destroy();
    return measured;
  },

  /** Connects; the deliveries that follow are answered until there are `count`. */
  async prepareDeliver({ target, count }: DeliverRun): Promise<void> {
    const socket = await bound(target);
    const scanner = new FrameScanner();
    const sequence_numbers: number[] = [];
    let answered = 0;
    const take = (octets: Buffer, at: number): void => {
      sequence_numbers.push(octets.readUInt32BE(at + 12));
    };
    const measured = stretch();
    delivered = new Promise((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        scanner.scan(chunk, take);
        const octets = repeated(DELIVER_ANSWER, sequence_numbers.length);
        sequence_numbers.forEach((number, index) => {
          octets.writeUInt32BE(number, index * DELIVER_ANSWER.length + 12);
        });
        socket.write(octets);
        answered += sequence_numbers.length;
        sequence_numbers.length = 0;
        if (answered < count) return;
        resolve(measured(answered));
        socket.end();
      });
    });
  },

  /** Resolves when `count` deliveries were taken and answered. */
  delivered(): Promise<Stretch> | undefined {
    return delivered;
  },
};

async function bound(target: Target): Promise<TLSSocket> {
  const socket = await connectTo(target);
  const bind = frame(COMMAND.bind_transceiver, bindBody());
  bind.writeUInt32BE(1, 12);
  socket.write(bind);
  await once(socket, 'data');
  return socket;
}

function submitPdu(): Buffer {
  return built('pdu/encode.js').encodePdu({
    command: 'submit_sm',
    sequence_number: 1,
    source_addr_ton: 5,
    source_addr_npi: 0,
    source_addr: SENDER,
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    destination_addr: RECIPIENTS[0]!,
    esm_class: 0,
    priority_flag: 0,
    validity_period: '000001000000000R',
    registered_delivery: 1,
    data_coding: 0,
    short_message: encodedTexts()[0]!,
  });
}

export type CeilingClient = typeof methods;

callable(methods);
