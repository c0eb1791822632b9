/** A storage of which one table is read only when a test says so: as a disk that takes its time. */
import type { Storage, Table } from '../../lib/storage/storage.js';

export interface SlowScan {
  /** It is read from now on. */
  release(): void;
  /** The next time that it is read fails. */
  failOnce(): void;
}

export function slowScan(storage: Storage, slow: Table): SlowScan {
  const { scan } = storage;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  let fails = false;
  storage.scan = async function* (table) {
    // What is there as it begins, as every storage gives it.
    const records = scan(table)[Symbol.asyncIterator]();
    let next = records.next();
    if (table === slow) await released;
    if (table === slow && fails) {
      fails = false;
      throw new Error('a bad sector');
    }
    for (; !(await next).done; next = records.next()) yield (await next).value as readonly [string, unknown];
  };
  return { release: () => release(), failOnce: () => (fails = true) };
}
