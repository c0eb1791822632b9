/**
 * Memory for encoded text: where it is made, and the small pieces in which it is kept, cut from a larger one.
 *
 * A text is turned into octets four at a time, which takes a third of the time of one by one: one text at a time, from
 * `readUnits` to `takeWritten`, all in one go; nobody keeps a view of it.
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
function takeCopy(octets: Uint8Array, words: Uint32Array, length: number): Uint8Array {
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

/** More than the longest SMS has: 255 segments of 153 septets. A longer text is none of this memory's business. */
const UNITS_MAX = 40_000;

/** A whole word more than that, since the last may be filled up. */
const UNITS = new Uint16Array(UNITS_MAX + 4);
/** The octets of `OCTET_WORDS`. */
export const WRITTEN_OCTETS = new Uint8Array(2 * UNITS_MAX + 8);

/** The code units of a text, two in each, the first in the lower half. */
export const UNIT_WORDS = new Uint32Array(UNITS.buffer);
/** The octets made of them, four in each, the first in the lowest bits. */
export const OCTET_WORDS = new Uint32Array(WRITTEN_OCTETS.buffer);

/** As nearly every machine has it; on the others nothing is done by words. */
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

const SPACE = 0x20;

/** Several times as fast as asking for each code unit; the editor in the browser has none. */
const WRITER = typeof Buffer === 'undefined' ? undefined : Buffer.from(UNITS.buffer);

/** Copies the code units of a text to `UNIT_WORDS`, the last word filled up with spaces; false when it must not. */
export function readUnits(text: string): boolean {
  const { length } = text;
  if (length > UNITS_MAX || !IS_LITTLE_ENDIAN) return false;
  if (WRITER !== undefined) WRITER.write(text, 'utf16le');
  else for (let index = 0; index < length; index += 1) UNITS[index] = text.charCodeAt(index);
  UNITS[length] = SPACE;
  UNITS[length + 1] = SPACE;
  UNITS[length + 2] = SPACE;
  return true;
}

/** A copy of the first octets of `OCTET_WORDS`. */
export function takeWritten(length: number): Uint8Array {
  return takeCopy(WRITTEN_OCTETS, OCTET_WORDS, length);
}
