/**
 * The ids that the gateway gave to segments of long SMS which are not settled, and so are not tracked by them: one that is
 * sent slowly, or again, may take minutes, and receipts of its first segments come before its end. No I/O.
 */
import type { Bounds } from '../bounds.js';
import type { QueueItem } from './queue-item.js';

export class SegmentIds {
  readonly #max: number;
  /** In lower case; the oldest first. */
  readonly #owners = new Map<string, QueueItem>();
  readonly #byOwner = new Map<QueueItem, string[]>();

  constructor({ copyIds }: Pick<Bounds, 'copyIds'>) {
    this.#max = copyIds;
  }

  add(item: QueueItem, messageIds: readonly string[]): void {
    for (const messageId of messageIds) {
      if (messageId === '') continue;
      const id = messageId.toLowerCase();
      if (this.#owners.get(id) === item) continue;
      const own = this.#byOwner.get(item);
      if (own === undefined) this.#byOwner.set(item, [id]);
      else own.push(id);
      this.#owners.set(id, item);
      if (this.#owners.size > this.#max) this.#forgetOldest();
    }
  }

  has(messageId: string): boolean {
    return this.#owners.size > 0 && this.#owners.has(messageId.toLowerCase());
  }

  /** It is settled. */
  forget(item: QueueItem): void {
    for (const id of this.#byOwner.get(item) ?? []) {
      if (this.#owners.get(id) === item) this.#owners.delete(id);
    }
    this.#byOwner.delete(item);
  }

  /** With all of its SMS. */
  #forgetOldest(): void {
    for (const oldest of this.#owners.values()) {
      this.forget(oldest);
      return;
    }
  }
}
