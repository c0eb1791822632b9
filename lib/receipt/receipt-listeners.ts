/**
 * Who wants receipts, and for which scope.
 *
 * A listener that returns nothing has taken what it was given: no promise is made for it.
 */
import type { Bounds } from '../bounds.js';
import type { Clock } from '../clock.js';
import { SmppError } from '../errors.js';
import { jsonCopy } from '../json-copy.js';
import { Listeners } from '../listeners.js';
import type { DeliveryReceipt, Unsubscribe } from '../message.js';
import type { ReceiptEvent, ReceiptScope } from './join-receipt.js';

/** What it returns resolves when the receipt is safe with the listener; it rejects, or throws, when it is not. */
export type ReceiptListener = (receipt: DeliveryReceipt) => void | Promise<void>;

export interface ReceiptListenersOptions {
  readonly clock: Clock;
  readonly bounds: Pick<Bounds, 'heldEvents'>;
  /** Whether anything is handed on: what waits for its turn as that ends comes again in the next run. */
  readonly isOpen: () => boolean;
  /** Of both scopes. */
  readonly onLastLeft: () => void;
}

/** An event that those who listen for its scope have not all taken yet. */
export interface Taking {
  readonly scope: ReceiptScope;
  /** Rejects with what a listener threw, or rejected with. */
  readonly answer: Promise<unknown>;
}

export class ReceiptListeners {
  readonly #byScope: Record<ReceiptScope, Listeners<DeliveryReceipt>>;
  readonly #isOpen: () => boolean;

  constructor({ clock, bounds, isOpen, onLastLeft }: ReceiptListenersOptions) {
    const ofScope = (): Listeners<DeliveryReceipt> =>
      new Listeners({
        clock,
        partlyTakenMax: bounds.heldEvents,
        copyOf: ownReceipt,
        onLastLeft: () => {
          if (this.isEmpty) onLastLeft();
        },
      });
    this.#byScope = { message: ofScope(), segment: ofScope() };
    this.#isOpen = isOpen;
  }

  get isEmpty(): boolean {
    return this.#byScope.message.isEmpty && this.#byScope.segment.isEmpty;
  }

  add(scope: ReceiptScope, listener: ReceiptListener): Unsubscribe {
    return this.#byScope[scope].add(listener);
  }

  /** Waits for no answer any more. */
  close(): void {
    this.#byScope.message.close();
    this.#byScope.segment.close();
  }

  /**
   * Hands on every event of a stored receipt, in their order and at once, so that nobody has one and another waits as the
   * run ends: undefined when every listener has taken them all, else what is not taken yet. No scope waits for the other.
   *
   * @param key of the stored receipt
   * @throws SMPP_STOPPED when it is not open, or nobody listens any more: then nobody was given any
   */
  emit(key: string, events: readonly ReceiptEvent[]): readonly Taking[] | undefined {
    if (events.length === 0) return undefined;
    this.#checkSomebodyTakes();
    // Events of both scopes may be one and the same object.
    const isShared = events.length > 1 && !this.#lacksScope;
    let taking: Taking[] | undefined;
    for (const { scope, receipt } of events) {
      const listeners = this.#byScope[scope];
      if (listeners.isEmpty) continue;
      const answer = listeners.give(key, isShared ? ownReceipt(receipt) : receipt);
      if (typeof answer !== 'string') (taking ??= []).push({ scope, answer });
    }
    return taking;
  }

  #checkSomebodyTakes(): void {
    if (!this.#isOpen()) throw notNow('the gateway is stopped');
    if (this.isEmpty) throw notNow('nobody listens any more');
  }

  get #lacksScope(): boolean {
    return this.#byScope.message.isEmpty || this.#byScope.segment.isEmpty;
  }
}

/** A copy that its receiver may keep and change. */
function ownReceipt(receipt: DeliveryReceipt): DeliveryReceipt {
  const own = { ...receipt, segments: { ...receipt.segments } };
  return receipt.correlation === undefined ? own : { ...own, correlation: jsonCopy(receipt.correlation) };
}

function notNow(why: string): SmppError {
  return new SmppError('SMPP_STOPPED', `${why}: the receipt is kept`);
}
