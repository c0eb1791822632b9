/** A storage on the heap that counts as one on a disk: its writes a test holds up, or has fail. */
import { systemClock, type Clock } from '../../lib/clock.js';
import { SmppError } from '../../lib/errors.js';
import { memoryStorage } from '../../lib/storage/memory-storage.js';
import type { Change, Storage } from '../../lib/storage/storage.js';

export interface HeldStorage extends Storage {
  /** How many were asked for. */
  readonly writes: number;
  /** Writes wait from now on. */
  hold(): void;
  /** They are made, and wait no more. */
  release(): void;
  /** They reject from now on. */
  fail(): void;
}

export function heldStorage(clock: Clock = systemClock): HeldStorage {
  const storage = memoryStorage(clock);
  let state: 'open' | 'held' | 'failing' = 'open';
  const waiting: (() => void)[] = [];
  let writes = 0;
  return {
    get writes() {
      return writes;
    },
    open: () => storage.open(),
    read: (table, key) => storage.read(table, key),
    scan: (table) => storage.scan(table),
    keys: (table) => storage.keys(table),
    count: (table) => storage.count(table),
    close: () => storage.close(),
    write: async (changes: readonly Change[]) => {
      writes += 1;
      if (state === 'failing') throw new SmppError('SMPP_STORAGE', 'the disk is full');
      if (state === 'held') await new Promise<void>((resolve) => waiting.push(resolve));
      await storage.write(changes);
    },
    hold: () => (state = 'held'),
    release: () => {
      state = 'open';
      for (const resolve of waiting.splice(0)) resolve();
    },
    fail: () => (state = 'failing'),
  };
}
