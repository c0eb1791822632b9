/**
 * Whether Node-RED's flows are running, so that nothing is emitted into a flow that is being replaced; and
 * whether they stop for a deploy or for good.
 *
 * Node-RED says `flows:stopping` before it closes any node and `flows:started` after it has made all of them,
 * at every kind of deploy; what a node sends in between may be lost without a trace. A deploy has its new
 * configuration in place before the flows stop; a shutdown, and flows stopped by hand, still have the one that
 * they were started with.
 * Source: Node-RED's runtime, `flows/index.js`.
 */
import type { EventEmitter } from 'node:events';
import type { Node } from 'node-red';

/** What Node-RED's events about flows carry. */
interface FlowsEvent {
  /** A new object at each deploy. */
  readonly config?: object;
  /** `full`: every node stops. */
  readonly type?: string;
  /** Ids of nodes and tabs. */
  readonly diff?: Readonly<Partial<Record<(typeof STOPPED)[number] | 'flowChanged' | 'added', string[]>>> & {
    readonly globalConfigChanged?: boolean;
  };
}

/** Of those nodes that a deploy replaces; the last two by a deploy of flows only. */
const STOPPED = ['changed', 'removed', 'linked', 'rewired'] as const;

/** A node with what it is wired to: output by output, ids of nodes. */
export type WiredNode = Pick<Node, 'z'> & {
  readonly wires?: readonly (readonly string[])[];
  /** Its flow; `path` has the ids of its tab and of the subflow nodes that it is in, outermost first. */
  readonly _flow?: { readonly path?: string };
};

export class FlowGate {
  #isOpen = false;
  #isDeploying = false;
  #isStopped = false;
  #startedWith: object | undefined;
  #stopping: FlowsEvent = {};
  readonly #watchers = new Set<() => void>();

  constructor(events: EventEmitter) {
    const started = (event?: FlowsEvent): void => {
      this.#startedWith = event?.config;
    };
    // A shutdown may come while the flows start.
    events.on('flows:starting', (event?: FlowsEvent) => {
      this.#isStopped = false;
      started(event);
    });
    events.on('flows:started', (event?: FlowsEvent) => {
      started(event);
      this.#isDeploying = false;
      this.#turn(true);
    });
    events.on('flows:stopping', (event?: FlowsEvent) => {
      this.#isDeploying = event?.config !== this.#startedWith;
      this.#isStopped = !this.#isDeploying;
      this.#stopping = event ?? {};
      this.#turn(false);
    });
  }

  /** True while every node of the flows exists. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** True from the moment flows stop for a deploy until they run again: a node that closes may have a successor. */
  get isDeploying(): boolean {
    return this.#isDeploying;
  }

  /** True from the moment flows stop for good, or by hand: nothing reaches a flow that is there now. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Whether the flows are closed, and a node that this one is wired to with them. */
  isCutOff(node: WiredNode): boolean {
    if (this.#isOpen) return false;
    const { type, diff } = this.#stopping;
    if (type === 'full' || diff === undefined || diff.globalConfigChanged === true) return true;
    const [tab = node.z, ...subflows] = placesOf(node);
    const tabs = [diff.flowChanged, diff.added, diff.removed];
    if (tabs.some((ids) => ids?.includes(tab))) return true;
    const lists = type === 'nodes' ? STOPPED.slice(0, 2) : STOPPED;
    const stopped = new Set(lists.flatMap((list) => diff[list] ?? []));
    return [...subflows, ...(node.wires ?? []).flat()].some((id) => stopped.has(id));
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

/** Where a node is: a subflow stops with its node or its tab, and the nodes in it are on no list. */
function placesOf({ z, _flow: flow }: WiredNode): readonly string[] {
  return flow?.path?.split('/') ?? [z];
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
