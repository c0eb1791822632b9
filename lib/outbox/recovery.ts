/**
 * What a start finds in storage of SMS that were not settled before it.
 */
import type { Change, Storage, Table } from '../storage/storage.js';
import { FIRST_ATTEMPT, type OutboxEntry, type Progress } from './entry.js';
import type { QueueItem } from './queue-item.js';
import { firstOfRound, idsOfRound, isIdOfSms, Round } from './round.js';
import { entryOf, storedEntry } from './stored-entry.js';

export interface Left {
  readonly id: string;
  /** Or why there is none: its record is gone, or is not one of an SMS. */
  readonly entry: OutboxEntry | 'gone' | 'damaged';
  /** What storage has of its progress alone. */
  readonly own: Progress | undefined;
  /** In which it was marked, and which it leaves as it is settled; what `own` says is newer. */
  readonly round: Round | undefined;
}

/**
 * Gives every SMS that was left, in the order of taking in, and then those of which other records tell: an SMS that is
 * settled has none. Rounds of SMS that are no more end.
 *
 * @param unsettled holders of a dedupe key
 */
export async function* recovered(storage: Storage, unsettled: readonly string[]): AsyncGenerator<Left> {
  const { progress, rounds } = await readProgress(storage);
  const lost = new Set([...progress.keys(), ...unsettled]);
  const stored = storage.count('outbox');
  const given: string[] = [];
  for await (const [id, value] of storage.scan('outbox')) {
    yield { id, entry: entryOf(id, value) ?? 'damaged', own: progress.get(id), round: rounds.get(id) };
    given.push(id);
    rounds.delete(id);
    lost.delete(id);
  }
  const damaged = given.length < stored ? await leftOut(storage, 'outbox', given) : NONE;
  for (const id of new Set([...damaged, ...lost])) {
    yield { id, entry: damaged.has(id) ? 'damaged' : 'gone', own: progress.get(id), round: rounds.get(id) };
    rounds.delete(id);
  }
  const over: Change[] = [];
  for (const round of rounds.values()) {
    const change = round.leave();
    if (change !== undefined) over.push(change);
  }
  if (over.length > 0) await storage.write(over);
}

interface StoredProgress {
  /** By the id of the SMS. */
  readonly progress: Map<string, Progress>;
  readonly rounds: Map<string, Round>;
}

async function readProgress(storage: Storage): Promise<StoredProgress> {
  const progress = new Map<string, Progress>();
  const rounds = new Map<string, Round>();
  const given: string[] = [];
  for await (const [key, value] of storage.scan('progress')) {
    given.push(key);
    const ids = idsOfRound(key, value);
    if (ids === undefined) {
      if (isIdOfSms(key)) progress.set(key, progressOf(value));
      continue;
    }
    addRound(rounds, ids);
  }
  if (given.length === storage.count('progress')) return { progress, rounds };
  for (const key of await leftOut(storage, 'progress', given)) {
    const first = firstOfRound(key); // of the others nothing is known
    if (first !== undefined) addRound(rounds, [first]);
    else if (isIdOfSms(key)) progress.set(key, FIRST_ATTEMPT);
  }
  return { progress, rounds };
}

/** An earlier version told that the gateway has some segments, and not by which ids. */
function progressOf(value: unknown): Progress {
  const progress = value as Progress & { readonly isHalfSent?: true };
  return progress.isHalfSent === true ? { half: [], ...progress } : progress;
}

function addRound(rounds: Map<string, Round>, ids: readonly string[]): void {
  const round = new Round(ids);
  for (const id of ids) rounds.set(id, round);
}

/** Keys of records that a scan has left out, as they are damaged; and of those that have ended. */
async function leftOut(
  storage: Storage,
  table: Table,
  given: readonly string[],
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  for await (const key of storage.keys(table)) keys.add(key);
  for (const key of given) keys.delete(key);
  return keys;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Gives volatile storage what it was spared, for the next start. All of the queue is written: what is read first then
 * is what was written first.
 */
export async function storeRest(storage: Storage, queue: readonly QueueItem[]): Promise<void> {
  if (storage.isVolatile !== true) return;
  const rest: Change[] = [];
  for (const { id: key, body } of queue) {
    const value = body === undefined ? await storage.read('outbox', key) : storedEntry(body.entry);
    rest.push({ table: 'outbox', key }, { table: 'outbox', key, value });
  }
  await storage.write(rest);
}
