/**
 * A connection whose settings are wrong: its users show it, and every message to it fails with the reason.
 *
 * It is not an absent connection: the flow nodes need not know the difference.
 */
import type { Node, NodeStatus } from 'node-red';
import type { SmppError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { GatewayStatus } from '../../lib/message.js';
import type { Connection, Feed, LeaveFeed } from '../shared/connection.js';

const nothingToLeave: LeaveFeed = () => undefined;

/** No gateway, no events. */
const SILENT_FEED: Feed = {
  onSettled: () => nothingToLeave,
  onSms: () => nothingToLeave,
  onReceipt: () => nothingToLeave,
  onOverdue: () => nothingToLeave,
};

export class UnusableConnection implements Connection {
  readonly defaultCountry = undefined;
  readonly running = undefined;
  readonly feed = SILENT_FEED;
  readonly #problem: SmppError;
  readonly #shown: NodeStatus;

  /** @param problem what every message is answered with */
  constructor(problem: SmppError, shown: NodeStatus) {
    this.#problem = problem;
    this.#shown = shown;
  }

  join(user: Node): void {
    user.status(this.#shown);
  }

  leave(): void {
    // It never joined anything.
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

  status(): GatewayStatus {
    throw this.#problem;
  }
}
