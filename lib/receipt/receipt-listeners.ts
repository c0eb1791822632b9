/** Who wants receipts, and for which scope. */
import type { DeliveryReceipt } from '../message.js';
import type { ReceiptEvent, ReceiptScope } from './join-receipt.js';

/** What it returns resolves when the receipt is safe with the listener; it rejects, or throws, when it is not. */
export type ReceiptListener = (receipt: DeliveryReceipt) => void | Promise<void>;

export class ReceiptListeners {
  readonly #byScope: Record<ReceiptScope, Set<ReceiptListener>> = { message: new Set(), segment: new Set() };

  get isEmpty(): boolean {
    return this.#byScope.message.size === 0 && this.#byScope.segment.size === 0;
  }

  add(scope: ReceiptScope, listener: ReceiptListener): void {
    this.#byScope[scope].add(listener);
  }

  remove(scope: ReceiptScope, listener: ReceiptListener): void {
    this.#byScope[scope].delete(listener);
  }

  /** Resolves when every listener has taken every event, in their order; rejects when one failed. */
  async emit(events: readonly ReceiptEvent[]): Promise<void> {
    for (const { scope, receipt } of events) await giveTo(this.#byScope[scope], receipt);
  }
}

/** Resolves when all have taken it; rejects when one failed, after all of them were asked. */
export async function giveTo(
  listeners: ReadonlySet<ReceiptListener>,
  receipt: DeliveryReceipt,
): Promise<void> {
  // The async arrow turns what a listener throws into a rejection.
  await Promise.all([...listeners].map(async (listener) => listener(receipt)));
}
