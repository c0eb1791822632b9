/**
 * Changes of one table, put together: what the journal writes, proves and copies as one. Pure.
 */
import type { Bounds } from '../../bounds.js';
import type { EpochMs } from '../../clock.js';
import type { Change, Table } from '../storage.js';

/** Puts when there are values, one for each key, else deletes. */
export interface Piece {
  readonly table: Table;
  readonly keys: readonly string[];
  readonly values: readonly unknown[] | undefined;
  /** Of all its records; undefined: until they are deleted. */
  readonly keepUntil: EpochMs | undefined;
}

/** A piece whose values were left unread. */
export type PieceHead = Omit<Piece, 'values'> & { readonly values: 'unread' | undefined };

/** A piece that still grows. */
interface OpenPiece extends Piece {
  readonly keys: string[];
  readonly values: unknown[] | undefined;
}

/**
 * The changes of a batch as pieces. Those of one table keep their order; among tables it means nothing.
 * @throws TypeError when a value is not JSON
 */
export function piecesOf(
  changes: readonly Change[],
  { recordsInPiece }: Pick<Bounds, 'recordsInPiece'>,
): Piece[] {
  const pieces: Piece[] = [];
  const last = new Map<Table, OpenPiece>();
  for (const change of changes) {
    let piece = last.get(change.table);
    if (piece === undefined || !takes(piece, change, recordsInPiece)) {
      piece = openPiece(change);
      last.set(change.table, piece);
      pieces.push(piece);
    }
    piece.keys.push(change.key);
    piece.values?.push(jsonValue(change.value));
  }
  return pieces;
}

/** The value that a piece puts for a key, which is the last one; undefined when it has none. */
export function valueIn({ keys, values }: Piece, key: string): unknown {
  return values?.[keys.lastIndexOf(key)];
}

function openPiece({ table, value, keepUntil }: Change): OpenPiece {
  if (value === undefined) return { table, keys: [], values: undefined, keepUntil: undefined };
  return { table, keys: [], values: [], keepUntil };
}

function takes({ keys, values, keepUntil }: OpenPiece, change: Change, recordsMax: number): boolean {
  if (values === undefined || change.value === undefined) return values === change.value;
  return keepUntil === change.keepUntil && keys.length < recordsMax;
}

/** In an array, what is no JSON would become null. */
function jsonValue(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError('A value is not JSON.');
  return value;
}
