/**
 * The connection node's properties as Node-RED hands them over, and the environment values in them; pure.
 *
 * A flow may have been written by hand or by an older version: any property may be absent, and a number may be
 * a string.
 * Source: contract section 3.1; Node-RED's `Flow.js`: it replaces `${NAME}` only where that is the whole value,
 * and leaves an unknown one as it stands.
 */
import { SmppError } from '../../lib/errors.js';

/** Contract section 3.1; every property as it may stand in a flow file. */
export interface ConnectionForm {
  readonly gateway?: unknown;
  readonly hosts?: unknown;
  readonly connectionMode?: unknown;
  readonly links?: unknown;
  readonly window?: unknown;
  readonly segmentsPerSecond?: unknown;
  readonly shortSender?: unknown;
  readonly onUncertain?: unknown;
  readonly storage?: unknown;
  readonly storageDirectory?: unknown;
  readonly tls?: unknown;
  readonly pins?: unknown;
  readonly pinMode?: unknown;
  readonly defaultCountry?: unknown;
}

export interface ConnectionCredentials {
  readonly systemId?: string;
  readonly password?: string;
}

/** The value of an environment variable of the flow, group, subflow or process. */
export type Environment = (name: string) => string | undefined;

const VARIABLE = /\$\{([^}]+)\}/g;
const ONLY_A_VARIABLE = /^\$\{([^}]+)\}$/;

/** Reads a form's properties one by one, as text with its environment values filled in. */
export class FormReader {
  readonly #form: Readonly<Record<string, unknown>>;
  readonly #environment: Environment;

  constructor(form: object, environment: Environment) {
    this.#form = form as Readonly<Record<string, unknown>>;
    this.#environment = environment;
  }

  /**
   * A property as trimmed text; empty when it is absent.
   *
   * @throws SMPP_OPTIONS naming a variable that has no value
   */
  text(field: string): string {
    return this.#raw(field)
      .replace(VARIABLE, (_, name: string) => this.#variable(field, name))
      .trim();
  }

  /** A credential: only a whole value is a variable, for a password may have `${` in it; nothing is trimmed. */
  secret(field: string): string {
    const raw = this.#raw(field);
    const name = ONLY_A_VARIABLE.exec(raw)?.[1];
    return name === undefined ? raw : this.#variable(field, name);
  }

  /** One of `words`, the first of which is the default. */
  word<const T extends string>(field: string, words: readonly [T, ...T[]]): T {
    const text = this.text(field);
    if (text === '') return words[0];
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw optionError(field, `it is one of ${words.join(', ')}`);
  }

  /** A whole number of at least 1, or undefined when the property is empty. */
  count(field: string, max: number): number | undefined {
    const text = this.text(field);
    if (text === '') return undefined;
    const number = Number(text);
    if (Number.isInteger(number) && number >= 1 && number <= max) return number;
    throw optionError(field, `it is a whole number from 1 to ${max}`);
  }

  #raw(field: string): string {
    const value = this.#form[field];
    if (value === undefined || value === null) return '';
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw optionError(field, 'it is not text');
  }

  #variable(field: string, name: string): string {
    const value = this.#environment(name);
    if (value !== undefined && value !== '') return value;
    throw optionError(
      field,
      `the environment variable ${name} has no value: set it, or write the value itself`,
    );
  }
}

/** The settings are wrong in `field`; `reason` never quotes a credential. */
export function optionError(field: string, reason: string): SmppError {
  return new SmppError('SMPP_OPTIONS', `${field}: ${reason}`, { field });
}
