/**
 * Which receipts a smpp-dlr node wants, from its form; pure.
 *
 * Source: contract section 3.3.
 */
import type { DeliveryReceipt } from '../../lib/message.js';
import { optionError, type FormReader } from '../shared/form-reader.js';
import { addressOf } from '../shared/origin.js';

export interface ReceiptFilter {
  readonly per: 'message' | 'segment';
  /** Ids of the smpp-send nodes that are asked for; none: all. */
  readonly senders: readonly string[];
  /** Undefined when overdue SMS are not asked for. */
  readonly overdueAfterMs: number | undefined;
  /** Whether a receipt came for an SMS of a node that is asked for. */
  readonly isFromWanted: (receipt: DeliveryReceipt) => boolean;
  readonly isStateWanted: (receipt: DeliveryReceipt) => boolean;
}

const OVERDUE_AFTER_MS = 10 * 60_000;
/** Receipts are matched to their SMS for three days; after that nobody knows what is missing. */
const OVERDUE_AFTER_MINUTES_MAX = 3 * 24 * 60;

/** The node whose form it is, as Node-RED has it. */
export interface Place {
  /** Of its tab; in a subflow the id of the instance, of which each has copies of the subflow's nodes. */
  readonly z: string;
  /** Of a copy in an instance: the id that the editor shows. */
  readonly alias: string | undefined;
  /** The same of any other node. */
  readonly aliasOf: (id: string) => string | undefined;
}

/**
 * Reads the form; a property that is absent has its default.
 *
 * @param from as it stands in the flow, where the editor and Node-RED know the ids in it
 * @throws SMPP_OPTIONS naming the property at fault
 */
export function readFilter(reader: FormReader, from: unknown, place: Place): ReceiptFilter {
  const senders = readSenders(from);
  const isWanted = senderFilter(senders, place);
  const states = reader.word('states', ['final', 'all']);
  const overdueAfterMs =
    reader.minutesAsMs('noReceiptAfter', { range: 'from 0', max: OVERDUE_AFTER_MINUTES_MAX }) ??
    OVERDUE_AFTER_MS;
  return {
    senders,
    per: reader.word('per', ['message', 'segment']),
    overdueAfterMs: overdueAfterMs === 0 ? undefined : overdueAfterMs,
    isFromWanted: ({ correlation }) => isWanted(correlation),
    isStateWanted: ({ isFinal }) => isFinal || states === 'all',
  };
}

/** Ids of smpp-send nodes; the form saves a list, a hand may have written a text. */
export function readSenders(from: unknown): readonly string[] {
  if (from === undefined || from === null) return [];
  const ids: unknown[] | undefined = Array.isArray(from)
    ? from
    : typeof from === 'string'
      ? from.split(/[\s,]+/)
      : undefined;
  if (ids?.every((id) => typeof id === 'string') !== true)
    throw optionError('from', 'must be a list of ids of smpp-send nodes');
  return ids.filter((id) => id !== '');
}

/**
 * Whether an SMS with this correlation came from one of the nodes.
 *
 * In the form stand the ids of a subflow. In an instance they mean its own copies, also those in a subflow within it, whose
 * ids all begin with that of the instance; on a tab, the copies of each instance.
 */
function senderFilter(
  ids: readonly string[],
  { z, alias, aliasOf }: Place,
): (correlation: unknown) => boolean {
  if (ids.length === 0) return () => true;
  const nodes = new Set(ids);
  const instance = alias === undefined ? '' : `${z}-`;
  return (correlation) => {
    const sender = addressOf(correlation)?.node;
    if (sender === undefined) return false;
    if (nodes.has(sender)) return true;
    return sender.startsWith(instance) && nodes.has(aliasOf(sender) ?? sender.slice(instance.length));
  };
}
