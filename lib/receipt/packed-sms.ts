/**
 * What does not change of an accepted SMS, as octets outside the heap: some 70 for each, in pieces that go as a whole
 * when their last SMS does. No I/O.
 *
 * An SMS is, one after the other: the lengths of its id, recipient and sender, the number of its segments (2 octets
 * each), the octets of its correlation (4), the lengths of the message ids (2 each); then these texts in that order, in
 * Latin-1, which is all that they consist of, and the correlation in UTF-8: JSON, or behind a NUL, which begins no JSON,
 * a text as it is.
 */
import type { Bounds } from '../bounds.js';
import { isWellFormed } from '../text/code-units.js';
import type { TrackedSms } from './join-receipt.js';

/** Where things stand before the lengths of the message ids, in octets; and where those begin. */
const COUNT = 6;
const REST = 8;
const HEAD = 12;

/** Before a correlation that is a text: making JSON of one takes longer than all the rest of an SMS here. */
const PLAIN = '\0';

export type Unchanging = Pick<TrackedSms, 'id' | 'messageIds' | 'to' | 'from' | 'correlation'>;

interface Packed {
  readonly piece: Buffer;
  /** Of its lengths, and of its texts. */
  readonly start: number;
  readonly texts: number;
}

export class PackedSms {
  readonly #pieceOctets: number;
  /**
   * Each takes `#pieceOctets` in the count of places, whatever its size: so an SMS begins within the first so many of its
   * piece, and one that takes more has a piece of its own size for itself.
   */
  #pieces: Buffer[] = [];
  #octets = 0;
  #firstPiece = 0;
  /** Of the last piece. */
  #used = 0;

  constructor({ trackedBlockOctets }: Pick<Bounds, 'trackedBlockOctets'>) {
    this.#pieceOctets = trackedBlockOctets;
  }

  /** Of all pieces. */
  get octets(): number {
    return this.#octets;
  }

  /** Its place, greater than those before it. */
  add({ id, messageIds, to, from }: Omit<Unchanging, 'correlation'>, correlation: unknown): number {
    const kept = correlation === undefined ? '' : packedCorrelation(correlation);
    const octets = kept === '' ? 0 : Buffer.byteLength(kept, 'utf8');
    let size = HEAD + id.length + to.length + from.length + octets;
    for (const messageId of messageIds) size += 2 + messageId.length;
    const piece = this.#pieceFor(size);
    const start = this.#used;
    putLength(piece, start, id.length);
    putLength(piece, start + 2, to.length);
    putLength(piece, start + 4, from.length);
    putLength(piece, start + COUNT, messageIds.length);
    let at = start + HEAD;
    for (const messageId of messageIds) at = putLength(piece, at, messageId.length);
    at = putText(piece, at, id);
    at = putText(piece, at, to);
    at = putText(piece, at, from);
    for (const messageId of messageIds) at = putText(piece, at, messageId);
    if (octets > 0) piece.write(kept, at, 'utf8');
    piece.writeUInt32LE(octets, start + REST);
    this.#used = start + size;
    return (this.#firstPiece + this.#pieces.length - 1) * this.#pieceOctets + start;
  }

  idAt(place: number): string {
    const { piece, start, texts } = this.#at(place);
    return piece.toString('latin1', texts, texts + lengthAt(piece, start));
  }

  phoneAt(place: number): string {
    const { piece, start, texts } = this.#at(place);
    const at = texts + lengthAt(piece, start);
    return piece.toString('latin1', at, at + lengthAt(piece, start + 2));
  }

  /** Whether it went to this phone, in just this spelling: without making a text of it. */
  isTo(place: number, phone: string): boolean {
    const { piece, start, texts } = this.#at(place);
    const at = texts + lengthAt(piece, start);
    if (lengthAt(piece, start + 2) !== phone.length) return false;
    for (let index = 0; index < phone.length; index += 1) {
      if (piece[at + index] !== phone.charCodeAt(index)) return false;
    }
    return true;
  }

  messageIdsAt(place: number): string[] {
    return this.#messageIds(this.#at(place)).messageIds;
  }

  read(place: number): Unchanging {
    const packed = this.#at(place);
    const { piece, start, texts } = packed;
    const idEnd = texts + lengthAt(piece, start);
    const toEnd = idEnd + lengthAt(piece, start + 2);
    const { messageIds, at, end } = this.#messageIds(packed);
    const sms = {
      id: piece.toString('latin1', texts, idEnd),
      messageIds,
      to: piece.toString('latin1', idEnd, toEnd),
      from: piece.toString('latin1', toEnd, at),
    };
    const octets = piece.readUInt32LE(start + REST);
    if (octets === 0) return sms;
    return Object.assign(sms, { correlation: unpacked(piece.toString('utf8', end, end + octets)) });
  }

  /** Forgets what stands before this place, as far as pieces go as a whole. */
  removeBefore(place: number): void {
    while (this.#pieces.length > 1 && (this.#firstPiece + 1) * this.#pieceOctets <= place) {
      this.#octets -= this.#pieces.shift()?.length ?? 0;
      this.#firstPiece += 1;
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#firstPiece += this.#pieces.length;
    this.#pieces = [];
    this.#octets = 0;
  }

  #messageIds({ piece, start, texts }: Packed): { messageIds: string[]; at: number; end: number } {
    const at = texts + lengthAt(piece, start) + lengthAt(piece, start + 2) + lengthAt(piece, start + 4);
    const messageIds: string[] = [];
    let end = at;
    for (let lengths = start + HEAD; lengths < texts; lengths += 2) {
      const next = end + lengthAt(piece, lengths);
      messageIds.push(piece.toString('latin1', end, next));
      end = next;
    }
    return { messageIds, at, end };
  }

  #at(place: number): Packed {
    const piece = this.#pieces[Math.floor(place / this.#pieceOctets) - this.#firstPiece];
    if (piece === undefined) throw new Error('no SMS is packed here');
    const start = place % this.#pieceOctets;
    return { piece, start, texts: start + HEAD + 2 * lengthAt(piece, start + COUNT) };
  }

  #pieceFor(octets: number): Buffer {
    const last = this.#pieces[this.#pieces.length - 1];
    if (last !== undefined && this.#used + octets <= this.#pieceOctets) return last;
    const piece = Buffer.allocUnsafeSlow(Math.max(this.#pieceOctets, octets));
    this.#pieces.push(piece);
    this.#octets += piece.length;
    this.#used = 0;
    return piece;
  }
}

/** UTF-8 has no lone surrogates, and JSON writes them as escapes. */
function packedCorrelation(correlation: unknown): string {
  const plain = typeof correlation === 'string' ? PLAIN + correlation : undefined;
  return plain !== undefined && isWellFormed(plain) ? plain : JSON.stringify(correlation);
}

function unpacked(kept: string): unknown {
  return kept.startsWith(PLAIN) ? kept.slice(PLAIN.length) : (JSON.parse(kept) as unknown);
}

/** Two octets are enough: a message id is shorter than the PDU that it comes in (`COMMAND_LENGTH_MAX`). */
function putLength(piece: Buffer, at: number, length: number): number {
  piece[at] = length & 0xff;
  piece[at + 1] = length >>> 8;
  return at + 2;
}

function lengthAt(piece: Buffer, at: number): number {
  return (piece[at] ?? 0) | ((piece[at + 1] ?? 0) << 8);
}

/** A call of `write` costs more than the octets of so short a text. */
function putText(piece: Buffer, at: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) piece[at + index] = text.charCodeAt(index);
  return at + text.length;
}
