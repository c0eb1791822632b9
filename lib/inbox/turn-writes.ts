/**
 * What one turn of the event loop brings, kept in one write: a gateway sends deliver_sm by the hundred.
 *
 *   add … add ─▶ one write of all changes ─┬─ durable ─▶ each is kept, in order
 *                (after the turn)          └─ failed ──▶ each has failed, the last first
 *
 * All or none: what fails was not answered yet, and comes again. So does what throws as it is told that it is kept, and
 * the others of its turn go on. The bound of a turn is that of `session-driver.ts` on deliver_sm without an answer; what
 * would not fit into one line of the journal goes into the next write, so that a long one has no other refused.
 */
import type { Bounds } from '../bounds.js';
import { asSmppError, type SmppError } from '../errors.js';
import type { Change, Storage } from '../storage/storage.js';

/** Something that came, with what is to be written for it. */
export interface Arrival {
  readonly changes: readonly Change[];
  /** Of the contents in them, as they came. */
  readonly octets: number;
  /** It is durable now. */
  readonly kept: () => void;
  /** It could not be kept: nothing of it was written, or it was written and `kept` threw. */
  readonly failed: (error: SmppError) => void;
}

/** An octet that came is stored in eight at most: `\u0000` as text and twice as hexadecimal digits. As many for the rest. */
const STORED_PER_OCTET = 16;

/** Addresses, keys and names, in octets that came. */
const ARRIVAL_OVERHEAD = 64;

interface Turn {
  octets: number;
  readonly changes: Change[];
  readonly arrivals: Arrival[];
}

export class TurnWrites {
  readonly #storage: Storage;
  readonly #onFault: (what: string, error: unknown) => void;
  readonly #octetsMax: number;
  #turn: Turn | undefined;
  #written: Promise<void> = Promise.resolve();

  /** @param onFault for the log: something threw that must not */
  constructor(
    storage: Storage,
    { lineOctets }: Pick<Bounds, 'lineOctets'>,
    onFault: (what: string, error: unknown) => void,
  ) {
    this.#storage = storage;
    this.#octetsMax = lineOctets / STORED_PER_OCTET;
    this.#onFault = onFault;
  }

  /** Adds to the write of this turn, or begins another; returns the promise of it, which all in it share. */
  add(arrival: Arrival): Promise<void> {
    const octets = arrival.octets + ARRIVAL_OVERHEAD;
    let turn = this.#turn;
    if (turn === undefined || turn.octets + octets > this.#octetsMax) turn = this.#begin();
    turn.octets += octets;
    turn.arrivals.push(arrival);
    for (const change of arrival.changes) turn.changes.push(change);
    return this.#written;
  }

  /** Resolves when what was added so far is kept or has failed. */
  async settled(): Promise<void> {
    await Promise.allSettled([this.#written]);
  }

  #begin(): Turn {
    const turn: Turn = { octets: 0, changes: [], arrivals: [] };
    this.#turn = turn;
    this.#written = Promise.resolve().then(() => {
      if (this.#turn === turn) this.#turn = undefined;
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
