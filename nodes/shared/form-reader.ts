/**
 * A node's properties as Node-RED hands them over, and the environment values in them.
 *
 * A flow may have been written by hand or by an older version: any property may be absent, a number or a truth value may
 * be text, and what an environment variable gave may be of any type.
 * Source: contract section 3.1; Node-RED's `flows/util.js`: it replaces `${NAME}` only where that is the whole value, and
 * leaves an unknown one as it stands.
 */
import type { Node, NodeAPI } from 'node-red';
import { asSmppError, SmppError } from '../../lib/errors.js';

export type Form = Readonly<Record<string, unknown>>;

/** The value of an environment variable of the flow, group, subflow or process; undefined when it has none. */
export type Environment = (name: string) => string | undefined;

/** @param node undefined: not deployed yet, so of no flow */
export function environmentOf(RED: NodeAPI, node: Node | undefined): Environment {
  return (name) => {
    const value: unknown = node === undefined ? process.env[name] : RED.util.getSetting(node, name);
    return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
  };
}

/** Of a node in an instance of a subflow: the id that the editor shows. */
type CopiedNode = Node & { readonly _alias?: string };

/**
 * A node's properties: where Node-RED has put the empty value of a variable, the variable as it was written, for it is to be
 * named.
 */
export function formOf<Def extends object>(RED: NodeAPI, { id, _alias: alias }: CopiedNode, def: Def): Def {
  const emptied: Record<string, unknown> = {};
  RED.nodes.eachNode((written) => {
    if (written.id !== (alias ?? id)) return;
    for (const [field, value] of Object.entries(written))
      if (typeof value === 'string' && ONLY_A_VARIABLE.test(value) && (def as Form)[field] === '')
        emptied[field] = value;
  });
  return { ...def, ...emptied };
}

/** No name has a brace in it; looked for beyond the next one, a text of many beginnings would take hours. */
const VARIABLE = /\$\{([^{}]+)\}/g;
/** A credential that is one: it may have `${` in it otherwise. */
export const ONLY_A_VARIABLE = /^\$\{([^}]+)\}$/;
/** In JSONata `${"a": b}` is an expression. */
const VARIABLE_OR_EXPRESSION = /^\s*\$\{([^}"':\s]+)\}\s*$/;

const MINUTE_MS = 60_000;

/** Of a property, with its variables filled in: more than any list of numbers or expression that somebody works with. */
export const FIELD_CHARACTERS_MAX = 100_000;

/** Whether a text names an environment variable. */
export function hasVariable(text: string): boolean {
  return text.search(VARIABLE) >= 0 || VARIABLE_OR_EXPRESSION.test(text);
}

/** Reads a form's properties one by one, with its environment values filled in. */
export class FormReader {
  readonly #form: Form;
  readonly #environment: Environment;

  constructor(form: object, environment: Environment) {
    this.#form = form as Form;
    this.#environment = environment;
  }

  /**
   * A property as trimmed text; empty when it is absent.
   *
   * @throws SMPP_OPTIONS naming a variable that has no value, or a text beyond `FIELD_CHARACTERS_MAX`; so do all others
   */
  text(field: string): string {
    const raw = this.#raw(field);
    let length = raw.length;
    const filledIn = raw.replace(VARIABLE, (_, name: string) => {
      const value = this.#variable(field, name);
      length += value.length;
      return bounded(field, value, length);
    });
    return filledIn.trim();
  }

  /** A property of any type, as it is: only a whole value is a variable. Undefined when it is absent. */
  value(field: string): unknown {
    const raw = this.#form[field];
    if (typeof raw !== 'string') return raw ?? undefined;
    const name = VARIABLE_OR_EXPRESSION.exec(bounded(field, raw))?.[1];
    return name === undefined ? raw : this.#variable(field, name);
  }

  /** A credential: only a whole value is a variable, for a password may have `${` in it; nothing is trimmed. */
  secret(field: string): string {
    const raw = this.#raw(field);
    const name = ONLY_A_VARIABLE.exec(raw)?.[1];
    return name === undefined ? raw : this.#variable(field, name);
  }

  /** One of `words`, the first of which is the default. */
  word<const T extends string>(field: string, words: readonly [T, ...T[]]): T {
    return this.choice(field, words) ?? words[0];
  }

  /** One of `words`, or undefined when the property is empty. */
  choice<const T extends string>(field: string, words: readonly T[]): T | undefined {
    const text = this.text(field);
    if (text === '') return undefined;
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw optionError(field, `must be one of ${words.join(', ')}`);
  }

  /** A truth value, or undefined when the property is empty. */
  flag(field: string): boolean | undefined {
    const text = this.text(field).toLowerCase();
    if (text === '') return undefined;
    if (text === 'true' || text === 'false') return text === 'true';
    throw optionError(field, 'must be true or false');
  }

  /** A whole number of at least 1, or undefined when the property is empty. */
  count(field: string, max: number): number | undefined {
    const text = this.text(field);
    if (text === '') return undefined;
    const number = Number(text);
    if (Number.isInteger(number) && number >= 1 && number <= max) return number;
    throw optionError(field, `must be a whole number from 1 to ${max}`);
  }

  /**
   * A number of minutes as milliseconds, or undefined when the property is empty.
   *
   * @param range `above 0` takes no 0, which `from 0` does
   */
  minutesAsMs(
    field: string,
    { range, max }: { readonly range: 'above 0' | 'from 0'; readonly max: number },
  ): number | undefined {
    const text = this.text(field);
    if (text === '') return undefined;
    const minutes = Number(text);
    const isInRange = range === 'above 0' ? minutes > 0 : minutes >= 0;
    if (isInRange && minutes <= max) return minutes * MINUTE_MS;
    throw optionError(field, `must be a number of minutes ${range}, at most ${max}`);
  }

  #raw(field: string): string {
    const value = this.#form[field];
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return bounded(field, value);
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw optionError(field, 'must be text');
  }

  #variable(field: string, name: string): string {
    const value = this.#environment(name);
    if (value !== undefined && value !== '') return bounded(field, value);
    throw unsetVariable(field, name);
  }
}

/** @param length of what it is part of */
function bounded(field: string, text: string, length = text.length): string {
  if (length <= FIELD_CHARACTERS_MAX) return text;
  throw optionError(field, `must have at most ${FIELD_CHARACTERS_MAX} characters, has ${length}`);
}

/** The settings are wrong in `field`; `reason` never quotes a credential. */
export function optionError(field: string, reason: string): SmppError {
  return new SmppError('SMPP_OPTIONS', `${field}: ${reason}`, { field });
}

/** A variable is named that has no value. */
export function unsetVariable(field: string, name: string): SmppError {
  return optionError(
    field,
    `the environment variable ${name} has no value: set it, or write the value itself`,
  );
}

/**
 * What is wrong with a setting, as SMPP_OPTIONS in the form's own words.
 *
 * @param labelOf the label of a field in the form; undefined when it has none of that name
 */
export function settingsError(thrown: unknown, labelOf: (field: string) => string | undefined): SmppError {
  const error = asSmppError(thrown, 'SMPP_OPTIONS');
  const { field, message } = error;
  if (field === undefined) return error;
  const label = labelOf(field) ?? field;
  const reason = message.startsWith(`${field}: `) ? message.slice(`${field}: `.length) : message;
  return new SmppError('SMPP_OPTIONS', `${label}: ${reason}`, { field, cause: error });
}
