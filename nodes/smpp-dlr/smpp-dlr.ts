/**
 * smpp-dlr: what became of an SMS after the gateway had accepted it, in the msg that the SMS came from.
 *
 * Receipts have been matched, joined over the segments and made safe before they come here.
 * Source: contract section 3.3.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import { asSmppError } from '../../lib/errors.js';
import type { DeliveryReceipt } from '../../lib/message.js';
import { connectionOf, type Connection, type LeaveFeed } from '../shared/connection.js';
import { originalMessage, originOf, unwrapped } from '../shared/origin.js';
import { readFilter, type DlrForm, type ReceiptFilter } from './read-filter.js';

type SmppDlrDef = NodeDef & DlrForm & { readonly connection: string };

export default function registerSmppDlr(RED: NodeAPI): void {
  function SmppDlr(this: Node, def: SmppDlrDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    if (connection === undefined) return;
    const leaveFeed = follow(this, def, connection);
    connection.join(this, 'receive');
    this.on('close', (closed: () => void) => {
      for (const leave of leaveFeed) leave();
      connection.leave(this);
      closed();
    });
  }

  RED.nodes.registerType('smpp-dlr', SmppDlr);
}

function follow(node: Node, form: DlrForm, { feed }: Connection): LeaveFeed[] {
  let filter: ReceiptFilter;
  try {
    filter = readFilter(form);
  } catch (error) {
    node.error(asSmppError(error, 'SMPP_OPTIONS').message);
    return [];
  }
  const { per, overdueAfterMs, isFromWanted, isStateWanted } = filter;
  const receipts = feed.onReceipt(
    per,
    (receipt) => {
      if (isFromWanted(receipt) && isStateWanted(receipt)) node.send([messageOf(receipt), null]);
    },
    node,
  );
  if (overdueAfterMs === undefined) return [receipts];
  const overdue = feed.onOverdue(
    overdueAfterMs,
    (receipt) => {
      if (isFromWanted(receipt)) node.send([null, messageOf(receipt)]);
    },
    node,
  );
  return [receipts, overdue];
}

/** The msg that the SMS came from, as far as it could be kept, with the receipt as its payload. */
function messageOf(receipt: DeliveryReceipt): NodeMessage {
  const message = originalMessage(originOf(receipt.correlation));
  message.payload = unwrapped(receipt);
  if (receipt.to !== undefined) message.topic = receipt.to;
  return message;
}
