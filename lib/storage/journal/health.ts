/**
 * Whether the disk keeps what it is given: told as it begins to fail or is full, and once more when it is well again.
 *
 * It is well again when it has kept something since, and has not failed for a while: a disk that fails now and then is
 * not told of each time.
 */
import type { Clock, Millis } from '../../clock.js';
import type { SmppError } from '../../errors.js';
import { errorCode } from './file-system.js';
import { FULL_CHECK_MS } from './upkeep.js';

/** @param trouble undefined when it is over */
export type TroubleListener = (trouble: SmppError | undefined) => void;

export class Health {
  readonly #clock: Clock;
  readonly #listener: TroubleListener;
  #trouble: SmppError | undefined;
  #failedAt: Millis = -Infinity;
  #hasKept = false;

  constructor(clock: Clock, listener: TroubleListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  get isTroubled(): boolean {
    return this.#trouble !== undefined;
  }

  /** Something was not kept. */
  failed(trouble: SmppError): void {
    this.#failedAt = this.#clock.now();
    this.#hasKept = false;
    if (this.#trouble !== undefined && kindOf(this.#trouble) === kindOf(trouble)) return;
    this.#trouble = trouble;
    this.#listener(trouble);
  }

  /** Something was kept. */
  kept(): void {
    this.#hasKept = true;
  }

  /** Looks whether the trouble is over. */
  look(): void {
    const isQuiet = this.#clock.now() - this.#failedAt >= FULL_CHECK_MS;
    if (this.#trouble === undefined || !this.#hasKept || !isQuiet) return;
    this.#trouble = undefined;
    this.#listener(undefined);
  }
}

/** One trouble is met at many files. */
function kindOf({ cause, message }: SmppError): string {
  return errorCode(cause) ?? message;
}
