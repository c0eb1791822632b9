/**
 * Where an SMS came from: the smpp-send node, and what its msg carried.
 *
 * It travels as the SMS's `correlation`, so that a result or a receipt finds the node with the same id and can
 * rebuild the msg, also after a redeploy or a restart. The flow's own correlation is wrapped inside, and
 * unwrapped before anything reaches a flow.
 *
 * It travels as text: an object would be copied at each border that it crosses, and nearly all results find their msg
 * still waiting.
 */
import type { NodeMessage } from 'node-red';

export interface Origin {
  /** Id of the smpp-send node. */
  readonly node: string;
  /** Unique per SMS handed over: how a node recognises what it still waits for itself. */
  readonly key: string;
  /** The msg's own JSON-safe properties but its payload. */
  readonly msg: Record<string, unknown>;
  /** Of the msg in, where that is not among its properties: one msg became several SMS. */
  readonly messageId?: string;
  /** `msg.parts`, where one msg became several SMS. */
  readonly parts?: unknown;
  /** What the flow gave as `correlation`. */
  readonly correlation?: unknown;
}

/** Begins every origin's text. The key comes first, then the node: a result finds who waits without reading the rest. */
const START = '{"key":"';
const NODE = '","node":"';

/** Of an origin, all that its key does not say; `msg` is JSON already. */
export interface OriginContent {
  readonly node: string;
  readonly msg: string;
  readonly messageId?: string;
  readonly parts?: unknown;
  readonly correlation?: unknown;
}

/** An origin's text but for its beginning, which `originText` puts before it. */
export function originTail({ node, msg, messageId, parts, correlation }: OriginContent): string {
  const of = messageId === undefined ? '' : `,"messageId":${JSON.stringify(messageId)}`;
  const nested = parts === undefined ? '' : `,"parts":${JSON.stringify(parts)}`;
  const own = correlation === undefined ? '' : `,"correlation":${JSON.stringify(correlation)}`;
  return `,"node":${JSON.stringify(node)},"msg":${msg}${of}${nested}${own}}`;
}

/** @param key has nothing in it that JSON would escape */
export function originText(key: string, tail: string): string {
  return `${START}${key}"${tail}`;
}

/** Whose SMS it was: its node's id, and the key by which that knows what it waits for. */
export function addressOf(correlation: unknown): Pick<Origin, 'node' | 'key'> | undefined {
  if (!isOriginText(correlation)) return undefined;
  const keyEnd = correlation.indexOf('"', START.length);
  const nodeAt = keyEnd + NODE.length;
  const node = correlation.slice(nodeAt, correlation.indexOf('"', nodeAt));
  // An id that was written by hand may have anything in it.
  const isPlain = correlation.startsWith(NODE, keyEnd) && !node.includes('\\');
  return isPlain ? { node, key: correlation.slice(START.length, keyEnd) } : originOf(correlation);
}

/** The origin in a correlation, made anew; undefined when another program wrote it. */
export function originOf(correlation: unknown): Origin | undefined {
  if (!isOriginText(correlation)) return undefined;
  let origin: Partial<Record<keyof Origin, unknown>>;
  try {
    origin = JSON.parse(correlation) as typeof origin;
  } catch {
    return undefined;
  }
  const { node, key, msg } = origin;
  const isOrigin =
    typeof node === 'string' && typeof key === 'string' && typeof msg === 'object' && msg !== null;
  return isOrigin ? (origin as Origin) : undefined;
}

/** The `_msgid` of the msg that an SMS came with; undefined when another program sent it. */
export function messageIdOf(correlation: unknown): string | undefined {
  const origin = originOf(correlation);
  const id = origin?.messageId ?? origin?.msg._msgid;
  return typeof id === 'string' ? id : undefined;
}

function isOriginText(correlation: unknown): correlation is string {
  return typeof correlation === 'string' && correlation.startsWith(START);
}

/**
 * The event as a flow sees it: with the flow's own correlation, or none.
 *
 * @param origin that of the event; undefined when another program sent the SMS
 */
export function unwrapped<T extends { readonly correlation?: unknown }>(
  event: T,
  origin: Origin | undefined = originOf(event.correlation),
): T {
  if (origin === undefined) return event;
  const { correlation: _origin, ...rest } = event;
  return (origin.correlation === undefined ? rest : { ...rest, correlation: origin.correlation }) as T;
}

/** The msg that an SMS came from, without its payload: the origin's own, since a copy takes as long as reading it. */
export function originalMessage(origin: Origin | undefined): NodeMessage {
  if (origin === undefined) return {};
  if (origin.parts !== undefined) origin.msg.parts = origin.parts;
  return origin.msg;
}
