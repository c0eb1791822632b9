/** A binary heap: the smallest item first, by a number that does not change while the item is in it. */
export class Heap<T> {
  readonly #items: T[] = [];
  readonly #rank: (item: T) => number;

  constructor(rank: (item: T) => number) {
    this.#rank = rank;
  }

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    const rank = this.#rank(item);
    let at = items.length;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = items[parentAt] as T;
      if (this.#rank(parent) <= rank) break;
      items[at] = parent;
      at = parentAt;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (this.#items.length > 0) this.#sink(last as T, 0);
    return first;
  }

  /** Lets go of all others. */
  keep(isKept: (item: T) => boolean): void {
    const items = this.#items;
    let kept = 0;
    for (const item of items) {
      if (!isKept(item)) continue;
      items[kept] = item;
      kept += 1;
    }
    items.length = kept;
    for (let at = (kept >> 1) - 1; at >= 0; at -= 1) this.#sink(items[at] as T, at);
  }

  /** Puts `item` at a place and lets it sink from there. */
  #sink(item: T, place: number): void {
    const items = this.#items;
    const rank = this.#rank(item);
    let at = place;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= items.length) break;
      const right = items[childAt + 1];
      if (right !== undefined && this.#rank(right) < this.#rank(items[childAt] as T)) childAt += 1;
      const child = items[childAt] as T;
      if (this.#rank(child) >= rank) break;
      items[at] = child;
      at = childAt;
    }
    items[at] = item;
  }
}

/**
 * Counts those that leave a line before their turn. They keep their place until they are as many as those that stay:
 * each of these is looked at once for each that has left, at the most.
 */
export class Leavers {
  readonly #min: number;
  #count = 0;

  /** @param min below this a look at all that stand in line is not worth its while (`Bounds.queueGaps`) */
  constructor(min: number) {
    this.#min = min;
  }

  /**
   * One more.
   *
   * @param size of the line, with all that have left
   * @returns whether it is time to let go of them; then they are counted anew
   */
  add(size: number): boolean {
    this.#count += 1;
    if (this.#count < this.#min || 2 * this.#count < size) return false;
    this.#count = 0;
    return true;
  }
}
