/**
 * The one place that writes records to the files: group after group, in the order of the calls.
 *
 * While one group is written and synced, the next one gathers; so the number of syncs falls as the load
 * rises, and one record alone waits for no timer. What may wait goes with the next record that may not.
 *
 *   written ─┬─ synced ───────────────────────────────────────▶ kept
 *            └─ failed ─┬─ cut off, or its file is void ──────▶ refused
 *                       └─ neither can be had: held, tried again until it can, or the run ends: nobody knows
 */
import type { Bounds } from '../../bounds.js';
import type { Clock, Millis } from '../../clock.js';
import { BatchTooLongError, UndecidedError, type SmppError } from '../../errors.js';
import type { Change, Urgency } from '../storage.js';
import type { Health } from './health.js';
import type { Lock } from './lock.js';
import type { Log } from './log.js';
import type { Group, PendingWrites } from './pending-writes.js';
import type { RecordIndex } from './record-index.js';
import { isDiskFull, type Reserve } from './reserve.js';
import { diskFull, storageError } from './storage-error.js';
import type { Segment } from './segment.js';

/** What a journal that is open consists of. */
export interface JournalParts {
  readonly directory: string;
  readonly lock: Lock;
  readonly log: Log;
  readonly index: RecordIndex;
  readonly pending: PendingWrites;
  readonly reserve: Reserve;
  readonly health: Health;
}

export interface CommitListener {
  /** Octets in the files have died. */
  died(): void;
  /** The disk failed at a write: what it holds is not to be relied on. */
  distrusted(): void;
  /** No write is under way at this moment, and none begins before the call returns. */
  betweenGroups(): void;
}

/** How often it is tried to cut off what could not be kept. */
const MEND_AGAIN_MS: Millis = 1_000;

/** What may wait, waits for so long: some syncs of a good disk, and less than anybody notices. */
const LATER_MS: Millis = 20;

export interface CommitQueueOptions {
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'lineOctets'>;
  /** Aborted when the run ends. */
  readonly signal?: AbortSignal;
}

export class CommitQueue {
  readonly #parts: JournalParts;
  readonly #listener: CommitListener;
  readonly #clock: Clock;
  readonly #lineMax: number;
  #running: Promise<void> | undefined;
  #cancelLater: (() => void) | undefined;
  /** Groups that may still come back: not kept, and not to be refused. */
  #held: { readonly group: Group; readonly failure: SmppError }[] = [];
  #cancelMend: (() => void) | undefined;
  #isRunEnding = false;

  constructor(parts: JournalParts, listener: CommitListener, { clock, bounds, signal }: CommitQueueOptions) {
    this.#parts = parts;
    this.#listener = listener;
    this.#clock = clock;
    this.#lineMax = bounds.lineOctets;
    parts.log.whenMended(() => this.#refuseHeld());
    signal?.addEventListener('abort', () => this.#endHold(), { once: true });
  }

  /** As `Storage.write`. */
  add(changes: readonly Change[], urgency: Urgency): Promise<void> {
    if (changes.length === 0) return Promise.resolve();
    if (this.#parts.reserve.spent && this.#takesIn(changes))
      return Promise.reject(diskFull(this.#parts.directory));
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
    this.#endHold();
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
    const { lock, log, pending, health } = this.#parts;
    let isWritten = false;
    try {
      await lock.confirm();
      await log.mend();
      isWritten = true;
      this.#index(group, await this.#append(group.lines.octets));
      pending.written(group);
      group.resolve();
      health.kept();
    } catch (error) {
      pending.written(group);
      const failure = this.#failed(error);
      if (isWritten && log.hasLooseEnd) this.#hold(group, failure);
      else group.reject(failure);
    }
  }

  #failed(error: unknown): SmppError {
    const failure = storageError(this.#parts.directory, error);
    this.#parts.health.failed(failure);
    if (!isDiskFull(error)) this.#listener.distrusted();
    return failure;
  }

  #hold(group: Group, failure: SmppError): void {
    this.#held.push({ group, failure });
    if (this.#isRunEnding) this.#endHold();
    else this.#mendLater();
  }

  #mendLater(): void {
    this.#cancelMend ??= this.#clock.after(MEND_AGAIN_MS, () => {
      this.#cancelMend = undefined;
      void this.#parts.log.mend().catch(() => this.#held.length > 0 && this.#mendLater());
    });
  }

  /** They cannot come back any more. */
  #refuseHeld(): void {
    this.#cancelMend?.();
    this.#cancelMend = undefined;
    for (const { group, failure } of this.#held.splice(0)) group.reject(failure);
  }

  /** The run does not wait until it is known what becomes of them. */
  #endHold(): void {
    this.#isRunEnding = true;
    this.#cancelMend?.();
    this.#cancelMend = undefined;
    for (const { group, failure } of this.#held.splice(0)) group.reject(undecided(failure));
  }

  /** On a full disk the reserve gives room for one more try. */
  async #append(lines: Buffer): Promise<{ segment: Segment; offset: number }> {
    const { directory, log, reserve, health } = this.#parts;
    try {
      return await log.append(lines);
    } catch (error) {
      if (!isDiskFull(error) || !(await reserve.release())) throw error;
      health.failed(diskFull(directory));
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
    return new BatchTooLongError(
      `A batch of ${changes.length} records has over ${this.#lineMax} octets: write it in parts.`,
    );
  }
}

function undecided(cause: SmppError): SmppError {
  const message =
    'the gateway was stopped while its disk could neither keep nor refuse this: it may be there after the next start';
  return new UndecidedError(message, cause);
}
