/**
 * The correlations of the SMS accepted last, on the heap: most receipts come within seconds, and reading a record back
 * from a disk takes more than all else that a receipt asks for. No I/O.
 */

/** A correlation may be a whole message of a flow. */
const RECENT_MAX = 1_000;

export class RecentCorrelations {
  readonly #kept: { readonly sms: number; readonly correlation: unknown }[] = [];

  /** SMS are numbered as they come. */
  add(sms: number, correlation: unknown): void {
    this.#kept[sms % RECENT_MAX] = { sms, correlation };
  }

  /** Undefined when it is not kept any more. */
  get(sms: number): unknown {
    const kept = this.#kept[sms % RECENT_MAX];
    return kept?.sms === sms ? kept.correlation : undefined;
  }
}
