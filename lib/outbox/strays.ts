/**
 * SMS that may have gone astray, by recipient: submitted once, and nobody knows with what outcome, or the gateway has
 * but half of their segments. No I/O.
 *
 * A receipt for an id that nobody knows is one of theirs; whose, can be told only when there is one alone. So an SMS
 * stays here after it was sent again or settled: the receipt of its first submission may come hours later.
 */

import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';

export class Strays {
  readonly #idsByRecipient = new Map<string, Set<string>>();
  readonly #recipientsMax: number;

  constructor({ unknownRecipients }: Pick<Bounds, 'unknownRecipients'> = DEFAULT_BOUNDS) {
    this.#recipientsMax = unknownRecipients;
  }

  /** @param id ours */
  add(to: string, id: string): void {
    const ids = this.#idsByRecipient.get(to);
    if (ids !== undefined) {
      ids.add(id);
      return;
    }
    this.#idsByRecipient.set(to, new Set([id]));
    if (this.#idsByRecipient.size <= this.#recipientsMax) return;
    const [oldest] = this.#idsByRecipient.keys();
    if (oldest !== undefined) this.#idsByRecipient.delete(oldest);
  }

  /** No other SMS to this recipient has gone astray. */
  isOnly(to: string, id: string): boolean {
    const ids = this.#idsByRecipient.get(to);
    return ids?.size === 1 && ids.has(id);
  }
}
