/**
 * CRC-32 as Ethernet, gzip and PNG have it (ISO 3309, polynomial 0xEDB88320 reflected). Pure.
 *
 * Written out because `zlib.crc32` came with Node 20.15 and the pack runs on every Node 20.
 */

/** Checksum of `bytes[start, end)` as an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffffffff;
  for (let at = start; at < end; at++) {
    crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const TABLE = Int32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});
