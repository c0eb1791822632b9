/**
 * A typed input of the form, made ready once: what can be told at once is not waited for, and what can be judged without
 * a msg is judged now.
 *
 * A text and an environment value are the same for every SMS; a property of the msg is read without a promise; JSONata and
 * the contexts, which may be stored elsewhere, answer later. Node-RED evaluates; only a plain property of the msg is
 * read here.
 * Source: Node-RED's `util.evaluateNodeProperty`.
 */
import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { SmppError } from '../../lib/errors.js';
import { optionError, unsetVariable } from '../shared/form-reader.js';
import type { TypedField, TypedValue } from './form.js';

export type TypedInput =
  | { readonly kind: 'fixed'; readonly value: unknown }
  | { readonly kind: 'prompt'; readonly read: (msg: NodeMessage) => unknown }
  /** The value comes wrapped, for one that has a `then` of its own would be waited for. */
  | { readonly kind: 'late'; readonly read: (msg: NodeMessage) => Promise<{ readonly value: unknown }> };

interface Surroundings {
  readonly RED: NodeAPI;
  readonly node: Node;
}

/** A property of the msg that is no path: Node-RED would take the expression apart for every msg. */
const PLAIN_PROPERTY = /^(?:msg\.)?([A-Za-z_$][\w$]*)$/;

/** Of a path, or a text with variables: Node-RED looks for these in time that grows with the square of the length. */
const NAME_CHARACTERS_MAX = 1_000;

/**
 * Makes it ready; what `read` throws is an SMPP_MESSAGE that names the field.
 *
 * @throws SMPP_OPTIONS when it can give nothing, whatever the msg
 */
export function typedInput(field: TypedField, { type, value }: TypedValue, around: Surroundings): TypedInput {
  if (type === 'str') return { kind: 'fixed', value };
  if (value === '') return { kind: 'fixed', value: undefined };
  if (type !== 'jsonata' && value.length > NAME_CHARACTERS_MAX)
    throw optionError(field, `must have at most ${NAME_CHARACTERS_MAX} characters, has ${value.length}`);
  switch (type) {
    case 'env':
      return { kind: 'fixed', value: readVariables(field, value, around) };
    case 'msg':
      return property(field, value, around);
    case 'flow':
    case 'global':
      checkPath(field, around.RED.util.parseContextStore(value).key, around);
      return { kind: 'late', read: lateReader(field, { type, value }, around) };
    case 'jsonata':
      checkExpression(field, value, around);
      return { kind: 'late', read: lateReader(field, { type, value }, around) };
  }
}

/** A name alone, or a text with `${NAME}` in it. */
function readVariables(field: TypedField, text: string, { RED, node }: Surroundings): unknown {
  const names = /\$\{\S+\}/.test(text)
    ? [...text.matchAll(/\$\{([^}]+)\}/g)].map(([, name]) => name)
    : [text];
  for (const name of names) {
    const value: unknown = name === undefined ? undefined : RED.util.getSetting(node, name);
    if (name !== undefined && (value === undefined || value === '')) throw unsetVariable(field, name);
  }
  return RED.util.evaluateNodeProperty(text, 'env', node, {});
}

function property(field: TypedField, path: string, around: Surroundings): TypedInput {
  const name = PLAIN_PROPERTY.exec(path)?.[1];
  if (name === undefined) checkPath(field, path, around);
  const { RED, node } = around;
  return {
    kind: 'prompt',
    read: (msg) => {
      try {
        return name === undefined
          ? (RED.util.evaluateNodeProperty(path, 'msg', node, msg) as unknown)
          : (msg as Readonly<Record<string, unknown>>)[name];
      } catch (error) {
        throw evaluationFailed(field, 'msg', error);
      }
    },
  };
}

function checkPath(field: TypedField, path: string, { RED }: Surroundings): void {
  try {
    RED.util.normalisePropertyExpression(path);
  } catch {
    throw optionError(field, 'must be the name of a property, such as payload.number');
  }
}

/** What JSONata says of a fault may quote the expression, with a number or a text in it; code and place do not. */
function checkExpression(field: TypedField, expression: string, { RED, node }: Surroundings): void {
  try {
    RED.util.prepareJSONataExpression(expression, node);
  } catch (error) {
    const { code, position } = error as { readonly code?: unknown; readonly position?: unknown };
    throw optionError(field, `must be a JSONata expression: ${String(code)} at place ${String(position)}`);
  }
}

function lateReader(
  field: TypedField,
  { type, value }: TypedValue & { readonly type: 'flow' | 'global' | 'jsonata' },
  { RED, node }: Surroundings,
): (msg: NodeMessage) => Promise<{ readonly value: unknown }> {
  return (msg) =>
    new Promise((resolve, reject) => {
      try {
        RED.util.evaluateNodeProperty(value, type, node, msg, (error, result: unknown) => {
          if (!error) resolve({ value: result });
          else reject(evaluationFailed(field, type, error));
        });
      } catch (error) {
        reject(evaluationFailed(field, type, error));
      }
    });
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
