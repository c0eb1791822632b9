/**
 * The port behind which lies everything that must survive a restart.
 *
 * Keyed JSON records in a few tables, written in atomic batches: the engine knows nothing of SMS, and what
 * a record means stands with its owner (outbox, receipt, inbox). Every engine runs the suite in
 * `test/contracts/storage.contract.ts`.
 *
 * Nothing here is claimed or leased: one process writes one store. An engine that several processes share
 * gives each its own partition under a lease, and adopts those of the dead.
 */
import type { EpochMs } from '../clock.js';

/**
 * `outbox` SMS not settled · `progress` what is known of their submissions · `result` settled, not yet
 * emitted · `tracked` accepted, waits for its receipts · `dedupe` keys · `part` segments of incoming SMS ·
 * `event` incoming SMS and receipts not yet emitted · `seen` fingerprints of deliver_sm · `account` what was learnt of it ·
 * `unknown` submissions of unknown outcome, and ids of receipts that belong to no SMS.
 */
export const TABLES = [
  'outbox',
  'progress',
  'result',
  'tracked',
  'dedupe',
  'part',
  'event',
  'seen',
  'account',
  'unknown',
] as const;
export type Table = (typeof TABLES)[number];

/** One write: a put when `value` is given, else a delete (of a key that may not exist). */
export interface Change {
  readonly table: Table;
  readonly key: string;
  /** A JSON value; not changed by anyone after it was handed over. */
  readonly value?: unknown;
  /** The engine may forget the record after this instant, and does so within an hour. */
  readonly keepUntil?: EpochMs;
}

/** Whether somebody waits for a write, or it may go to the disk with the next one, within some milliseconds. */
export type Urgency = 'now' | 'later';

export interface Storage {
  /**
   * It ends with the process: an owner that holds a record on the heap itself need not write it before it closes,
   * and may then hand over the very object that it has, JSON or not.
   */
  readonly isVolatile?: boolean;

  /**
   * Makes the store ready and its records readable.
   *
   * @param signal aborted when the run that opens it ends: nothing is waited for any more that may never come, such as
   *   another process that gives the store up. `close` is to follow.
   * @throws SMPP_STORAGE when it cannot be read or written, or another process owns it; SMPP_STOPPED when the run ends
   *   first
   */
  open(signal?: AbortSignal): Promise<void>;

  /**
   * Applies all changes or none; they are durable when the promise resolves, and visible to `read` and
   * `scan` as soon as the call returns. Batches take effect in the order of the calls.
   *
   * @param urgency `later` for what may be lost in a crash: that something may be forgotten. Default `now`
   * @throws SMPP_STORAGE when they could not be kept; then none of them took effect
   */
  write(changes: readonly Change[], urgency?: Urgency): Promise<void>;

  /**
   * The record, or undefined.
   *
   * @throws DamagedRecordError when it can never be read again; another SMPP_STORAGE when it cannot be read now
   */
  read(table: Table, key: string): Promise<unknown>;

  /**
   * Every record of a table, in the order in which their keys were first written. One that can never be read again is
   * left out, and the log says so; `keys` has it still.
   *
   * @throws SMPP_STORAGE when one cannot be read now
   */
  scan(table: Table): AsyncIterable<readonly [key: string, value: unknown]>;

  /** The key of every record of a table, in the same order; also of one that is damaged, or may be forgotten by now. */
  keys(table: Table): AsyncIterable<string>;

  /** Number of records. */
  count(table: Table): number;

  /** Completes what was written and gives the store up. Idempotent. */
  close(): Promise<void>;
}

/** Storage that another may follow. */
export interface MovableStorage extends Storage {
  /** The writes that the records of a table came by, as they stand now; as `scan` gives them. */
  changes(table: Table): AsyncIterable<Change> | Iterable<Change>;
}
