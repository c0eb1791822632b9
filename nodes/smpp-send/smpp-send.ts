/**
 * smpp-send: a flow's msg becomes an SMS; what became of it goes out.
 *
 * A thin adapter. Reading the msg is `read-request.ts`, waiting for results is `submissions.ts`, what a msg may
 * do to the connection is `control.ts`, sending is `lib/gateway.ts`.
 * Source: contract section 3.2.
 */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { asSmppError, SmppError } from '../../lib/errors.js';
import type { SubmitResult } from '../../lib/message.js';
import { connectionOf, type Connection } from '../shared/connection.js';
import { control, readAction, type Action } from './control.js';
import { readForm } from './form.js';
import { recoveredOutputs } from './outputs.js';
import { RequestReader } from './read-request.js';
import { Submissions, type Reply } from './submissions.js';

interface SmppSendDef extends NodeDef {
  readonly connection: string;
  readonly [property: string]: unknown;
}

interface Input extends Reply {
  readonly msg: NodeMessageInFlow;
}

export default function registerSmppSend(RED: NodeAPI): void {
  function SmppSend(this: Node, def: SmppSendDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    const sender = new Sender(RED, this, def, connection);
    this.on('input', (msg, send, done) => {
      sender.take({
        msg,
        send,
        done: (error) => {
          if (error === undefined) done();
          else report(this, error, done);
        },
      });
    });
    this.on('close', (closed: () => void) => {
      sender.close();
      closed();
    });
  }

  RED.nodes.registerType('smpp-send', SmppSend);
}

/** A Catch node gets a copy of the msg; one that cannot be copied must not end Node-RED. */
function report(node: Node, error: Error, done: (error: Error) => void): void {
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
  #reader: RequestReader | undefined;
  readonly #leaveFeed: (() => void) | undefined;

  constructor(RED: NodeAPI, node: Node, def: SmppSendDef, connection: Connection | undefined) {
    this.#RED = RED;
    this.#node = node;
    this.#def = def;
    this.#connection = connection;
    this.#leaveFeed = connection?.feed.onSettled((result, key) => this.#settled(result, key), node);
    connection?.join(node, 'send');
  }

  /** Its `done` gets the error when nothing was taken in; else it is called when all of it is settled. */
  take(input: Input): void {
    const refused = (error: unknown): void => input.done(asSmppError(error, 'SMPP_MESSAGE'));
    try {
      this.#take(input)?.catch(refused);
    } catch (error) {
      refused(error);
    }
  }

  /** A promise only when there is something to wait for: this runs for every SMS. */
  #take(input: Input): Promise<void> | undefined {
    const connection = this.#connection;
    if (connection === undefined) {
      throw new SmppError('SMPP_OPTIONS', 'connection: the node names none that exists and is enabled', {
        field: 'connection',
      });
    }
    const action = readAction(input.msg.action);
    if (action !== undefined) return this.#control(connection, action, input);
    const reader = (this.#reader ??= this.#makeReader(connection));
    const gateway = connection.running;
    if (gateway === undefined) return this.#takeLater(connection, reader, input);
    const request = reader.read(input.msg);
    if (!(request instanceof Promise)) return this.#submissions.submit(gateway, request, input);
    return request.then((read) => this.#submissions.submit(gateway, read, input));
  }

  async #takeLater(connection: Connection, reader: RequestReader, input: Input): Promise<void> {
    const gateway = await connection.gateway();
    const request = await reader.read(input.msg);
    await this.#submissions.submit(gateway, request, input);
  }

  async #control(connection: Connection, action: Action, { msg, send, done }: Input): Promise<void> {
    const { status, cancelled } = await control(connection, action, msg.id, (id) =>
      this.#submissions.idsOf(id),
    );
    msg.payload = status;
    if (cancelled !== undefined) msg.cancelled = cancelled;
    send([msg, null]);
    done();
  }

  #makeReader({ defaultCountry }: Connection): RequestReader {
    return new RequestReader({
      RED: this.#RED,
      node: this.#node,
      form: readForm(this.#def),
      country: defaultCountry,
    });
  }

  close(): void {
    this.#leaveFeed?.();
    this.#submissions.close();
    this.#connection?.leave(this.#node);
  }

  /** What nobody here waits for came in before a redeploy or a restart, or could not arrive the first time. */
  #settled(result: SubmitResult, key: string): void {
    if (!this.#submissions.settled(key, result)) this.#node.send(recoveredOutputs(result));
  }
}
