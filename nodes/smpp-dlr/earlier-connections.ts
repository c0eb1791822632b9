/**
 * The connections that smpp-dlr nodes used until a deploy gave them another one: receipts of what was sent there are still
 * to come, and a node with the same id listens on for an hour, which is how long they wait for somebody (contract 3.3).
 *
 * A deploy may replace the account behind a connection, or the node, so where each listens is judged anew after each.
 */
import type { Node } from 'node-red';
import { systemClock, type Clock, type Millis } from '../../lib/clock.js';
import type { Connection, LeaveFeed } from '../shared/connection.js';
import type { FlowGate } from '../shared/flow-gate.js';

const LISTENS_ON_MS: Millis = 3_600_000;

/** Undefined when the node has nothing to hear there. */
type Listen = (connection: Connection) => LeaveFeed | undefined;

export class EarlierConnections {
  readonly #gate: FlowGate;
  readonly #find: (id: string) => Connection | undefined;
  readonly #clock: Clock;
  /** Until when, by id of the node, and of the connection. */
  readonly #until = new Map<string, Map<string, Millis>>();

  constructor(gate: FlowGate, find: (id: string) => Connection | undefined, clock: Clock = systemClock) {
    this.#gate = gate;
    this.#find = find;
    this.#clock = clock;
  }

  /**
   * Calls `listen` with each connection that a node with this id used, for an hour each, whenever the flows run anew.
   *
   * @param used id of the one that it uses now
   */
  follow(node: Node, used: string, listen: Listen): void {
    const until = this.#until.get(node.id) ?? new Map<string, Millis>();
    until.delete(used);
    let leaves: readonly (() => void)[] = [];
    const leaveAll = (): void => {
      for (const leave of leaves) leave();
    };
    const unwatch = this.#gate.watch(() => {
      if (!this.#gate.isOpen) return;
      leaveAll();
      leaves = [...until].map(([id, end]) => this.#listen(id, end, listen));
    });
    node.on('close', () => {
      unwatch();
      leaveAll();
      this.#until.set(node.id, until.set(used, this.#clock.now() + LISTENS_ON_MS));
      this.#forgetOld();
    });
  }

  #listen(id: string, end: Millis, listen: Listen): () => void {
    const left = end - this.#clock.now();
    const connection = left > 0 ? this.#find(id) : undefined;
    let leave = connection && listen(connection);
    if (leave === undefined) return () => undefined;
    const cancel = this.#clock.after(left, () => {
      leave?.();
      leave = undefined;
    });
    return () => {
      cancel();
      leave?.();
    };
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [node, until] of this.#until) {
      for (const [connection, end] of until) if (end <= now) until.delete(connection);
      if (until.size === 0) this.#until.delete(node);
    }
  }
}
