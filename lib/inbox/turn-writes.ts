/**
 * What one turn of the event loop brings, kept in one write: a gateway sends deliver_sm by the hundred.
 *
 *   add … add ─▶ one write of all changes ─┬─ durable ─▶ each is kept, in order
 *                (after the turn)          └─ failed ──▶ each has failed, the last first
 *
 * All or none: what fails was not answered yet, and comes again. So does what throws as it is told that it is kept, and
 * the others of its turn go on. The bound of a turn is that of `session-driver.ts`
 * on deliver_sm without an answer.
 */
import { asSmppError, type SmppError } from '../errors.js';
import type { Change, Storage } from '../storage/storage.js';

/** Something that came, with what is to be written for it. */
export interface Arrival {
  readonly changes: readonly Change[];
  /** It is durable now. */
  readonly kept: () => void;
  /** It could not be kept: nothing of it was written, or it was written and `kept` threw. */
  readonly failed: (error: SmppError) => void;
}

interface Turn {
  readonly changes: Change[];
  readonly arrivals: Arrival[];
}

export class TurnWrites {
  readonly #storage: Storage;
  readonly #onFault: (what: string, error: unknown) => void;
  #turn: Turn | undefined;
  #written: Promise<void> = Promise.resolve();

  /** @param onFault for the log: something threw that must not */
  constructor(storage: Storage, onFault: (what: string, error: unknown) => void) {
    this.#storage = storage;
    this.#onFault = onFault;
  }

  /** Adds to the write of this turn; returns the promise of it, which is the same for all that the turn brings. */
  add(arrival: Arrival): Promise<void> {
    const turn = this.#turn ?? this.#begin();
    turn.arrivals.push(arrival);
    for (const change of arrival.changes) turn.changes.push(change);
    return this.#written;
  }

  /** Resolves when what was added so far is kept or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#written]);
  }

  #begin(): Turn {
    const turn: Turn = { changes: [], arrivals: [] };
    this.#turn = turn;
    this.#written = Promise.resolve().then(() => {
      this.#turn = undefined;
      return this.#storage.write(turn.changes);
    });
    void this.#written.then(
      () => {
        for (const arrival of turn.arrivals) this.#keep(arrival);
      },
      (error: unknown) => {
        const failure = asSmppError(error, 'SMPP_STORAGE');
        for (const { failed } of turn.arrivals.reverse()) failed(failure);
      },
    );
    return turn;
  }

  #keep({ kept, failed }: Arrival): void {
    try {
      kept();
    } catch (error) {
      this.#onFault('what came is safe and could not be handed on; the gateway delivers it again', error);
      failed(asSmppError(error, 'SMPP_STORAGE'));
    }
  }
}
