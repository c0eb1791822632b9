/**
 * smpp-receive: an SMS that a phone sent becomes a msg.
 *
 * The SMS has been put together and made safe before it comes here; the gateway keeps it until a flow that runs
 * has taken it.
 * Source: contract section 3.3.
 */
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { InboundSms } from '../../lib/message.js';
import { isSameNumber, readOwnNumber } from '../../lib/phone-number.js';
import { connectionOf, showProblem, type Connection } from '../shared/connection.js';
import {
  environmentOf,
  formOf,
  FormReader,
  optionError,
  settingsError,
  type Form,
} from '../shared/form-reader.js';
import { unwrapped } from '../shared/origin.js';

type SmppReceiveDef = NodeDef & Form & { readonly connection: string };

type IsWanted = (sms: InboundSms) => boolean;

export default function registerSmppReceive(RED: NodeAPI): void {
  function SmppReceive(this: Node, def: SmppReceiveDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    if (connection === undefined) return;
    try {
      const reader = new FormReader(formOf(RED, this, def), environmentOf(RED, this));
      receive(this, readFilter(reader, connection), connection);
    } catch (error) {
      this.error(settingsError(error, (field) => RED._(`smpp-receive.label.${field}`)).message);
      showProblem(RED, this, 'settings', connection);
    }
  }

  RED.nodes.registerType('smpp-receive', SmppReceive);
}

/**
 * `to`: only SMS to this number; `incomplete`: what is done with an SMS of which parts never came.
 *
 * @throws SMPP_OPTIONS when `to` can be no number, which no SMS would have
 */
function readFilter(reader: FormReader, { sms: settings }: Connection): IsWanted {
  const isList = Array.isArray(reader.value('to'));
  const written = isList ? '' : reader.text('to');
  if (isList || /[,;\r\n]/.test(written))
    throw optionError('to', 'must be one number: add a smpp-receive node for each');
  const to = written === '' ? undefined : readOwnNumber(written, 'to');
  const incomplete = reader.word('incomplete', ['emit', 'drop']);
  return (sms) =>
    (to === undefined || isSameNumber(to, sms.to, settings?.defaultCountry)) &&
    (sms.complete || incomplete === 'emit');
}

function receive(node: Node, isWanted: IsWanted, connection: Connection): void {
  const leaveFeed = connection.feed.onSms((sms) => {
    if (!isWanted(sms)) return;
    node.send({ topic: sms.from, payload: forFlow(sms) });
    activity.note('received', sms.receivedAt);
  }, node);
  const activity = connection.join(node, 'receive');
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
