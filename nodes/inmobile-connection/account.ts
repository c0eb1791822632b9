/**
 * The life of one connection's gateway: started with the first user, stopped with the last.
 *
 *   idle ──join──▶ starting ──▶ running ──last leave, disconnect, close──▶ stopping ──▶ idle
 *                     │ failed: tried again
 *
 * Starts and stops never overlap. Nodes leave before a deploy and join during it, so who is left is judged when
 * the flows run again: editing the only smpp-send node keeps the connection, and so does a deploy that replaces
 * the connection node itself by one of the same settings (`parked-accounts.ts`).
 */
import { isDeepStrictEqual } from 'node:util';
import type { Node, NodeStatus } from 'node-red';
import { systemClock, type Millis } from '../../lib/clock.js';
import { asSmppError, SmppError } from '../../lib/errors.js';
import type { Gateway, GatewayOptions } from '../../lib/gateway.js';
import type { GatewayStatus, QueuedSms, SubmitResult } from '../../lib/message.js';
import type { Connection, Direction } from '../shared/connection.js';
import type { FlowGate } from '../shared/flow-gate.js';
import { nodeStatus, problemStatus, waitingCount, type Translate } from '../shared/status.js';
import type { SimulatorHandle, Watched } from '../sidebar/desk.js';
import { Timeline } from '../sidebar/timeline.js';
import { EventFeed } from './event-feed.js';
import { MisplacedUsers } from './misplaced-users.js';
import type { Parked } from './parked-accounts.js';
import type { ConnectionSettings } from './read-options.js';
import type { ResultDesk } from './result-desk.js';
import { StatusLine } from './status-line.js';

/** A store that could not be opened may be held by a process that is about to end. */
const START_AGAIN_MS = 10_000;

/** States that are shown with a time that passes. */
const TELLS_TIME: ReadonlySet<GatewayStatus['state']> = new Set(['retrying', 'disconnected']);

export type Log = Required<GatewayOptions>['log'];

export interface RunningParts {
  /** Not started. It outlasts its stops: what it keeps in memory is there when it starts again. */
  readonly gateway: Gateway;
  /** The gateway's peer, when that is simulated. */
  readonly simulator?: SimulatorHandle;
  /** Ends what was made beside it. */
  readonly dispose: () => Promise<void>;
}

/** A connection node: its `users` are the nodes that Status and Catch nodes follow. */
export type AccountNode = Node & { readonly users: Record<string, Node> };

export interface AccountOptions {
  readonly settings: ConnectionSettings;
  readonly makeParts: (settings: ConnectionSettings, log: Log) => RunningParts;
  readonly gate: FlowGate;
  readonly results: ResultDesk;
  readonly translate: Translate;
  readonly node: AccountNode;
  /** It does not start before this has resolved: its store may still be another's. */
  readonly after: Promise<void>;
}

export class Account implements Connection, Parked, Watched {
  readonly feed: EventFeed;
  readonly timeline = new Timeline(systemClock);
  readonly #options: Pick<AccountOptions, 'gate' | 'translate'>;
  readonly #parts: RunningParts;
  readonly #statusLine: StatusLine;
  readonly #unwatch: () => void;
  #settings: ConnectionSettings;
  /** The present one: a deploy may replace it. */
  #node: AccountNode;
  readonly #misplaced: MisplacedUsers;
  /** Nodes made since the flows last ran: no Status node has heard of theirs. */
  #newcomers: Node[] = [];
  #isRunning = false;
  #isStarting = false;
  #isDisconnected = false;
  #isClosed = false;
  #startError: SmppError | undefined;
  #cancelRestart: (() => void) | undefined;
  #work: Promise<void>;
  /** Starts, stops, and what they wait for, that are not over. */
  #worksAhead = 1;
  #waitingSince: Millis | undefined;

