/**
 * Texts and validators for the forms, in the browser.
 *
 * Validators also run when a flow is imported, where a node has no catalogue of its own yet; so texts are asked
 * for by their full name.
 */
import type { FormNode, FormProperty } from '../node-red-editor.js';

const MODULE = '@node-red-smpp/inmobile';

/** A sentence of the catalogue of the node type, with its blanks filled in. */
export function say(
  type: string,
  key: string,
  blanks: Readonly<Record<string, string | number>> = {},
): string {
  return RED._(`${MODULE}/${type}:${type}.${key}`, { ...blanks });
}

/**
 * A problem with a property: the key of its sentence under `invalid`, and what stands in its blanks. Numbers alone: the
 * editor takes the sentence for markup, and a value may come from a flow that somebody else wrote.
 */
export type Problem = string | readonly [key: string, blanks: Readonly<Record<string, number>>];

/** No longer text is looked at: the runtime takes none (`form-reader.ts`). */
const TEXT_CHARACTERS_MAX = 100_000;

/** A validator that shows the reason; `find` returns undefined when all is well. */
export function validator(
  type: string,
  find: (value: string, node: FormNode) => Problem | undefined,
): NonNullable<FormProperty['validate']> {
  return function (value, _options) {
    const text = textOf(value);
    // An environment value is known to the runtime only.
    if (text.length <= TEXT_CHARACTERS_MAX && /\$\{[^{}]+\}/.test(text)) return true;
    const problem = text.length > TEXT_CHARACTERS_MAX ? 'long' : find(text, this);
    if (problem === undefined) return true;
    return typeof problem === 'string'
      ? say(type, `invalid.${problem}`)
      : say(type, `invalid.${problem[0]}`, problem[1]);
  };
}

/** A whole number from `min` to `max`, or empty: then the runtime takes the default, also for blanks. */
export function numberProblem(value: string, min: number, max: number): Problem | undefined {
  const number = Number(value);
  if (value.trim() === '' || (Number.isInteger(number) && number >= min && number <= max)) return undefined;
  return ['number', { min, max }];
}

/** One of `words`, or empty: then the runtime takes the default. */
export function choiceProblem(value: string, words: readonly string[]): Problem | undefined {
  return value === '' || words.includes(value) ? undefined : 'choice';
}

/**
 * The problem with the choice of a connection for a node that `needs` to send or to receive.
 *
 * Node-RED itself looks at a configuration node only where a property has no validator.
 */
export function connectionProblem(id: string, needs: 'transmitter' | 'receiver'): Problem | undefined {
  if (id === '' || id === '_ADD_') return 'connectionNone';
  const connection = RED.nodes.node(id);
  if (connection === null || connection === undefined) return 'connectionGone';
  if (connection.valid === false) return 'connectionInvalid';
  const mode = connection.connectionMode;
  const other = needs === 'receiver' ? 'transmitter' : 'receiver';
  return mode === other ? 'connectionMode' : undefined;
}

/** What a form's field holds now, else what the node has saved: validators run with and without a form. */
export function liveValue(selector: string, saved: unknown): string {
  const field = $(selector);
  return textOf(field.length > 0 ? field.val() : saved);
}

/** A saved value as the form would have it. */
function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
