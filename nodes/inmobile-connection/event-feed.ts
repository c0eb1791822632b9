/**
 * Hands the gateway's events to the flow nodes, and only while the flows run.
 *
 * The gateway keeps an event until its subscribers have taken it. There is one subscription of a kind for all
 * nodes: else the first node to be made would take what the others wait for. An event that comes while flows are
 * stopping is taken when they run again; if the gateway stops first it was never taken, and comes again
 * (contract section 3.3: not while flows are stopping, and again after a crash). The subscription outlasts the
 * gateway's stop, for that is when the last answers come.
 *
 * What a node sends, Node-RED delivers in the next turn of the event loop. Only then it counts as taken; when a
 * deploy has closed the next node in between, it is handed on once more.
 */
import type { Node } from 'node-red';
import { SmppError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { DeliveryReceipt, InboundSms, SubmitResult, Unsubscribe } from '../../lib/message.js';
import type { Feed, LeaveFeed, ReceiptListener } from '../shared/connection.js';
import type { FlowGate, WiredNode } from '../shared/flow-gate.js';
import type { ResultDesk } from '../shared/result-desk.js';

type Subscribe<T> = (gateway: Gateway, take: (event: T) => void | Promise<void>) => Unsubscribe;

/** An event on its way to the flows. */
interface Handing<T> {
  /** In the order in which they came. */
  readonly number: number;
  readonly event: T;
  readonly taken: () => void;
  readonly refused: (error: Error) => void;
  /** Those that send it on. */
  nodes: readonly WiredNode[];
}

/** Returns the node that sends the event on, if any does; `later` when the gateway is to keep it unless another takes it. */
type Listener<T> = (event: T) => WiredNode | 'later' | undefined;

const NO_NODES: readonly WiredNode[] = [];

/** One subscription at the gateway, with those who share it. */
class Channel<T> {
  readonly #gate: FlowGate;
  readonly #subscribe: Subscribe<T>;
  readonly #onFailure: (error: unknown) => void;
  /** A new list at each change: one that changes it while it is gone through is not seen. */
  #listeners: readonly Listener<T>[] = [];
  /** Events for when the flows run again, in order. */
  #late: Handing<T>[] = [];
  /** Handed to the listeners in one go: a turn of the event loop for each would be a large part of what it costs. */
  #handed: Handing<T>[] = [];
  #lastNumber = 0;
  #subscribed: { readonly gateway: Gateway; readonly end: Unsubscribe } | undefined;
  /** The gateway is stopping: nothing waits for the flows to run again. */
  #isEnding = false;

  constructor(gate: FlowGate, subscribe: Subscribe<T>, onFailure: (error: unknown) => void) {
    this.#gate = gate;
    this.#subscribe = subscribe;
    this.#onFailure = onFailure;
  }

  add(listener: Listener<T>): LeaveFeed {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** Subscribed at `gateway` when there is one and somebody listens; who listens is judged while flows run. */
  follow(gateway: Gateway | undefined, isEnding: boolean): void {
    this.#isEnding = isEnding;
    if (this.#subscribed !== undefined && this.#subscribed.gateway !== gateway) this.#end();
    if (gateway === undefined || isEnding) this.#refuseLate();
    if (!this.#gate.isOpen) return;
    if (this.isUnused) {
      this.#end();
      this.#refuseLate();
      return;
    }
    this.#handLate();
    if (gateway === undefined || this.#subscribed !== undefined) return;
    this.#subscribed = { gateway, end: this.#subscribe(gateway, (event) => this.#take(event)) };
  }

  get isUnused(): boolean {
    return this.#listeners.length === 0;
  }

  #end(): void {
    this.#subscribed?.end();
    this.#subscribed = undefined;
  }

  #take(event: T): Promise<void> {
    return new Promise((taken, refused) => {
      const number = (this.#lastNumber += 1);
      const handing: Handing<T> = { number, event, taken, refused, nodes: NO_NODES };
      if (this.#gate.isOpen) this.#hand(handing);
      else if (this.#isEnding) refused(flowsStopped());
      else this.#late.push(handing);
    });
  }

  /** One flow's fault is not the others': it is reported, and the event counts as handed on. */
  #hand(handing: Handing<T>): void {
    handing.nodes = NO_NODES;
    let isForLater = false;
    for (const listener of this.#listeners) {
      try {
        const node = listener(handing.event);
        if (node === 'later') isForLater = true;
        else if (node !== undefined)
          handing.nodes = handing.nodes === NO_NODES ? [node] : [...handing.nodes, node];
      } catch (error) {
        this.#onFailure(error);
      }
    }
    if (isForLater && handing.nodes === NO_NODES) {
      handing.refused(flowsStopped());
      return;
    }
    // Once all that is handed out in one go has been, and after the deliveries of what the listeners sent, which Node-RED
    // has put off in the same way.
    if (this.#handed.length === 0)
      queueMicrotask(() => setImmediate(this.#delivered, this.#handed.splice(0)));
    this.#handed.push(handing);
  }

  /** They are taken together, in one write: but for those that a deploy has cut off. */
  readonly #delivered = (handed: readonly Handing<T>[]): void => {
    const isCutOff = ({ nodes }: Handing<T>): boolean => nodes.some((node) => this.#gate.isCutOff(node));
    const cutOff = new Set(this.#gate.isOpen ? [] : handed.filter(isCutOff));
    if (cutOff.size > 0)
      this.#late = [...this.#late, ...cutOff].sort((one, other) => one.number - other.number);
    if (this.#subscribed === undefined || this.#isEnding) this.#refuseLate();
    setImmediate(() => {
      for (const handing of handed) if (!cutOff.has(handing)) handing.taken();
    });
  };

  /** The gateway keeps it for whoever comes next. */
  #refuseLate(): void {
    for (const { refused } of this.#late.splice(0)) refused(flowsStopped());
  }

  #handLate(): void {
    for (const handing of this.#late.splice(0)) this.#hand(handing);
  }
}

function flowsStopped(): SmppError {
  return new SmppError('SMPP_STOPPED', 'the flow nodes that it was for have stopped');
}

export interface EventFeedOptions {
  readonly gate: FlowGate;
  readonly results: ResultDesk;
  /** A flow node threw while it took an event. */
  readonly onFailure: (error: unknown) => void;
  /** A result whose smpp-send node is gone. `stays`: the gateway keeps it, and gives it again. */
  readonly onUnclaimed: (result: SubmitResult, stays: boolean) => void;
  /** Whether the connection has users. Without, a node that is gone may be back with them, and its results wait. */
  readonly isUsed: () => boolean;
  /** Whether the results end with the process. */
  readonly isVolatile: () => boolean;
}

export class EventFeed implements Feed {
  readonly #gate: FlowGate;
  readonly #onFailure: (error: unknown) => void;
  readonly #unwatch: () => void;
  readonly #settled: Channel<SubmitResult>;
  readonly #sms: Channel<InboundSms>;
  readonly #receipts: Readonly<Record<'message' | 'segment', Channel<DeliveryReceipt>>>;
  /** By how long a receipt may take: a node that a deploy replaces finds its predecessor's. */
  readonly #overdue = new Map<number, Channel<DeliveryReceipt>>();
  #gateway: Gateway | undefined;
  #isEnding = false;

  constructor({ gate, results, onFailure, onUnclaimed, isUsed, isVolatile }: EventFeedOptions) {
    this.#gate = gate;
    this.#onFailure = onFailure;
    this.#settled = new Channel(gate, (gateway, take) => gateway.onSettled(take), onFailure);
    this.#settled.add((result) => {
      const node = results.hand(result, isVolatile());
      if (node !== undefined) return node;
      const stays = !isUsed();
      onUnclaimed(result, stays);
      return stays ? 'later' : undefined;
    });
    this.#sms = new Channel(gate, (gateway, take) => gateway.onSms(take), onFailure);
    const receipts = (per: 'message' | 'segment') =>
      new Channel<DeliveryReceipt>(gate, (gateway, take) => gateway.onReceipt(take, { per }), onFailure);
    this.#receipts = { message: receipts('message'), segment: receipts('segment') };
    this.#unwatch = gate.watch(() => this.#follow());
  }

  /** The gateway runs, or none does. */
  attach(gateway: Gateway | undefined): void {
    this.#gateway = gateway;
    this.#isEnding = false;
    this.#follow();
  }

  /** The gateway is about to stop: flows that run take what still comes until another `attach`; none waits for others. */
  ending(): void {
    this.#isEnding = true;
    this.#follow();
  }

  close(): void {
    this.#unwatch();
    this.attach(undefined);
  }

  onSms(listener: (sms: InboundSms) => void, node: Node): LeaveFeed {
    return this.#join(this.#sms, listener, node);
  }

  onReceipt(per: 'message' | 'segment', listener: ReceiptListener, node: Node): LeaveFeed {
    return this.#join(this.#receipts[per], listener, node);
  }

  onOverdue(afterMs: number, listener: ReceiptListener, node: Node): LeaveFeed {
    const known = this.#overdue.get(afterMs);
    const channel = known ?? new Channel(this.#gate, overdueAfter(afterMs), this.#onFailure);
    this.#overdue.set(afterMs, channel);
    return this.#join(channel, listener, node);
  }

  #join<T>(channel: Channel<T>, listener: (event: T) => unknown, node: Node): LeaveFeed {
    const remove = channel.add((event) => (listener(event) === 'later' ? 'later' : node));
    this.#follow();
    return () => {
      remove();
      this.#follow();
    };
  }

  #follow(): void {
    const channels = [this.#settled, this.#sms, this.#receipts.message, this.#receipts.segment];
    for (const channel of [...channels, ...this.#overdue.values()])
      channel.follow(this.#gateway, this.#isEnding);
    if (!this.#gate.isOpen) return;
    for (const [afterMs, channel] of this.#overdue) if (channel.isUnused) this.#overdue.delete(afterMs);
  }
}

function overdueAfter(afterMs: number): Subscribe<DeliveryReceipt> {
  return (gateway, take) => gateway.onOverdue(afterMs, take);
}
