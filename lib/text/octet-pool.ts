/**
 * Small pieces of memory for encoded text, cut from a larger one.
 *
 * Measured: a `Uint8Array` of its own costs as much as the encoding of 160 characters, a view of a shared
 * block a tenth of that. No octet is handed out twice, so every piece starts as zeros and no text shows
 * through in another's.
 */

/** As Node's own Buffer pool: a segment that is kept long keeps no more than this alive. */
const BLOCK_OCTETS = 8192;

/** A larger piece would waste the rest of many blocks; it costs little beside the work of filling it. */
const PIECE_OCTETS_MAX = 1024;

/** An ArrayBuffer: to ask an array for its own costs a third of a piece. */
let block = new ArrayBuffer(0);
let blockWords = new Uint32Array(0);
/** Every piece begins at a word. */
let used = 0;

/** `length` octets of zeros, for the caller alone; its `buffer` is shared, so pass on the view only. */
export function takeOctets(length: number): Uint8Array {
  if (length > PIECE_OCTETS_MAX) return new Uint8Array(length);
  const start = reserve(length);
  return new Uint8Array(block, start, length);
}

/** Up to this many octets are copied sooner than the engine is asked to. */
const COPIED_BY_WORD_MAX = 512;

/** A copy of the first `length` octets of `octets`; `words` is the same memory. */
export function takeCopy(octets: Uint8Array, words: Uint32Array, length: number): Uint8Array {
  if (length > COPIED_BY_WORD_MAX) {
    const copy = takeOctets(length);
    copy.set(octets.subarray(0, length));
    return copy;
  }
  const start = reserve(length);
  const target = blockWords;
  const from = start >> 2;
  for (let index = 0; 4 * index < length; index += 1) target[from + index] = words[index] ?? 0;
  return new Uint8Array(block, start, length);
}

/** Where in the block the next piece begins. */
function reserve(length: number): number {
  if (used + length > block.byteLength) {
    block = new ArrayBuffer(BLOCK_OCTETS);
    blockWords = new Uint32Array(block);
    used = 0;
  }
  const start = used;
  used += (length + 3) & ~3;
  return start;
}
