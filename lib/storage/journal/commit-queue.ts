/**
 * The one place that writes records to the files: group after group, in the order of the calls.
 *
 * While one group is written and synced, the next one gathers; so the number of syncs falls as the load
 * rises, and one record alone waits for no timer.
 */
import type { Change } from '../storage.js';
import type { Lock } from './lock.js';
import type { Log } from './log.js';
import type { Group, PendingWrites } from './pending-writes.js';
import { LINE_OCTETS_MAX, encodeBatch, type EncodedBatch } from './record.js';
import type { RecordIndex } from './record-index.js';
import { isDiskFull, type Reserve } from './reserve.js';
import { refusal, storageError } from './storage-error.js';
import type { Segment } from './segment.js';

/** What a journal that is open consists of. */
export interface JournalParts {
  readonly directory: string;
  readonly lock: Lock;
  readonly log: Log;
  readonly index: RecordIndex;
  readonly pending: PendingWrites;
  readonly reserve: Reserve;
}

export interface CommitListener {
  /** Octets in the files have died. */
  died(): void;
  /** The disk failed at a write: what it holds is not to be relied on. */
  distrusted(): void;
  /** No write is under way at this moment, and none begins before the call returns. */
  betweenGroups(): void;
}

export class CommitQueue {
  readonly #parts: JournalParts;
  readonly #listener: CommitListener;
  #running: Promise<void> | undefined;

  constructor(parts: JournalParts, listener: CommitListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  /** As `Storage.write`. */
  add(changes: readonly Change[]): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    if (this.#parts.reserve.spent && this.#takesIn(changes)) return Promise.reject(this.#full());
    let encoded: EncodedBatch;
    try {
      encoded = this.#encode(changes);
    } catch (error) {
      return Promise.reject(storageError(this.#parts.directory, error));
    }
    const done = this.#parts.pending.add({ ...encoded, changes });
    this.#running ??= this.#commitAll();
    return done;
  }

  /** Whether a group is being written or about to be. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when nothing is under way any more. */
  async drained(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #commitAll(): Promise<void> {
    await Promise.resolve(); // what else this turn writes joins the first group
    for (let group = this.#parts.pending.take(); group; group = this.#parts.pending.take()) {
      await this.#commit(group);
      this.#listener.betweenGroups();
    }
    this.#running = undefined;
  }

  async #commit(group: Group): Promise<void> {
    const { lock, pending, directory } = this.#parts;
    try {
      await lock.confirm();
      this.#index(group, await this.#append(group));
      pending.written();
      group.resolve();
    } catch (error) {
      pending.dropped();
      group.reject(storageError(directory, error));
      if (!isDiskFull(error)) this.#listener.distrusted();
    }
  }

  /** On a full disk the reserve gives room for one more try. */
  async #append({ batches }: Group): Promise<{ segment: Segment; offset: number }> {
    const { log, reserve } = this.#parts;
    try {
      return await log.append(batches);
    } catch (error) {
      if (!isDiskFull(error) || !(await reserve.release())) throw error;
      return log.append(batches);
    }
  }

  #index({ batches }: Group, { segment, offset }: { segment: Segment; offset: number }): void {
    let lineOffset = offset;
    let killed = false;
    for (const { changes, pieces, line } of batches) {
      killed = this.#parts.index.apply({ changes, pieces, segment, offset: lineOffset }) || killed;
      lineOffset += line.length;
    }
    if (killed) this.#listener.died();
  }

  /** Whether the batch brings something new to send. */
  #takesIn(changes: readonly Change[]): boolean {
    return changes.some(
      ({ table, key, value }) =>
        table === 'outbox' && value !== undefined && !this.#parts.pending.has(table, key),
    );
  }

  #encode(changes: readonly Change[]): EncodedBatch {
    const encoded = encodeBatch(changes);
    if (encoded.line.length <= LINE_OCTETS_MAX) return encoded;
    throw refusal(
      `A batch of ${changes.length} records has over ${LINE_OCTETS_MAX} octets: write it in parts.`,
    );
  }

  #full(): Error {
    return storageError(this.#parts.directory, Object.assign(new Error('disk full'), { code: 'ENOSPC' }));
  }
}