  constructor({ settings, makeParts, gate, results, translate, node, after }: AccountOptions) {
    this.#options = { gate, translate };
    this.#misplaced = new MisplacedUsers(translate);
    this.#settings = settings;
    this.#node = node;
    this.#work = after.then(() => {
      this.#worksAhead -= 1;
    });
    this.#parts = makeParts(settings, (level, line) => this.#log(level, line));
    this.feed = new EventFeed({
      gate,
      results,
      onFailure: (error) => this.#log('error', asSmppError(error, 'SMPP_PROTOCOL').message),
      onUnclaimed: (result) => this.#log('warn', unclaimed(result)),
    });
    this.#statusLine = new StatusLine(
      { read: () => this.#readStatus(), show: (status) => this.#showStatus(status) },
      systemClock,
    );
    const unwatchGate = gate.watch(() => this.#flowsTurned());
    const unwatchStatus = this.#parts.gateway.onStatus((status) => {
      this.timeline.note(status);
      this.#statusLine.changed();
    });
    this.#unwatch = () => {
      unwatchGate();
      unwatchStatus();
    };
  }

  get sms(): Connection['sms'] {
    return this.#settings.sms;
  }

  get simulator(): SimulatorHandle | undefined {
    return this.#parts.simulator;
  }

  get lacksStorage(): boolean {
    return this.#startError !== undefined && !this.#isRunning && this.#isWanted;
  }

  get waitingForMs(): Millis {
    return this.#waitingSince === undefined ? 0 : systemClock.now() - this.#waitingSince;
  }

  join(user: Node, needs: Direction): void {
    this.#node.users[user.id] = user;
    this.#misplaced.judge(user, needs, this.#settings);
    this.#showBelow(user);
    if (!this.#options.gate.isOpen) this.#newcomers.push(user);
    void this.#follow();
  }

  leave(user: Node): void {
    const { users } = this.#node;
    // A node that replaces another one has its id, and may have joined before the other left.
    if (users[user.id] === user) Reflect.deleteProperty(users, user.id);
    if (this.#options.gate.isOpen) void this.#follow();
  }

  get running(): Gateway | undefined {
    return this.#isRunning && this.#worksAhead === 0 ? this.#parts.gateway : undefined;
  }

  async gateway(): Promise<Gateway> {
    await this.#work;
    if (this.#isRunning) return this.#parts.gateway;
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
    return this.#parts.gateway.status();
  }

  queued(max: number): Promise<readonly QueuedSms[]> {
    return this.#parts.gateway.queued(max);
  }

  cancel(id: string): Promise<boolean> {
    return this.#parts.gateway.cancel(id);
  }

  /** Resolves when the gateway is stopped and its store is free for the next account. Never rejects. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unwatch();
    await this.#follow();
    this.feed.close();
    this.#statusLine.close();
    await this.#parts.dispose();
  }

  suits({ isSimulated, options }: ConnectionSettings): boolean {
    return isSimulated === this.#settings.isSimulated && isDeepStrictEqual(options, this.#settings.options);
  }

  /** Goes on with another connection node, of settings that suit. */
  moveTo(node: AccountNode, settings: ConnectionSettings): void {
    this.#node = node;
    this.#settings = settings;
    this.#isDisconnected = false;
    this.#newcomers.push(node);
  }

  async retire(successor?: ConnectionSettings): Promise<void> {
    const { storage } = this.#settings.options;
    const { alarm, normal, bulk } = this.status().queue;
    const count = alarm + normal + bulk;
    const isKept = storage?.kind === 'disk';
    const isInherited = isKept && isDeepStrictEqual(storage, successor?.options.storage);
    if (count > 0 && !isInherited) {
      const fate = isKept ? `stay in ${storage.directory} until a connection uses it` : 'are lost with it';
      this.#log('warn', `the connection has ended with ${count} SMS in its queue; they ${fate}`);
    }
    await this.close();
  }

  get #isWanted(): boolean {
    const hasUsers = Object.keys(this.#node.users).length > 0;
    // While flows are replaced those who have left may come again.
    const isUsed = hasUsers || (this.#isRunning && !this.#options.gate.isOpen);
    return isUsed && !this.#isDisconnected && !this.#isClosed;
  }

  #flowsTurned(): void {
    if (!this.#options.gate.isOpen) return;
    for (const node of this.#newcomers.splice(0)) this.#showBelow(node);
    void this.#follow();
  }

  /** Brings the gateway into the state that is wanted when its turn has come. Never rejects. */
  #follow(): Promise<void> {
    this.#cancelRestart?.();
    this.#worksAhead += 1;
    // A start may wait long, for another's lock or for a disk, and nobody waits for it any more.
    if (this.#isStarting && !this.#isWanted) this.#parts.gateway.stop().catch(() => undefined);
    this.#work = this.#work.then(async () => {
      if (this.#isWanted !== this.#isRunning) await (this.#isWanted ? this.#start() : this.#stop());
      this.#statusLine.changed();
      this.#worksAhead -= 1;
    });
    return this.#work;
  }

  async #start(): Promise<void> {
    const { gateway } = this.#parts;
    try {
      this.#isStarting = true;
      await gateway.start();
      this.#isRunning = true;
      this.#startError = undefined;
      this.feed.attach(gateway);
    } catch (thrown) {
      const error = asSmppError(thrown, 'SMPP_STORAGE');
      if (error.code === 'SMPP_STOPPED') return; // by us
      // Said once: the attempts after it are silent until something else goes wrong.
      if (this.#startError?.message !== error.message) this.#log('error', error.message);
      this.#startError = error;
      this.#cancelRestart = systemClock.after(START_AGAIN_MS, () => void this.#follow());
    } finally {
      this.#isStarting = false;
    }
  }

  async #stop(): Promise<void> {
    this.#isRunning = false;
    if (Object.keys(this.#node.users).length > 0) this.feed.ending();
    else this.feed.attach(undefined); // what still comes is for users to come
    try {
      await this.#parts.gateway.stop();
    } catch (error) {
      this.#log('error', asSmppError(error, 'SMPP_STORAGE').message);
    }
    this.feed.attach(undefined);
  }

  #readStatus(): { status: NodeStatus; changesByItself: boolean } {
    const { translate } = this.#options;
    const { isSimulated } = this.#settings;
    if (this.lacksStorage) {
      return { status: problemStatus('storage', { isSimulated, translate }), changesByItself: false };
    }
    const status = this.status();
    // While it is stopped nothing is waited for, and nothing to be shown changes.
    if (status.state === 'stopped' || waitingCount(status) === 0) this.#waitingSince = undefined;
    else this.#waitingSince ??= systemClock.now();
    const now = systemClock.wall();
    const { waitingForMs } = this;
    return {
      status: nodeStatus(status, { now, waitingForMs, isSimulated, translate }),
      changesByItself: TELLS_TIME.has(status.state) || this.#waitingSince !== undefined,
    };
  }

  #showStatus(status: NodeStatus): void {
    const users = Object.values(this.#node.users).filter(
      (user) => this.#misplaced.statusOf(user) === undefined,
    );
    for (const node of [...users, this.#node]) node.status(status);
  }

  #showBelow(node: Node): void {
    node.status(this.#misplaced.statusOf(node) ?? this.#statusLine.shown);
  }

  #log(level: 'info' | 'warn' | 'error', line: string): void {
    if (level === 'info') this.#node.log(line);
    else if (level === 'warn') this.#node.warn(line);
    else this.#node.error(line);
  }
}

function unclaimed({ id, outcome }: SubmitResult): string {
  return `the smpp-send node of SMS ${id} is gone; the result of the SMS: ${outcome}`;
}
