/** Storage of which some SMS cannot be read for a while, and all else can: octets that went bad. */
import type { Storage } from '../../lib/storage/storage.js';

/** One SMS in four. */
export function isBad(id = ''): boolean {
  return Number(id.split('-')[1]) % 4 === 0;
}

/** @param isUnreadable asked at each read of an SMS, by its id */
export function unreadable(storage: Storage, isUnreadable: (id: string) => boolean): Storage {
  return {
    ...(storage.isVolatile === true && { isVolatile: true }),
    open: (signal) => storage.open(signal),
    write: (changes, urgency) => storage.write(changes, urgency),
    read: (table, key) => {
      if (table !== 'outbox' || !isUnreadable(key)) return storage.read(table, key);
      return Promise.reject(new Error('these octets went bad'));
    },
    scan: (table) => storage.scan(table),
    count: (table) => storage.count(table),
    close: () => storage.close(),
  };
}
