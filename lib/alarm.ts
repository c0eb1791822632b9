/** One timer for many instants: it goes off at the earliest, and is set anew from what is left then. */
import type { Clock, Millis } from './clock.js';

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { readonly at: Millis; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  get isSet(): boolean {
    return this.#set !== undefined;
  }

  /** Rings at this instant at the latest; infinity asks for nothing. An earlier setting stays. */
  set(at: Millis): void {
    if (at === Infinity || at >= (this.#set?.at ?? Infinity)) return;
    this.clear();
    const cancel = this.#clock.after(at - this.#clock.now(), () => {
      this.#set = undefined;
      this.#ring();
    });
    this.#set = { at, cancel };
  }

  clear(): void {
    this.#set?.cancel();
    this.#set = undefined;
  }
}
