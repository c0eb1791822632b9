/**
 * The part of a msg that survives being written to storage; pure.
 *
 * A msg may carry anything: sockets, requests, functions, cycles, getters that throw, megabytes. What is plain
 * JSON is copied, dates become ISO 8601 strings, everything else is left out; nothing here throws.
 */

import { types } from 'node:util';

/** Of all properties together as JSON: the largest of a msg that has more are left out. */
export const KEPT_CHARACTERS_MAX = 65_536;

/** Values of one property: one that has more is too large to keep. */
const VALUES_MAX = 5_000;
/** Values that are looked at before the rest of a msg counts as too large: bounds the time that it can take. */
const VALUES_OF_ALL_MAX = 10 * VALUES_MAX;
const DEPTH_MAX = 32;

/** Node-RED's own HTTP nodes put their request and response there; a copy of them means nothing. */
const NEVER_KEPT: ReadonlySet<string> = new Set(['req', 'res', '__proto__']);

const NOTHING: ReadonlySet<string> = new Set();

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

interface Walk {
  valuesLeft: number;
  charactersLeft: number;
  readonly parents: object[];
}

class TooLarge extends Error {}

/** How much of a msg is kept, and who is told what is not. */
export interface Keeping {
  /** Names of properties to leave out. */
  readonly without: ReadonlySet<string>;
  /** Of the JSON. */
  readonly charactersMax: number;
  /** A property is too large. */
  readonly onTooLarge: (name: string) => void;
}

/** The JSON-safe properties of a msg, as JSON; one that is too large to keep is left out, and it alone. */
export function jsonSafeText(msg: object, keeping: Keeping): string {
  return textOfSmall(msg, keeping) ?? textOfLarge(msg, keeping);
}

/** Of a msg that is not too large as a whole, as most are; else undefined. */
function textOfSmall(msg: object, { without, charactersMax }: Keeping): string | undefined {
  try {
    const walk: Walk = { valuesLeft: VALUES_MAX, charactersLeft: charactersMax, parents: [] };
    const json = JSON.stringify(copyObject(msg, walk, without));
    return json.length <= charactersMax ? json : undefined;
  } catch (error) {
    if (error instanceof TooLarge) return undefined;
    throw error;
  }
}

function textOfLarge(msg: object, keeping: Keeping): string {
  const { charactersMax, onTooLarge } = keeping;
  const copy = copyProperties(msg, keeping);
  const json = JSON.stringify(copy);
  const bySize = Object.keys(copy)
    .map((name) => [name, JSON.stringify({ [name]: copy[name] }).length] as const)
    .sort(([, one], [, other]) => other - one);
  let length = json.length;
  for (const [name, size] of bySize) {
    if (length <= charactersMax) break;
    Reflect.deleteProperty(copy, name);
    // Without its braces, but with the comma between it and another.
    length -= size - 1;
    onTooLarge(name);
  }
  return JSON.stringify(copy);
}

function copyProperties(msg: object, { without, charactersMax, onTooLarge }: Keeping): Record<string, Json> {
  const copy: Record<string, Json> = {};
  const walk: Walk = { valuesLeft: 0, charactersLeft: 0, parents: [msg] };
  let valuesOfAllLeft = VALUES_OF_ALL_MAX;
  for (const name of ownNames(msg)) {
    if (NEVER_KEPT.has(name) || without.has(name)) continue;
    const valuesMax = Math.min(VALUES_MAX, valuesOfAllLeft);
    if (valuesMax === 0) {
      onTooLarge(name);
      continue;
    }
    walk.valuesLeft = valuesMax;
    walk.charactersLeft = charactersMax;
    walk.parents.length = 1;
    try {
      const value = copyValue(ownValue(msg, name), walk);
      if (value !== undefined) copy[name] = value;
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
      onTooLarge(name);
    }
    valuesOfAllLeft -= valuesMax - Math.max(0, walk.valuesLeft);
  }
  return copy;
}

/** Own property `name` of `object`, or undefined: a getter or a proxy that throws counts as absent. */
function ownValue(object: object, name: string): unknown {
  try {
    return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}

function copyObject(object: object, walk: Walk, without: ReadonlySet<string>): Record<string, Json> {
  const copy: Record<string, Json> = {};
  walk.parents.push(object);
  for (const name of ownNames(object)) {
    if (NEVER_KEPT.has(name) || without.has(name)) continue;
    const value = copyValue(ownValue(object, name), walk);
    if (value !== undefined) copy[name] = value;
  }
  walk.parents.pop();
  return copy;
}

function copyValue(value: unknown, walk: Walk): Json | undefined {
  walk.valuesLeft -= 1;
  if (walk.valuesLeft < 0) throw new TooLarge();
  if (typeof value === 'string') return copyText(value, walk);
  if (typeof value === 'object' && value !== null) return copyNested(value, walk);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return value === null || typeof value === 'boolean' ? value : undefined;
}

/** No character is shorter as JSON: what is too long needs not be looked through. */
function copyText(text: string, walk: Walk): string {
  walk.charactersLeft -= text.length;
  if (walk.charactersLeft < 0) throw new TooLarge();
  return text;
}

function copyNested(value: object, walk: Walk): Json | undefined {
  if (walk.parents.includes(value) || walk.parents.length >= DEPTH_MAX) return undefined;
  if (isArray(value)) return copyArray(value, walk);
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? undefined : value.toISOString();
  return isPlain(value) ? copyObject(value, walk, NOTHING) : undefined;
}

/** Places are kept: what an array cannot carry becomes null, as in JSON. */
function copyArray(array: object, walk: Walk): readonly Json[] {
  const length = Number(ownValue(array, 'length') ?? 0);
  if (length > walk.valuesLeft) throw new TooLarge();
  walk.parents.push(array);
  // By its places: methods of its own need not be those of an array, and would make one of the context it comes from.
  const copy = Array.from({ length }, (_, index) => copyValue(ownValue(array, String(index)), walk) ?? null);
  walk.parents.pop();
  return copy;
}

/** False of a revoked proxy, which throws when asked. */
function isArray(value: object): boolean {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function isPlain(value: object): boolean {
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    // A function node runs in a context of its own: its objects have another Object.prototype.
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  } catch {
    return false;
  }
}

function ownNames(object: object): string[] {
  try {
    return Object.keys(object);
  } catch {
    return [];
  }
}
