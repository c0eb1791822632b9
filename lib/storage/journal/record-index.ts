/**
 * Where the record of each key lies: table → key → the piece in a segment that has it. Values are not kept on the heap.
 *
 * Holds only what is on the disk; what is on its way there is in `pending-writes.ts`. A Map keeps the order
 * in which its keys came, which is the order that `scan` promises. Which record of its piece it is stands in the
 * piece itself, so that a record on disk costs no object.
 */
import type { EpochMs } from '../../clock.js';
import { TransitMap } from '../../transit-map.js';
import { TABLES, type Table } from '../storage.js';
import type { Piece, PieceHead } from './piece.js';
import type { Span } from './record.js';
import type { Segment } from './segment.js';

/** One piece of a line that puts records, as `record.ts` has it. */
export interface Place {
  readonly segment: Segment;
  /** Octets from the start of the file. */
  readonly offset: number;
  readonly length: number;
  /** Octets that count as those of one of its records. */
  readonly share: number;
  /** Infinity: until it is deleted. */
  readonly keepUntil: EpochMs;
}

/** Records one behind the other in the index which lie in one piece. */
export interface IndexedRecords {
  readonly table: Table;
  readonly keys: string[];
  readonly place: Place;
}

/** A batch that lies on the disk; `offset` is that of its line. */
export interface PlacedBatch {
  readonly pieces: readonly (Piece | PieceHead)[];
  readonly spans: readonly Span[];
  readonly segment: Segment;
  readonly offset: number;
}

/** Where a piece lies; `offset` is that of its line. */
export function placeOf(
  { keys, keepUntil = Infinity }: Piece | PieceHead,
  span: Span,
  segment: Segment,
  offset: number,
): Place {
  const share = Math.floor(span.length / keys.length);
  return { segment, offset: offset + span.offset, length: span.length, share, keepUntil };
}

export class RecordIndex {
  #tables = emptyTables();
  #liveOctets = 0;

  /** Octets of the records that are still in force; all others in the files are dead. */
  get liveOctets(): number {
    return this.#liveOctets;
  }

  get(table: Table, key: string): Place | undefined {
    return this.#tables[table].get(key);
  }

  has(table: Table, key: string): boolean {
    return this.#tables[table].has(key);
  }

  keys(table: Table): Iterable<string> {
    return this.#tables[table].keys();
  }

  size(table: Table): number {
    return this.#tables[table].size;
  }

  /**
   * Every record, tables one after the other, keys in their order. It may be read slowly: what is written meanwhile comes
   * as it is then or as it was, and what is new comes not at all, or last.
   */
  *records(): Generator<IndexedRecords> {
    for (const table of TABLES) {
      let run: IndexedRecords | undefined;
      let left = this.#tables[table].size;
      for (const [key, place] of this.#tables[table].entries()) {
        if (left-- === 0) break; // what is new must not keep it for ever
        if (run?.place === place) run.keys.push(key);
        else {
          if (run) yield run;
          run = { table, keys: [key], place };
        }
      }
      if (run) yield run;
    }
  }

  /** Takes a batch in. Returns whether octets have died by it. */
  apply({ pieces, spans, segment, offset }: PlacedBatch): boolean {
    let killed = false;
    for (const [at, piece] of pieces.entries()) {
      const span = spans[at];
      if (piece.values === undefined || span === undefined) {
        this.#remove(piece);
        killed = true;
      } else if (this.#put(piece, placeOf(piece, span, segment, offset))) killed = true;
    }
    return killed;
  }

  delete(table: Table, key: string): void {
    const records = this.#tables[table];
    this.#liveOctets -= records.get(key)?.share ?? 0;
    records.delete(key);
  }

  /** Points records to their copy, but those that were written or deleted since they were copied. */
  move({ table, keys, place }: IndexedRecords, copy: Place): void {
    const records = this.#tables[table];
    for (const key of keys) {
      if (records.get(key) !== place) continue;
      records.set(key, copy);
      this.#liveOctets += copy.share - place.share;
    }
  }

  clear(): void {
    this.#tables = emptyTables();
    this.#liveOctets = 0;
  }

  /** Forgets a record, but one that was written since it was found there. Returns whether it did. */
  forget(table: Table, key: string, place: Place): boolean {
    if (this.#tables[table].get(key) !== place) return false;
    this.delete(table, key);
    return true;
  }

  #remove({ table, keys }: PieceHead | Piece): void {
    for (const key of keys) this.delete(table, key);
  }

  /** Returns whether an earlier record has died. */
  #put({ table, keys }: PieceHead | Piece, place: Place): boolean {
    const records = this.#tables[table];
    let killed = false;
    for (const key of keys) {
      const earlier = records.get(key);
      if (earlier !== undefined) {
        this.#liveOctets -= earlier.share;
        killed = true;
      }
      records.set(key, place);
    }
    this.#liveOctets += place.share * keys.length;
    return killed;
  }
}

function emptyTables(): Readonly<Record<Table, TransitMap<string, Place>>> {
  return Object.fromEntries(TABLES.map((table) => [table, new TransitMap()])) as ReturnType<
    typeof emptyTables
  >;
}
