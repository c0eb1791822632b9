/** Work that is done one after the other for one key, and side by side for different keys. */
import { TransitMap } from '../transit-map.js';

export class Steps {
  readonly #last = new TransitMap<string, Promise<void>>();
  #underWay = 0;

  /** Steps begun or waiting. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Runs `step` once every earlier step of this key is over, however those ended; settles as it does. */
  run(key: string, step: () => Promise<void>): Promise<void> {
    this.#underWay += 1;
    const running = this.#after(this.#last.get(key), step).finally(() => {
      this.#underWay -= 1;
      if (this.#last.get(key) === running) this.#last.delete(key);
    });
    this.#last.set(key, running);
    return running;
  }

  async #after(earlier: Promise<void> | undefined, step: () => Promise<void>): Promise<void> {
    // Its failure is its own caller's.
    await earlier?.catch(() => undefined);
    await step();
  }
}
