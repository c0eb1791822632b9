/**
 * smpp-dlr: what became of an SMS after the gateway had accepted it, in the msg that the SMS came from.
 *
 * Receipts have been matched, joined over the segments and made safe before they come here.
 * Source: contract section 3.3.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { DeliveryReceipt } from '../../lib/message.js';
import { connectionOf, showProblem, type Connection } from '../shared/connection.js';
import { environmentOf, FormReader, settingsError, type Form } from '../shared/form-reader.js';
import { originalMessage, originOf, unwrapped } from '../shared/origin.js';
import { readFilter, type ReceiptFilter } from './read-filter.js';

type SmppDlrDef = NodeDef & Form & { readonly connection: string };

/** In an instance of a subflow, Node-RED gives each node an id of its own, and keeps the one that the editor shows. */
type CopiedNode = Node & { readonly _alias?: string };

export default function registerSmppDlr(RED: NodeAPI): void {
  const aliasOf = (id: string): string | undefined =>
    (RED.nodes.getNode(id) as CopiedNode | null | undefined)?._alias;

  function SmppDlr(this: Node, def: SmppDlrDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    if (connection === undefined) return;
    try {
      const reader = new FormReader(def, environmentOf(RED, this));
      const { z, _alias: alias } = this as CopiedNode;
      follow(this, readFilter(reader, def.from, { z, alias, aliasOf }), connection);
    } catch (error) {
      this.error(settingsError(error, (field) => RED._(`smpp-dlr.label.${field}`)).message);
      showProblem(RED, this, 'settings', connection);
    }
  }

  RED.nodes.registerType('smpp-dlr', SmppDlr);
}

function follow(node: Node, filter: ReceiptFilter, connection: Connection): void {
  const { per, overdueAfterMs, isFromWanted, isStateWanted } = filter;
  const { feed } = connection;
  const onReceipt = (receipt: DeliveryReceipt): void => {
    if (!isFromWanted(receipt) || !isStateWanted(receipt)) return;
    node.send([messageOf(receipt), null]);
    activity.note('receipt', receipt.receivedAt);
  };
  const onOverdue = (receipt: DeliveryReceipt): void => {
    if (isFromWanted(receipt)) node.send([null, messageOf(receipt)]);
  };
  const leaveFeed = [feed.onReceipt(per, onReceipt, node)];
  if (overdueAfterMs !== undefined) leaveFeed.push(feed.onOverdue(overdueAfterMs, onOverdue, node));
  const activity = connection.join(node, 'receive');
  node.on('close', (closed: () => void) => {
    for (const leave of leaveFeed) leave();
    connection.leave(node);
    closed();
  });
}

/** The msg that the SMS came from, as far as it could be kept, with the receipt as its payload. */
function messageOf(receipt: DeliveryReceipt): NodeMessage {
  const origin = originOf(receipt.correlation);
  const message = originalMessage(origin);
  // Copied: other nodes get the same receipt, and a flow may change what it has.
  message.payload = { ...unwrapped(receipt, origin), segments: { ...receipt.segments } };
  if (receipt.to !== undefined) message.topic = receipt.to;
  return message;
}
