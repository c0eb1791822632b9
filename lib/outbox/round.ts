/**
 * SMS that are marked together as under way: one small record for all of them, written before any of their octets
 * can leave.
 *
 * The record stays until the last of them is settled or back in the queue; what an SMS has of its own in table
 * `progress` is newer and counts instead. It holds ids alone.
 */
import type { Change } from '../storage/storage.js';
import { FIRST_ATTEMPT, type Progress } from './entry.js';
import type { LeavingItem, NewItem } from './queue-item.js';

/** As stored in table `progress`. JSON. */
interface StoredRound {
  readonly ids: readonly string[];
}

export class Round {
  readonly #key: string;
  #left: number;

  /** @param ids at least one, marked in no other round that is still stored */
  constructor(ids: readonly string[]) {
    this.#key = `${KEY_PREFIX}${ids[0] ?? ''}`;
    this.#left = ids.length;
  }

  /** The write that makes it last. */
  stored(ids: readonly string[]): Change {
    return { table: 'progress', key: this.#key, value: { ids } satisfies StoredRound };
  }

  /** One of them is marked by it no more. Returns what deletes the record, after the last. */
  leave(): Change | undefined {
    this.#left -= 1;
    return this.#left === 0 ? { table: 'progress', key: this.#key } : undefined;
  }
}

/** No id of an SMS has a space. */
const KEY_PREFIX = 'round ';

/**
 * Marks SMS as under way from now on; returns the writes that make the marks last.
 *
 * @param nextProgress of an SMS that is about to be submitted once more
 */
export function mark(
  items: readonly (NewItem | LeavingItem)[],
  nextProgress: (item: NewItem | LeavingItem) => Progress,
): readonly Change[] {
  const changes: Change[] = [];
  const together: (NewItem | LeavingItem)[] = [];
  for (const item of items) {
    item.progress = nextProgress(item);
    if (item.progress === FIRST_ATTEMPT && !item.hasRecord) together.push(item);
    else {
      item.hasRecord = true;
      changes.push({ table: 'progress', key: item.id, value: item.progress });
    }
  }
  if (together.length === 0) return changes;
  const ids = together.map(({ id }) => id);
  const round = new Round(ids);
  for (const item of together) item.round = round;
  changes.push(round.stored(ids));
  return changes;
}

/** Whether a key of table `progress` is that of one SMS alone. */
export function isIdOfSms(key: string): boolean {
  return !key.includes(' ');
}

/** The first of the ids in a round, which its key tells. */
export function firstOfRound(key: string): string | undefined {
  return key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : undefined;
}

/** The ids in a record of table `progress` that is that of a round; undefined when it is of one SMS alone. */
export function idsOfRound(key: string, value: unknown): readonly string[] | undefined {
  return key.startsWith(KEY_PREFIX) ? (value as StoredRound).ids : undefined;
}
