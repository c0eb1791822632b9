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
import type { Node } from 'node-red';
import { systemClock, type Millis } from '../../lib/clock.js';
import { asSmppError, SmppError } from '../../lib/errors.js';
import { storageTrouble, type Gateway, type GatewayOptions } from '../../lib/gateway.js';
import type { GatewayStatus, QueuedSms } from '../../lib/message.js';
import type { Activity, Connection, Direction } from '../shared/connection.js';
import type { FlowGate } from '../shared/flow-gate.js';
import type { Translate } from '../shared/status.js';
import type { SimulatorHandle, Watched } from '../sidebar/desk.js';
import { Timeline } from '../sidebar/timeline.js';
import { EventFeed } from './event-feed.js';
import type { Parked } from './parked-accounts.js';
import type { ConnectionSettings } from './read-options.js';
import type { ResultDesk } from './result-desk.js';
import { StatusBoard, type ReportingNode } from './status-board.js';
import { UnclaimedResults } from './unclaimed-results.js';

/** A store that could not be opened may be held by a process that is about to end. */
const START_AGAIN_MS = 10_000;

export type Log = Required<GatewayOptions>['log'];

export interface RunningParts {
  /** Not started. It outlasts its stops: what it keeps in memory is there when it starts again. */
  readonly gateway: Gateway;
  /** The gateway's peer, when that is simulated. */
  readonly simulator?: SimulatorHandle;
  /** Ends what was made beside it. */
  readonly dispose: () => Promise<void>;
}

export interface AccountOptions {
  readonly settings: ConnectionSettings;
  readonly makeParts: (settings: ConnectionSettings, log: Log) => RunningParts;
  readonly gate: FlowGate;
  readonly results: ResultDesk;
  readonly translate: Translate;
  readonly node: ReportingNode;
  /** It does not start before this has resolved: its store may still be another's. */
  readonly after: Promise<void>;
}

export class Account implements Connection, Parked, Watched {
  readonly feed: EventFeed;
  readonly timeline = new Timeline(systemClock);
  readonly #gate: FlowGate;
  readonly #parts: RunningParts;
  readonly #board: StatusBoard;
  readonly #unclaimed = new UnclaimedResults((line) => this.#log('warn', line));
  readonly #unwatch: () => void;
  #settings: ConnectionSettings;
  /** The present one: a deploy may replace it. */
  #node: ReportingNode;
  /** By id. */
  readonly #users = new Map<string, Node>();
  #isRunning = false;
  #isStarting = false;
  /** The stop of a start that nobody wants any more: until then its store may be its own. */
  #interrupting: Promise<void> | undefined;
  #isDisconnected = false;
  #isClosed = false;
  #startError: SmppError | undefined;
  #cancelRestart: (() => void) | undefined;
  #work: Promise<void>;
  /** Starts, stops, and what they wait for, that are not over. */
  #worksAhead = 1;

  constructor({ settings, makeParts, gate, results, translate, node, after }: AccountOptions) {
    this.#gate = gate;
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
      onUnclaimed: (result) => this.#unclaimed.note(result),
    });
    this.#board = new StatusBoard({ node, settings, gate, translate, read: () => this.status() });
    const unwatchGate = gate.watch(() => this.#flowsTurned());
    const unwatchStatus = this.#parts.gateway.onStatus((status) => {
      this.timeline.note(status);
      this.#board.changed();
    });
    this.#unwatch = () => {
      unwatchGate();
      unwatchStatus();
    };
  }

  get sms(): Connection['sms'] {
    return this.#settings.sms;
  }

  get isSimulated(): boolean {
    return this.#settings.isSimulated;
  }

  get isVolatile(): boolean {
    return this.#settings.options.storage?.kind === 'memory';
  }

  get simulator(): SimulatorHandle | undefined {
    return this.#parts.simulator;
  }

  get waitingForMs(): Millis {
    return this.#board.waitingForMs;
  }

  join(user: Node, needs: Direction): Activity {
    this.#users.set(user.id, user);
    const activity = this.#board.join(user, needs);
    void this.#follow();
    return activity;
  }

  leave(user: Node): void {
    // A node that replaces another one has its id, and may have joined before the other left.
    if (this.#users.get(user.id) === user) this.#users.delete(user.id);
    this.#board.leave(user);
    if (this.#gate.isOpen) void this.#follow();
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

  /** A gateway that does not run yet says no more than that. */
  status(): GatewayStatus {
    const status = this.#parts.gateway.status();
    if (status.state !== 'stopped' || !this.#isWanted) return status;
    const error = this.#startError;
    return error === undefined
      ? { ...status, state: 'connecting' }
      : { ...status, error: storageTrouble(error) };
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
    this.#unclaimed.flush();
    this.#board.close();
    await this.#parts.dispose();
  }

  suits({ isSimulated, options }: ConnectionSettings): boolean {
    return isSimulated === this.#settings.isSimulated && isDeepStrictEqual(options, this.#settings.options);
  }

  /** Goes on with another connection node, of settings that suit. */
  moveTo(node: ReportingNode, settings: ConnectionSettings): void {
    this.#node = node;
    this.#settings = settings;
    this.#isDisconnected = false;
    this.#board.moveTo(node, settings);
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
    const hasUsers = this.#users.size > 0;
    // While flows are replaced those who have left may come again.
    const isUsed = hasUsers || (this.#isRunning && !this.#gate.isOpen);
    return isUsed && !this.#isDisconnected && !this.#isClosed;
  }

  #flowsTurned(): void {
    if (!this.#gate.isOpen) return;
    void this.#follow();
  }

  /** Brings the gateway into the state that is wanted when its turn has come. Never rejects. */
  #follow(): Promise<void> {
    this.#cancelRestart?.();
    this.#worksAhead += 1;
    // A start may wait long, for another's lock or for a disk, and nobody waits for it any more.
    if (this.#isStarting && !this.#isWanted)
      this.#interrupting = this.#parts.gateway.stop().catch(() => undefined);
    this.#work = this.#work.then(async () => {
      await this.#interrupting;
      if (this.#isWanted !== this.#isRunning) await (this.#isWanted ? this.#start() : this.#stop());
      this.#board.changed();
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
    if (this.#users.size > 0) this.feed.ending();
    else this.feed.attach(undefined); // what still comes is for users to come
    try {
      await this.#parts.gateway.stop();
    } catch (error) {
      this.#log('error', asSmppError(error, 'SMPP_STORAGE').message);
    }
    this.feed.attach(undefined);
  }

  #log(level: 'info' | 'warn' | 'error', line: string): void {
    if (level === 'info') this.#node.log(line);
    else if (level === 'warn') this.#node.warn(line);
    else this.#node.error(line);
  }
}
