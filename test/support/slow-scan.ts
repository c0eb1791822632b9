/**
 * A storage of which one table is read only when a test says so: as a disk that takes its time.
 *
 * `slowScan(storage, table, 2)` reads two records at once, and the rest when it is told to.
 */
import type { Storage, Table } from '../../lib/storage/storage.js';

export interface SlowScan {
  /** It is read from now on. */
  release(): void;
  /** The next time that it is read fails. */
  failOnce(): void;
}

export function slowScan(storage: Storage, slow: Table, atOnce = 0): SlowScan {
  const { scan } = storage;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let fails = false;
  storage.scan = async function* (table) {
    // What is there as it begins, as every storage gives it.
    const records = scan(table)[Symbol.asyncIterator]();
    let next = records.next();
    for (let read = 0; ; read += 1) {
      if (table === slow && read === atOnce) await released;
      if (table === slow && read === atOnce && fails) {
        fails = false;
        throw new Error('a bad sector');
      }
      const result = await next;
      if (result.done === true) return;
      yield result.value;
      next = records.next();
    }
  };
  return { release: () => release(), failOnce: () => (fails = true) };
}
