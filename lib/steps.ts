/** Work that is done one after the other for one key, and side by side for different keys. */
import { TransitMap } from './transit-map.js';

/** A promise when it is not over yet. */
export type Step = () => Promise<void> | undefined;

export class Steps<Key> {
  readonly #last = new TransitMap<Key, Promise<void>>();
  #underWay = 0;

  /** Steps begun or waiting. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Whether a step of this key has begun or waits. */
  has(key: Key): boolean {
    return this.#last.has(key);
  }

  /**
   * Runs `step` once every earlier step of this key is over, however those ended: at once when none is under way.
   * Ends as the step does: undefined when it is over already.
   */
  run(key: Key, step: Step): Promise<void> | undefined {
    const earlier = this.#last.get(key);
    const running = earlier === undefined ? step() : this.#after(earlier, step);
    if (running === undefined) return undefined;
    this.#underWay += 1;
    const ended = running.finally(() => {
      this.#underWay -= 1;
      if (this.#last.get(key) === ended) this.#last.delete(key);
    });
    this.#last.set(key, ended);
    return ended;
  }

  async #after(earlier: Promise<void>, step: Step): Promise<void> {
    // Its failure is its own caller's.
    await earlier.catch(() => undefined);
    await step();
  }
}
