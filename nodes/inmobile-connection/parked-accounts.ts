/**
 * Accounts whose connection node was closed by a deploy: they go on, links and all, until the deploy is over.
 *
 *   node closes ──▶ parked ──new node, same settings──▶ adopted: nothing was interrupted
 *                     │
 *                     ├──new node, other settings──▶ leaving, and that node's goes on with what it leaves in memory
 *                     └──nobody came · the flows do not start──▶ leaving
 *   new node, wrong settings ──▶ taken: it stops, and waits with that node for settings that are right
 *
 * The engine belongs to the account and not to the node, so a Full deploy costs no bind. A store is one account's at a
 * time: who wants it waits until the one before has left, whatever connection node that was of.
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
  /** Stops it with the flows: says what ends with it. Never rejects. */
  end(): Promise<void>;
  /** Stops it for good, for the sake of its successor's `settings` if there is one. Never rejects. */
  retire(settings?: ConnectionSettings): Promise<void>;
  /** The process ends: says what it has not told. */
  exit(): void;
}

/** What a new connection node goes on with: an account, or what one has left. */
export type Found<Account> =
  { readonly adopted: Account } | { readonly adopted: undefined; readonly predecessor: Account | undefined };

interface Entry<Account> {
  readonly account: Account;
  /** Its store; undefined when that is in memory. */
  readonly folder: string | undefined;
}

interface Leaving<Account> extends Entry<Account> {
  readonly id: string;
  readonly isOver: Promise<void>;
}

export class ParkedAccounts<Account extends Parked> {
  readonly #clock: Clock;
  readonly #onLeft: () => void;
  /** By id of the node. */
  readonly #parked = new Map<string, Entry<Account>>();
  readonly #leaving = new Set<Leaving<Account>>();
  #cancelLimit: (() => void) | undefined;
  /** Called when nothing is parked any more. */
  #whenRetired: (() => void)[] = [];

  /** @param onLeft an account has left its store */
  constructor(gate: FlowGate, onLeft: () => void = () => undefined, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#onLeft = onLeft;
    gate.watch(() => {
      if (gate.isStopped) this.#endAll();
      if (!gate.isOpen) return;
      this.#retireParked();
    });
  }

  /** @param id of the connection node, which its successor has too */
  park(id: string, account: Account, folder: string | undefined): void {
    this.#parked.set(id, { account, folder });
    this.#cancelLimit ??= this.#clock.after(PARKED_MAX_MS, () => this.#retireParked());
  }

  /** The new node with this id has wrong settings: it goes on with what was its account's, whatever its settings were. */
  take(id: string): Account | undefined {
    const account = this.#parked.get(id)?.account;
    this.#parked.delete(id);
    return account;
  }

  /** What was of the node with this id, for a new one to go on with; an account of other settings is stopped. */
  find(id: string, settings: ConnectionSettings): Found<Account> {
    const found = this.#parked.get(id);
    this.#parked.delete(id);
    if (found === undefined) return { adopted: undefined, predecessor: undefined };
    if (found.account.suits(settings)) return { adopted: found.account };
    this.#retire(id, found, settings);
    return { adopted: undefined, predecessor: found.account };
  }

  /**
   * Resolves when no earlier account of this node runs any more, nor one that this deploy takes from that folder. One that
   * leaves later is not waited for: it may be the one that asks, which a further deploy replaces while it waits.
   */
  async left(id: string, folder: string | undefined): Promise<void> {
    const isOurs = (other: string, { folder: taken }: Entry<Account>): boolean =>
      other === id || (folder !== undefined && taken === folder);
    const earlier = new Set([
      ...[...this.#leaving].filter((entry) => isOurs(entry.id, entry)).map(({ account }) => account),
      ...[...this.#parked].filter(([other, entry]) => isOurs(other, entry)).map(([, { account }]) => account),
    ]);
    for (;;) {
      const leaving = [...this.#leaving].filter(({ account }) => earlier.has(account));
      await Promise.all(leaving.map(({ isOver }) => isOver));
      // Whether one that is parked leaves is clear when the deploy is over.
      const isAnyParked = [...this.#parked.values()].some(({ account }) => earlier.has(account));
      if (isAnyParked) await new Promise<void>((resolve) => this.#whenRetired.push(resolve));
      else if (leaving.length === 0) return;
    }
  }

  /** The process ends, and does not wait for those that are leaving. */
  exit(): void {
    for (const { account } of this.#leaving) account.exit();
  }

  #retireParked(): void {
    this.#cancelLimit?.();
    this.#cancelLimit = undefined;
    for (const [id, entry] of this.#parked) this.#retire(id, entry);
    this.#parked.clear();
    for (const resolve of this.#whenRetired.splice(0)) resolve();
  }

  /** The flows stop in the midst of a deploy. */
  #endAll(): void {
    for (const [id, entry] of this.#parked) this.#leave(id, entry, entry.account.end());
    this.#parked.clear();
    this.#retireParked();
  }

  #retire(id: string, entry: Entry<Account>, settings?: ConnectionSettings): void {
    this.#leave(id, entry, entry.account.retire(settings));
  }

  #leave(id: string, entry: Entry<Account>, stopping: Promise<void>): void {
    const isOver = stopping.then(() => {
      this.#leaving.delete(leaving);
      this.#onLeft();
    });
    const leaving = { ...entry, id, isOver };
    this.#leaving.add(leaving);
  }
}
