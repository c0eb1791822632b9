/**
 * What can be read of a deliver_sm that is not as SMPP has it, for a single octet that is wrong must not cost an SMS its
 * text or a receipt its SMS.
 *
 * - A string that is too long is taken as it is; one that runs on into the numbers behind it lacks its NUL, if all comes
 *   out even then.
 * - Where sm_length and the TLVs do not fill the frame, sm_length may be one too high, or a single octet such as a NUL
 *   may stand behind the text: so it is when they fill it then. Of more octets nobody knows what they are.
 * - Of a TLV that is cut short a message_payload alone counts: half a text is worth more than none, and half an id is
 *   another's.
 * - What a field is missing from on is the message, as binary.
 *
 * Nothing here throws for what the peer sent. Each field that could not be read is one of `flaws`, without its value.
 * Source: SMPP 3.4 §3.1, §3.2.4, §4.6.1.
 */
import type { MessageReader } from './frame-reader.js';
import { HEADER_LENGTH } from './framer.js';
import { isOurTag, MESSAGE_PAYLOAD } from './tlv.js';

/** The longest address of SMPP is that of data_sm, without its NUL (SMPP 3.4 §4.7.1). The rest of a longer one is cut. */
const STRING_MAX = 64;

const TLV_HEADER_LENGTH = 4;

/** Below it stand TON and NPI, and no character of an address or a service_type. */
const LAST_CONTROL = 0x1f;
const CONTROL = /[^ -\xff]/;

/** 8-bit binary (SMPP 3.4 §5.2.19). */
const BINARY = 0x04;

/** Message type bits that SMPP 3.4 §5.2.12 gives no meaning: neither a plain SMS nor a receipt. */
const NO_MESSAGE_TYPE = 0x3c;

/** What an octet that is not there stands for; 0 in all other fields. */
const ABSENT: Readonly<Record<string, number>> = { esm_class: NO_MESSAGE_TYPE, data_coding: BINARY };

export class DamagedFrame implements MessageReader {
  /** What could not be read, in words without content. */
  readonly flaws: string[] = [];
  readonly #frame: Buffer;
  readonly #withoutNul: string | undefined;
  #at = HEADER_LENGTH;
  /** Of what can be read: TLVs may be followed by octets that are none. */
  #end: number;
  /** Where the first field would be that is not there. */
  #lostAt: number | undefined;
  #isWhole = true;
  #runsOn: string | undefined;

  /** @param withoutNul the string whose NUL is taken to be missing: it ends at the first octet that no text has */
  constructor(frame: Buffer, withoutNul?: string) {
    this.#frame = frame;
    this.#end = frame.length;
    this.#withoutNul = withoutNul;
  }

  /** Whether all that the frame holds was found to be something. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The first string with an octet in it that no text has, as where its NUL is missing. */
  get runsOn(): string | undefined {
    return this.#runsOn;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  uint8(field: string): number {
    if (this.left < 1) return this.#lose(field, 'is missing', ABSENT[field] ?? 0);
    return this.#frame.readUInt8(this.#at++);
  }

  uint16(field: string): number {
    if (this.left < 2) return this.#lose(field, 'is missing', 0);
    this.#at += 2;
    return this.#frame.readUInt16BE(this.#at - 2);
  }

  octets(_field: string, length: number): Buffer {
    const start = this.#at;
    this.#at = Math.min(start + length, this.#end);
    return this.#frame.subarray(start, this.#at);
  }

  cString(field: string, lengthMax: number): string {
    const start = this.#at;
    const hasNul = field !== this.#withoutNul;
    const end = this.#endOfString(start, hasNul ? 0 : LAST_CONTROL);
    if (end === this.#end) return this.#lose(field, 'has no end', '');
    if (!hasNul) this.flaw(field, 'has no NUL at its end');
    if (end - start > lengthMax) this.flaw(field, `is longer than ${lengthMax} characters`);
    this.#at = hasNul ? end + 1 : end;
    const text = this.#frame.toString('latin1', start, Math.min(end, start + STRING_MAX));
    if (this.#runsOn === undefined && CONTROL.test(text)) this.#runsOn = field;
    return text;
  }

  /** What is left, when a field before it is missing. */
  shortMessage(): Buffer {
    const stated = this.uint8('sm_length');
    const frame = this.#frame;
    if (this.#lostAt !== undefined) return frame.subarray(this.#lostAt);
    const start = this.#at;
    const length = this.#lengthOf(start, stated);
    this.#setEnd();
    return frame.subarray(start, Math.min(start + length, frame.length));
  }

  flaw(field: string, fault: string): void {
    this.flaws.push(`${field} ${fault}`);
  }

  /** Of short_message; goes to what is behind it. */
  #lengthOf(start: number, stated: number): number {
    const end = start + stated;
    this.#at = end;
    const isSound = this.#withoutNul === undefined && this.#endOfTlvs(end) === this.#frame.length;
    if (isSound || this.#fits(end)) return stated;
    if (this.#fits(end + 1)) {
      this.flaw('short_message', 'has an octet behind it that belongs to nothing');
      this.#at = end + 1;
      return stated;
    }
    if (!this.#fits(end - 1)) return stated;
    this.flaw('sm_length', 'is one too high');
    this.#at = end - 1;
    return stated - 1;
  }

  /** Goes no further than the TLVs do. */
  #setEnd(): void {
    const { length } = this.#frame;
    const end = this.#endOfTlvs(this.#at);
    if (end === length) return;
    this.#isWhole = false;
    if (end > length) {
      this.flaw('short_message', 'is cut short');
      this.#at = length;
    } else if (length - end < TLV_HEADER_LENGTH || this.#frame.readUInt16BE(end) !== MESSAGE_PAYLOAD) {
      this.flaw('TLV', 'is cut short, or octets follow that are none');
      this.#end = end;
    } else this.flaw('message_payload', 'is cut short');
  }

  /** Whether short_message can end here: nothing follows it, or TLVs to the end, of which we know the first of the frame. */
  #fits(at: number): boolean {
    const frame = this.#frame;
    if (at === frame.length) return true;
    return at + 2 <= frame.length && isOurTag(frame.readUInt16BE(at)) && this.#endOfTlvs(at) === frame.length;
  }

  /** Where the last of the whole TLVs from here on ends. */
  #endOfTlvs(from: number): number {
    const frame = this.#frame;
    let at = from;
    while (at + TLV_HEADER_LENGTH <= frame.length) {
      const next = at + TLV_HEADER_LENGTH + frame.readUInt16BE(at + 2);
      if (next > frame.length) break;
      at = next;
    }
    return at;
  }

  /** The first octet from here on that is no more than `last`; the end when there is none. */
  #endOfString(from: number, last: number): number {
    let at = from;
    while (at < this.#end && (this.#frame[at] ?? 0) > last) at += 1;
    return at;
  }

  #lose<Value>(field: string, fault: string, value: Value): Value {
    if (this.#lostAt === undefined) {
      this.flaw(field, fault);
      this.#lostAt = this.#at;
      this.#isWhole = false;
    }
    this.#at = this.#end;
    return value;
  }
}
