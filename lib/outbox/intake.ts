/**
 * Makes safe what is taken in: the SMS of one turn of the event loop go in one write, which they pay for together.
 *
 * All of them are kept or none: what storage refuses for one (a full disk, a failing one) it refuses for the next.
 */
import type { Change, Storage } from '../storage/storage.js';
import type { Dedupe } from './dedupe.js';
import type { Body } from './queue.js';

/**
 * SMS in one write: the largest ones, with a long text and a correlation of the greatest length, stay well within
 * what a storage engine takes at once.
 */
const BATCH_MAX = 32;

export interface IntakeOptions {
  readonly storage: Storage;
  readonly dedupe: Dedupe;
  /** They are safe. */
  readonly onStored: (bodies: readonly Body[]) => void;
  /** They were not taken in. */
  readonly onRefused: (bodies: readonly Body[], reason: unknown) => void;
}

class Batch {
  readonly bodies: Body[] = [];
  readonly changes: Change[] = [];
  /** Of those who want to know when it is safe. */
  readonly waiting: { readonly resolve: () => void; readonly reject: (reason: unknown) => void }[] = [];
}

export class Intake {
  readonly #options: IntakeOptions;
  #batch: Batch | undefined;
  /** Being stored, by id: those with a dedupe key, since others may be told that they are taken in. */
  readonly #keyed = new Map<string, Batch>();

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Stores an SMS at the end of this turn; `onStored` or `onRefused` tells how that went. */
  take(body: Body): void {
    this.#add(body);
  }

  /** As `take`; resolves when the SMS is safe, rejects when it could not be stored. */
  takeSafely(body: Body): Promise<void> {
    return new Promise((resolve, reject) => this.#add(body).waiting.push({ resolve, reject }));
  }

  /** Resolves when an SMS that was taken is safe, which it mostly is; rejects when it could not be stored. */
  safe(id: string): Promise<void> {
    const batch = this.#keyed.get(id);
    if (batch === undefined) return Promise.resolve();
    return new Promise((resolve, reject) => batch.waiting.push({ resolve, reject }));
  }

  #add(body: Body): Batch {
    const { entry } = body;
    const batch = (this.#batch ??= this.#begin());
    batch.bodies.push(body);
    batch.changes.push({ table: 'outbox', key: entry.id, value: entry });
    // The key is claimed now: a second SMS with it may come in this same turn.
    for (const change of this.#options.dedupe.claim(entry)) batch.changes.push(change);
    if (entry.dedupeKey !== undefined) this.#keyed.set(entry.id, batch);
    if (batch.bodies.length === BATCH_MAX) this.#batch = undefined;
    return batch;
  }

  #begin(): Batch {
    const batch = new Batch();
    queueMicrotask(() => {
      if (this.#batch === batch) this.#batch = undefined;
      void this.#store(batch);
    });
    return batch;
  }

  async #store({ bodies, changes, waiting }: Batch): Promise<void> {
    const { storage, dedupe, onStored, onRefused } = this.#options;
    try {
      await storage.write(changes);
    } catch (error) {
      for (const { entry } of bodies) dedupe.abandon(entry);
      onRefused(bodies, error);
      for (const { reject } of waiting) reject(error);
      return;
    } finally {
      if (this.#keyed.size > 0) for (const { entry } of bodies) this.#keyed.delete(entry.id);
    }
    onStored(bodies);
    for (const { resolve } of waiting) resolve();
  }
}
