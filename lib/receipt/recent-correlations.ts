/**
 * The correlations of the SMS accepted last, on the heap: most receipts come within seconds, and reading a record back
 * from a disk takes more than all else that a receipt asks for. No I/O.
 */

import type { Bounds } from '../bounds.js';

export class RecentCorrelations {
  readonly #max: number;
  readonly #kept: { readonly sms: number; readonly correlation: unknown }[] = [];

  constructor({ recentCorrelations }: Pick<Bounds, 'recentCorrelations'>) {
    this.#max = recentCorrelations;
  }

  /** SMS are numbered as they come. */
  add(sms: number, correlation: unknown): void {
    this.#kept[sms % this.#max] = { sms, correlation };
  }

  /** Undefined when it is not kept any more. */
  get(sms: number): unknown {
    const kept = this.#kept[sms % this.#max];
    return kept?.sms === sms ? kept.correlation : undefined;
  }
}
