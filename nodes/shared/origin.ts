/**
 * Where an SMS came from: the smpp-send node, and what its msg carried.
 *
 * It travels as the SMS's `correlation`, so that a result or a receipt finds the node with the same id and can
 * rebuild the msg, also after a redeploy or a restart. The flow's own correlation is wrapped inside, and
 * unwrapped before anything reaches a flow.
 */
import type { NodeMessage } from 'node-red';

export interface Origin {
  /** Id of the smpp-send node. */
  readonly node: string;
  /** Unique per SMS handed over: how a node recognises what it still waits for itself. */
  readonly key: string;
  /** The msg's own JSON-safe properties but its payload. */
  readonly msg: Readonly<Record<string, unknown>>;
  /** `msg.parts`, where one msg became several SMS. */
  readonly parts?: unknown;
  /** What the flow gave as `correlation`. */
  readonly correlation?: unknown;
}

/** The origin in a correlation, or undefined when another program wrote it. */
export function originOf(correlation: unknown): Origin | undefined {
  if (typeof correlation !== 'object' || correlation === null) return undefined;
  const { node, key, msg } = correlation as Partial<Record<keyof Origin, unknown>>;
  const isOrigin =
    typeof node === 'string' && typeof key === 'string' && typeof msg === 'object' && msg !== null;
  return isOrigin ? (correlation as Origin) : undefined;
}

/** The event as a flow sees it: with the flow's own correlation, or none. */
export function unwrapped<T extends { readonly correlation?: unknown }>(event: T): T {
  const origin = originOf(event.correlation);
  if (origin === undefined) return event;
  const unwrapped = { ...event, correlation: origin.correlation };
  if (origin.correlation === undefined) Reflect.deleteProperty(unwrapped, 'correlation');
  return unwrapped;
}

/** The msg that an SMS came from, without its payload. */
export function originalMessage(origin: Origin | undefined): NodeMessage {
  if (origin === undefined) return {};
  return origin.parts === undefined ? { ...origin.msg } : { ...origin.msg, parts: origin.parts };
}
