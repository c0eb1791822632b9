/**
 * Who wants receipts, and for which scope.
 *
 * A listener that returns nothing has taken what it was given: no promise is made for it.
 */
import { SmppError } from '../errors.js';
import type { DeliveryReceipt } from '../message.js';
import type { ReceiptEvent, ReceiptScope } from './join-receipt.js';

/** What it returns resolves when the receipt is safe with the listener; it rejects, or throws, when it is not. */
export type ReceiptListener = (receipt: DeliveryReceipt) => void | Promise<void>;

export class ReceiptListeners {
  readonly #byScope: Record<ReceiptScope, Set<ReceiptListener>> = { message: new Set(), segment: new Set() };

  readonly #isOpen: () => boolean;

  /** @param isOpen whether anything is handed on: what waits for its turn as that ends comes again in the next run */
  constructor(isOpen: () => boolean) {
    this.#isOpen = isOpen;
  }

  get isEmpty(): boolean {
    return this.#byScope.message.size === 0 && this.#byScope.segment.size === 0;
  }

  add(scope: ReceiptScope, listener: ReceiptListener): void {
    this.#byScope[scope].add(listener);
  }

  remove(scope: ReceiptScope, listener: ReceiptListener): void {
    this.#byScope[scope].delete(listener);
  }

  /**
   * Hands on every event, in their order: undefined when every listener has taken them all, else a promise that
   * resolves when they have.
   *
   * @throws what a listener threw, or rejects with it; SMPP_STOPPED when it is not open. The events that follow are not
   *   handed on then
   */
  emit(events: readonly ReceiptEvent[], from = 0): Promise<void> | undefined {
    const event = events[from];
    if (event === undefined) return undefined;
    if (!this.#isOpen()) throw new SmppError('SMPP_STOPPED', 'the gateway is stopped: the receipt is kept');
    const taking = giveTo(this.#byScope[event.scope], event.receipt);
    return taking === undefined
      ? this.emit(events, from + 1)
      : taking.then(() => this.emit(events, from + 1));
  }
}

/**
 * Undefined when all have taken it, else a promise that resolves when they have.
 *
 * @throws what one threw, or rejects with it, after all of them were asked
 */
export function giveTo(
  listeners: ReadonlySet<ReceiptListener>,
  receipt: DeliveryReceipt,
): Promise<void> | undefined {
  let pending: Promise<void>[] | undefined;
  for (const listener of listeners) {
    const taking = given(listener, receipt);
    if (taking !== undefined) (pending ??= []).push(taking);
  }
  return pending && Promise.all(pending).then(() => undefined);
}

/** What a listener throws is its answer too: the others are still asked. */
function given(listener: ReceiptListener, receipt: DeliveryReceipt): void | Promise<void> {
  try {
    return listener(receipt);
  } catch (error) {
    return Promise.resolve().then(() => {
      throw error;
    });
  }
}
