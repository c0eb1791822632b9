/**
 * smpp-dlr: what became of an SMS after the gateway had accepted it, in the msg that the SMS came from.
 *
 * Receipts have been matched, joined over the segments and made safe before they come here.
 * Source: contract section 3.3.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { DeliveryReceipt } from '../../lib/message.js';
import { connectionOf, showProblem, type Activity, type Connection } from '../shared/connection.js';
import { flowGateOf } from '../shared/flow-gate.js';
import {
  environmentOf,
  formOf,
  FormReader,
  optionError,
  settingsError,
  type Form,
} from '../shared/form-reader.js';
import { originalMessage, originOf, unwrapped } from '../shared/origin.js';
import { readFilter, type ReceiptFilter } from './read-filter.js';

type SmppDlrDef = NodeDef & Form & { readonly connection: string };

/** In an instance of a subflow, Node-RED gives each node an id of its own, and keeps the one that the editor shows. */
type CopiedNode = Node & { readonly _alias?: string };

export default function registerSmppDlr(RED: NodeAPI): void {
  const gate = flowGateOf(RED.events);
  const aliasOf = (id: string): string | undefined =>
    (RED.nodes.getNode(id) as CopiedNode | null | undefined)?._alias;

  function SmppDlr(this: Node, def: SmppDlrDef): void {
    RED.nodes.createNode(this, def);
    const connection = connectionOf(RED, this, def.connection);
    if (connection === undefined) return;
    try {
      const reader = new FormReader(formOf(RED, this, def), environmentOf(RED, this));
      const { z, _alias: alias } = this as CopiedNode;
      const filter = readFilter(reader, def.from, { z, alias, aliasOf });
      const activity = follow(this, filter, connection);
      watchSenders(this, filter.senders, activity);
    } catch (error) {
      this.error(explained(error));
      showProblem(RED, this, 'settings', connection);
    }
  }

  /** No receipt comes for a node that is gone, but for what it had sent. A deploy of other nodes may delete it. */
  function watchSenders(node: CopiedNode, ids: readonly string[], activity: Activity): void {
    const instance = node._alias === undefined ? '' : `${node.z}-`;
    let told = '';
    const look = (): void => {
      const gone = withoutNode(ids, instance).join(', ');
      if (gone === told) return;
      told = gone;
      activity.noteSettings(gone !== '');
      if (gone !== '')
        node.error(explained(optionError('from', `must be smpp-send nodes, there is none of id ${gone}`)));
    };
    look();
    const unwatch = gate.watch(() => {
      if (gate.isOpen) look();
    });
    node.on('close', unwatch);
  }

  /** In an instance of a subflow an id may be that of a copy; the flows are known by the ids that the editor shows. */
  function withoutNode(ids: readonly string[], instance: string): readonly string[] {
    const present = new Set<string>();
    RED.nodes.eachNode(({ id, type }) => {
      if (type === 'smpp-send') present.add(id);
    });
    return ids.filter(
      (id) => !present.has(id) && !(id.startsWith(instance) && present.has(id.slice(instance.length))),
    );
  }

  function explained(error: unknown): string {
    return settingsError(error, (field) => RED._(`smpp-dlr.label.${field}`)).message;
  }

  RED.nodes.registerType('smpp-dlr', SmppDlr);
}

function follow(node: Node, filter: ReceiptFilter, connection: Connection): Activity {
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
  return activity;
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
