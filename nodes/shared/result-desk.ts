/**
 * Which smpp-send node gets the result of an SMS: the one that has the id of the node that took it in.
 *
 * Over all connections of a runtime, since a node may use another one by now, or none. A result whose node is gone is
 * logged and counts as taken: its SMS was sent all the same.
 */
import type { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import type { SubmitResult } from '../../lib/message.js';
import { addressOf } from './origin.js';

/** `isVolatile`: the result is kept in memory only, until it has arrived. */
type Listener = (result: SubmitResult, key: string, isVolatile: boolean) => void;

export class ResultDesk {
  readonly #seats = new Map<string, { readonly node: Node; readonly listener: Listener }>();

  /** `_msgid` of the msg, by id of the SMS that waits without its sender. */
  readonly #left = new Map<string, string>();

  /** @param node the smpp-send node; a successor with the same id takes over */
  add(listener: Listener, node: Node): () => void {
    this.#seats.set(node.id, { node, listener });
    return () => {
      if (this.#seats.get(node.id)?.node === node) this.#seats.delete(node.id);
    };
  }

  /** Whoever took the SMS in, with that msg, does not wait for its result any more: a flow may still ask for it. */
  leave(id: string, messageId: string): void {
    this.#left.set(id, messageId);
  }

  /** Ids of the SMS that came with that `_msgid` and wait without their sender. */
  leftWith(messageId: string): readonly string[] {
    return [...this.#left].filter(([, of]) => of === messageId).map(([id]) => id);
  }

  /** Hands the result to its node; undefined when there is no such node. */
  hand(result: SubmitResult, isVolatile: boolean): Node | undefined {
    if (this.#left.size > 0) this.#left.delete(result.id);
    const address = addressOf(result.correlation);
    if (address === undefined) return undefined;
    const seat = this.#seats.get(address.node);
    seat?.listener(result, address.key, isVolatile);
    return seat?.node;
  }
}

/** One desk per runtime: a node file may be loaded more than once. */
const desks = new WeakMap<EventEmitter, ResultDesk>();

/** The desk of the runtime that emits these events. */
export function resultDeskOf(events: EventEmitter): ResultDesk {
  const known = desks.get(events);
  if (known !== undefined) return known;
  const desk = new ResultDesk();
  desks.set(events, desk);
  return desk;
}
