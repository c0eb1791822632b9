/** SMS of unknown outcome that wait for a receipt, by recipient. No I/O. */
import type { QueueItem } from './queue-item.js';

const NONE: ReadonlySet<QueueItem> = new Set();

export class Reconciling {
  readonly #byRecipient = new Map<string, Set<QueueItem>>();
  /** Their recipients. */
  readonly #recipients = new Map<QueueItem, string>();

  get size(): number {
    return this.#recipients.size;
  }

  add(item: QueueItem, to: string): void {
    this.#recipients.set(item, to);
    const others = this.#byRecipient.get(to);
    if (others === undefined) this.#byRecipient.set(to, new Set([item]));
    else others.add(item);
  }

  has(item: QueueItem): boolean {
    return this.#recipients.has(item);
  }

  /** Those to a recipient, in the order of adding. */
  to(recipient: string): ReadonlySet<QueueItem> {
    return this.#byRecipient.get(recipient) ?? NONE;
  }

  delete(item: QueueItem): void {
    const to = this.#recipients.get(item);
    if (to === undefined) return;
    this.#recipients.delete(item);
    const others = this.#byRecipient.get(to);
    if (others?.delete(item) && others.size === 0) this.#byRecipient.delete(to);
  }
}
