/**
 * What has the msgs of one smpp-send node until each has its outcome, over the deploys that replace the node.
 *
 *   live ──closed by a deploy──▶ parked ──a node with its id──▶ live
 *    │                             └──nobody came──▶ over
 *    └──────────closed for good─────────────────────▶ over
 *
 * So a msg that was not handed to the gateway yet is handed to that of the successor, and a result comes out of that in the
 * very msg. Reading a msg is `read-request.ts`, waiting for results is `submissions.ts`, what a msg may do to the connection
 * is `control.ts`, who has which sender is `senders.ts`.
 */
import type { Node, NodeAPI, NodeDef, NodeMessageInFlow } from 'node-red';
import { asSmppError, isStopped, SmppError, UndecidedError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { SubmitResult } from '../../lib/message.js';
import {
  connectionOf,
  everyConnection,
  noConnection,
  showProblem,
  type Activity,
  type Connection,
} from '../shared/connection.js';
import type { FlowGate, WiredNode } from '../shared/flow-gate.js';
import { environmentOf, formOf, FormReader } from '../shared/form-reader.js';
import { resultDeskOf } from '../shared/result-desk.js';
import { control, readAction, type Action } from './control.js';
import { FormWords } from './form-words.js';
import { readForm } from './form.js';
import type { Input, InputLife, Outlet } from './input.js';
import { recoveredOutputs } from './outputs.js';
import { RequestReader } from './read-request.js';
import { Submissions, type Request } from './submissions.js';

export interface SmppSendDef extends NodeDef {
  readonly connection: string;
  readonly [property: string]: unknown;
}

/** A node's time with the sender. */
interface Life {
  readonly node: Node;
  readonly connection: Connection | undefined;
  readonly leaveDesk: () => void;
  /** Undefined without a connection, and when the form is wrong. */
  readonly reader?: RequestReader;
  /** What is wrong with the form; also that it names no connection. */
  readonly problem?: SmppError;
  readonly activity?: Activity;
}

export interface SenderOptions {
  readonly RED: NodeAPI;
  readonly gate: FlowGate;
  /** Ids of the SMS that wait for their result and came with this `_msgid`, to whatever node. */
  readonly idsOf: (messageId: string) => Promise<readonly string[]>;
}

export class Sender implements Outlet {
  readonly #options: SenderOptions;
  readonly #submissions = new Submissions();
  /** Msgs that are not handed over yet. */
  readonly #underWay = new Map<Promise<void>, Input>();
  #life: Life;
  #state: 'live' | 'parked' | 'over' = 'live';
  /** Whoever waits for the next life. */
  #waiting: { readonly resolve: () => void; readonly reject: (reason: SmppError) => void }[] = [];
  #postponed: (() => void)[] = [];
  /** Errors on their way from a Catch node to the next. */
  #told: (() => void)[] = [];
  /** Results on their way to the next nodes, of a connection that has them nowhere else. */
  #onTheirWay = 0;
  /** The flow that the last node was in has gone with it. */
  #isCutOff = false;
  #isExiting = false;

  constructor(options: SenderOptions, node: Node, def: SmppSendDef) {
    this.#options = options;
    this.#life = this.#begin(node, def);
  }

  get node(): Node {
    return this.#life.node;
  }

  get life(): InputLife {
    return this.#life;
  }

  get standing(): Outlet['standing'] {
    const { gate } = this.#options;
    const isOver = this.#state === 'over';
    if (gate.isStopped || this.#isExiting) return 'over';
    if (gate.isOpen) return isOver && this.#isCutOff ? 'over' : 'open';
    return isOver ? 'over' : 'waiting';
  }

  explain(error: SmppError, msg: NodeMessageInFlow): SmppError {
    return this.#life.reader?.explain(error, msg) ?? error;
  }

  /** Its `done` gets the error when nothing was taken in; else it is called when all of it is settled. */
  take(input: Input): void {
    try {
      const taking = this.#take(input)?.catch((error: unknown) => refuse(input, error));
      if (taking !== undefined) this.#keep(taking, input);
    } catch (error) {
      refuse(input, error);
    }
  }

  /** The node has closed, and another one may come. */
  park(): void {
    const { z, _flow: flow }: WiredNode = this.node;
    this.#isCutOff = this.#options.gate.isCutOff({ z, ...(flow !== undefined && { _flow: flow }) });
    this.#submissions.handOver();
    this.#state = 'parked';
    this.#leave();
    if (this.#isCutOff) this.#postponed.push(...this.#told.splice(0));
  }

  /** Goes on with another node, after `park`. */
  goOnWith(node: Node, def: SmppSendDef): void {
    this.#life = this.#begin(node, def);
    this.#state = 'live';
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  /** Nothing comes after the node. A msg is done with once that is clear of all its SMS; resolves when it is of all msgs. */
  end(): Promise<void> {
    const wasLive = this.#state === 'live';
    this.#submissions.handOver();
    this.#state = 'over';
    if (wasLive) this.#leave();
    for (const input of this.#underWay.values()) if (!input.isHandedOver) input.done(stopped());
    for (const { reject } of this.#waiting.splice(0)) reject(stopped());
    const ending = this.#endSubmissions();
    if (this.standing === 'over') this.#postponed.push(...this.#told.splice(0));
    this.flush();
    return ending;
  }

  /** What is in memory ends with its connection, where that ends too. */
  #endSubmissions(): Promise<void> {
    const { isStopped } = this.#options.gate;
    const desk = resultDeskOf(this.#options.RED.events);
    const ending = this.#submissions.end(
      (id, messageId) => desk.leave(id, messageId),
      isStopped ? lost() : undefined,
    );
    if (isStopped && this.#onTheirWay > 0) this.node.error(lostOnTheirWay(this.#onTheirWay));
    return ending;
  }

  /** The process ends: what was not told is in the log at least. */
  exit(): void {
    this.#isExiting = true;
    if (this.#state !== 'over') void this.end();
    else this.flush();
  }

  /** Tells what was postponed, unless that has to wait on. */
  flush(): void {
    if (this.standing === 'waiting') return;
    for (const run of this.#postponed.splice(0)) run();
  }

  postpone(run: () => void): void {
    this.#postponed.push(run);
  }

  /** Node-RED delivers what a Catch node sends a turn later, and drops it when the next node has closed by then. */
  told(input: Input, error: SmppError): void {
    if (this.#told.length === 0) setImmediate(() => (this.#told = []));
    this.#told.push(() => input.fail(error));
  }

  /** See `Submissions`. */
  async idsOf(messageId: string): Promise<readonly string[]> {
    await Promise.all(this.#underWayWith(messageId));
    this.#submissions.handOver();
    return this.#submissions.idsOf(messageId);
  }

  /** That of the node which has come since the msg was handed over. Rejects with the error when that is no way out. */
  async gatewayAfter(error: unknown, input: Input): Promise<Gateway> {
    const isWayOut = isStopped(error) && !(error instanceof UndecidedError);
    if (!isWayOut || this.#isNow(input.life)) throw error;
    const { life, gateway } = await this.#gatewayNow();
    input.life = life;
    return gateway;
  }

  /** A promise only when there is something to wait for: this runs for every SMS. */
  #take(input: Input): Promise<void> | undefined {
    if (this.#state !== 'live') return this.#whenLive().then(() => this.#take(input));
    const life = this.#life;
    const connection = connectionIn(life);
    const action = readAction(input.msg.action);
    if (action !== undefined) {
      // What came before it is meant by it too.
      this.#submissions.handOver();
      input.isControl = true;
      return this.#control(life, action, input);
    }
    const reader = readerIn(life);
    const gateway = connection.running;
    if (gateway === undefined) return this.#takeLater(input);
    const request = reader.read(input.msg);
    if (!(request instanceof Promise)) return this.#handOver(input, request, life, gateway);
    return request.then((read) => {
      return this.#isNow(life) ? this.#handOver(input, read, life, gateway) : this.#takeLater(input);
    });
  }

  async #takeLater(input: Input): Promise<void> {
    for (;;) {
      const { life, gateway } = await this.#gatewayNow();
      const request = await readerIn(life).read(input.msg);
      if (this.#isNow(life)) return this.#handOver(input, request, life, gateway);
    }
  }

  #handOver(input: Input, request: Request, life: Life, gateway: Gateway): Promise<void> | undefined {
    input.life = life;
    return this.#submissions.submit(gateway, request, input);
  }

  #keep(taking: Promise<void>, input: Input): void {
    this.#underWay.set(taking, input);
    void taking.then(() => this.#underWay.delete(taking));
  }

  #underWayWith(messageId: unknown): readonly Promise<void>[] {
    return [...this.#underWay]
      .filter(([, { msg, isControl }]) => msg._msgid === messageId && !isControl)
      .map(([taking]) => taking);
  }

  async #control(life: Life, action: Action, input: Input): Promise<void> {
    const { msg } = input;
    const { RED, idsOf } = this.#options;
    try {
      const around = { connections: action === 'cancel' ? everyConnection(RED) : [], idsOf };
      const { status, cancelled } = await control(connectionIn(life), action, msg.id, around);
      msg.payload = status;
      if (cancelled !== undefined) msg.cancelled = cancelled;
    } catch (error) {
      if (!isStopped(error) || this.#isNow(life)) throw error;
      await this.#whenLive();
      return this.#take(input);
    }
    input.send([msg, null]);
    input.done();
  }

  #begin(node: Node, def: SmppSendDef): Life {
    const { RED } = this.#options;
    const connection = connectionOf(RED, node, def.connection);
    // Also without a connection: one that is gone may have had SMS of this node's.
    const leaveDesk = resultDeskOf(RED.events).add(this.#settled, node);
    const life = { node, connection, leaveDesk };
    const words = new FormWords((field) => RED._(`smpp-send.label.${field}`));
    if (connection === undefined) return { ...life, problem: words.ofSettings(noConnection()) };
    try {
      const form = readForm(new FormReader(formOf(RED, node, def), environmentOf(RED, node)));
      const reader = new RequestReader({ RED, node, form, settings: connection.sms, words });
      return { ...life, reader, activity: connection.join(node, 'send') };
    } catch (error) {
      const problem = words.ofSettings(error);
      node.error(problem.message);
      showProblem(RED, node, 'settings', connection);
      return { ...life, problem };
    }
  }

  #leave(): void {
    const { node, connection, leaveDesk } = this.#life;
    leaveDesk();
    connection?.leave(node);
  }

  #isNow(life: object | undefined): boolean {
    return this.#state === 'live' && life === this.#life;
  }

  /** Rejects with SMPP_STOPPED when nothing comes any more. */
  #whenLive(): Promise<void> {
    if (this.#state === 'live') return Promise.resolve();
    if (this.#state === 'over') return Promise.reject(stopped());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async #gatewayNow(): Promise<{ readonly life: Life; readonly gateway: Gateway }> {
    for (;;) {
      await this.#whenLive();
      const life = this.#life;
      try {
        const gateway = await connectionIn(life).gateway();
        if (this.#isNow(life)) return { life, gateway };
      } catch (error) {
        if (this.#isNow(life)) throw error;
      }
    }
  }

  /** What nobody here waits for came in before a restart, or could not arrive the first time. */
  readonly #settled = (result: SubmitResult, key: string, isVolatile: boolean): void => {
    if (isVolatile) this.#noteOnItsWay();
    if (!this.#submissions.settled(key, result)) this.node.send(recoveredOutputs(result));
    if (result.outcome === 'accepted' && result.repeated === undefined)
      this.#life.activity?.note('sent', result.settledAt);
  };

  /** Node-RED delivers what is sent a turn later, and drops it when the next node has closed by then. */
  #noteOnItsWay(): void {
    if (this.#onTheirWay === 0) setImmediate(() => setImmediate(this.#arrived));
    this.#onTheirWay += 1;
  }

  readonly #arrived = (): void => {
    this.#onTheirWay = 0;
  };
}

/** @throws SMPP_OPTIONS */
function connectionIn({ connection, problem }: Life): Connection {
  if (connection !== undefined) return connection;
  throw problem ?? noConnection();
}

/** @throws SMPP_OPTIONS */
function readerIn({ reader, problem }: Life): RequestReader {
  if (reader !== undefined) return reader;
  throw problem ?? noConnection();
}

function refuse(input: Input, error: unknown): void {
  input.done(asSmppError(error, 'SMPP_MESSAGE'));
}

function stopped(): SmppError {
  const message =
    'the node was stopped before the gateway had this message: nothing was sent; give it to the node again';
  return new SmppError('SMPP_STOPPED', message);
}

function lostOnTheirWay(count: number): string {
  return `${count} results were on their way as Node-RED stopped, and the connection keeps them in memory only: they are lost with it`;
}

/** Of what is in memory, which ends with the process. */
function lost(): SmppError {
  const message =
    'Node-RED was stopped before the SMS was settled, and the connection keeps its queue in memory only: it may have been ' +
    'sent or not; storage on disk keeps it over a restart';
  return new SmppError('SMPP_STOPPED', message);
}
