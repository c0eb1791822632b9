/**
 * An SMS that is not settled, as a record of table `outbox`: an array without names, and without what is as it mostly
 * is. That is half the octets of the object.
 */
import { unusualFields } from '../unusual-fields.js';
import type { Storage } from '../storage/storage.js';
import type { OutboxEntry } from './entry.js';

/** JSON. The key of the record is the id. */
type StoredEntry = readonly [
  to: string,
  from: string,
  text: string,
  segments: number,
  queuedAt: number,
  expiresAt: number,
  unusual?: Partial<Named>,
];

type Named = Omit<OutboxEntry, 'id' | 'to' | 'from' | 'text' | 'segments' | 'queuedAt' | 'expiresAt'>;

const USUAL = {
  encoding: 'gsm7',
  flash: false,
  longMessage: 'udh8',
  receipt: 'always',
  priority: 'normal',
} as const;

const unusualOf = unusualFields<Named>({
  ...USUAL,
  substituted: undefined,
  sendAt: undefined,
  validityMs: undefined,
  onUncertain: undefined,
  dedupeKey: undefined,
  dedupeMs: undefined,
  correlation: undefined,
});

export function storedEntry(entry: OutboxEntry): unknown {
  const { to, from, text, segments, queuedAt, expiresAt } = entry;
  const unusual = unusualOf(entry);
  const stored: StoredEntry =
    unusual === undefined
      ? [to, from, text, segments, queuedAt, expiresAt]
      : [to, from, text, segments, queuedAt, expiresAt, unusual];
  return stored;
}

/** @param value of a record; the engine has checked that it is whole */
export function entryOf(id: string, value: unknown): OutboxEntry {
  const [to, from, text, segments, queuedAt, expiresAt, unusual] = value as StoredEntry;
  return { id, to, from, text, segments, queuedAt, expiresAt, ...USUAL, ...unusual };
}

/** Reads an SMS back; undefined when storage no longer has it. */
export async function readEntry(storage: Storage, id: string): Promise<OutboxEntry | undefined> {
  const stored = await storage.read('outbox', id);
  return stored === undefined ? undefined : entryOf(id, stored);
}
