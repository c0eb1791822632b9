/**
 * What the connection node and each of its users show: the connection's status, and the last SMS of the node's own.
 *
 * A node that a deploy replaces keeps its place here, so that its successor shows what was last, and no more often than
 * any node. What nodes show while the flows are being replaced no Status node would hear: it waits for them.
 * Source: contract section 3.5.
 */
import type { Node } from 'node-red';
import { systemClock, type Clock, type EpochMs, type Millis } from '../../lib/clock.js';
import type { GatewayStatus } from '../../lib/message.js';
import type { Activity, Direction } from '../shared/connection.js';
import type { FlowGate } from '../shared/flow-gate.js';
import {
  changesInMs,
  nodeStatus,
  problemStatus,
  waitingCount,
  type LastSms,
  type ShownStatus,
  type StatusProblem,
  type Translate,
} from '../shared/status.js';
import type { ConnectionSettings } from './read-options.js';
import { reachOf, type Reach } from './status-reach.js';
import { StatusLine, type Reading } from './status-line.js';

/** The connection node. */
export type ReportingNode = Node & {
  /** Where its status is told, besides the editor: Node-RED looks here. */
  users: Reach;
};

export interface StatusBoardOptions {
  readonly node: ReportingNode;
  readonly settings: ConnectionSettings;
  readonly gate: FlowGate;
  readonly translate: Translate;
  readonly read: () => GatewayStatus;
  /** Of the account that this one takes over from: its nodes did what they did. */
  readonly before?: StatusBoard | undefined;
  readonly clock?: Clock;
}

export class StatusBoard {
  readonly #gate: FlowGate;
  readonly #translate: Translate;
  readonly #read: () => GatewayStatus;
  readonly #clock: Clock;
  readonly #unwatch: () => void;
  #settings: ConnectionSettings;
  #node: ReportingNode;
  #status: GatewayStatus;
  #waitingSince: Millis | undefined;
  /** By id of the node, of each user. */
  readonly #users = new Map<string, Display>();
  /** Of the connection node. */
  readonly #own: Display;

