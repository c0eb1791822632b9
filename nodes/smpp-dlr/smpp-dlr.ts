/**
 * smpp-dlr: what became of an SMS after the gateway had accepted it, in the msg that the SMS came from.
 *
 * Receipts have been matched, joined over the segments and made safe before they come here.
 * Source: contract section 3.3.
 */
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { EpochMs } from '../../lib/clock.js';
import type { DeliveryReceipt } from '../../lib/message.js';
import {
  connectionOf,
  connectionWith,
  showProblem,
  type Activity,
  type Connection,
  type LeaveFeed,
  type ReceiptListener,
} from '../shared/connection.js';
import { flowGateOf } from '../shared/flow-gate.js';
import {
  environmentOf,
  formOf,
  FormReader,
  optionError,
  settingsError,
  type Form,
} from '../shared/form-reader.js';
import { addressOf, originalMessage, originOf, unwrapped } from '../shared/origin.js';
import { EarlierConnections } from './earlier-connections.js';
import { readFilter, type ReceiptFilter } from './read-filter.js';

type SmppDlrDef = NodeDef & Form & { readonly connection: string };

/** In an instance of a subflow, Node-RED gives each node an id of its own, and keeps the one that the editor shows. */
type CopiedNode = Node & { readonly _alias?: string };

export default function registerSmppDlr(RED: NodeAPI): void {
  const gate = flowGateOf(RED.events);
  const earlier = new EarlierConnections(gate, (id) => connectionWith(RED, id));
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
      earlier.follow(this, def.connection, (one) => followAsGuest(this, filter, one));
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

/** How a node hears of receipts at one of its connections. */
interface Hearing {
  readonly isFromWanted: ReceiptFilter['isFromWanted'];
  /** What becomes of one that is not from a node that it wants. */
  readonly unwanted: () => ReturnType<ReceiptListener>;
  /** It has sent on a receipt that came then. */
  readonly sent: (receivedAt: EpochMs) => void;
}

function follow(node: Node, filter: ReceiptFilter, connection: Connection): Activity {
  const activity = connection.join(node, 'receive');
  const leaveFeed = listen(node, filter, connection, {
    isFromWanted: filter.isFromWanted,
    unwanted: () => undefined,
    sent: (receivedAt) => activity.note('receipt', receivedAt),
  });
  node.on('close', (closed: () => void) => {
    leaveFeed();
    connection.leave(node);
    closed();
  });
  return activity;
}

/**
 * At a connection that it used before. What smpp-send nodes of now send there is not for it; and where there is no smpp-dlr
 * of now, that is for one to come, and so is what it does not want of nodes that are gone.
 */
function followAsGuest(node: Node, filter: ReceiptFilter, connection: Connection): LeaveFeed | undefined {
  const { users } = connection;
  if (isAmong(users, 'smpp-send') && !isAmong(users, 'smpp-dlr')) return undefined;
  const leaveFeed = listen(node, filter, connection, {
    isFromWanted: (receipt) => {
      const sender = addressOf(receipt.correlation)?.node;
      return sender !== undefined && !users.has(sender) && filter.isFromWanted(receipt);
    },
    unwanted: () => (isAmong(users, 'smpp-dlr') ? undefined : 'later'),
    sent: () => undefined,
  });
  const depart = connection.stay();
  return () => {
    leaveFeed();
    depart();
  };
}

function listen(
  node: Node,
  { per, overdueAfterMs, isStateWanted }: ReceiptFilter,
  { feed }: Connection,
  { isFromWanted, unwanted, sent }: Hearing,
): LeaveFeed {
  const onReceipt: ReceiptListener = (receipt) => {
    if (!isFromWanted(receipt)) return unwanted();
    if (!isStateWanted(receipt)) return undefined;
    node.send([messageOf(receipt), null]);
    sent(receipt.receivedAt);
    return undefined;
  };
  const onOverdue: ReceiptListener = (receipt) => {
    if (!isFromWanted(receipt)) return unwanted();
    node.send([null, messageOf(receipt)]);
    return undefined;
  };
  const leaveFeed = [feed.onReceipt(per, onReceipt, node)];
  if (overdueAfterMs !== undefined) leaveFeed.push(feed.onOverdue(overdueAfterMs, onOverdue, node));
  return () => {
    for (const leave of leaveFeed) leave();
  };
}

function isAmong(users: Connection['users'], type: string): boolean {
  for (const user of users.values()) if (user.type === type) return true;
  return false;
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
