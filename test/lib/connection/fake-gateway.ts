/**
 * A gateway of several hosts in memory, as a Connect: each host does what the test says, and every session's
 * PDUs are kept. No timers, no text: the simulator is for that.
 */
import { duplexPair, type Duplex } from 'node:stream';

import type { Connect } from '../../../lib/connection/tls-connect.js';
import { decodePdu } from '../../../lib/pdu/decode.js';
import { encodePdu } from '../../../lib/pdu/encode.js';
import { Framer } from '../../../lib/pdu/framer.js';
import type { Pdu } from '../../../lib/pdu/pdu.js';

/** How a host takes a connection; `hang` never answers it, an Error refuses it. */
export type Reception = 'take' | 'hang' | Error;

export class FakeHost {
  reception: Reception = 'take';
  /** command_status of bind answers, or that of each bind command; undefined leaves binds unanswered. */
  bindStatus: number | undefined | ((command: string) => number) = 0;
  /** command_status of submit answers; undefined leaves submits unanswered. */
  submitStatus: number | undefined = 0;
  /** Instants of the connections asked for. */
  readonly connectedAt: number[] = [];
  readonly sessions: FakePeer[] = [];

  /** Sessions that answered a bind and whose connection is up. */
  get bound(): FakePeer[] {
    return this.sessions.filter((peer) => peer.isBound && !peer.transport.destroyed);
  }

  /** Cuts every connection, as when a machine dies. */
  kill(): void {
    for (const peer of this.sessions) peer.transport.destroy();
  }
}

/** The gateway's end of one session. */
export class FakePeer {
  readonly transport: Duplex;
  readonly received: Pdu[] = [];
  /** Whether it closes in turn when the client unbinds. */
  isBound = false;
  /** Called when it has taken a bind. */
  onBound: (() => void) | undefined;
  readonly #host: FakeHost;
  readonly #framer = new Framer();

  constructor(host: FakeHost, transport: Duplex) {
    this.#host = host;
    this.transport = transport;
    transport.on('error', () => undefined);
    transport.on('end', () => transport.end());
    transport.on('data', (chunk: Buffer) => {
      for (const frame of this.#framer.push(chunk)) this.#take(decodePdu(frame));
    });
  }

  commands(): string[] {
    return this.received.map((pdu) => pdu.command);
  }

  /** Sequence number and status of the answers that it had. */
  answers(command: 'deliver_sm_resp'): (readonly [number, number])[] {
    return this.received.flatMap((pdu) =>
      pdu.command === command ? [[pdu.sequence_number, pdu.command_status] as const] : [],
    );
  }

  send(pdu: Pdu): void {
    this.transport.write(encodePdu(pdu));
  }

  /** Answers its bind, where the host leaves that to the test. */
  answerBind(command_status: number): void {
    const bind = this.received.find(({ command }) => command.startsWith('bind_'));
    if (bind === undefined) throw new Error('there was no bind');
    this.isBound = command_status === 0;
    const command = `${bind.command as 'bind_transceiver'}_resp` as const;
    this.send({ command, sequence_number: bind.sequence_number, command_status, system_id: 'fake' });
    if (this.isBound) this.onBound?.();
  }

  #take(pdu: Pdu): void {
    this.received.push(pdu);
    const { sequence_number } = pdu;
    const { bindStatus } = this.#host;
    if (pdu.command.startsWith('bind_') && bindStatus !== undefined)
      this.answerBind(typeof bindStatus === 'number' ? bindStatus : bindStatus(pdu.command));
    if (pdu.command === 'submit_sm' && this.#host.submitStatus !== undefined) {
      const command_status = this.#host.submitStatus;
      this.send({
        command: 'submit_sm_resp',
        sequence_number,
        command_status,
        message_id: `m${sequence_number}`,
      });
    }
    if (pdu.command === 'enquire_link')
      this.send({ command: 'enquire_link_resp', sequence_number, command_status: 0 });
    if (pdu.command === 'unbind') {
      this.send({ command: 'unbind_resp', sequence_number, command_status: 0 });
      this.transport.end();
    }
  }
}

/** Hosts by name, and the Connect that leads to them. */
export function fakeGateway(names: readonly string[], now: () => number) {
  const hosts = new Map(names.map((name) => [name, new FakeHost()]));
  const connect: Connect = async (name, _port, signal) => {
    const host = hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    host.connectedAt.push(now());
    if (host.reception instanceof Error) throw host.reception;
    if (host.reception === 'hang') await untilAborted(signal);
    const [ours, theirs] = duplexPair();
    host.sessions.push(new FakePeer(host, theirs));
    // The ends of a real connection die together; those of a pair in memory do not.
    theirs.on('close', () => ours.destroy());
    ours.on('close', () => theirs.destroy());
    return ours;
  };
  return { connect, host: (name: string) => hosts.get(name)! };
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('aborted')));
  });
}
