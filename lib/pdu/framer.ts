/**
 * Cuts the peer's octet stream into PDUs by their command_length, and knows nothing of what is in them.
 *
 * The length is judged as soon as its four octets are there, so a nonsense length makes nothing be kept.
 * Source: SMPP 3.4 §3.2; contract section 4 (limits); D1, D8 and D9 of the npm package are what must not
 * happen here: going deaf, misreading a length, passing on a PDU that is not whole.
 */
import { PduError } from './pdu-error.js';

/** command_length, command_id, command_status and sequence_number (SMPP 3.4 §3.2). */
export const HEADER_LENGTH = 16;

/** Room for a message_payload of nearly 64 KiB, the largest a TLV can have; more is no SMPP (contract 4). */
export const COMMAND_LENGTH_MAX = 65_536;

const LENGTH_OCTETS = 4;

export class Framer {
  /** The PDU that has only begun: its length field alone at first, then room for the whole. */
  #begun: Buffer | undefined;
  #filled = 0;
  #failure: PduError | undefined;

  /**
   * Takes what came from the peer and returns the PDUs that are whole by now, in order. A frame that lies
   * within the chunk is a view of it.
   *
   * When whole PDUs precede a bad length in one chunk they are returned, since answers may be among them;
   * `failure` is set then, and the next call throws.
   *
   * @throws PduError kind `framing` when command_length is under 16 or over 65536, from then on always
   */
  push(chunk: Buffer): Buffer[] {
    if (this.#failure !== undefined) throw this.#failure;
    const frames: Buffer[] = [];
    try {
      this.#cut(chunk, frames);
    } catch (error) {
      if (!(error instanceof PduError)) throw error;
      this.#reset();
      this.#failure = error;
      if (frames.length === 0) throw error;
    }
    return frames;
  }

  /** Octets kept of a PDU that is not whole yet; more than 0 when the stream ends means that it was cut. */
  get pending(): number {
    return this.#filled;
  }

  /** Why nothing can be read any more. */
  get failure(): PduError | undefined {
    return this.#failure;
  }

  #cut(chunk: Buffer, frames: Buffer[]): void {
    let at = this.#continue(chunk, frames);
    while (chunk.length - at >= LENGTH_OCTETS) {
      const length = readLength(chunk, at);
      if (at + length > chunk.length) break;
      frames.push(chunk.subarray(at, at + length));
      at += length;
    }
    this.#begin(chunk, at);
  }

  /** Adds to the PDU begun by earlier chunks; returns how many octets of this one it took. */
  #continue(chunk: Buffer, frames: Buffer[]): number {
    if (this.#begun === undefined) return 0;
    let at = this.#fill(this.#begun, chunk, 0);
    if (this.#begun.length === LENGTH_OCTETS && this.#filled === LENGTH_OCTETS) {
      const whole = Buffer.allocUnsafe(readLength(this.#begun, 0));
      this.#begun.copy(whole);
      this.#begun = whole;
      at = this.#fill(whole, chunk, at);
    }
    if (this.#filled === this.#begun.length) {
      frames.push(this.#begun);
      this.#reset();
    }
    return at;
  }

  /** Keeps the rest of a chunk, which is less than one PDU, in room for that whole PDU. */
  #begin(chunk: Buffer, at: number): void {
    const rest = chunk.length - at;
    if (rest === 0) return;
    this.#begun = Buffer.allocUnsafe(rest < LENGTH_OCTETS ? LENGTH_OCTETS : chunk.readUInt32BE(at));
    this.#fill(this.#begun, chunk, at);
  }

  #fill(target: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(target, this.#filled, at, at + target.length - this.#filled);
    this.#filled += copied;
    return at + copied;
  }

  #reset(): void {
    this.#begun = undefined;
    this.#filled = 0;
  }
}

/** @throws PduError kind `framing` */
function readLength(buffer: Buffer, at: number): number {
  const length = buffer.readUInt32BE(at);
  if (length >= HEADER_LENGTH && length <= COMMAND_LENGTH_MAX) return length;
  throw new PduError(
    'framing',
    `The peer announced a PDU of ${length} octets, which is outside ${HEADER_LENGTH} to ` +
      `${COMMAND_LENGTH_MAX}: it does not speak SMPP 3.4, or the connection was corrupted`,
  );
}
