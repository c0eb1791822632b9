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

let block = new Uint8Array(0);
let used = 0;

/** `length` octets of zeros, for the caller alone; its `buffer` is shared, so pass on the view only. */
export function takeOctets(length: number): Uint8Array {
  if (length > PIECE_OCTETS_MAX) return new Uint8Array(length);
  if (used + length > block.length) {
    block = new Uint8Array(BLOCK_OCTETS);
    used = 0;
  }
  used += length;
  return block.subarray(used - length, used);
}
