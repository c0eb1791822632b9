/**
 * A client of the simulated gateway made of the npm package `smpp` alone, so that the simulator is tried by
 * what it must serve, and not by our own session.
 */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect, Session, type PDU, type PduFields } from 'smpp';
import type { BindMode } from '../../../lib/message.js';
import type { Simulator } from '../../../lib/simulator/simulator.js';

type RequestName = 'submit_sm' | 'enquire_link' | 'unbind' | 'query_sm' | 'cancel_sm' | 'data_sm';

export const ACCOUNT = { system_id: 'account', password: 'secret' };

export class SmppClient {
  readonly session: Session;
  /** command_status of the answer to each deliver_sm; undefined: none is given. */
  deliverStatus: number | undefined = 0;
  /** Whether enquire_link is answered. */
  isAlive = true;
  /** Resolves when the connection is gone. */
  readonly ended: Promise<unknown>;
  /** Every PDU received, in order. */
  readonly log: PDU[] = [];
  readonly #unread: PDU[] = [];
  readonly #waiting = new Map<string, (pdu: PDU) => void>();

  constructor(session: Session) {
    this.session = session;
    // Not `once` of node:events: that rejects at an error, and a cut connection may say ECONNRESET first.
    this.ended = new Promise((resolve) => session.once('close', resolve));
    session.on('error', () => undefined);
    session.on('pdu', (pdu: PDU) => this.#receive(pdu));
  }

  /** Over TLS, verified with the simulator's CA. */
  static async connect(simulator: Simulator, host: 0 | 1 = 0): Promise<SmppClient> {
    const { port } = simulator.hosts[host]!;
    const session = connect({
      host: '127.0.0.1',
      port,
      tls: true,
      ca: simulator.ca,
      servername: 'localhost',
    });
    const client = new SmppClient(session);
    await once(session, 'secureConnect');
    return client;
  }

  static async connectBound(
    simulator: Simulator,
    host: 0 | 1 = 0,
    mode: BindMode = 'transceiver',
  ): Promise<SmppClient> {
    const client = await SmppClient.connect(simulator, host);
    await client.bind(mode);
    return client;
  }

  static over(socket: Duplex): SmppClient {
    return new SmppClient(new Session({ socket }));
  }

  bind(mode: BindMode = 'transceiver', fields: PduFields = ACCOUNT): Promise<PDU> {
    return new Promise((answered) => this.session[`bind_${mode}`](fields, answered));
  }

  request(command: RequestName, fields: PduFields = {}): Promise<PDU> {
    return new Promise((answered) => this.session[command](fields, answered));
  }

  /** A submit_sm of `hi` in GSM7 with a receipt, where `fields` do not say otherwise. */
  submit(destination_addr: string, fields: PduFields = {}): Promise<PDU> {
    return this.request('submit_sm', submission(destination_addr, fields));
  }

  /** The next request of this name from the gateway: one that was not taken yet, or the first to come. */
  next(command: 'deliver_sm' | 'unbind' | 'enquire_link' | 'generic_nack'): Promise<PDU> {
    const index = this.#unread.findIndex((pdu) => pdu.command === command);
    const [unread] = index < 0 ? [] : this.#unread.splice(index, 1);
    if (unread !== undefined) return Promise.resolve(unread);
    return new Promise((received) => this.#waiting.set(command, received));
  }

  /** The text of the next deliver_sm. */
  async nextText(): Promise<string> {
    return textOf(await this.next('deliver_sm'));
  }

  #receive(pdu: PDU): void {
    this.log.push(pdu);
    const received = this.#waiting.get(pdu.command);
    this.#waiting.delete(pdu.command);
    if (received !== undefined) received(pdu);
    else if (!pdu.isResponse() || pdu.command === 'generic_nack') this.#unread.push(pdu);
    if (pdu.command === 'unbind' || (pdu.command === 'enquire_link' && this.isAlive)) {
      this.session.send(pdu.response());
    }
    if (pdu.command === 'deliver_sm' && this.deliverStatus !== undefined) {
      this.session.send(pdu.response({ command_status: this.deliverStatus }));
    }
  }
}

function submission(destination_addr: string, fields: PduFields = {}): PduFields {
  const short_message = Buffer.from('hi');
  return {
    source_addr: 'Me',
    destination_addr,
    data_coding: 0,
    registered_delivery: 1,
    short_message,
    ...fields,
  };
}

/** As the package decodes it. */
export function textOf(pdu: PDU): string {
  return (pdu.short_message as { readonly message: string }).message;
}
