/**
 * Moves what storage that ends with the process holds into another one: what waits there outlasts the choice of storage.
 *
 * A record is gone from the one only when it is safe in the other, so that a move which fails is taken up again by the
 * next. A key that the other has keeps the record that it has there; but events go behind its own, under numbers that are free.
 */
import type { MemoryStorage } from './memory-storage.js';
import { TABLES, type Change, type Storage } from './storage.js';

/** So many go in one write, however long they are: together they stay within the journal's line. */
const AT_ONCE = 50;

/**
 * Both are open.
 *
 * @param asRecords a record as others than volatile storage keep it, which may be several
 * @throws SMPP_STORAGE; what is not moved then stays where it is
 */
export async function moveRecords(
  from: MemoryStorage,
  to: Storage,
  asRecords: (change: Change) => readonly Change[],
): Promise<void> {
  for (const table of TABLES) {
    if (from.count(table) === 0) continue;
    const taken = new Set<string>();
    for await (const key of to.keys(table)) taken.add(key);
    const newKey = table === 'event' && taken.size > 0 ? keyBehind(taken) : (key: string) => key;
    for (const change of from.changes(table)) {
      const moved = asRecords(change)
        .map((each) => ({ ...each, key: newKey(each.key) }))
        .filter(({ key }) => !taken.has(key));
      for (let at = 0; at < moved.length; at += AT_ONCE) await to.write(moved.slice(at, at + AT_ONCE));
      await from.write([{ table, key: change.key }]);
    }
  }
}

/** Gives keys of the same kind, which have a number at their end, behind all that are taken. */
function keyBehind(taken: ReadonlySet<string>): (key: string) => string {
  const highest = new Map<string, number>();
  for (const key of taken) {
    const [kind, number] = parted(key);
    highest.set(kind, Math.max(number, highest.get(kind) ?? 0));
  }
  return (key) => {
    const [kind] = parted(key);
    const next = (highest.get(kind) ?? 0) + 1;
    highest.set(kind, next);
    return `${kind}${next}`;
  };
}

function parted(key: string): readonly [kind: string, number: number] {
  const [digits = ''] = /\d*$/.exec(key) ?? [];
  return [key.slice(0, key.length - digits.length), Number(digits)];
}
