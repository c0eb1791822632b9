/**
 * What a start finds in storage of SMS that were not settled before it.
 */
import type { Change, Storage } from '../storage/storage.js';
import type { OutboxEntry, Progress } from './entry.js';
import type { QueueItem } from './queue-item.js';
import { idsOfRound, Round } from './round.js';
import { entryOf, storedEntry } from './stored-entry.js';

export interface Left {
  readonly entry: OutboxEntry;
  /** What storage has of its progress alone. */
  readonly own: Progress | undefined;
  /** In which it was marked, and which it leaves as it is settled; what `own` says is newer. */
  readonly round: Round | undefined;
}

/** Gives every SMS that was left, in the order of taking in; rounds of SMS that are no more end. */
export async function* recovered(storage: Storage): AsyncGenerator<Left> {
  const progress = new Map<string, Progress>();
  const rounds = new Map<string, Round>();
  for await (const [key, value] of storage.scan('progress')) {
    const ids = idsOfRound(key, value);
    if (ids === undefined) progress.set(key, value as Progress);
    else {
      const round = new Round(ids);
      for (const id of ids) rounds.set(id, round);
    }
  }
  for await (const [id, value] of storage.scan('outbox')) {
    yield { entry: entryOf(id, value), own: progress.get(id), round: rounds.get(id) };
    rounds.delete(id);
  }
  const over: Change[] = [];
  for (const round of rounds.values()) {
    const change = round.leave();
    if (change !== undefined) over.push(change);
  }
  if (over.length > 0) await storage.write(over);
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
