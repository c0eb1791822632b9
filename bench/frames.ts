/**
 * The least that SMPP asks of a reader: where each PDU begins. For the fast server and the ceiling only, which
 * trust their peer.
 * Source: SMPP 3.4 §3.2 (header).
 */

export const COMMAND = {
  submit_sm: 0x00000004,
  submit_sm_resp: 0x80000004,
  deliver_sm: 0x00000005,
  deliver_sm_resp: 0x80000005,
  bind_transceiver: 0x00000009,
  bind_transceiver_resp: 0x80000009,
  enquire_link: 0x00000015,
  enquire_link_resp: 0x80000015,
  unbind: 0x00000006,
  unbind_resp: 0x80000006,
} as const;

export class FrameScanner {
  #rest: Buffer | undefined;

  /** Calls `take` with the place of every whole PDU. */
  scan(chunk: Buffer, take: (octets: Buffer, at: number) => void): void {
    const octets = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (octets.length - at >= 4) {
      const length = octets.readUInt32BE(at);
      if (octets.length - at < length) break;
      take(octets, at);
      at += length;
    }
    this.#rest = at === octets.length ? undefined : octets.subarray(at);
  }
}

/** A PDU whose sequence number is patched in before each use. */
export function frame(command_id: number, body: Buffer): Buffer {
  const octets = Buffer.alloc(16 + body.length);
  octets.writeUInt32BE(octets.length, 0);
  octets.writeUInt32BE(command_id, 4);
  body.copy(octets, 16);
  return octets;
}

/** `count` copies of a PDU one after another, to be patched and sent in one write. */
export function repeated(pdu: Buffer, count: number): Buffer {
  const octets = Buffer.allocUnsafe(pdu.length * count);
  for (let at = 0; at < octets.length; at += pdu.length) pdu.copy(octets, at);
  return octets;
}

const HEXADECIMAL = Buffer.from('0123456789abcdef', 'latin1');

/** Writes a number as eight hexadecimal digits. */
export function writeHexadecimal(octets: Buffer, at: number, value: number): void {
  let left = value;
  for (let digit = 7; digit >= 0; digit--) {
    octets[at + digit] = HEXADECIMAL[left & 0xf]!;
    left >>>= 4;
  }
}
