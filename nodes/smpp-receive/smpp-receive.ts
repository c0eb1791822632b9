/**
 * smpp-receive: an SMS that a phone sent becomes a msg.
 *
 * The SMS has been put together and made safe before it comes here; the gateway keeps it until a flow that runs
 * has taken it.
 * Source: contract section 3.3.
 */
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { InboundSms } from '../../lib/message.js';
import { connectionOf } from '../shared/connection.js';
import { unwrapped } from '../shared/origin.js';
import { isSameNumber } from '../shared/read-number.js';

interface SmppReceiveDef extends NodeDef {
  readonly connection: string;
  /** Only SMS to this number; empty or absent: all. */
  readonly to?: unknown;
  /** What is done with an SMS of which parts never came. */
  readonly incomplete?: unknown;
}

export default function registerSmppReceive(RED: NodeAPI): void {
  function SmppReceive(this: Node, def: SmppReceiveDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    if (connection === undefined) return;
    const to = typeof def.to === 'string' || typeof def.to === 'number' ? String(def.to).trim() : '';
    const leaveFeed = connection.feed.onSms((sms) => {
      if (to !== '' && !isSameNumber(to, sms.to, connection.defaultCountry)) return;
      if (!sms.complete && def.incomplete === 'drop') return;
      this.send({ topic: sms.from, payload: forFlow(sms) });
    }, this);
    connection.join(this, 'receive');
    this.on('close', (closed: () => void) => {
      leaveFeed();
      connection.leave(this);
      closed();
    });
  }

  RED.nodes.registerType('smpp-receive', SmppReceive);
}

/** With the flow's own correlation in `inReplyTo`, not our wrapping of it. */
function forFlow(sms: InboundSms): InboundSms {
  return sms.inReplyTo === undefined ? sms : { ...sms, inReplyTo: unwrapped(sms.inReplyTo) };
}
