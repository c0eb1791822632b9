/**
 * A child process: the far end of every measurement, so fast that it is not what limits a client.
 *
 * Answers are precomputed, with the sequence number and the id patched in, one write for each chunk that came.
 * It trusts its peer and checks nothing: it is no simulated gateway.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { built } from './built.js';
import { COMMAND, FrameScanner, frame, repeated, writeHexadecimal } from './frames.js';
import type { Target } from './target.js';
import { MESSAGE_ID_START, receiptText, RECIPIENTS, SENDER } from './traffic.js';
import { callable } from './worker.js';

const DIGITS = '00000000';
const SUBMIT_ANSWER = frame(COMMAND.submit_sm_resp, Buffer.from(`${MESSAGE_ID_START}${DIGITS}\0`, 'latin1'));
const ID_AT = SUBMIT_ANSWER.length - DIGITS.length - 1;
const BIND_ANSWER = frame(COMMAND.bind_transceiver_resp, Buffer.from('bench\0', 'latin1'));

const RECEIPT = receiptPdu();
const RECEIPT_ID_AT = RECEIPT.indexOf(MESSAGE_ID_START) + MESSAGE_ID_START.length;

export interface DeliverTask {
  readonly count: number;
  readonly window: number;
  readonly follows?: boolean;
}

/** A stretch of deliveries under way. */
interface Deliveries {
  readonly count: number;
  readonly window: number;
  /** Only for what was accepted already; else for ids that the peer will have been given. */
  readonly follows: boolean;
  readonly done: () => void;
  sent: number;
  answered: number;
}

let last: Peer | undefined;

class Peer {
  readonly #socket: tls.TLSSocket;
  readonly #scanner = new FrameScanner();
  readonly #submits: number[] = [];
  #accepted = 0;
  #deliveries: Deliveries | undefined;
  #deliverSequence = 0;

  constructor(socket: tls.TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', () => socket.destroy());
  }

  /** Delivers receipts for the first `count` ids that this peer was given; resolves when all are answered. */
  deliver({ count, window, follows = false }: DeliverTask): Promise<void> {
    return new Promise((resolve) => {
      this.#deliveries = { count, window, follows, done: resolve, sent: 0, answered: 0 };
      this.#fill(this.#deliveries);
    });
  }

  #take(chunk: Buffer): void {
    this.#scanner.scan(chunk, this.#takeFrame);
    if (this.#submits.length > 0) this.#answerSubmits();
    const deliveries = this.#deliveries;
    if (deliveries !== undefined) this.#fill(deliveries);
  }

  readonly #takeFrame = (octets: Buffer, at: number): void => {
    const command_id = octets.readUInt32BE(at + 4);
    const sequence_number = octets.readUInt32BE(at + 12);
    if (command_id === COMMAND.submit_sm) this.#submits.push(sequence_number);
    else if (command_id === COMMAND.deliver_sm_resp) {
      if (this.#deliveries !== undefined) this.#deliveries.answered += 1;
    } else this.#answerOther(command_id, sequence_number);
  };

  #answerOther(command_id: number, sequence_number: number): void {
    if (command_id === COMMAND.bind_transceiver) this.#write(BIND_ANSWER, sequence_number);
    else if (command_id === COMMAND.enquire_link) {
      this.#write(frame(COMMAND.enquire_link_resp, Buffer.alloc(0)), sequence_number);
    } else if (command_id === COMMAND.unbind) {
      this.#write(frame(COMMAND.unbind_resp, Buffer.alloc(0)), sequence_number);
    }
  }

  #write(pdu: Buffer, sequence_number: number): void {
    const octets = Buffer.from(pdu);
    octets.writeUInt32BE(sequence_number, 12);
    this.#socket.write(octets);
  }

  #answerSubmits(): void {
    const octets = repeated(SUBMIT_ANSWER, this.#submits.length);
    let at = 0;
    for (const sequence_number of this.#submits) {
      octets.writeUInt32BE(sequence_number, at + 12);
      writeHexadecimal(octets, at + ID_AT, this.#accepted++);
      at += SUBMIT_ANSWER.length;
    }
    this.#submits.length = 0;
    this.#socket.write(octets);
  }

  #fill(deliveries: Deliveries): void {
    const { count, window, follows, sent, answered } = deliveries;
    const due = follows ? Math.min(count, this.#accepted) : count;
    const more = Math.min(due - sent, window - (sent - answered));
    if (more > 0) {
      const octets = repeated(RECEIPT, more);
      for (let at = 0; at < octets.length; at += RECEIPT.length) {
        octets.writeUInt32BE((this.#deliverSequence += 1), at + 12);
        writeHexadecimal(octets, at + RECEIPT_ID_AT, deliveries.sent++);
      }
      this.#socket.write(octets);
    }
    if (answered < count) return;
    this.#deliveries = undefined;
    deliveries.done();
  }
}

function receiptPdu(): Buffer {
  const text = Buffer.from(receiptText(DIGITS), 'latin1');
  const to = `${RECIPIENTS[0]!}\0`;
  return frame(
    COMMAND.deliver_sm,
    Buffer.concat([
      Buffer.from([0, 1, 1]),
      Buffer.from(to, 'latin1'),
      Buffer.from([5, 0]),
      Buffer.from(`${SENDER}\0`, 'latin1'),
      Buffer.from([0x04, 0, 0, 0, 0, 0, 0, 0, 0, text.length]),
      text,
    ]),
  );
}

const methods = {
  async listen(): Promise<Target> {
    const { makeAuthority, makeCertificate } = built('simulator/certificate.js');
    const authority = makeAuthority();
    const host = '127.0.0.1';
    const own = makeCertificate({ commonName: host, issuer: authority, addresses: [host] });
    const server = tls.createServer({ ...own }, (socket) => (last = new Peer(socket)));
    server.listen(0, host);
    await once(server, 'listening');
    return { host, port: (server.address() as AddressInfo).port, ca: authority.cert };
  },
  /** To whoever connected last. */
  async deliver(task: DeliverTask): Promise<void> {
    await last?.deliver(task);
  },
};

export type FastServer = typeof methods;

callable(methods);
