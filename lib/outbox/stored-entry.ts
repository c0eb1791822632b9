/**
 * An SMS that is not settled, as a record of table `outbox`: an array without names, and without what is as it mostly
 * is. That is half the octets of the object.
 */
import { damagedAs } from '../errors.js';
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

/** Undefined when the record is not one of an SMS. That it is whole, the engine has checked. */
export function entryOf(id: string, value: unknown): OutboxEntry | undefined {
  if (!isStoredEntry(value)) return undefined;
  const [to, from, text, segments, queuedAt, expiresAt, unusual] = value;
  return { id, to, from, text, segments, queuedAt, expiresAt, ...USUAL, ...unusual };
}

/**
 * Reads an SMS back, or says why that can never be: storage no longer has it, or its record is damaged.
 *
 * @throws SMPP_STORAGE when it cannot be read now
 */
export async function readEntry(storage: Storage, id: string): Promise<OutboxEntry | 'gone' | 'damaged'> {
  const stored = await storage.read('outbox', id).catch(damagedAs(null));
  return stored === undefined ? 'gone' : (entryOf(id, stored) ?? 'damaged');
}

/** By the fields that every SMS has. */
function isStoredEntry(value: unknown): value is StoredEntry {
  if (!Array.isArray(value)) return false;
  const [to, from, text, ...numbers] = value as unknown[];
  const areWords = typeof to === 'string' && typeof from === 'string' && typeof text === 'string';
  return areWords && to !== '' && numbers.length >= 3 && numbers.slice(0, 3).every(Number.isFinite);
}
