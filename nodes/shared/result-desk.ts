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

  /** @param node the smpp-send node; a successor with the same id takes over */
  add(listener: Listener, node: Node): () => void {
    this.#seats.set(node.id, { node, listener });
    return () => {
      if (this.#seats.get(node.id)?.node === node) this.#seats.delete(node.id);
    };
  }

  /** Hands the result to its node; undefined when there is no such node. */
  hand(result: SubmitResult, isVolatile: boolean): Node | undefined {
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
