/**
 * The one place that writes records to the files: group after group, in the order of the calls.
 *
 * While one group is written and synced, the next one gathers; so the number of syncs falls as the load
 * rises, and one record alone waits for no timer. What may wait goes with the next record that may not.
 */
import type { Bounds } from '../../bounds.js';
import type { Clock, Millis } from '../../clock.js';
import type { Change, Urgency } from '../storage.js';
import type { Lock } from './lock.js';
import type { Log } from './log.js';
import type { Group, PendingWrites } from './pending-writes.js';
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

/** What may wait, waits for so long: some syncs of a good disk, and less than anybody notices. */
const LATER_MS: Millis = 20;

export class CommitQueue {
  readonly #parts: JournalParts;
  readonly #listener: CommitListener;
  readonly #clock: Clock;
  readonly #lineMax: number;
  #running: Promise<void> | undefined;
  #cancelLater: (() => void) | undefined;

  constructor(
    parts: JournalParts,
    listener: CommitListener,
    { clock, bounds }: { readonly clock: Clock; readonly bounds: Pick<Bounds, 'lineOctets'> },
  ) {
    this.#parts = parts;
    this.#listener = listener;
    this.#clock = clock;
    this.#lineMax = bounds.lineOctets;
  }

  /** As `Storage.write`. */
  add(changes: readonly Change[], urgency: Urgency): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    if (this.#parts.reserve.spent && this.#takesIn(changes)) return Promise.reject(this.#full());
    let group: Group;
    try {
      group = this.#parts.pending.add(changes);
    } catch (error) {
      return Promise.reject(this.#unwritable(changes, error));
    }
    if (urgency === 'now') this.#hurry(group);
    else if (!group.isUrgent) this.#cancelLater ??= this.#clock.after(LATER_MS, () => this.#flush());
    return group.done;
  }

  /** Whether a group is being written or about to be. */
  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when nothing is under way any more. */
  async drained(): Promise<void> {
    this.#flush();
    while (this.#running) await this.#running;
  }

  #hurry(group: Group): void {
    group.isUrgent = true;
    this.#running ??= this.#commitAll();
  }

  /** Writes what may wait. */
  #flush(): void {
    this.#cancelLater?.();
    this.#cancelLater = undefined;
    const { waiting } = this.#parts.pending;
    if (waiting !== undefined) this.#hurry(waiting);
  }

  async #commitAll(): Promise<void> {
    await Promise.resolve(); // what else this turn writes joins the first group
    for (let group = this.#parts.pending.take(); group; group = this.#parts.pending.take()) {
      this.#cancelLater?.();
      this.#cancelLater = undefined;
      await this.#commit(group);
      this.#listener.betweenGroups();
    }
    this.#running = undefined;
  }

  async #commit(group: Group): Promise<void> {
    const { lock, pending, directory } = this.#parts;
    try {
      await lock.confirm();
      this.#index(group, await this.#append(group.lines.octets));
      pending.written(group);
      group.resolve();
    } catch (error) {
      pending.written(group);
      group.reject(storageError(directory, error));
      if (!isDiskFull(error)) this.#listener.distrusted();
    }
  }

  /** On a full disk the reserve gives room for one more try. */
  async #append(lines: Buffer): Promise<{ segment: Segment; offset: number }> {
    const { log, reserve } = this.#parts;
    try {
      return await log.append(lines);
    } catch (error) {
      if (!isDiskFull(error) || !(await reserve.release())) throw error;
      return log.append(lines);
    }
  }

  #index({ batches }: Group, { segment, offset }: { segment: Segment; offset: number }): void {
    let killed = false;
    for (const { pieces, spans, offset: inGroup } of batches) {
      killed = this.#parts.index.apply({ pieces, spans, segment, offset: offset + inGroup }) || killed;
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

  #unwritable(changes: readonly Change[], error: unknown): Error {
    if (!(error instanceof RangeError)) return storageError(this.#parts.directory, error);
    return refusal(
      `A batch of ${changes.length} records has over ${this.#lineMax} octets: write it in parts.`,
    );
  }

  #full(): Error {
    return storageError(this.#parts.directory, Object.assign(new Error('disk full'), { code: 'ENOSPC' }));
  }
}
