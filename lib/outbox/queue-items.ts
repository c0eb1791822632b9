/**
 * Every SMS in the queue, in the order of taking in. No I/O.
 *
 * A list with holes: nearly all leave in the order in which they came and are never asked for by id, and a place in a
 * Map is a large part of what an SMS costs in memory. The Map is made for the first who asks, and kept from then on.
 */
import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';
import { TransitMap } from '../transit-map.js';
import type { QueueItem } from './queue-item.js';

/** Some microseconds. */
const LOOKS_MAX = 1_000;

export class QueueItems {
  readonly #places: (QueueItem | undefined)[] = [];
  readonly #gapsMin: number;
  #size = 0;
  #byId: TransitMap<string, QueueItem> | undefined;

  constructor({ queueGaps }: Pick<Bounds, 'queueGaps'> = DEFAULT_BOUNDS) {
    this.#gapsMin = queueGaps;
  }

  get size(): number {
    return this.#size;
  }

  add(item: QueueItem): void {
    item.place = this.#places.length;
    this.#places.push(item);
    this.#size += 1;
    this.#byId?.set(item.id, item);
  }

  /** Whether it was here. */
  remove(item: QueueItem): boolean {
    if (this.#places[item.place] !== item) return false;
    this.#places[item.place] = undefined;
    this.#size -= 1;
    this.#byId?.delete(item.id);
    const gaps = this.#places.length - this.#size;
    // As many gaps as SMS: each of those is moved once for each that leaves, at the most.
    if (gaps >= this.#gapsMin && gaps >= this.#size) this.#closeGaps();
    return true;
  }

  get(id: string): QueueItem | undefined {
    this.#byId ??= this.#index();
    return this.#byId.get(id);
  }

  /** The last one that is wanted and stands before this fraction of the list, 1 being its end; few are looked at. */
  before(fraction: number, isWanted: (item: QueueItem) => boolean): QueueItem | undefined {
    const from = Math.ceil(fraction * this.#places.length) - 1;
    for (let place = from; place >= Math.max(0, from - LOOKS_MAX); place -= 1) {
      const item = this.#places[place];
      if (item !== undefined && isWanted(item)) return item;
    }
    return undefined;
  }

  /** All that are here now. */
  all(): QueueItem[] {
    return this.#places.filter((item) => item !== undefined);
  }

  #index(): TransitMap<string, QueueItem> {
    const byId = new TransitMap<string, QueueItem>();
    for (const item of this.all()) byId.set(item.id, item);
    return byId;
  }

  /** In place: a new list would leave an old one behind, which keeps alive what it held until a full collection. */
  #closeGaps(): void {
    const places = this.#places;
    let next = 0;
    for (const item of places) {
      if (item === undefined) continue;
      item.place = next;
      places[next] = item;
      next += 1;
    }
    places.length = next;
  }
}
