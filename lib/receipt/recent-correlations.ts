/**
 * The correlations of the SMS accepted last, on the heap: most receipts come within seconds, and reading a record back
 * from a disk takes more than all else that a receipt asks for. No I/O.
 *
 * As text, which costs less than the objects, and is read anew for everyone who asks.
 */
import type { Bounds } from '../bounds.js';

interface Kept {
  readonly sms: number;
  readonly text: string;
  /** Else it is the text. */
  readonly isJson: boolean;
}

export class RecentCorrelations {
  readonly #max: number;
  readonly #charactersMax: number;
  /** By the remainder of an SMS's number. */
  readonly #kept: (Kept | undefined)[] = [];
  #characters = 0;
  /** No SMS with a smaller number is here. */
  #oldest = 0;
  #newest = 0;

  constructor(bounds: Pick<Bounds, 'recentCorrelations' | 'recentCorrelationCharacters'>) {
    this.#max = bounds.recentCorrelations;
    this.#charactersMax = bounds.recentCorrelationCharacters;
  }

  /** SMS are numbered as they come. */
  add(sms: number, correlation: unknown): void {
    const isJson = typeof correlation !== 'string';
    const text = isJson ? JSON.stringify(correlation) : correlation;
    const place = sms % this.#max;
    this.#clear(place);
    this.#kept[place] = { sms, text, isJson };
    this.#characters += text.length;
    this.#newest = sms;
    // Those before them have given their places away.
    this.#oldest = Math.max(this.#oldest, sms - this.#max + 1);
    while (this.#characters > this.#charactersMax) this.#removeOldest();
  }

  /** The receiver's own; undefined when it is not kept any more. */
  get(sms: number): unknown {
    const kept = this.#kept[sms % this.#max];
    if (kept?.sms !== sms) return undefined;
    return kept.isJson ? (JSON.parse(kept.text) as unknown) : kept.text;
  }

  /** Nobody is going to ask for it, but in a rare case. */
  remove(sms: number): void {
    const place = sms % this.#max;
    if (this.#kept[place]?.sms === sms) this.#clear(place);
  }

  /** As `remove`, of all SMS with smaller numbers. */
  removeBefore(sms: number): void {
    while (this.#oldest < sms && this.#oldest <= this.#newest) this.#removeOldest();
  }

  #removeOldest(): void {
    this.remove(this.#oldest);
    this.#oldest += 1;
  }

  #clear(place: number): void {
    this.#characters -= this.#kept[place]?.text.length ?? 0;
    this.#kept[place] = undefined;
  }
}
