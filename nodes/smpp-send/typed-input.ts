/**
 * A typed input of the form, made ready once: what can be told at once is not waited for.
 *
 * A text and a property of the msg are read for every SMS without a promise; JSONata and the contexts, which may be
 * stored elsewhere, answer later. Node-RED evaluates; only a plain property of the msg is read here.
 * Source: Node-RED's `util.evaluateNodeProperty`.
 */
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { SmppError } from '../../lib/errors.js';
import type { TypedField, TypedValue } from './form.js';

export type TypedInput =
  | { readonly kind: 'prompt'; readonly read: (msg: NodeMessage) => unknown }
  /** The value comes wrapped, for one that has a `then` of its own would be waited for. */
  | { readonly kind: 'late'; readonly read: (msg: NodeMessage) => Promise<{ readonly value: unknown }> };

/** Types whose value Node-RED can give only to a callback. */
const LATE: ReadonlySet<string> = new Set(['flow', 'global', 'jsonata']);

/** A property of the msg that is no path: Node-RED would take the expression apart for every msg. */
const PLAIN_PROPERTY = /^(?:msg\.)?([A-Za-z_$][\w$]*)$/;

/** What `read` throws is an SMPP_MESSAGE that names the field. */
export function typedInput(
  field: TypedField,
  { value, type }: TypedValue,
  { RED, node }: { readonly RED: NodeAPI; readonly node: Node },
): TypedInput {
  if (type === 'str') return { kind: 'prompt', read: () => value };
  const failed = (error: unknown): SmppError => evaluationFailed(field, type, error);
  if (LATE.has(type)) {
    return {
      kind: 'late',
      read: (msg) =>
        new Promise((resolve, reject) => {
          try {
            RED.util.evaluateNodeProperty(value, type, node, msg, (error, result: unknown) => {
              if (!error) resolve({ value: result });
              else reject(failed(error));
            });
          } catch (error) {
            reject(failed(error));
          }
        }),
    };
  }
  const property = type === 'msg' ? PLAIN_PROPERTY.exec(value)?.[1] : undefined;
  const evaluate = (msg: NodeMessage): unknown =>
    property === undefined
      ? RED.util.evaluateNodeProperty(value, type, node, msg)
      : (msg as Readonly<Record<string, unknown>>)[property];
  return {
    kind: 'prompt',
    read: (msg) => {
      try {
        return evaluate(msg);
      } catch (error) {
        throw failed(error);
      }
    },
  };
}

/** What an expression says of its failure may quote the msg; its code does not. */
function evaluationFailed(field: TypedField, type: string, error: unknown): SmppError {
  const code = (error as { code?: unknown } | null)?.code;
  const reason = typeof code === 'string' ? ` (${code})` : '';
  return new SmppError(
    'SMPP_MESSAGE',
    `${field}: its ${type} value cannot be evaluated${reason}: check the node`,
    { field, cause: error },
  );
}
