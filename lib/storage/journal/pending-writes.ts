/**
 * What was written but is not yet on the disk: the group being written and the group that waits behind it.
 *
 * Reads look here first, so that a write is visible at once. A group that fails is dropped as it is, and what
 * was on the disk shows again: nothing has to be undone. Batches of a group share one promise, since they
 * reach the disk together.
 */
import type { Change, Table } from '../storage.js';
import type { EncodedBatch } from './record.js';
import type { RecordIndex } from './record-index.js';

export interface PendingBatch extends EncodedBatch {
  readonly changes: readonly Change[];
}

/** Batches that go to the disk in one write. */
export class Group {
  readonly batches: PendingBatch[] = [];
  readonly done: Promise<void>;
  /** By table and key, of the batches that were laid; made when it is first asked for. */
  readonly #latest = new Map<Table, Map<string, Change>>();
  #laid = 0;
  #resolve!: () => void;
  #reject!: (error: Error) => void;

  constructor() {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
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
  #writing: Group | undefined;
  #waiting: Group | undefined;

  constructor(index: RecordIndex) {
    this.#index = index;
  }

  /** Whether anything is on its way to the disk. */
  get any(): boolean {
    return this.#writing !== undefined || this.#waiting !== undefined;
  }

  /** Adds a batch; the promise is that of its group. */
  add(batch: PendingBatch): Promise<void> {
    const group = (this.#waiting ??= new Group());
    group.batches.push(batch);
    return group.done;
  }

  /** The waiting group, which is from now on the one being written; undefined when none waits. */
  take(): Group | undefined {
    this.#writing = this.#waiting;
    this.#waiting = undefined;
    return this.#writing;
  }

  /** The group being written is on the disk and in the index. */
  written(): void {
    this.#writing = undefined;
  }

  /** The group being written was not kept. */
  dropped(): void {
    this.#writing = undefined;
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
    const keys = new Set(this.#index.keys(table));
    for (const change of this.#changes()) {
      if (change.table !== table) continue;
      if (change.value === undefined) keys.delete(change.key);
      else keys.add(change.key);
    }
    return keys;
  }

  *#changes(): Generator<Change> {
    for (const group of [this.#writing, this.#waiting]) {
      for (const batch of group?.batches ?? []) yield* batch.changes;
    }
  }
}
