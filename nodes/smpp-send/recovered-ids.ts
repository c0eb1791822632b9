/**
 * From the `_msgid` of a msg to the SMS that came with it, of what an earlier process left in the queue.
 *
 * Their origins are read from storage for the first who asks; then an index is kept, unless it would be large.
 */
import type { Gateway } from '../../lib/gateway.js';
import { messageIdOf } from '../shared/origin.js';

/** SMS in an index: some ten megabytes. Of more all are read each time. */
const INDEXED_MAX = 100_000;

type Ids = ReadonlyMap<string, readonly string[]>;

/** Undefined for one that would be too large. */
const indexes = new WeakMap<Gateway, Promise<Ids | undefined>>();

/** @throws SMPP_STORAGE when they cannot be read */
export async function recoveredIdsOf(gateway: Gateway, messageId: string): Promise<readonly string[]> {
  const index = await indexOf(gateway);
  if (index !== undefined) return index.get(messageId) ?? [];
  const ids: string[] = [];
  for await (const { id, correlation } of gateway.recovered())
    if (messageIdOf(correlation) === messageId) ids.push(id);
  return ids;
}

function indexOf(gateway: Gateway): Promise<Ids | undefined> {
  const known = indexes.get(gateway);
  if (known !== undefined) return known;
  const index = makeIndex(gateway);
  indexes.set(gateway, index);
  index.catch(() => indexes.delete(gateway));
  return index;
}

async function makeIndex(gateway: Gateway): Promise<Ids | undefined> {
  const index = new Map<string, string[]>();
  let count = 0;
  for await (const { id, correlation } of gateway.recovered()) {
    const messageId = messageIdOf(correlation);
    if (messageId === undefined) continue;
    count += 1;
    if (count > INDEXED_MAX) return undefined;
    const ids = index.get(messageId);
    if (ids === undefined) index.set(messageId, [id]);
    else ids.push(id);
  }
  return index;
}
