/**
 * The life of one connection's gateway: started with the first user, stopped when it has none and nothing waits.
 *
 *   idle ──join, a queue is found──▶ starting ──▶ running ──last leave, disconnect, close──▶ stopping ──▶ idle
 *                                       │ failed: tried again
 *
 * Starts and stops never overlap. Nodes leave before a deploy and join during it, so who is left is judged when
 * the flows run again: editing the only smpp-send node keeps the connection, and so does a deploy that replaces
 * the connection node itself by one of the same settings (`parked-accounts.ts`). What was taken in is sent also when
 * the nodes that it came from use another connection by now, or none.
 */
import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Node } from 'node-red';
import { systemClock, type Millis } from '../../lib/clock.js';
import { asSmppError, SmppError } from '../../lib/errors.js';
import { isSameAccount, storageTrouble, type Gateway, type GatewayOptions } from '../../lib/gateway.js';
import type { GatewayStatus, QueuedSms } from '../../lib/message.js';
import type { Activity, Connection, Direction } from '../shared/connection.js';
import type { FlowGate } from '../shared/flow-gate.js';
import type { ResultDesk } from '../shared/result-desk.js';
import type { Translate } from '../shared/status.js';
import type { SimulatorHandle, Watched } from '../sidebar/desk.js';
import { Timeline } from '../sidebar/timeline.js';
import { EventFeed } from './event-feed.js';
import type { Parked } from './parked-accounts.js';
import { recoveredIdsOf } from './recovered-ids.js';
import { folderOf, type ConnectionSettings } from './read-options.js';
import type { SimulatorControls } from './simulator-controls.js';
import { StatusBoard, type ReportingNode } from './status-board.js';
import { UnclaimedResults } from './unclaimed-results.js';

/** A store that could not be opened may be held by a process that is about to end. */
const START_AGAIN_MS = 10_000;

export type Log = Required<GatewayOptions>['log'];

export interface RunningParts {
  /** Not started. It outlasts its stops: what it keeps in memory is there when it starts again. */
  readonly gateway: Gateway;
  /** The gateway's peer, when that is simulated. */
  readonly simulator?: SimulatorControls;
}

export interface AccountOptions {
  readonly settings: ConnectionSettings;
  /** @param before of the account that it takes over from; without its gateway where it is not to have its SMS */
  readonly makeParts: (
    settings: ConnectionSettings,
    log: Log,
    isInUse: (folder: string) => boolean,
    before?: Partial<RunningParts>,
  ) => RunningParts;
  /** The account of this node before its settings were edited. */
  readonly predecessor?: Account | undefined;
  readonly gate: FlowGate;
  readonly results: ResultDesk;
  readonly translate: Translate;
  readonly node: ReportingNode;
  /** It does not start before this has resolved: its store may still be another's. */
  readonly after: Promise<void>;
  /** Whether a connection that is there by now has its store in the folder. */
  readonly isInUse: (folder: string) => boolean;
  /** Whether another connection, which nodes use, logs in to the same account. */
  readonly hasTwin: (account: Account) => boolean;
  /** Of the settings only the store is known: whose SMS it has is not. */
  readonly isKeeperOnly?: boolean;
}

