/**
 * Where the record of each key lies: table → key → place in a segment. Values are not kept on the heap.
 *
 * Holds only what is on the disk; what is on its way there is in `pending-writes.ts`. A Map keeps the order
 * in which its keys came, which is the order that `scan` promises.
 */
import type { EpochMs } from '../../clock.js';
import { TransitMap } from '../../transit-map.js';
import { TABLES, type Change, type Table } from '../storage.js';
import type { Span } from './record.js';
import type { Segment } from './segment.js';

/** One piece of a line, as `record.ts` has it. */
export interface Place {
  readonly segment: Segment;
  /** Octets from the start of the file. */
  readonly offset: number;
  readonly length: number;
  /** Infinity: until it is deleted. */
  readonly keepUntil: EpochMs;
}

export interface IndexedRecord {
  readonly table: Table;
  readonly key: string;
  readonly place: Place;
}

/** A batch that lies on the disk; `offset` is that of its line. */
export interface PlacedBatch {
  readonly changes: readonly Change[];
  readonly pieces: readonly Span[];
  readonly segment: Segment;
  readonly offset: number;
}

export class RecordIndex {
  readonly #tables: Readonly<Record<Table, TransitMap<string, Place>>> = emptyTables();
  #liveOctets = 0;

  /** Octets of the pieces that are still in force; all others in the files are dead. */
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

  /** Every record, tables one after the other, keys in their order. */
  *records(): Generator<IndexedRecord> {
    for (const table of TABLES) {
      for (const [key, place] of this.#tables[table].entries()) yield { table, key, place };
    }
  }

  /** Takes a batch in. Returns whether octets have died by it. */
  apply({ changes, pieces, segment, offset }: PlacedBatch): boolean {
    let killed = false;
    let position = 0;
    for (const { table, key, value, keepUntil = Infinity } of changes) {
      const piece = pieces[position++];
      const earlier = this.#tables[table].get(key);
      if (earlier || value === undefined) killed = true;
      if (earlier) this.#liveOctets -= earlier.length;
      if (value === undefined || !piece) this.#tables[table].delete(key);
      else this.#add(table, key, { segment, offset: offset + piece.offset, length: piece.length, keepUntil });
    }
    return killed;
  }

  delete(table: Table, key: string): void {
    this.#liveOctets -= this.get(table, key)?.length ?? 0;
    this.#tables[table].delete(key);
  }

  /** Points a record to its copy, unless it was written or deleted since it was copied. */
  move({ table, key, place }: IndexedRecord, copy: Place): void {
    if (this.get(table, key) === place) this.#set(table, key, copy);
  }

  /** Forgets every record outside this segment; the others take the order that they have in it. */
  keepOnly(segment: Segment): void {
    const kept = [...this.records()].filter(({ place }) => place.segment === segment);
    kept.sort((one, other) => one.place.offset - other.place.offset);
    for (const places of Object.values(this.#tables)) places.clear();
    this.#liveOctets = 0;
    for (const { table, key, place } of kept) this.#add(table, key, place);
  }

  /** Forgets what need not be kept any longer at `wall`. Returns whether there was any. */
  dropExpired(wall: EpochMs): boolean {
    let dropped = false;
    for (const { table, key, place } of this.records()) {
      if (place.keepUntil >= wall) continue;
      this.delete(table, key);
      dropped = true;
    }
    return dropped;
  }

  #set(table: Table, key: string, place: Place): void {
    this.#liveOctets -= this.get(table, key)?.length ?? 0;
    this.#add(table, key, place);
  }

  #add(table: Table, key: string, place: Place): void {
    this.#liveOctets += place.length;
    this.#tables[table].set(key, place);
  }
}

function emptyTables(): Record<Table, TransitMap<string, Place>> {
  return Object.fromEntries(TABLES.map((table) => [table, new TransitMap()])) as ReturnType<
    typeof emptyTables
  >;
}
