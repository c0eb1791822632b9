/**
 * smpp-receive: an SMS that a phone sent becomes a msg.
 *
 * The SMS has been put together and made safe before it comes here; the gateway keeps it until a flow that runs
 * has taken it.
 * Source: contract section 3.3.
 */
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { asSmppError } from '../../lib/errors.js';
import type { InboundSms } from '../../lib/message.js';
import { isSameNumber } from '../../lib/phone-number.js';
import { connectionOf, showProblem, type Connection } from '../shared/connection.js';
import { unwrapped } from '../shared/origin.js';
import { readChoice, type Form } from '../shared/read-choice.js';

type SmppReceiveDef = NodeDef & Form & { readonly connection: string };

type IsWanted = (sms: InboundSms) => boolean;

export default function registerSmppReceive(RED: NodeAPI): void {
  function SmppReceive(this: Node, def: SmppReceiveDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    if (connection === undefined) return;
    try {
      receive(this, readFilter(def, connection), connection);
    } catch (error) {
      this.error(asSmppError(error, 'SMPP_OPTIONS').message);
      showProblem(RED, this, 'settings');
    }
  }

  RED.nodes.registerType('smpp-receive', SmppReceive);
}

/** `to`: only SMS to this number; `incomplete`: what is done with an SMS of which parts never came. */
function readFilter(form: Form, { defaultCountry }: Connection): IsWanted {
  const to = typeof form.to === 'string' || typeof form.to === 'number' ? String(form.to).trim() : '';
  const incomplete = readChoice(form, 'incomplete', ['emit', 'drop']);
  return (sms) =>
    (to === '' || isSameNumber(to, sms.to, defaultCountry)) && (sms.complete || incomplete === 'emit');
}

function receive(node: Node, isWanted: IsWanted, connection: Connection): void {
  const leaveFeed = connection.feed.onSms((sms) => {
    if (isWanted(sms)) node.send({ topic: sms.from, payload: forFlow(sms) });
  }, node);
  connection.join(node, 'receive');
  node.on('close', (closed: () => void) => {
    leaveFeed();
    connection.leave(node);
    closed();
  });
}

/** A copy, for others get the same SMS; with the flow's own correlation in `inReplyTo`, not our wrapping of it. */
function forFlow(sms: InboundSms): InboundSms {
  return sms.inReplyTo === undefined ? { ...sms } : { ...sms, inReplyTo: { ...unwrapped(sms.inReplyTo) } };
}