export class Account implements Connection, Parked, Watched {
  readonly feed: EventFeed;
  readonly users = new Map<string, Node>();
  readonly timeline = new Timeline(systemClock);
  readonly #gate: FlowGate;
  readonly #isInUse: AccountOptions['isInUse'];
  readonly #hasTwin: AccountOptions['hasTwin'];
  #parts: RunningParts;
  /** The account that goes on with what it has. */
  #successor: Account | undefined;
  /** What that has is to come here, from memory or another folder; undefined once it has. */
  #predecessor: Account | undefined;
  readonly #board: StatusBoard;
  readonly #unclaimed = new UnclaimedResults((line) => this.#log('warn', line));
  readonly #unwatch: () => void;
  #settings: ConnectionSettings;
  /** The present one: a deploy may replace it. */
  #node: ReportingNode;
  /** Those who were users, and listen on. */
  readonly #guests = new Set<object>();
  #isRunning = false;
  #isStarting = false;
  /** Once: what the account before it had is in its store since. */
  #hasStarted = false;
  /** The stop of a start that nobody wants any more: until then its store may be its own. */
  #interrupting: Promise<void> | undefined;
  #isLooking = false;
  #isDisconnected = false;
  /** Only a gateway that starts tries a refused login at once. */
  #isToConnectAnew = false;
  #isClosed = false;
  /** Why it does nothing until somebody sets its connection right. */
  #problem: SmppError | undefined;
  #hasToldProblem = false;
  readonly #isKeeperOnly: boolean;
  /** Those who have no node to take them are told in the log: none is to come. */
  #isAbandoned = false;
  /** The account before it was of the same account of the gateway's, and its login was taken. */
  readonly #wasBoundBefore: boolean;
  /** What waits in its store is known; without a user that is looked for. */
  #isQueueKnown: boolean;
  #hasToldWhy = false;
  #startError: SmppError | undefined;
  #cancelRestart: (() => void) | undefined;
  #work: Promise<void>;
  /** Starts, stops, and what they wait for, that are not over. */
  #worksAhead = 1;

