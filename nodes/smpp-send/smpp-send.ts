/**
 * smpp-send: a flow's msg becomes an SMS; what became of it goes out.
 *
 * A thin adapter: what is done with a msg is in `sender.ts`, which outlives the node, sending in `lib/gateway.ts`.
 * Source: contract section 3.2.
 */
import type { Node, NodeAPI } from 'node-red';
import { Input } from './input.js';
import type { SmppSendDef } from './sender.js';
import { sendersOf } from './senders.js';

export default function registerSmppSend(RED: NodeAPI): void {
  const senders = sendersOf(RED);

  function SmppSend(this: Node, def: SmppSendDef): void {
    RED.nodes.createNode(this, def);
    const sender = senders.open(this, def);
    this.on('input', (msg, send, done) => {
      sender.take(new Input(sender, msg, send, done));
    });
    this.on('close', (closed: () => void) => {
      senders.close(this, sender);
      // What is on its way to the node is delivered in this turn, and only as long as that has not closed.
      setImmediate(closed);
    });
  }

  RED.nodes.registerType('smpp-send', SmppSend);
}
