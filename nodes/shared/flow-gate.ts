/**
 * Whether Node-RED's flows are running, so that nothing is emitted into a flow that is being replaced.
 *
 * Node-RED says `flows:stopping` before it closes any node and `flows:started` after it has made all of them,
 * at every kind of deploy; what a node sends in between may be lost without a trace.
 * Source: Node-RED's runtime, `flows/index.js`.
 */
import type { EventEmitter } from 'node:events';

export class FlowGate {
  #isOpen = false;
  readonly #watchers = new Set<() => void>();

  constructor(events: EventEmitter) {
    events.on('flows:stopping', () => this.#turn(false));
    events.on('flows:started', () => this.#turn(true));
  }

  /** True while every node of the flows exists. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Calls `watcher` after each change; the returned function ends that. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  #turn(isOpen: boolean): void {
    this.#isOpen = isOpen;
    for (const watcher of [...this.#watchers]) watcher();
  }
}

/** One gate per runtime: a node file may be loaded more than once, its listeners must not pile up. */
const gates = new WeakMap<EventEmitter, FlowGate>();

/** The gate of the runtime that emits these events; call it before the flows start, as a node file is loaded. */
export function flowGateOf(events: EventEmitter): FlowGate {
  const known = gates.get(events);
  if (known !== undefined) return known;
  const gate = new FlowGate(events);
  gates.set(events, gate);
  return gate;
}
