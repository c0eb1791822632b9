/**
 * When the journal is compacted: a decision on numbers, without I/O.
 *
 * Two reasons: dead octets outweigh the live ones, or they have been dead for so long that the promise to
 * erase within an hour falls due. An hour is met with room to spare: a record is found expired within
 * `CHECK_MS`, left for `DEAD_MS_MAX`, and the next check after that erases it.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../../bounds.js';
import type { Millis } from '../../clock.js';

/** How often expired records are looked for, and whether a compaction is due. */
export const CHECK_MS: Millis = 5 * 60_000;

/** The first check of a run is early: how old the dead octets of an earlier run are is not known. */
export const FIRST_CHECK_MS: Millis = 60_000;

/** Checks while the disk is full or fails: the user is waiting for it to be noticed that it is well again. */
export const FULL_CHECK_MS: Millis = 15_000;

/** A disk that was full for a moment has room again soon after. While it stays full, each try waits twice as long. */
export const ROOM_AGAIN_MS: Millis = 1_000;

export interface Volume {
  readonly octets: number;
  readonly liveOctets: number;
  readonly files: number;
}

/** Whether dead octets take so much room that copying the live ones pays. */
export function isWasteful(
  { octets, liveOctets, files }: Volume,
  bounds: Pick<Bounds, 'deadOctets' | 'files'> = DEFAULT_BOUNDS,
): boolean {
  return octets - liveOctets > liveOctets + bounds.deadOctets || files > bounds.files;
}

/** Whether what died at `deadSince` has to go now. */
export function isOverdue(deadSince: Millis | undefined, now: Millis): boolean {
  return deadSince !== undefined && now - deadSince >= DEAD_MS_MAX;
}

/** The instant that dead octets found at the start count from: they are due at the first check. */
export function diedBeforeStart(now: Millis): Millis {
  return now + FIRST_CHECK_MS - DEAD_MS_MAX;
}

const DEAD_MS_MAX: Millis = 30 * 60_000;
