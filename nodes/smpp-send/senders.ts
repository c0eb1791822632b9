/** The senders of a runtime: which node has which, and what becomes of those whose node has closed. */
import type { Node, NodeAPI } from 'node-red';
import { systemClock } from '../../lib/clock.js';
import { flowGateOf, type FlowGate } from '../shared/flow-gate.js';
import { resultDeskOf } from '../shared/result-desk.js';
import { Sender, type SmppSendDef } from './sender.js';

/** A deploy that has not started its flows after this has failed, or is installing modules. */
const PARKED_MAX_MS = 60_000;

export class Senders {
  readonly #RED: NodeAPI;
  readonly #gate: FlowGate;
  /** By id of the node. */
  readonly #senders = new Map<string, Sender>();
  readonly #parked = new Map<string, Sender>();
  /** Of those that have ended, the ones that still hear whether an SMS of theirs was taken in. */
  readonly #ending = new Set<Sender>();
  #cancelLimit: (() => void) | undefined;

  constructor(RED: NodeAPI, gate: FlowGate) {
    this.#RED = RED;
    this.#gate = gate;
    gate.watch(() => this.#flowsTurned());
    process.on('exit', () => {
      for (const sender of this.#senders.values()) sender.exit();
    });
  }

  /** That of a new node: the one of the node that it replaces, if there is one. */
  open(node: Node, def: SmppSendDef): Sender {
    const parked = this.#parked.get(node.id);
    if (parked !== undefined) {
      this.#parked.delete(node.id);
      parked.goOnWith(node, def);
      return parked;
    }
    const idsOf = (messageId: string): Promise<readonly string[]> => this.#idsOf(messageId);
    const sender = new Sender({ RED: this.#RED, gate: this.#gate, idsOf }, node, def);
    this.#senders.set(node.id, sender);
    return sender;
  }

  /** The node has closed. */
  close(node: Node, sender: Sender): void {
    if (!this.#gate.isDeploying) {
      this.#end(node.id, sender);
      return;
    }
    sender.park();
    this.#parked.set(node.id, sender);
    this.#cancelLimit ??= systemClock.after(PARKED_MAX_MS, () => this.#endParked());
  }

  #flowsTurned(): void {
    if (this.#gate.isOpen || this.#gate.isStopped) this.#endParked();
    for (const sender of this.#senders.values()) sender.flush();
  }

  #endParked(): void {
    this.#cancelLimit?.();
    this.#cancelLimit = undefined;
    for (const [id, sender] of this.#parked) this.#end(id, sender);
    this.#parked.clear();
  }

  #end(id: string, sender: Sender): void {
    this.#ending.add(sender);
    void sender.end().then(() => this.#ending.delete(sender));
    if (this.#senders.get(id) === sender) this.#senders.delete(id);
  }

  async #idsOf(messageId: string): Promise<readonly string[]> {
    const senders = [...this.#senders.values(), ...this.#ending];
    const ids = await Promise.all(senders.map((sender) => sender.idsOf(messageId)));
    return [...ids.flat(), ...resultDeskOf(this.#RED.events).leftWith(messageId)];
  }
}

/** One for each runtime: the node file may be loaded more than once. */
const sendersByGate = new WeakMap<FlowGate, Senders>();

export function sendersOf(RED: NodeAPI): Senders {
  const gate = flowGateOf(RED.events);
  const known = sendersByGate.get(gate);
  if (known !== undefined) return known;
  const senders = new Senders(RED, gate);
  sendersByGate.set(gate, senders);
  return senders;
}