  constructor(options: AccountOptions) {
    const { settings, makeParts, gate, results, translate, node, after, predecessor } = options;
    this.#gate = gate;
    this.#isKeeperOnly = options.isKeeperOnly === true;
    this.#isInUse = options.isInUse;
    this.#hasTwin = options.hasTwin;
    this.#settings = settings;
    this.#node = node;
    this.#work = after.then(() => {
      this.#worksAhead -= 1;
    });
    this.#wasBoundBefore = predecessor?.wasBound === true && predecessor.isOfSameAccount(settings);
    const log: Log = (level, line) => this.#log(level, line);
    this.#parts = makeParts(settings, log, options.isInUse, this.#partsOf(predecessor));
    const { folder } = this;
    const mayHold = [folder, settings.note?.file].some((each) => each !== undefined && existsSync(each));
    this.#isQueueKnown = predecessor === undefined && !mayHold;
    this.feed = new EventFeed({
      gate,
      results,
      onFailure: (error) => this.#log('error', asSmppError(error, 'SMPP_PROTOCOL').message),
      onUnclaimed: (result, stays) =>
        stays ? this.#unclaimed.noteOnce(result) : this.#unclaimed.note(result),
      isUsed: () => this.users.size > 0 || this.#isAbandoned,
      isVolatile: () => this.isVolatile,
    });
    const before = predecessor && predecessor.#board;
    this.#board = new StatusBoard({ node, settings, gate, translate, before, read: () => this.status() });
    const unwatchGate = gate.watch(() => this.#flowsTurned());
    const unwatchStatus = this.#parts.gateway.onStatus((status) => {
      this.timeline.note(status);
      this.#board.changed();
      // Without users it runs for what waits.
      if (this.#isRunning && !this.#isWanted) void this.#follow();
    });
    this.#unwatch = () => {
      unwatchGate();
      unwatchStatus();
    };
  }

  /** What of it is to be ours. Of another account, storage on disk is not: it is left in its folder. */
  #partsOf(predecessor: Account | undefined): Partial<RunningParts> | undefined {
    if (predecessor === undefined) return undefined;
    const { gateway, simulator } = predecessor.#parts;
    if (predecessor.folder !== undefined && !predecessor.isOfSameAccount(this.#settings))
      return simulator && { simulator };
    predecessor.#successor = this;
    const isInPlace = this.folder !== undefined && this.folder === predecessor.folder;
    this.#predecessor = isInPlace ? predecessor.#predecessor : predecessor;
    return { gateway, ...(simulator && { simulator }) };
  }

  get sms(): Connection['sms'] {
    return this.#problem === undefined ? this.#settings.sms : undefined;
  }

  get isSimulated(): boolean {
    return this.#settings.isSimulated;
  }

  get isVolatile(): boolean {
    return this.#holder.folder === undefined;
  }

  /** The account that has by now what this one took in. */
  get #holder(): Account {
    if (this.#successor === undefined) return this;
    const holder = this.#successor.#holder;
    return holder.#hasStarted ? holder : this;
  }

  get simulator(): SimulatorHandle | undefined {
    return this.#parts.simulator;
  }

  /** Of its store; undefined when that is in memory. */
  get folder(): string | undefined {
    return folderOf(this.#settings);
  }

  /** The gateway has taken its login, so it is an account and no slip of the hand. */
  get wasBound(): boolean {
    return this.#wasBoundBefore || this.#parts.gateway.status().counters.binds > 0;
  }

  /** Whether its SMS may be sent with these settings: also when they correct what no login ever went by. */
  isOfSameAccount({ isSimulated, options }: ConnectionSettings): boolean {
    if (isSimulated !== this.#settings.isSimulated || this.#isKeeperOnly) return false;
    return isSimulated || !this.wasBound || isSameAccount(options, this.#settings.options);
  }

  /** Whether the gateway may deliver to this one what is for the other. Each simulator is a gateway of its own. */
  isTwinOf(other: Account): boolean {
    if (other === this || this.#problem !== undefined || this.isSimulated || other.isSimulated) return false;
    return isSameAccount(this.#settings.options, other.#settings.options);
  }

  get waitingForMs(): Millis {
    return this.#board.waitingForMs;
  }

  join(user: Node, needs: Direction): Activity {
    this.users.set(user.id, user);
    const activity = this.#board.join(user, needs);
    void this.#follow();
    return activity;
  }

  leave(user: Node): void {
    // A node that replaces another one has its id, and may have joined before the other left.
    if (this.users.get(user.id) === user) this.users.delete(user.id);
    this.#board.leave(user);
    if (this.#gate.isOpen) void this.#follow();
  }

  stay(): () => void {
    const guest = {};
    this.#guests.add(guest);
    void this.#follow();
    return () => {
      this.#guests.delete(guest);
      if (this.#gate.isOpen) void this.#follow();
    };
  }

  get running(): Gateway | undefined {
    return this.#isRunning && this.#worksAhead === 0 ? this.#parts.gateway : undefined;
  }

  async gateway(): Promise<Gateway> {
    if (this.#problem === undefined) await this.#work;
    this.#checkSettings();
    if (this.#isRunning) return this.#parts.gateway;
    throw this.#startError ?? new SmppError('SMPP_STOPPED', 'the connection is stopped: connect it first');
  }

  /** Also where the login was refused: whoever asks for it may have mended that, so it is tried without a wait. */
  async connect(): Promise<void> {
    this.#checkSettings();
    this.#isDisconnected = false;
    this.#isToConnectAnew = this.#isRunning && this.status().state === 'refused';
    await this.#follow();
  }

  async disconnect(): Promise<void> {
    this.#checkSettings();
    this.#isDisconnected = true;
    await this.#follow();
  }

  /** A gateway that does not run yet says no more than that. */
  status(): GatewayStatus {
    const status = this.#parts.gateway.status();
    if (this.#problem !== undefined) {
      const { code, message } = this.#problem;
      return { ...status, error: { code, message } };
    }
    if (status.state !== 'stopped' || !this.#isWanted) return status;
    const error = this.#startError;
    return error === undefined
      ? { ...status, state: 'connecting' }
      : { ...status, error: storageTrouble(error) };
  }

  queued(max: number): Promise<readonly QueuedSms[]> {
    return this.#parts.gateway.queued(max);
  }

  async cancel(id: string): Promise<boolean> {
    return (await this.#hasStore()) && this.#parts.gateway.cancel(id);
  }

  async recoveredIdsOf(messageId: string): Promise<readonly string[]> {
    if (!(await this.#hasStore())) return [];
    return recoveredIdsOf(this.#parts.gateway, messageId, this.#isRunning);
  }

  /** False when nothing was ever kept: to look into its store would make one. */
  async #hasStore(): Promise<boolean> {
    await this.#work;
    if (this.#isClosed) throw new SmppError('SMPP_STOPPED', 'the connection has ended');
    if (this.#startError !== undefined && this.#isWanted) throw this.#startError;
    return this.folder === undefined || existsSync(this.folder);
  }

  /** Its store may be free by now. */
  startAgain(): void {
    if (this.#startError !== undefined && this.#isWanted) void this.#follow();
  }

  /** Resolves when the gateway is stopped and its store is free for the next account; what is in memory waits for that. */
  async close(): Promise<void> {
    await this.#stopForGood();
    await this.#endSimulator();
  }

  /** As `close`, with the flows: nobody comes who goes on with what is in memory, or in a folder that was left. */
  async end(): Promise<void> {
    await this.close();
    const before = this.#predecessor;
    if (before === undefined) await this.#tellWhatIsLost();
    else if (before.isVolatile || this.folder === undefined) await before.#tellWhatEnds();
    else await this.#takeOver();
  }

  suits({ isSimulated, options }: ConnectionSettings): boolean {
    return (
      !this.#isKeeperOnly &&
      isSimulated === this.#settings.isSimulated &&
      isDeepStrictEqual(options, this.#settings.options)
    );
  }

  /** Goes on with another connection node, of settings that suit. */
  moveTo(node: ReportingNode, settings: ConnectionSettings): void {
    this.#node = node;
    this.#settings = settings;
    this.#isDisconnected = false;
    this.#problem = undefined;
    this.#hasToldProblem = false;
    this.#board.moveTo(node, settings);
  }

  /**
   * Goes on with another connection node, of wrong settings: it stops, and what it has waits for them to be set right.
   *
   * @param isSimulated as that node says
   */
  hold(node: ReportingNode, problem: SmppError, isSimulated: boolean): void {
    this.#node = node;
    this.#problem = problem;
    this.#board.moveTo(node, { ...this.#settings, isSimulated });
    void this.#follow();
  }

  #checkSettings(): void {
    if (this.#problem !== undefined) throw this.#problem;
  }

  async retire(successor?: ConnectionSettings): Promise<void> {
    const hasHeir = successor !== undefined && this.isOfSameAccount(successor);
    await this.#stopForGood();
    if (!hasHeir) await this.#leaveBehind(successor);
    if (successor?.isSimulated !== true) await this.#endSimulator();
  }

  async #leaveBehind(successor: ConnectionSettings | undefined): Promise<void> {
    await this.#takeOver();
    this.#tellWhatIsAwaited();
    if (this.folder === undefined)
      await this.#abandon(successor === undefined ? CONNECTION_GONE : OTHER_ACCOUNT);
    else this.#tellWhatStays();
  }

  /** What the account before it has is still to come here: nobody else comes for it. */
  async #takeOver(): Promise<void> {
    const before = this.#predecessor;
    if (before === undefined) return;
    try {
      await this.#parts.gateway.countQueued();
      this.#hasTakenOver();
    } catch (error) {
      this.#log('error', asSmppError(error, 'SMPP_STORAGE').message);
      await before.#tellWhatEnds();
    }
  }

  #hasTakenOver(): void {
    this.#hasStarted = true;
    this.#predecessor = undefined;
  }

  async #stopForGood(): Promise<void> {
    this.#isClosed = true;
    this.#unwatch();
    await this.#follow();
    this.feed.close();
    this.#unclaimed.flush();
    this.#board.close();
  }

  async #endSimulator(): Promise<void> {
    const { gateway, simulator } = this.#parts;
    this.#parts = { gateway };
    await simulator?.stop();
  }

  /** The process ends before the account has left: what is not told now never is. */
  exit(): void {
    const count = this.#queueLength;
    if (count > 0 && this.folder === undefined)
      this.#log('warn', `Node-RED has stopped with ${count} SMS in memory; each may have been sent or not`);
  }

  async #tellWhatEnds(): Promise<void> {
    if (this.folder === undefined) await this.#tellWhatIsLost();
    else this.#tellWhatStays();
  }

  async #tellWhatIsLost(): Promise<void> {
    if (this.folder !== undefined) return;
    const count = this.#queueLength;
    if (count > 0) this.#log('warn', `the connection has stopped with ${count} SMS in memory; they are lost`);
    // Those whose answer came last, as no node was there any more.
    if (this.#parts.gateway.resultsLeft() > 0) await this.#settleAll(STOPPED);
  }

  #tellWhatStays(): void {
    const { folder } = this;
    const waiting = this.#queueLength;
    const results = this.#parts.gateway.resultsLeft();
    if (waiting + results === 0 || folder === undefined || this.#isInUse(folder)) return;
    const which =
      results === 0 ? ' in its queue' : `: ${waiting} in its queue, ${results} whose results wait`;
    const fate = `they stay in ${folder} until a connection uses it`;
    this.#log('warn', `the connection has ended with ${waiting + results} SMS${which}; ${fate}`);
  }

  #tellWhatIsAwaited(): void {
    const count = this.#parts.gateway.receiptsAwaited() ?? 0;
    const { folder } = this;
    if (count === 0 || (folder !== undefined && this.#isInUse(folder))) return;
    const fate = folder === undefined ? 'for good' : `until a connection uses ${folder}`;
    this.#log(
      'warn',
      `the connection has ended before the receipts of ${count} SMS: they reach no node, ${fate}`,
    );
  }

  /** What is in memory ends with the account: each SMS gives its outcome, now or by the successor. */
  async #abandon(reason: string): Promise<void> {
    const count = this.#queueLength;
    if (count > 0)
      this.#log(
        'warn',
        `the connection has ended with ${count} SMS in its queue in memory; they are cancelled`,
      );
    await this.#settleAll(reason);
  }

  /** Where the flows have stopped, the log has what no node can be told. */
  async #settleAll(reason: string): Promise<void> {
    const { gateway } = this.#parts;
    this.#isAbandoned = true;
    this.feed.attach(gateway);
    const leave = this.#gate.isStopped
      ? gateway.onSettled((result) => this.#unclaimed.noteOnce(result))
      : undefined;
    try {
      await gateway.abandon(reason);
    } catch (error) {
      this.#log('error', asSmppError(error, 'SMPP_STORAGE').message);
    }
    leave?.();
    this.feed.attach(undefined);
    this.#unclaimed.flush();
  }

  get #queueLength(): number {
    const { alarm, normal, bulk } = this.#parts.gateway.status().queue;
    return alarm + normal + bulk;
  }

  get #isWanted(): boolean {
    if (this.#isDisconnected || this.#isClosed || this.#problem !== undefined) return false;
    if (this.users.size > 0) return true;
    // While flows are replaced those who have left may come again.
    return this.#gate.isOpen ? this.#queueLength > 0 || this.#isAwaiting : this.#isRunning;
  }

  /** By a person, or for one to set it right. */
  get #isHeld(): boolean {
    const isMeant = this.#isDisconnected || this.#problem !== undefined;
    return isMeant && !this.#isClosed && !this.#isRunning;
  }

  /** What the gateway delivers to either of two logins to one account is for the one that nodes use. */
  get #isAwaiting(): boolean {
    return this.#guests.size > 0 && this.#parts.gateway.receiptsAwaited() !== 0 && !this.#hasTwin(this);
  }

  #flowsTurned(): void {
    if (this.#gate.isOpen) void this.#follow();
  }

  /** Brings the gateway into the state that is wanted when its turn has come. Never rejects. */
  #follow(): Promise<void> {
    this.#cancelRestart?.();
    this.#worksAhead += 1;
    // A start may wait long, for another's lock or for a disk, and nobody waits for it any more.
    const isInVain = this.#isLooking ? this.#isDisconnected || this.#isClosed : !this.#isWanted;
    if ((this.#isStarting || this.#isLooking) && isInVain)
      this.#interrupting = this.#parts.gateway.stop().catch(() => undefined);
    this.#work = this.#work.then(async () => {
      await this.#interrupting;
      if (!this.#isQueueKnown && !this.#isWanted) await this.#lookForQueue();
      await this.#stopToConnectAnew();
      if (this.#isWanted !== this.#isRunning) await (this.#isWanted ? this.#start() : this.#stop());
      if (this.#isRunning && this.#gate.isOpen) this.#tellWhyUnused();
      // What a person takes out of its queue meanwhile gives its result.
      if (this.#isHeld) this.feed.attach(this.#parts.gateway);
      this.#tellWhatWaits();
      this.#board.changed();
      this.#worksAhead -= 1;
    });
    return this.#work;
  }

  /** An earlier process may have left SMS which no node is there for. */
  async #lookForQueue(): Promise<void> {
    if (!this.#gate.isOpen || this.#isDisconnected || this.#isClosed) return;
    this.#isLooking = true;
    try {
      await this.#parts.gateway.countQueued();
      this.#hasTakenOver();
      this.#isQueueKnown = true;
    } catch (error) {
      this.#startFailed(error);
    } finally {
      this.#isLooking = false;
    }
  }

  async #start(): Promise<void> {
    const { gateway } = this.#parts;
    try {
      this.#isStarting = true;
      await gateway.start();
      this.#isRunning = true;
      this.#hasTakenOver();
      this.#isQueueKnown = true;
      this.#startError = undefined;
      this.feed.attach(gateway);
    } catch (error) {
      this.#startFailed(error);
    } finally {
      this.#isStarting = false;
    }
  }

  #startFailed(thrown: unknown): void {
    const error = asSmppError(thrown, 'SMPP_STORAGE');
    if (error.code === 'SMPP_STOPPED') return; // by us
    // Said once: the attempts after it are silent until something else goes wrong.
    if (this.#startError?.message !== error.message) this.#log('error', error.message);
    this.#startError = error;
    this.#cancelRestart = systemClock.after(START_AGAIN_MS, () => void this.#follow());
  }

  /** Once, as soon as it is known. */
  #tellWhatWaits(): void {
    const count = this.#queueLength;
    if (this.#problem === undefined || this.#hasToldProblem || this.#isRunning || count === 0) return;
    this.#hasToldProblem = true;
    this.#log('warn', `the ${count} SMS in its queue wait until the settings of the connection are right`);
  }

  /** Once, until it has a user again. */
  #tellWhyUnused(): void {
    const isUsed = this.users.size > 0;
    const count = this.#queueLength;
    const why =
      count > 0
        ? `the ${count} SMS in its queue are sent all the same`
        : 'it stays for receipts that smpp-dlr nodes wait for, an hour at most';
    if (!isUsed && !this.#hasToldWhy) this.#log('info', `no node uses the connection; ${why}`);
    this.#hasToldWhy = !isUsed;
  }

  /** Not before what flows have given in this turn of the event loop is taken in. */
  async #stopToConnectAnew(): Promise<void> {
    if (!this.#isToConnectAnew) return;
    await nextTurn();
    this.#isToConnectAnew = false;
    if (this.#isRunning && this.#isWanted) await this.#stop();
  }

  async #stop(): Promise<void> {
    this.#isRunning = false;
    if (this.users.size > 0 || this.#guests.size > 0) this.feed.ending();
    else this.feed.attach(undefined); // what still comes is for users to come
    try {
      await this.#parts.gateway.stop();
    } catch (error) {
      this.#log('error', asSmppError(error, 'SMPP_STORAGE').message);
    }
    if (!this.#isClosed) this.#unclaimed.flush();
    this.feed.attach(undefined);
  }

  #log(level: 'info' | 'warn' | 'error', line: string): void {
    if (level === 'info') this.#node.log(line);
    else if (level === 'warn') this.#node.warn(line);
    else this.#node.error(line);
  }
}

/** Reasons in the results of what waited in memory. */
const CONNECTION_GONE = 'the connection was deleted or disabled, and its storage was in memory';
const STOPPED = 'Node-RED was stopped, and the storage of the connection was in memory';
const OTHER_ACCOUNT =
  'the connection was given another account, which does not send what waited in memory for the one before';

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
