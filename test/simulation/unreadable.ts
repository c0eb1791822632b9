/** Storage of which some SMS cannot be read for a while, or some records never after the start: octets that went bad. */
import type { Clock, Millis } from '../../lib/clock.js';
import { DamagedRecordError } from '../../lib/errors.js';
import type { Storage, Table } from '../../lib/storage/storage.js';
import type { Plan } from './plan.js';

/** Longer than anybody waits for a read. */
const HANGS_FOR_MS: Millis = 3_000;

/** Of which a record is read by itself, and its owner can do without it. */
const ROTTING = ['outbox', 'result', 'event', 'tracked'] as const;

/** What cannot be read of an SMS, for a while or for good, may keep it from leaving. */
export function mayBeLost({ hasUnreadable, hasRotten }: Plan, id: string | undefined): boolean {
  return (hasUnreadable && isBad(id)) || (hasRotten && isRotten('outbox', id));
}

/** One record in five. */
export function isRotten(table: Table, key = ''): table is (typeof ROTTING)[number] {
  return ROTTING.some((each) => each === table) && Number(/\d+$/.exec(key)?.[0]) % 5 === 3;
}

/** One SMS in four. */
export function isBad(id = ''): boolean {
  return numberOf(id) % 4 === 0;
}

/** Half of those. */
function doesHang(id: string): boolean {
  return numberOf(id) % 8 === 0;
}

function numberOf(id: string): number {
  return Number(id.split('-')[1]);
}

export interface BadOctets {
  /** Asked at each read of an SMS, by its id. */
  readonly isUnreadable: (id: string) => boolean;
  /** Asked at each read of a record. */
  readonly isRotten: (table: Table, key: string) => boolean;
  /** So many reads hang now, until then. */
  readonly hang: (reads: number, until: Millis) => void;
}

export function unreadable(
  storage: Storage,
  clock: Clock,
  { isUnreadable, isRotten, hang }: BadOctets,
): Storage {
  let hanging = 0;
  const hangs = (): Promise<void> => {
    hanging += 1;
    hang(hanging, clock.now() + HANGS_FOR_MS);
    return new Promise((resolve) => {
      clock.after(HANGS_FOR_MS, () => {
        hanging -= 1;
        resolve();
      });
    });
  };
  return {
    ...(storage.isVolatile === true && { isVolatile: true }),
    open: (signal) => storage.open(signal),
    write: (changes, urgency) => storage.write(changes, urgency),
    read: async (table, key) => {
      if (isRotten(table, key)) throw new DamagedRecordError('these octets went bad');
      if (table !== 'outbox' || !isUnreadable(key)) return storage.read(table, key);
      if (doesHang(key)) await hangs();
      throw new Error('these octets went bad');
    },
    scan: (table) => storage.scan(table),
    keys: (table) => storage.keys(table),
    count: (table) => storage.count(table),
    close: () => storage.close(),
  };
}
