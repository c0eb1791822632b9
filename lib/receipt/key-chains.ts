/**
 * Which SMS a key belongs to, for SMS that come and go in one order: hash chains in typed arrays. No I/O.
 *
 * Nothing is ever taken out: entries are numbered, each links to the one before it in its bucket, and one older than
 * the oldest that counts ends the chain. So an SMS costs 20 octets a key that the garbage collector never looks at;
 * an entry of a Map took some 60, and its key stayed on the heap. Entries are linked when one is looked for, or by the
 * thousand: a bucket is somewhere in some megabytes, and a processor waits for many of them as long as for one.
 */

import { DEFAULT_BOUNDS, type Bounds } from '../bounds.js';

/** As in FNV-1a with 32 bits. */
const PRIME = 0x01000193;

export class KeyChains {
  readonly #unlinkedMax: number;
  #mask: number;
  /** By the low bits of a hash, the newest entry of its chain. */
  #heads: Uint32Array;
  // By the low bits of an entry's number.
  #earlier: Uint32Array;
  #hashes: Int32Array;
  #owners: Uint32Array;
  /** Numbers wrap at 2³²; what is compared is always a distance. */
  #newest = 0;
  #size = 0;
  #newestOwner = 0;
  /** So many of the newest stand in no chain yet. */
  #unlinked = 0;

  constructor({ trackedRoom, unlinkedKeys }: Pick<Bounds, 'trackedRoom' | 'unlinkedKeys'> = DEFAULT_BOUNDS) {
    this.#unlinkedMax = unlinkedKeys;
    this.#mask = trackedRoom - 1;
    this.#heads = new Uint32Array(trackedRoom);
    this.#earlier = new Uint32Array(trackedRoom);
    this.#hashes = new Int32Array(trackedRoom);
    this.#owners = new Uint32Array(trackedRoom);
  }

  /** @param owner an SMS's number: the same as that before it, or a greater one */
  add(hash: number, owner: number): void {
    if (this.#size > this.#mask) this.#grow();
    const entry = (this.#newest + 1) >>> 0;
    const at = entry & this.#mask;
    this.#hashes[at] = hash;
    this.#owners[at] = owner;
    this.#newest = entry;
    this.#newestOwner = owner;
    this.#size += 1;
    this.#unlinked += 1;
    if (this.#unlinked >= this.#unlinkedMax) this.#link();
  }

  /** The owner added last for this hash that `isMeant` accepts: hashes of different keys may be equal. */
  find(hash: number, isMeant: (owner: number) => boolean): number | undefined {
    this.#link();
    let entry = this.#heads[hash & this.#mask] ?? 0;
    for (let last = -1; ;) {
      const age = (this.#newest - entry) >>> 0;
      if (age >= this.#size || age <= last) return undefined;
      last = age;
      const at = entry & this.#mask;
      if (this.#hashes[at] === hash) {
        const owner = this.#ownerAt(at);
        if (isMeant(owner)) return owner;
      }
      entry = this.#earlier[at] ?? 0;
    }
  }

  /** Forgets the entries of SMS with smaller numbers. */
  removeBefore(owner: number): void {
    while (this.#size > 0 && this.#ownerAt(this.#oldest & this.#mask) < owner) this.#size -= 1;
    this.#unlinked = Math.min(this.#unlinked, this.#size);
  }

  get #oldest(): number {
    return (this.#newest - this.#size + 1) >>> 0;
  }

  #ownerAt(at: number): number {
    return this.#newestOwner - ((this.#newestOwner - (this.#owners[at] ?? 0)) >>> 0);
  }

  /** On local variables, at a third of the time. */
  #link(): void {
    const [heads, earlier, hashes, mask] = [this.#heads, this.#earlier, this.#hashes, this.#mask];
    let entry = (this.#newest - this.#unlinked + 1) >>> 0;
    for (let left = this.#unlinked; left > 0; left -= 1) {
      const at = entry & mask;
      const bucket = (hashes[at] ?? 0) & mask;
      earlier[at] = heads[bucket] ?? 0;
      heads[bucket] = entry;
      entry = (entry + 1) >>> 0;
    }
    this.#unlinked = 0;
  }

  /** As in `#link`. */
  #grow(): void {
    const [hashes, owners, oldMask] = [this.#hashes, this.#owners, this.#mask];
    const capacity = 2 * hashes.length;
    const mask = capacity - 1;
    const newHashes = new Int32Array(capacity);
    const newOwners = new Uint32Array(capacity);
    let entry = this.#oldest;
    for (let left = this.#size; left > 0; left -= 1) {
      newHashes[entry & mask] = hashes[entry & oldMask] ?? 0;
      newOwners[entry & mask] = owners[entry & oldMask] ?? 0;
      entry = (entry + 1) >>> 0;
    }
    this.#mask = mask;
    this.#heads = new Uint32Array(capacity);
    this.#earlier = new Uint32Array(capacity);
    this.#hashes = newHashes;
    this.#owners = newOwners;
    this.#unlinked = this.#size;
  }
}

/** The same in any letter case of ASCII. @param seed keeps keys of different kinds apart; 32 bits */
export function hashOf(key: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < key.length; at += 1) {
    const code = key.charCodeAt(at);
    hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), PRIME);
  }
  // The low bits choose the bucket, and those of FNV know little of the last characters.
  return (hash ^ (hash >>> 15)) | 0;
}
