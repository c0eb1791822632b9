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
import { connectionOf, showProblem, type Activity, type Connection } from '../shared/connection.js';
import { environmentOf, FormReader } from '../shared/form-reader.js';
import { control, readAction, type Action } from './control.js';
import { FormWords } from './form-words.js';
import { readForm } from './form.js';
import { recoveredOutputs } from './outputs.js';
import { RequestReader } from './read-request.js';
import { Submissions, type Reply } from './submissions.js';

interface SmppSendDef extends NodeDef {
  readonly connection: string;
  readonly [property: string]: unknown;
}

type Done = (error?: Error) => void;

/** One msg in. A class, since a closure for its `done` would be one more object for each. */
class Input implements Reply {
  readonly msg: NodeMessageInFlow;
  readonly send: Reply['send'];
  readonly #sender: Sender;
  readonly #done: Done;

  constructor(sender: Sender, msg: NodeMessageInFlow, send: Reply['send'], done: Done) {
    this.#sender = sender;
    this.msg = msg;
    this.send = send;
    this.#done = done;
  }

  /** A Catch node gets a copy of the msg; one that cannot be copied must not end Node-RED. */
  done(error?: Error): void {
    if (error === undefined) {
      this.#done();
      return;
    }
    const told = this.#sender.explain(error, this.msg);
    try {
      this.#done(told);
    } catch {
      this.#sender.node.error(told.message);
    }
  }
}

export default function registerSmppSend(RED: NodeAPI): void {
  function SmppSend(this: Node, def: SmppSendDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    const sender = new Sender(RED, this, def, connection);
    this.on('input', (msg, send, done) => {
      sender.take(new Input(sender, msg, send, done));
    });
    this.on('close', (closed: () => void) => {
      sender.close();
      closed();
    });
  }

  RED.nodes.registerType('smpp-send', SmppSend);
}

class Sender {
  readonly node: Node;
  readonly #connection: Connection | undefined;
  readonly #submissions = new Submissions();
  /** Undefined without a connection, and when the form is wrong. */
  readonly #reader: RequestReader | undefined;
  /** What is wrong with the form. */
  readonly #problem: SmppError | undefined;
  /** Msgs that are not handed over yet, each with its `_msgid`. */
  readonly #underWay = new Map<Promise<void>, unknown>();
  readonly #leaveFeed: (() => void) | undefined;
  readonly #activity: Activity | undefined;

  constructor(RED: NodeAPI, node: Node, def: SmppSendDef, connection: Connection | undefined) {
    this.node = node;
    this.#connection = connection;
    this.#leaveFeed = connection?.feed.onSettled((result, key) => this.#settled(result, key), node);
    if (connection === undefined) return;
    const words = new FormWords((field) => RED._(`smpp-send.label.${field}`));
    try {
      const form = readForm(new FormReader(def, environmentOf(RED, node)));
      this.#reader = new RequestReader({ RED, node, form, settings: connection.sms, words });
      this.#activity = connection.join(node, 'send');
    } catch (error) {
      this.#problem = words.ofSettings(error);
      node.error(this.#problem.message);
      showProblem(RED, node, 'settings');
    }
  }

  /** The error as the msg's author knows what is wrong. */
  explain(error: Error, msg: NodeMessageInFlow): Error {
    return error instanceof SmppError ? (this.#reader?.explain(error, msg) ?? error) : error;
  }

  /** Its `done` gets the error when nothing was taken in; else it is called when all of it is settled. */
  take(input: Input): void {
    try {
      const taking = this.#take(input)?.catch((error: unknown) => refuse(input, error));
      if (taking !== undefined) this.#keep(taking, input.msg._msgid);
    } catch (error) {
      refuse(input, error);
    }
  }

  /** A promise only when there is something to wait for: this runs for every SMS. */
  #take(input: Input): Promise<void> | undefined {
    const connection = this.#connection;
    if (connection === undefined) throw noConnection();
    const action = readAction(input.msg.action);
    if (action !== undefined) {
      // What came before it is meant by it too.
      this.#submissions.handOver();
      return this.#control(connection, action, input, this.#underWayWith(input.msg.id));
    }
    const reader = this.#reader;
    if (reader === undefined) throw this.#problem ?? noConnection();
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

  #keep(taking: Promise<void>, messageId: unknown): void {
    this.#underWay.set(taking, messageId);
    void taking.then(() => this.#underWay.delete(taking));
  }

  #underWayWith(messageId: unknown): readonly Promise<void>[] {
    return [...this.#underWay].filter(([, id]) => id === messageId).map(([taking]) => taking);
  }

  async #control(
    connection: Connection,
    action: Action,
    input: Input,
    before: readonly Promise<void>[],
  ): Promise<void> {
    const { msg } = input;
    const { status, cancelled } = await control(connection, action, msg.id, async (id) => {
      await Promise.all(before);
      this.#submissions.handOver();
      return this.#submissions.idsOf(id);
    });
    msg.payload = status;
    if (cancelled !== undefined) msg.cancelled = cancelled;
    input.send([msg, null]);
    input.done();
  }

  close(): void {
    this.#leaveFeed?.();
    this.#submissions.close();
    this.#connection?.leave(this.node);
  }

  /** What nobody here waits for came in before a redeploy or a restart, or could not arrive the first time. */
  #settled(result: SubmitResult, key: string): void {
    if (!this.#submissions.settled(key, result)) this.node.send(recoveredOutputs(result));
    if (result.outcome === 'accepted' && result.repeated === undefined)
      this.#activity?.note('sent', result.settledAt);
  }
}

function noConnection(): SmppError {
  return new SmppError('SMPP_OPTIONS', 'connection: the node names none that exists and is enabled', {
    field: 'connection',
  });
}

function refuse(input: Input, error: unknown): void {
  input.done(asSmppError(error, 'SMPP_MESSAGE'));
}
