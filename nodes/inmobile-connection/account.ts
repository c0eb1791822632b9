/**
 * The life of one connection node's gateway: started with the first user, stopped with the last.
 *
 *   idle ──join──▶ starting ──▶ running ──last leave, disconnect, close──▶ stopping ──▶ idle
 *                     │ failed: tried again
 *
 * Starts and stops never overlap. Nodes leave before a deploy and join during it, so who is left is judged when
 * the flows run again: editing the only smpp-send node keeps the connection (node-red.md: deploy behaviour).
 */
import type { Node, NodeStatus } from 'node-red';
import { systemClock } from '../../lib/clock.js';
import { asSmppError, SmppError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { GatewayStatus } from '../../lib/message.js';
import type { Connection } from '../shared/connection.js';
import type { FlowGate } from '../shared/flow-gate.js';
import { nodeStatus, problemStatus, waitingCount, type Translate } from '../shared/status.js';
import { EventFeed } from './event-feed.js';
import type { ConnectionSettings } from './read-options.js';
import { StatusLine } from './status-line.js';

/** A store that could not be opened may be held by a process that is about to end. */
const START_AGAIN_MS = 10_000;

export interface AccountOptions {
  readonly settings: Pick<ConnectionSettings, 'isSimulated' | 'defaultCountry'>;
  /** Not started. It outlasts its stops: what it keeps in memory is there when it starts again. */
  readonly gateway: Gateway;
  readonly gate: FlowGate;
  readonly translate: Translate;
  /** The connection node itself: its `users` are the nodes that Status and Catch nodes follow. */
  readonly node: Node & { readonly users: Record<string, Node> };
}

export class Account implements Connection {
  readonly feed: EventFeed;
  readonly #options: AccountOptions;
  readonly #statusLine: StatusLine;
  readonly #unwatch: () => void;
  #isRunning = false;
  #isDisconnected = false;
  #isClosed = false;
  #startError: SmppError | undefined;
  #cancelRestart: (() => void) | undefined;
  #work: Promise<void> = Promise.resolve();
  #waitingSince: number | undefined;

  constructor(options: AccountOptions) {
    const { gate, gateway, node } = options;
    this.#options = options;
    this.feed = new EventFeed(gate, (error) => node.error(asSmppError(error, 'SMPP_PROTOCOL').message));
    this.#statusLine = new StatusLine(
      { read: () => this.#readStatus(), show: (status) => this.#showStatus(status) },
      systemClock,
    );
    const unwatchGate = gate.watch(() => {
      if (gate.isOpen) void this.#follow();
    });
    const unwatchStatus = gateway.onStatus(() => this.#statusLine.changed());
    this.#unwatch = () => {
      unwatchGate();
      unwatchStatus();
    };
  }

  get defaultCountry(): Connection['defaultCountry'] {
    return this.#options.settings.defaultCountry;
  }

  join(user: Node): void {
    this.#options.node.users[user.id] = user;
    user.status(this.#statusLine.shown);
    void this.#follow();
  }

  leave(user: Node): void {
    const { users } = this.#options.node;
    // A node that replaces another one has its id, and may have joined before the other left.
    if (users[user.id] === user) Reflect.deleteProperty(users, user.id);
    if (this.#options.gate.isOpen) void this.#follow();
  }

  async gateway(): Promise<Gateway> {
    await this.#work;
    if (this.#isRunning) return this.#options.gateway;
    throw this.#startError ?? new SmppError('SMPP_STOPPED', 'the connection is stopped: connect it first');
  }

  async connect(): Promise<void> {
    this.#isDisconnected = false;
    await this.#follow();
  }

  async disconnect(): Promise<void> {
    this.#isDisconnected = true;
    await this.#follow();
  }

  status(): GatewayStatus {
    return this.#options.gateway.status();
  }

  /** Resolves when the gateway is stopped and its store is free for the next connection node. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unwatch();
    await this.#follow();
    this.feed.close();
    this.#statusLine.close();
  }

  get #isWanted(): boolean {
    const hasUsers = Object.keys(this.#options.node.users).length > 0;
    return hasUsers && !this.#isDisconnected && !this.#isClosed;
  }

  /** Brings the gateway into the state that is wanted when its turn has come. Never rejects. */
  #follow(): Promise<void> {
    this.#cancelRestart?.();
    this.#work = this.#work.then(async () => {
      if (this.#isWanted === this.#isRunning) return;
      await (this.#isWanted ? this.#start() : this.#stop());
      this.#statusLine.changed();
    });
    return this.#work;
  }

  async #start(): Promise<void> {
    const { gateway, node } = this.#options;
    try {
      await gateway.start();
      this.#isRunning = true;
      this.#startError = undefined;
      this.feed.attach(gateway);
    } catch (thrown) {
      const error = asSmppError(thrown, 'SMPP_STORAGE');
      // Said once: the attempts after it are silent until something else goes wrong.
      if (this.#startError?.message !== error.message) node.error(error.message);
      this.#startError = error;
      this.#cancelRestart = systemClock.after(START_AGAIN_MS, () => void this.#follow());
    }
  }

  async #stop(): Promise<void> {
    const { gateway, node } = this.#options;
    this.#isRunning = false;
    this.feed.attach(undefined);
    try {
      await gateway.stop();
    } catch (error) {
      node.error(asSmppError(error, 'SMPP_STORAGE').message);
    }
  }

  #readStatus(): { status: NodeStatus; changesByItself: boolean } {
    const { settings, translate } = this.#options;
    if (this.#startError !== undefined && !this.#isRunning && this.#isWanted) {
      return { status: problemStatus('storage', translate), changesByItself: false };
    }
    const status = this.status();
    const now = systemClock.wall();
    if (waitingCount(status) === 0) this.#waitingSince = undefined;
    else this.#waitingSince ??= now;
    const waitingForMs = this.#waitingSince === undefined ? 0 : now - this.#waitingSince;
    return {
      status: nodeStatus(status, { now, waitingForMs, isSimulated: settings.isSimulated, translate }),
      changesByItself: status.state === 'retrying' || this.#waitingSince !== undefined,
    };
  }

  #showStatus(status: NodeStatus): void {
    const { node } = this.#options;
    for (const user of Object.values(node.users)) user.status(status);
    node.status(status);
  }
}
