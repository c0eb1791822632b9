/**
 * Accounts whose connection node was closed by a deploy: they go on, links and all, until the deploy is over.
 *
 *   node closes ──▶ parked ──new node, same settings──▶ adopted: nothing was interrupted
 *                     │
 *                     └──new node, other settings · nobody came · the flows do not start──▶ stopped
 *
 * The engine belongs to the account and not to the node, so a Full deploy costs no bind (issue: nothing is lost).
 */
import { systemClock, type Clock } from '../../lib/clock.js';
import type { FlowGate } from '../shared/flow-gate.js';
import type { ConnectionSettings } from './read-options.js';

/** A deploy that has not started its flows after this has failed, or is installing modules. */
const PARKED_MAX_MS = 60_000;

/** What is parked. */
export interface Parked {
  /** Whether a connection node with these settings can go on with it. */
  suits(settings: ConnectionSettings): boolean;
  /** Stops it for good, for the sake of its successor's `settings` if there is one. Never rejects. */
  retire(settings?: ConnectionSettings): Promise<void>;
}

export class ParkedAccounts<Account extends Parked> {
  readonly #clock: Clock;
  readonly #parked = new Map<string, Account>();
  readonly #leaving = new Map<string, Promise<void>>();
  #cancelLimit: (() => void) | undefined;

  constructor(gate: FlowGate, clock: Clock = systemClock) {
    this.#clock = clock;
    gate.watch(() => {
      if (gate.isOpen) this.#retireAll();
    });
  }

  /** @param id of the connection node, which its successor has too */
  park(id: string, account: Account): void {
    this.#parked.set(id, account);
    this.#cancelLimit ??= this.#clock.after(PARKED_MAX_MS, () => this.#retireAll());
  }

  /** The account that is parked under `id`, for a new node to go on with; one of other settings is stopped. */
  adopt(id: string, settings: ConnectionSettings): Account | undefined {
    const account = this.#parked.get(id);
    if (account === undefined) return undefined;
    this.#parked.delete(id);
    if (account.suits(settings)) return account;
    this.#retire(id, account, settings);
    return undefined;
  }

  /** Resolves when no earlier account of this node runs any more: its store is free then. */
  async left(id: string): Promise<void> {
    await this.#leaving.get(id);
  }

  #retireAll(): void {
    this.#cancelLimit?.();
    this.#cancelLimit = undefined;
    for (const [id, account] of this.#parked) this.#retire(id, account);
    this.#parked.clear();
  }

  #retire(id: string, account: Account, settings?: ConnectionSettings): void {
    const leaving = account.retire(settings).then(() => {
      if (this.#leaving.get(id) === leaving) this.#leaving.delete(id);
    });
    this.#leaving.set(id, leaving);
  }
}
