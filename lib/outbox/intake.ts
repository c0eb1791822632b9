/**
 * Makes safe what is taken in: the SMS of one turn of the event loop go in one write, which they pay for together. A list
 * has a write of its own.
 *
 * All of them are kept or none: what storage refuses for one (a full disk, a failing one) it refuses for the next.
 */
import type { Bounds } from '../bounds.js';
import type { Change, Storage } from '../storage/storage.js';
import { TransitMap } from '../transit-map.js';
import type { Dedupe } from './dedupe.js';
import type { OutboxEntry } from './entry.js';
import type { NewItem } from './queue-item.js';
import { CORRELATION_CHARACTERS_MAX } from './read-sms.js';
import { storedEntry } from './stored-entry.js';

export interface IntakeOptions {
  readonly bounds: Pick<Bounds, 'smsInOneWrite' | 'charactersInOneWrite'>;
  readonly storage: Storage;
  readonly dedupe: Dedupe;
  /** What is stored along with them, in the same write. */
  readonly markFresh: (items: readonly NewItem[]) => readonly Change[];
  /** They are safe, and so is what `markFresh` gave. */
  readonly onStored: (items: readonly NewItem[], marks: readonly Change[]) => void;
  /** They were not taken in. */
  readonly onRefused: (items: readonly NewItem[], reason: unknown) => void;
}

interface Waiting {
  readonly id: string;
  readonly resolve: (safe: { id: string }) => void;
  readonly reject: (reason: unknown) => void;
}

class Batch {
  /** Of what is to be stored. */
  characters = 0;
  readonly items: NewItem[] = [];
  /** Those with a dedupe key. */
  readonly keyed: OutboxEntry[] = [];
  readonly changes: Change[] = [];
  /** Of those who want to know when it is safe. */
  readonly waiting: Waiting[] = [];
}

/** SMS that are all kept or none, however many they are: they have a write of their own, at the end of this turn. */
export interface Whole {
  take(item: NewItem, entry: OutboxEntry): void;
  /** Resolves when they are safe; rejects when they could not be stored. */
  safe(): Promise<unknown>;
}

export class Intake {
  readonly #options: IntakeOptions;
  #batch: Batch | undefined;
  /** Those whose write is to come or under way, with it; none rejects. */
  readonly #storing = new TransitMap<Batch, Promise<void>>();
  /** Being stored, by id: those with a dedupe key, since others may be told that they are taken in. */
  readonly #keyed = new Map<string, Batch>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Stores an SMS at the end of this turn; `onStored` or `onRefused` tells how that went. */
  take(item: NewItem, entry: OutboxEntry): void {
    this.#add(item, entry);
  }

  /** As `take`; resolves when the SMS is safe, rejects when it could not be stored. */
  takeSafely(item: NewItem, entry: OutboxEntry): Promise<{ id: string }> {
    const { waiting } = this.#add(item, entry);
    return new Promise((resolve, reject) => waiting.push({ id: entry.id, resolve, reject }));
  }

  takeWhole(): Whole {
    this.#batch = undefined; // what comes later in this turn is stored later
    const batch = this.#begin();
    return {
      take: (item, entry) => this.#put(batch, item, entry),
      safe: () => new Promise((resolve, reject) => batch.waiting.push({ id: '', resolve, reject })),
    };
  }

  /** Whether an SMS with a dedupe key is being stored. */
  isStoring(id: string): boolean {
    return this.#keyed.has(id);
  }

  /** Resolves when an SMS that was taken is safe, which it mostly is; rejects when it could not be stored. */
  safe(id: string): Promise<{ id: string }> {
    const batch = this.#keyed.get(id);
    if (batch === undefined) return Promise.resolve({ id });
    return new Promise((resolve, reject) => batch.waiting.push({ id, resolve, reject }));
  }

  /** Resolves when all that was taken is stored, or is not to be. */
  async atRest(): Promise<void> {
    while (this.#storing.size > 0) await Promise.all(this.#storing.values());
  }

  /** Storage does not answer: whoever waits for what was taken is rejected. */
  giveUp(reason: unknown): void {
    for (const { waiting } of this.#storing.keys())
      for (const { reject } of waiting.splice(0)) reject(reason);
  }

  #add(item: NewItem, entry: OutboxEntry): Batch {
    const batch = (this.#batch ??= this.#begin());
    this.#put(batch, item, entry);
    if (this.#isFull(batch)) this.#batch = undefined;
    return batch;
  }

  #put(batch: Batch, item: NewItem, entry: OutboxEntry): void {
    batch.items.push(item);
    if (item.isStored) {
      batch.changes.push({ table: 'outbox', key: entry.id, value: storedEntry(entry) });
      batch.characters += charactersOf(entry);
    }
    // The key is claimed now: a second SMS with it may come in this same turn.
    if (entry.dedupeKey !== undefined) {
      batch.changes.push(...this.#options.dedupe.claim(entry));
      batch.keyed.push(entry);
      this.#keyed.set(entry.id, batch);
    }
  }

  #isFull({ items, characters }: Batch): boolean {
    const { smsInOneWrite, charactersInOneWrite } = this.#options.bounds;
    return items.length >= smsInOneWrite || characters >= charactersInOneWrite;
  }

  #begin(): Batch {
    const batch = new Batch();
    const storing = Promise.resolve()
      .then(() => this.#store(batch))
      .finally(() => this.#storing.delete(batch));
    this.#storing.set(batch, storing);
    return batch;
  }

  async #store({ items, keyed, changes, waiting }: Batch): Promise<void> {
    const { storage, dedupe, markFresh, onStored, onRefused } = this.#options;
    if (this.#batch?.items === items) this.#batch = undefined;
    let marks: readonly Change[];
    try {
      marks = markFresh(items);
      changes.push(...marks);
      await storage.write(changes);
    } catch (error) {
      for (const entry of keyed) dedupe.abandon(entry);
      onRefused(items, error);
      for (const { reject } of waiting) reject(error);
      return;
    } finally {
      for (const { id } of keyed) this.#keyed.delete(id);
    }
    onStored(items, marks);
    for (const { id, resolve } of waiting) resolve({ id });
  }
}

/** Of what is stored of it, text and correlation: nearly all. */
function charactersOf({ text, correlation }: OutboxEntry): number {
  if (correlation === undefined) return text.length;
  // As text from the nodes; to count another value's would be to write it twice.
  return text.length + (typeof correlation === 'string' ? correlation.length : CORRELATION_CHARACTERS_MAX);
}
