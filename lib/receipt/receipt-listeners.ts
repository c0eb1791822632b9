/**
 * Who wants receipts, and for which scope.
 *
 * A listener that returns nothing has taken what it was given: no promise is made for it.
 */
import { SmppError } from '../errors.js';
import { jsonCopy } from '../json-copy.js';
import { type Answer, type Listener, Listeners, type ListenersOptions } from '../listeners.js';
import type { DeliveryReceipt, Unsubscribe } from '../message.js';
import type { ReceiptEvent, ReceiptScope } from './join-receipt.js';

/** What it returns resolves when the receipt is safe with the listener; it rejects, or throws, when it is not. */
export type ReceiptListener = (receipt: DeliveryReceipt) => void | Promise<void>;

export interface ReceiptListenersOptions extends Omit<ListenersOptions<unknown>, 'copyOf'> {
  /** Whether anything is handed on: what waits for its turn as that ends comes again in the next run. */
  readonly isOpen: () => boolean;
}

/** What a stored receipt is to those who listen for each scope, if anything. */
type Events = Readonly<Partial<Record<ReceiptScope, DeliveryReceipt>>>;

export class ReceiptListeners {
  /** Of both scopes: no scope waits for the other. */
  readonly all: Listeners<Events>;
  readonly #scopes = new WeakMap<Listener<Events>, ReceiptScope>();
  #heard: ReadonlySet<ReceiptScope | undefined> = new Set();
  readonly #isOpen: () => boolean;

  constructor(options: ReceiptListenersOptions) {
    this.all = new Listeners(options);
    this.#isOpen = options.isOpen;
  }

  add(scope: ReceiptScope, listener: ReceiptListener): Unsubscribe {
    const take: Listener<Events> = ({ [scope]: receipt }) => {
      if (receipt === undefined) return undefined;
      return listener(this.all.isOne ? receipt : ownReceipt(receipt));
    };
    this.#scopes.set(take, scope);
    const leave = this.all.add(take);
    this.#heard = this.#scopesOf(this.all.present);
    return () => {
      leave();
      this.#heard = this.#scopesOf(this.all.present);
    };
  }

  /**
   * Hands on every event of a stored receipt at once, so that nobody has one and another waits as the run ends.
   *
   * @param key of the stored receipt
   * @throws SMPP_STOPPED when it is not open, or nobody listens any more: then nobody was given any
   */
  give(key: string, events: readonly ReceiptEvent[]): Answer {
    if (events.length === 0) return 'taken';
    if (!this.#isOpen()) throw notNow('the gateway is stopped');
    if (this.all.isEmpty) throw notNow('nobody listens any more');
    const given: Partial<Record<ReceiptScope, DeliveryReceipt>> = {};
    for (const { scope, receipt } of events) given[scope] = receipt;
    return this.all.give(key, given);
  }

  /** Those of which somebody listens; not changed by who comes and leaves. */
  get heard(): ReadonlySet<ReceiptScope | undefined> {
    return this.#heard;
  }

  /** Those of these scopes of which somebody who listens has not taken a receipt, or nobody has. */
  owed(key: string, scopes: readonly ReceiptScope[]): readonly ReceiptScope[] {
    const { taken, lacking } = this.all.of(key);
    const [haveTaken, lack] = [this.#scopesOf(taken), this.#scopesOf(lacking)];
    return scopes.filter((scope) => lack.has(scope) || !haveTaken.has(scope));
  }

  #scopesOf(listeners: readonly Listener<Events>[]): ReadonlySet<ReceiptScope | undefined> {
    return new Set(listeners.map((listener) => this.#scopes.get(listener)));
  }
}

/** A copy that its receiver may keep and change. */
function ownReceipt(receipt: DeliveryReceipt): DeliveryReceipt {
  const own = { ...receipt, segments: { ...receipt.segments } };
  return receipt.correlation === undefined ? own : { ...own, correlation: jsonCopy(receipt.correlation) };
}

export function notNow(why: string): SmppError {
  return new SmppError('SMPP_STOPPED', `${why}: the receipt is kept`);
}
