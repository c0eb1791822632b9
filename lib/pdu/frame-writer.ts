/**
 * Writes the fields of PDUs one after another into one buffer that its owner made large enough.
 *
 * A value that SMPP cannot carry is refused and never cut; the error names the field and not the value.
 * Source: SMPP 3.4 §3.1 (types), §3.2 (header).
 */
import { SmppError } from '../errors.js';
import { COMMAND_LENGTH_MAX } from './framer.js';

export class FrameWriter {
  readonly #buffer: Buffer;
  #at = 0;
  #start = 0;

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** What was written so far. */
  get written(): Buffer {
    return this.#at === this.#buffer.length ? this.#buffer : this.#buffer.subarray(0, this.#at);
  }

  /** Begins a PDU; `end` fills in its command_length. */
  begin(command_id: number, command_status: number, sequence_number: number): void {
    this.#start = this.#at;
    this.#at += 4;
    this.uint32('command_id', command_id);
    this.uint32('command_status', command_status);
    this.uint32('sequence_number', sequence_number);
  }

  /** @throws SMPP_PROTOCOL when the PDU is longer than any peer would take */
  end(): void {
    const length = this.#at - this.#start;
    if (length > COMMAND_LENGTH_MAX) refuse('command_length', `is over ${COMMAND_LENGTH_MAX}`);
    this.#buffer.writeUInt32BE(length, this.#start);
  }

  uint8(field: string, value: number): void {
    if ((value & 0xff) !== value) refuse(field, 'is not one octet');
    this.#buffer[this.#at++] = value;
  }

  uint16(field: string, value: number): void {
    if ((value & 0xffff) !== value) refuse(field, 'is not two octets');
    this.#buffer[this.#at++] = value >>> 8;
    this.#buffer[this.#at++] = value;
  }

  uint32(field: string, value: number): void {
    if (value >>> 0 !== value) refuse(field, 'is not four octets');
    this.#buffer[this.#at++] = value >>> 24;
    this.#buffer[this.#at++] = value >>> 16;
    this.#buffer[this.#at++] = value >>> 8;
    this.#buffer[this.#at++] = value;
  }

  /** A C-octet string: at most `lengthMax` characters of Latin-1, none of them NUL, and the NUL after them. */
  cString(field: string, value: string, lengthMax: number): void {
    if (value.length > lengthMax) refuse(field, `is longer than ${lengthMax} characters`);
    const buffer = this.#buffer;
    let at = this.#at;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code === 0 || code > 0xff) refuse(field, 'has a character that is not ASCII or Latin-1');
      buffer[at++] = code;
    }
    buffer[at++] = 0;
    this.#at = at;
  }

  octets(value: Uint8Array): void {
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }
}

/** @throws SMPP_PROTOCOL, always */
export function refuse(field: string, fault: string): never {
  throw new SmppError('SMPP_PROTOCOL', `${field} ${fault}: SMPP cannot carry it`, { field });
}
