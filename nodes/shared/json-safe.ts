/**
 * The part of a msg that survives being written to storage; pure.
 *
 * A msg may carry anything: sockets, requests, functions, cycles, getters that throw, megabytes. What is plain
 * JSON is copied, dates become ISO 8601 strings, everything else is left out; nothing here throws.
 */

import { types } from 'node:util';

/** A msg whose properties are longer than this as JSON keeps its id and topic only. */
export const KEPT_CHARACTERS_MAX = 65_536;

/** Values looked at before a msg counts as too large: bounds the time that one msg can take. */
const VALUES_MAX = 5_000;
const DEPTH_MAX = 32;
const TOPIC_CHARACTERS_MAX = 1_000;

/** Node-RED's own HTTP nodes put their request and response there; a copy of them means nothing. */
const NEVER_KEPT: ReadonlySet<string> = new Set(['req', 'res', '__proto__']);

const NOTHING: ReadonlySet<string> = new Set();

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

interface Walk {
  valuesLeft: number;
  readonly parents: object[];
}

class TooLarge extends Error {}

/**
 * The JSON-safe properties of a msg, as JSON.
 *
 * @param without names of properties to leave out
 * @param charactersMax of the JSON; where it would be longer it has `_msgid` and `topic` only
 */
export function jsonSafeText(
  msg: object,
  without: ReadonlySet<string>,
  charactersMax: number = KEPT_CHARACTERS_MAX,
): string {
  try {
    const json = JSON.stringify(copyObject(msg, { valuesLeft: VALUES_MAX, parents: [] }, without));
    if (json.length <= charactersMax) return json;
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
  }
  return JSON.stringify(essentials(msg));
}

/** Own property `name` of `object`, or undefined: a getter or a proxy that throws counts as absent. */
function ownValue(object: object, name: string): unknown {
  try {
    return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}

function essentials(msg: object): Readonly<Record<string, unknown>> {
  const id = ownValue(msg, '_msgid');
  const topic = ownValue(msg, 'topic');
  return {
    ...(typeof id === 'string' && { _msgid: id }),
    ...(typeof topic === 'string' && topic.length <= TOPIC_CHARACTERS_MAX && { topic }),
  };
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
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) return copyNested(value, walk);
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return value === null || typeof value === 'boolean' ? value : undefined;
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
