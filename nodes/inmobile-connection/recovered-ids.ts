/**
 * From the `_msgid` of a msg to the SMS that came with it, of what an earlier run left in the queue.
 *
 * Their origins are read from storage for the first who asks while it runs; then an index is kept, unless it would be
 * large. While it is stopped all are read each time: more may be left there at the next stop.
 */
import type { Gateway } from '../../lib/gateway.js';
import { messageIdOf } from '../shared/origin.js';

/** SMS in an index: some ten megabytes. Of more all are read each time. */
const INDEXED_MAX = 100_000;

type Ids = ReadonlyMap<string, readonly string[]>;

/** Undefined for one that would be too large. */
const indexes = new WeakMap<Gateway, Promise<Ids | undefined>>();

/** @throws SMPP_STORAGE when they cannot be read */
export async function recoveredIdsOf(
  gateway: Gateway,
  messageId: string,
  isRunning: boolean,
): Promise<readonly string[]> {
  const index = isRunning ? await indexOf(gateway) : undefined;
  if (index !== undefined) return index.get(messageId) ?? [];
  const ids: string[] = [];
  await gateway.recovered(({ id, correlation }) => {
    if (messageIdOf(correlation) === messageId) ids.push(id);
  });
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
  await gateway.recovered(({ id, correlation }) => {
    const messageId = count > INDEXED_MAX ? undefined : messageIdOf(correlation);
    if (messageId === undefined) return;
    count += 1;
    const ids = index.get(messageId);
    if (ids === undefined) index.set(messageId, [id]);
    else ids.push(id);
  });
  return count > INDEXED_MAX ? undefined : index;
}
