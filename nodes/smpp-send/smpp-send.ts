/**
 * smpp-send: a flow's msg becomes an SMS; what became of it goes out.
 *
 * A thin adapter. Reading the msg is `read-request.ts`, waiting for results is `submissions.ts`, what a msg may
 * do to the connection is `control.ts`, sending is `lib/gateway.ts`.
 * Source: contract section 3.2.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage, NodeMessageInFlow } from 'node-red';
import { asSmppError, SmppError } from '../../lib/errors.js';
import type { SubmitResult } from '../../lib/message.js';
import { connectionOf, type Connection } from '../shared/connection.js';
import { originOf } from '../shared/origin.js';
import { control, readAction } from './control.js';
import { readForm, type ReadForm } from './form.js';
import { readRequest } from './read-request.js';
import { recoveredOutputs, Submissions } from './submissions.js';

interface SmppSendDef extends NodeDef {
  readonly connection: string;
  readonly [property: string]: unknown;
}

type Outputs = [NodeMessage | null, NodeMessage | null];

interface Input {
  readonly msg: NodeMessageInFlow;
  readonly send: (outputs: Outputs) => void;
  readonly done: (error?: Error) => void;
}

export default function registerSmppSend(RED: NodeAPI): void {
  function SmppSend(this: Node, def: SmppSendDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    const sender = new Sender(RED, this, def, connection);
    this.on('input', (msg, send, done) => {
      sender
        .take({ msg, send, done })
        .catch((error: unknown) => report(this, asSmppError(error, 'SMPP_MESSAGE'), done));
    });
    this.on('close', (closed: () => void) => {
      sender.close();
      closed();
    });
  }

  RED.nodes.registerType('smpp-send', SmppSend);
}

/** A Catch node gets a copy of the msg; one that cannot be copied must not end Node-RED. */
function report(node: Node, error: SmppError, done: (error: Error) => void): void {
  try {
    done(error);
  } catch {
    node.error(error.message);
  }
}

class Sender {
  readonly #RED: NodeAPI;
  readonly #node: Node;
  readonly #def: SmppSendDef;
  readonly #connection: Connection | undefined;
  readonly #submissions = new Submissions();
  #form: ReadForm | undefined;
  readonly #leaveFeed: (() => void) | undefined;

  constructor(RED: NodeAPI, node: Node, def: SmppSendDef, connection: Connection | undefined) {
    this.#RED = RED;
    this.#node = node;
    this.#def = def;
    this.#connection = connection;
    this.#leaveFeed = connection?.feed.onSettled((result) => this.#settled(result), node);
    connection?.join(node, 'send');
  }

  /** @throws SmppError when nothing was taken in; else `done` is called when all of it is settled */
  async take({ msg, send, done }: Input): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) {
      throw new SmppError('SMPP_OPTIONS', 'connection: the node names none that exists and is enabled', {
        field: 'connection',
      });
    }
    const action = readAction(msg.action);
    if (action !== undefined) {
      const { status, cancelled } = await control(connection, action, msg.id, (id) =>
        this.#submissions.idsOf(id),
      );
      msg.payload = status;
      if (cancelled !== undefined) msg.cancelled = cancelled;
      send([msg, null]);
      done();
      return;
    }
    const sources = {
      RED: this.#RED,
      node: this.#node,
      form: (this.#form ??= readForm(this.#def)),
      country: connection.defaultCountry,
    };
    const gateway = await connection.gateway();
    const request = await readRequest(msg, sources);
    await this.#submissions.submit(gateway, { ...request, send, done });
  }

  close(): void {
    this.#leaveFeed?.();
    this.#submissions.close();
    this.#connection?.leave(this.#node);
  }

  /** What nobody here waits for came in before a redeploy or a restart, or could not arrive the first time. */
  #settled(result: SubmitResult): void {
    const origin = originOf(result.correlation);
    if (origin === undefined || this.#submissions.settled(origin.key, result)) return;
    this.#node.send(recoveredOutputs(result));
  }
}