  constructor(options: StatusBoardOptions) {
    const { node, settings, gate, translate, read, before, clock = systemClock } = options;
    this.#gate = gate;
    this.#translate = translate;
    this.#read = read;
    this.#clock = clock;
    this.#settings = settings;
    this.#node = node;
    this.#status = read();
    this.#own = this.#display();
    if (before !== undefined) this.#takeOver(before);
    this.#unwatch = gate.watch(() => {
      if (gate.isOpen) this.#flowsRun();
    });
    this.moveTo(node, settings);
  }

  /** How long there have been SMS that wait for a place in the window, without a pause; 0 when none do. */
  get waitingForMs(): Millis {
    return this.#waitingSince === undefined ? 0 : this.#clock.now() - this.#waitingSince;
  }

  /** The status may have changed. */
  changed(): void {
    this.#status = this.#read();
    // While it is stopped nothing is waited for, and nothing to be shown changes.
    if (this.#status.state === 'stopped' || waitingCount(this.#status) === 0) this.#waitingSince = undefined;
    else this.#waitingSince ??= this.#clock.now();
    for (const { line, isNew } of this.#displays()) if (!isNew) line.changed();
  }

  /** A user that needs what the account cannot do shows that instead, and says so once. */
  join(user: Node, needs: Direction): Activity {
    const display = this.#users.get(user.id) ?? this.#display();
    this.#users.set(user.id, display);
    display.problem = problemOf(needs, this.#settings);
    if (display.problem !== undefined) user.warn(this.#translate(`problem.${display.problem}`));
    this.#place(display, user);
    return {
      note: (kind, at) => {
        if (display.note(kind, at)) display.line.changed();
        if (this.#own.note(kind, at)) this.#own.line.changed();
      },
      noteSettings: (areWrong) => {
        display.problem = areWrong ? 'settings' : problemOf(needs, this.#settings);
        if (!display.isNew) display.line.changed();
      },
    };
  }

  leave(user: Node): void {
    const display = this.#users.get(user.id);
    // A node that replaces another one has its id, and may have joined before the other left.
    if (display?.node !== user) return;
    display.node = undefined;
    if (this.#gate.isOpen) this.#forgetThoseGone();
  }

  /** Goes on with another connection node. */
  moveTo(node: ReportingNode, settings: ConnectionSettings): void {
    this.#node = node;
    this.#settings = settings;
    this.#place(this.#own, node);
  }

  close(): void {
    this.#unwatch();
    for (const display of this.#displays()) display.line.close();
  }

  *#displays(): Iterable<Display> {
    yield* this.#users.values();
    yield this.#own;
  }

  #takeOver(before: StatusBoard): void {
    this.#own.takeOver(before.#own);
    for (const [id, predecessor] of before.#users) {
      const display = this.#display();
      display.takeOver(predecessor);
      this.#users.set(id, display);
    }
  }

  #display(): Display {
    const display: Display = new Display(
      new StatusLine(
        { read: () => this.#reading(display), show: (status) => this.#show(display, status) },
        this.#clock,
      ),
    );
    return display;
  }

  #place(display: Display, node: Node): void {
    display.node = node;
    display.isNew = true;
    if (this.#gate.isOpen) this.#introduce();
  }

  #flowsRun(): void {
    this.#forgetThoseGone();
    this.#introduce();
  }

  #introduce(): void {
    this.changed();
    for (const display of this.#displays()) display.introduce();
  }

  #forgetThoseGone(): void {
    for (const [id, { node, line }] of this.#users) {
      if (node !== undefined) continue;
      line.close();
      this.#users.delete(id);
    }
  }

  #reading({ problem, last }: Display): Reading<ShownStatus> {
    const { isSimulated } = this.#settings;
    const translate = this.#translate;
    if (problem !== undefined) {
      return { status: problemStatus(problem, { isSimulated, translate }, this.#status.state) };
    }
    const context = {
      now: this.#clock.wall(),
      waitingForMs: this.waitingForMs,
      isSimulated,
      last,
      translate,
    };
    return { status: nodeStatus(this.#status, context), againInMs: changesInMs(this.#status, context) };
  }

  #show({ node, isNew }: Display, status: ShownStatus): void {
    if (isNew) return;
    if (node === this.#node) this.#node.users = reachOf(this.#node.id, this.#usersThatRun());
    node?.status(status);
  }

  #usersThatRun(): Node[] {
    return [...this.#users.values()].flatMap(({ node }) => (node === undefined ? [] : [node]));
  }
}

/** One node's place on the board. */
class Display {
  readonly line: StatusLine<ShownStatus>;
  /** Undefined between one node and its successor. */
  node: Node | undefined;
  problem: StatusProblem | undefined;
  last: LastSms | undefined;
  #minute = -Infinity;
  /** It shows nothing yet. */
  isNew = true;

  constructor(line: StatusLine<ShownStatus>) {
    this.line = line;
  }

  introduce(): void {
    if (!this.isNew || this.node === undefined) return;
    this.isNew = false;
    this.line.showAnew();
  }

  takeOver({ last }: Display): void {
    if (last !== undefined) this.note(last.kind, last.at);
  }

  /** Whether it is to be shown. This runs for every SMS, and what is shown tells minutes. */
  note(kind: LastSms['kind'], at: EpochMs): boolean {
    const minute = Math.floor(at / 60_000);
    if (minute <= this.#minute) return false;
    this.#minute = minute;
    this.last = { kind, at };
    return true;
  }
}

/** The connection mode in which a node that needs this can never do anything. */
const UNFIT_FOR = { send: 'receiver', receive: 'transmitter' } as const satisfies Record<Direction, string>;

function problemOf(needs: Direction, { options }: ConnectionSettings): StatusProblem | undefined {
  if (options.connectionMode !== UNFIT_FOR[needs]) return undefined;
  return needs === 'send' ? 'receivesOnly' : 'sendsOnly';
}
