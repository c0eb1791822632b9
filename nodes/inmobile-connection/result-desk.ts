/**
 * Which smpp-send node gets the result of an SMS: the one that has the id of the node that took it in.
 *
 * Over all connections of a runtime, since a node may use another one by now. A result whose node is gone is
 * logged and counts as taken: its SMS was sent all the same.
 */
import type { SubmitResult } from '../../lib/message.js';
import type { LeaveFeed } from '../shared/connection.js';
import { originOf } from '../shared/origin.js';

type Listener = (result: SubmitResult) => void;

export class ResultDesk {
  readonly #listeners = new Map<string, Listener>();

  /** @param nodeId of the smpp-send node; a successor with the same id takes over */
  add(nodeId: string, listener: Listener): LeaveFeed {
    this.#listeners.set(nodeId, listener);
    return () => {
      if (this.#listeners.get(nodeId) === listener) this.#listeners.delete(nodeId);
    };
  }

  /** Hands the result to its node. False when there is no such node. */
  hand(result: SubmitResult): boolean {
    const origin = originOf(result.correlation);
    const listener = origin && this.#listeners.get(origin.node);
    listener?.(result);
    return listener !== undefined;
  }
}
