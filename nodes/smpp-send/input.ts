/**
 * One msg in, until its outcome is told: once, and by the node that has its sender's id by then.
 *
 * Node-RED has no public way for a node to be done with a msg that another node was given: `_complete` is what the `done`
 * of an input calls.
 */
import type { Node, NodeMessageInFlow } from 'node-red';
import type { SmppError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { Connection } from '../shared/connection.js';
import type { Outputs } from './outputs.js';
import type { Reply } from './submissions.js';

/** A node's time with the sender, as far as it is the msg's. */
export interface InputLife {
  readonly connection: Pick<Connection, 'isVolatile'> | undefined;
}

type Done = (error?: Error) => void;

type CompletingNode = Node & { readonly _complete?: (msg: NodeMessageInFlow, error?: Error) => void };

/** Whose msgs they are. */
export interface Outlet {
  /** The last node with the id. */
  readonly node: Node;
  /** Since when that is there. */
  readonly life: InputLife;
  /** `open` the flows run · `waiting` they are being replaced · `over` nothing reaches a flow any more. */
  readonly standing: 'open' | 'waiting' | 'over';
  /** The error as the msg's author knows what is wrong. */
  explain(error: SmppError, msg: NodeMessageInFlow): SmppError;
  /** A Catch node was just given the error. */
  told(input: Input, error: SmppError): void;
  /** Calls back when it is `waiting` no more. */
  postpone(run: () => void): void;
  gatewayAfter(error: unknown, input: Input): Promise<Gateway>;
}

export class Input implements Reply {
  readonly msg: NodeMessageInFlow;
  /** In which its gateway was chosen. */
  life: InputLife | undefined;
  isHandedOver = false;
  /** It is no SMS. */
  isControl = false;
  readonly #outlet: Outlet;
  readonly #node: Node;
  readonly #send: (outputs: Outputs) => void;
  readonly #done: Done;
  #isOver = false;

  constructor(outlet: Outlet, msg: NodeMessageInFlow, send: (outputs: Outputs) => void, done: Done) {
    this.#outlet = outlet;
    this.#node = outlet.node;
    this.msg = msg;
    this.#send = send;
    this.#done = done;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isOutlived(): boolean {
    return this.life !== this.#outlet.life;
  }

  get isVolatile(): boolean {
    return this.life?.connection?.isVolatile === true;
  }

  send(outputs: Outputs): void {
    const { node } = this.#outlet;
    if (node === this.#node) this.#send(outputs);
    else node.send(outputs);
  }

  /** What is told after the first time is not heard. */
  done(error?: SmppError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (error === undefined) this.#complete();
    else this.fail(this.#outlet.explain(error, this.msg));
  }

  gatewayAfter(error: unknown): Promise<Gateway> {
    return this.#outlet.gatewayAfter(error, this);
  }

  /** A Catch node that is being replaced would take the error, and tell nobody. */
  fail(error: SmppError): void {
    const { standing } = this.#outlet;
    if (standing === 'waiting') this.#outlet.postpone(() => this.fail(error));
    else if (standing === 'over') this.log(error);
    else this.#hand(error);
  }

  log({ code, message }: SmppError): void {
    this.#outlet.node.error(`${message} (${code}, msg ${this.msg._msgid})`);
  }

  /** A Catch node gets a copy of the msg; one that cannot be copied must not end Node-RED. */
  #hand(error: SmppError): void {
    try {
      this.#complete(error);
      this.#outlet.told(this, error);
    } catch {
      this.log(error);
    }
  }

  #complete(error?: SmppError): void {
    const node: CompletingNode = this.#outlet.node;
    if (node === this.#node) {
      this.#done(error);
      return;
    }
    if (node._complete !== undefined) node._complete(this.msg, error);
    else if (error !== undefined) node.error(error, this.msg);
  }
}
