/** JSON values that are handed out: what their receiver does to them is nobody else's concern. Pure. */

/** A copy that shares nothing which can be changed: a text, a number or a boolean is itself. */
export function jsonCopy(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (JSON.parse(JSON.stringify(value)) as unknown) : value;
}
