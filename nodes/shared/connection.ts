/**
 * What the flow nodes know of the connection node: its gateway and the events that it hands on.
 *
 * The connection node itself is `inmobile-connection`; it keeps one gateway for all its users.
 */
import type { Node, NodeAPI } from 'node-red';

import type { EpochMs } from '../../lib/clock.js';
import type { SmppError } from '../../lib/errors.js';
import type { Gateway } from '../../lib/gateway.js';
import type { DeliveryReceipt, GatewayStatus, InboundSms } from '../../lib/message.js';
import type { CountryCode } from '../../lib/phone-number.js';
import { optionError, settingsError } from './form-reader.js';
import { flowGateOf, type FlowGate } from './flow-gate.js';
import { problemStatus, type LastSms, type Translate } from './status.js';

export type LeaveFeed = () => void;

/** Returns `later` for one that it leaves to the nodes of another deploy. */
export type ReceiptListener = (receipt: DeliveryReceipt) => 'later' | undefined;

/**
 * Events for the flows: handed on while the flows run, kept while they do not. `node` is the one that sends an
 * event on: what a deploy kept from arriving comes again.
 */
export interface Feed {
  onSms(listener: (sms: InboundSms) => void, node: Node): LeaveFeed;
  onReceipt(per: 'message' | 'segment', listener: ReceiptListener, node: Node): LeaveFeed;
  /** Accepted SMS that have no final receipt after `afterMs`. */
  onOverdue(afterMs: number, listener: ReceiptListener, node: Node): LeaveFeed;
}

/** What a node does with the connection: it sends SMS, or gets what comes in. */
export type Direction = 'send' | 'receive';

/** How a user tells what it does, for the status below it. */
export interface Activity {
  /** An SMS of its own was accepted, or it has sent on what came in. */
  note(kind: LastSms['kind'], at: EpochMs): void;
  /** Whether something in its settings is wrong, in spite of which it does what it can. */
  noteSettings(areWrong: boolean): void;
}

/** What holds for an SMS that does not say otherwise. */
export interface SmsSettings {
  /** The `from` of one that names none. */
  readonly sender: string | undefined;
  /** How a number without a country code is read. */
  readonly defaultCountry: CountryCode | undefined;
}

export interface Connection {
  /** It sends nothing to any phone, which every status says. */
  readonly isSimulated: boolean;
  /** Undefined when the connection's settings are wrong. */
  readonly sms: SmsSettings | undefined;
  /** What it was given ends with the process; not what went over to storage on disk when the connection was edited. */
  readonly isVolatile: boolean;
  readonly feed: Feed;
  /**
   * The first user starts the gateway; every user shows the connection's status. One that needs what the account
   * cannot do shows that instead, and says so once.
   */
  join(user: Node, needs: Direction): Activity;
  /** The last user stops it, unless another has joined by the end of the deploy. */
  leave(user: Node): void;
  /**
   * For a node that was a user until a deploy, and listens on: without users too, the gateway runs while it waits for final
   * receipts. No status is shown to it. The returned function ends that.
   */
  stay(): LeaveFeed;
  /** By id. */
  readonly users: ReadonlyMap<string, Node>;
  /** The gateway while it runs and nothing is about to change that: else `gateway()` waits, or tells why not. */
  readonly running: Gateway | undefined;
  /**
   * The running gateway.
   *
   * @throws SMPP_OPTIONS when the settings are wrong, SMPP_STORAGE when the store cannot be opened, SMPP_STOPPED
   */
  gateway(): Promise<Gateway>;
  /** Starts the gateway again after `disconnect`. */
  connect(): Promise<void>;
  /** Stops the gateway until `connect` or the next deploy of the connection; what is queued stays stored. */
  disconnect(): Promise<void>;
  /**
   * Takes an SMS out of the queue, also after `disconnect`; false when it is under way, settled or unknown.
   *
   * @throws SMPP_OPTIONS when the settings are wrong, SMPP_STORAGE when the store cannot be opened
   */
  cancel(id: string): Promise<boolean>;
  /** Ids of the SMS that an earlier run left in the queue and that came with this `_msgid`; also, and throws, as `cancel`. */
  recoveredIdsOf(messageId: string): Promise<readonly string[]>;
  /** No personal data. */
  status(): GatewayStatus;
}

/** A live connection node. */
export interface ConnectionNode extends Node {
  readonly connection: Connection;
}

/** That of the connection node with this id, if there is one. */
export function connectionWith(RED: NodeAPI, id: string): Connection | undefined {
  return (RED.nodes.getNode(id) as Partial<ConnectionNode> | null | undefined)?.connection;
}

/** The connection that a flow node names; when there is none the node shows it, the log says it, and it gets undefined. */
export function connectionOf(RED: NodeAPI, user: Node, id: string): Connection | undefined {
  const connection = connectionWith(RED, id);
  if (connection !== undefined) return connection;
  const { message } = settingsError(noConnection(), (field) => RED._(`${user.type}.label.${field}`));
  user.error(message);
  showProblem(RED, user, 'noConnection');
  return undefined;
}

export function noConnection(): SmppError {
  return optionError('connection', 'the node names none that exists and is enabled');
}

/** All that the flows have, in use or not. */
export function everyConnection(RED: NodeAPI): readonly Connection[] {
  const found: Connection[] = [];
  RED.nodes.eachNode(({ id, type }) => {
    if (type !== 'inmobile-connection') return;
    const connection = connectionWith(RED, id);
    if (connection !== undefined) found.push(connection);
  });
  return found;
}

/** Shows that a flow node can do nothing; it must not join its connection, which would show another status. */
export function showProblem(
  RED: NodeAPI,
  user: Node,
  problem: 'noConnection' | 'settings',
  { isSimulated }: Pick<Connection, 'isSimulated'> = { isSimulated: false },
): void {
  const translate: Translate = (key, blanks) => RED._(`${CATALOGUE}.${key}`, { ...blanks });
  const shown = problemStatus(problem, { isSimulated, translate });
  onceFlowsRun(user, flowGateOf(RED.events), () => user.status(shown));
}

/** Shows what stays below a node: Status nodes hear of nothing that is shown before the flows run. */
export function onceFlowsRun(node: Node, gate: FlowGate, show: () => void): void {
  if (gate.isOpen) {
    show();
    return;
  }
  const unwatch = gate.watch(() => {
    if (!gate.isOpen) return;
    unwatch();
    show();
  });
  node.on('close', unwatch);
}

/** The catalogue of the connection node, as any node of the package addresses it. */
const CATALOGUE = '@node-red-smpp/inmobile/inmobile-connection:inmobile-connection';
