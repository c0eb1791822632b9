/** From a result to the msg that goes out, and to which of the two outputs; pure. */
import type { NodeMessage } from 'node-red';
import type { SubmitResult } from '../../lib/message.js';
import { originalMessage, originOf } from '../shared/origin.js';

export type Outputs = [NodeMessage | null, NodeMessage | null];

/** The first output when the gateway accepted the SMS, else the second. */
export function outputsFor(message: NodeMessage, payload: SubmitResult): Outputs {
  const out = withPayload(message, payload);
  return payload.outcome === 'accepted' ? [out, null] : [null, out];
}

/** The outputs for a result that nobody waits for any more, from what its origin has kept. */
export function recoveredOutputs(result: SubmitResult): Outputs {
  const origin = originOf(result.correlation);
  const payload = payloadFor(result, origin?.correlation);
  return outputsFor(originalMessage(origin), { ...payload, recovered: true });
}

/**
 * The result with the flow's own correlation in place of ours; a flow may change it, and others get the same result.
 *
 * A literal: it is made for every SMS, and one put together by leaving a property out takes ten times as long.
 *
 * @param correlation what the flow gave, if it gave any
 */
export function payloadFor(result: SubmitResult, correlation: unknown): SubmitResult {
  const payload: { -readonly [Field in keyof SubmitResult]: SubmitResult[Field] } = {
    id: result.id,
    outcome: result.outcome,
    messageIds: [...result.messageIds],
    to: result.to,
    from: result.from,
    segments: result.segments,
    encoding: result.encoding,
    possibleDuplicate: result.possibleDuplicate,
    recovered: result.recovered,
    queuedAt: result.queuedAt,
    settledAt: result.settledAt,
    attempts: result.attempts,
  };
  const { host, status, reason, substituted } = result;
  if (host !== undefined) payload.host = host;
  if (status !== undefined) payload.status = status;
  if (result.repeated !== undefined) payload.repeated = result.repeated;
  if (reason !== undefined) payload.reason = reason;
  if (substituted !== undefined) payload.substituted = substituted.map((one) => ({ ...one }));
  if (correlation !== undefined) payload.correlation = correlation;
  return payload;
}

/** The msg itself, or a copy of one that is frozen: its result must come out all the same. */
function withPayload(message: NodeMessage, payload: SubmitResult): NodeMessage {
  try {
    message.payload = payload;
    return message;
  } catch {
    return { ...message, payload };
  }
}
