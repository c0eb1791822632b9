/**
 * What was written but is not yet on the disk: the group being written and the group that waits behind it.
 *
 * Reads look here first, so that a write is visible at once. A group that fails is dropped as it is, and what
 * was on the disk shows again: nothing has to be undone. Batches of a group share one promise, since they
 * reach the disk together.
 */
import type { Bounds } from '../../bounds.js';
import type { Change, Table } from '../storage.js';
import { piecesOf, type Piece } from './piece.js';
import { Lines, type Span } from './record.js';
import type { RecordIndex } from './record-index.js';

export interface PendingBatch {
  readonly changes: readonly Change[];
  readonly pieces: readonly Piece[];
  readonly spans: readonly Span[];
  /** Of its line in those of the group. */
  readonly offset: number;
}

/** Batches that go to the disk in one write. */
export class Group {
  readonly batches: PendingBatch[] = [];
  readonly lines: Lines;
  readonly done: Promise<void>;
  /** Somebody waits for it; else it may wait for the next that somebody waits for. */
  isUrgent = false;
  /** By table and key, of the batches that were laid; made when it is first asked for. */
  readonly #latest = new Map<Table, Map<string, Change>>();
  #laid = 0;
  #resolve!: () => void;
  #reject!: (error: Error) => void;

  readonly #bounds: Bounds;

  constructor(lines: Lines, bounds: Bounds) {
    this.lines = lines;
    this.#bounds = bounds;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** @throws as `Lines.add` */
  add(changes: readonly Change[]): void {
    const pieces = piecesOf(changes, this.#bounds);
    const offset = this.lines.length;
    this.batches.push({ changes, pieces, spans: this.lines.add(pieces), offset });
  }

  /** The last change of a record, or undefined when the group has none. */
  latest(table: Table, key: string): Change | undefined {
    for (; this.#laid < this.batches.length; this.#laid++) {
      for (const change of this.batches[this.#laid]?.changes ?? []) this.#lay(change);
    }
    return this.#latest.get(table)?.get(key);
  }

  /** Lays a change over the earlier ones of its record. */
  #lay(change: Change): void {
    const changes = this.#latest.get(change.table);
    if (changes) changes.set(change.key, change);
    else this.#latest.set(change.table, new Map([[change.key, change]]));
  }

  resolve(): void {
    this.#resolve();
  }

  reject(error: Error): void {
    this.#reject(error);
  }
}

/** The index with what is under way laid over it. */
export class PendingWrites {
  readonly #index: RecordIndex;
  readonly #bounds: Bounds;
  #writing: Group | undefined;
  #waiting: Group | undefined;
  /** Not in use by a group. */
  readonly #spare: Lines[] = [];

  constructor(index: RecordIndex, bounds: Bounds) {
    this.#index = index;
    this.#bounds = bounds;
  }

  /**
   * Adds a batch; returns its group, whose promise is also that of the batch.
   * @throws TypeError when a value is not JSON; RangeError when the batch is too long
   */
  add(changes: readonly Change[]): Group {
    const group = this.#waiting ?? new Group(this.#spare.pop() ?? new Lines(this.#bounds), this.#bounds);
    group.add(changes);
    this.#waiting = group;
    return group;
  }

  get waiting(): Group | undefined {
    return this.#waiting;
  }

  /** The waiting group, which is from now on the one being written; undefined when none waits, or none is urgent. */
  take(): Group | undefined {
    if (this.#waiting?.isUrgent !== true) return undefined;
    this.#writing = this.#waiting;
    this.#waiting = undefined;
    return this.#writing;
  }

  /** The group being written is on the disk and in the index, or was not kept. */
  written({ lines }: Group): void {
    this.#writing = undefined;
    lines.clear();
    this.#spare.push(lines);
  }

  /** The last change under way of a record, or undefined when the index has it as it is. */
  latest(table: Table, key: string): Change | undefined {
    return this.#waiting?.latest(table, key) ?? this.#writing?.latest(table, key);
  }

  has(table: Table, key: string): boolean {
    const change = this.latest(table, key);
    return change ? change.value !== undefined : this.#index.has(table, key);
  }

  /** Counted anew each time: it is asked for seldom, and records are written often. */
  count(table: Table): number {
    const present = new Map<string, boolean>();
    for (const change of this.#changes()) {
      if (change.table === table) present.set(change.key, change.value !== undefined);
    }
    let count = this.#index.size(table);
    for (const [key, isPresent] of present) count += Number(isPresent) - Number(this.#index.has(table, key));
    return count;
  }

  /** The keys of a table in the order of their first write, as they are now. */
  keys(table: Table): Iterable<string> {
    // Some hundred thousand at a start: a list of them is made in a tenth of the time that a Set takes.
    const keys = Array.from(this.#index.keys(table));
    const changes = [...this.#changes()].filter((change) => change.table === table);
    if (changes.length === 0) return keys;
    const present = new Set(keys);
    for (const { key, value } of changes) {
      if (value === undefined) present.delete(key);
      else present.add(key);
    }
    return present;
  }

  *#changes(): Generator<Change> {
    for (const group of [this.#writing, this.#waiting]) {
      for (const batch of group?.batches ?? []) yield* batch.changes;
    }
  }
}
