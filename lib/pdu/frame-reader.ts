/**
 * Reads the fields of one frame in order, and never past its end.
 *
 * Strict about lengths: a frame that is shorter than its fields say is an error, not a shorter text. What can be read of
 * such a deliver_sm all the same is `damaged-frame.ts`.
 * Source: SMPP 3.4 §3.1 (types), §3.2 (header).
 */
import { HEADER_LENGTH } from './framer.js';
import { PduError } from './pdu-error.js';

/** What the fields of a message are read from, sound or damaged. */
export interface MessageReader {
  /** Octets not read yet. */
  readonly left: number;
  uint8(field: string): number;
  uint16(field: string): number;
  octets(field: string, length: number): Buffer;
  cString(field: string, lengthMax: number): string;
  /** sm_length, and the octets that it counts. */
  shortMessage(): Buffer;
  /** This field cannot be taken for what it says. */
  flaw(field: string, fault: string): void;
}

export class FrameReader implements MessageReader {
  readonly command_id: number;
  readonly command_status: number;
  readonly sequence_number: number;
  readonly #frame: Buffer;
  #at = HEADER_LENGTH;

  /** @throws PduError when the frame is shorter than a header, or not as long as its command_length */
  constructor(frame: Buffer) {
    if (frame.length < HEADER_LENGTH) throw new PduError('malformed', 'A PDU is shorter than its header');
    this.#frame = frame;
    this.command_id = frame.readUInt32BE(4);
    this.command_status = frame.readUInt32BE(8);
    this.sequence_number = frame.readUInt32BE(12);
    if (frame.readUInt32BE(0) !== frame.length) this.fail('command_length', 'is not the length of the PDU');
  }

  /** Octets not read yet. */
  get left(): number {
    return this.#frame.length - this.#at;
  }

  uint8(field: string): number {
    return this.#frame.readUInt8(this.#advance(field, 1));
  }

  uint16(field: string): number {
    return this.#frame.readUInt16BE(this.#advance(field, 2));
  }

  /** A view of the frame, not a copy. */
  octets(field: string, length: number): Buffer {
    const start = this.#advance(field, length);
    return this.#frame.subarray(start, this.#at);
  }

  /**
   * A C-octet string of at most `lengthMax` characters before its NUL. Octets beyond ASCII become the
   * characters of Latin-1, one each, so that an opaque id survives.
   */
  cString(field: string, lengthMax: number): string {
    const frame = this.#frame;
    const start = this.#at;
    const end = this.#nulFrom(start);
    if (end === frame.length) this.fail(field, 'has no end');
    if (end - start > lengthMax) this.fail(field, `is longer than ${lengthMax} characters`);
    this.#at = end + 1;
    // Most of these fields are empty in most PDUs, and the call costs more than the look.
    return end === start ? '' : frame.toString('latin1', start, end);
  }

  shortMessage(): Buffer {
    return this.octets('short_message', this.uint8('sm_length'));
  }

  /** As `cString`, of what is left: it may have any length, and end with the frame instead of a NUL. */
  lastCString(): string {
    const frame = this.#frame;
    const start = this.#at;
    this.#at = frame.length;
    return frame.toString('latin1', start, this.#nulFrom(start));
  }

  flaw(field: string, fault: string): void {
    this.fail(field, fault);
  }

  /** @throws PduError of kind `malformed`, always */
  fail(field: string, fault: string): never {
    throw new PduError('malformed', `The peer sent a PDU whose ${field} ${fault}`, this, field);
  }

  /** Where the next NUL is; the frame's end when there is none. */
  #nulFrom(start: number): number {
    const frame = this.#frame;
    let end = start;
    while (end < frame.length && frame[end] !== 0) end++;
    return end;
  }

  #advance(field: string, length: number): number {
    const start = this.#at;
    if (start + length > this.#frame.length) this.fail(field, 'runs past the end of the PDU');
    this.#at = start + length;
    return start;
  }
}
