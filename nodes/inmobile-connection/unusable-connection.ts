/**
 * A connection whose settings are wrong, and which has nothing that waits: its users show it, and every message to it fails
 * with the reason. One that has something is an `Account` all the same, which is held.
 *
 * It is not an absent connection: the flow nodes need not know the difference.
 */
import type { Node, NodeStatus } from 'node-red';
import type { SmppError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { GatewayStatus } from '../../lib/message.js';
import {
  onceFlowsRun,
  type Activity,
  type Connection,
  type Feed,
  type LeaveFeed,
} from '../shared/connection.js';
import type { FlowGate } from '../shared/flow-gate.js';
import { problemStatus, type Translate } from '../shared/status.js';
import type { ReportingNode } from './status-board.js';
import { reachOf } from './status-reach.js';

const nothingToLeave: LeaveFeed = () => undefined;

/** No gateway, no events. */
const SILENT_FEED: Feed = {
  onSms: () => nothingToLeave,
  onReceipt: () => nothingToLeave,
  onOverdue: () => nothingToLeave,
};

export interface UnusableConnectionOptions {
  /** What every message is answered with. */
  readonly problem: SmppError;
  readonly node: ReportingNode;
  readonly isSimulated: boolean;
  readonly translate: Translate;
  readonly gate: FlowGate;
}

export class UnusableConnection implements Connection {
  readonly sms = undefined;
  readonly isVolatile = false;
  readonly running = undefined;
  readonly feed = SILENT_FEED;
  readonly #problem: SmppError;
  readonly isSimulated: boolean;
  readonly #shown: NodeStatus;
  readonly users = new Map<string, Node>();
  readonly #gate: FlowGate;

  constructor({ problem, node, isSimulated, translate, gate }: UnusableConnectionOptions) {
    this.#problem = problem;
    this.isSimulated = isSimulated;
    this.#shown = problemStatus('settings', { isSimulated, translate });
    this.#gate = gate;
    onceFlowsRun(node, gate, () => {
      node.users = reachOf(node.id, [...this.users.values()]);
      node.status(this.#shown);
    });
  }

  join(user: Node): Activity {
    this.users.set(user.id, user);
    onceFlowsRun(user, this.#gate, () => user.status(this.#shown));
    return { note: () => undefined, noteSettings: () => undefined };
  }

  leave(user: Node): void {
    // A node that replaces another one has its id.
    if (this.users.get(user.id) === user) this.users.delete(user.id);
  }

  stay(): LeaveFeed {
    return nothingToLeave;
  }

  async gateway(): Promise<Gateway> {
    throw this.#problem;
  }

  async connect(): Promise<void> {
    throw this.#problem;
  }

  async disconnect(): Promise<void> {
    throw this.#problem;
  }

  async cancel(): Promise<boolean> {
    throw this.#problem;
  }

  async recoveredIdsOf(): Promise<readonly string[]> {
    throw this.#problem;
  }

  status(): GatewayStatus {
    throw this.#problem;
  }
}
