/**
 * What a start finds in storage of SMS that were not settled before it.
 */
import type { Change, Storage } from '../storage/storage.js';
import type { OutboxEntry, Progress } from './entry.js';
import type { QueueItem } from './queue-item.js';
import { idsOfRound, isIdOfSms, Round } from './round.js';
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
  for await (const [id, value] of storage.scan('outbox')) {
    yield { id, entry: entryOf(id, value) ?? 'damaged', own: progress.get(id), round: rounds.get(id) };
    rounds.delete(id);
    lost.delete(id);
  }
  for (const id of lost) {
    yield { id, entry: 'gone', own: progress.get(id), round: rounds.get(id) };
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
  for await (const [key, value] of storage.scan('progress')) {
    const ids = idsOfRound(key, value);
    if (ids === undefined) {
      if (isIdOfSms(key)) progress.set(key, value as Progress);
      continue;
    }
    const round = new Round(ids);
    for (const id of ids) rounds.set(id, round);
  }
  return { progress, rounds };
}

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
