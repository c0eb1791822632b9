/**
 * What does not change of an accepted SMS, as octets outside the heap: some 70 for each, in pieces that go as a whole
 * when their last SMS does. No I/O.
 *
 * An SMS is, one after the other: the lengths (2 octets each) of its id, recipient and sender, the number of its
 * segments, the lengths of their message ids, the octets of the rest (4), then id, recipient and message ids in
 * Latin-1, which is all that they consist of, and the rest in UTF-8: sender, and correlation as JSON.
 */
import type { TrackedSms } from './join-receipt.js';

/** Octets of a piece; an SMS that takes more has one for itself. */
const PIECE = 0x10000;

/** Lengths before those of the message ids, in octets; and the one after them. */
const HEAD = 8;
const REST = 4;

/** Octets of a character in UTF-8, at most. */
const WIDEST = 3;

export type Unchanging = Pick<TrackedSms, 'id' | 'messageIds' | 'to' | 'from' | 'correlation'>;

export class PackedSms {
  /** The last may be of any size; all take `PIECE` in the count of places. */
  readonly #pieces: Buffer[] = [];
  #firstPiece = 0;
  #used = PIECE;

  /** Its place, greater than those before it. */
  add({ id, messageIds, to, from, correlation }: Unchanging): number {
    const rest = correlation === undefined ? from : from + JSON.stringify(correlation);
    const ids = messageIds.length === 1 ? (messageIds[0] ?? '') : messageIds.join('');
    const plain = id + to + ids;
    const fixed = HEAD + 2 * messageIds.length + REST + plain.length;
    const piece = this.#pieceFor(fixed + WIDEST * rest.length);
    const start = this.#used;
    let at = putLength(piece, start, id.length);
    at = putLength(piece, at, to.length);
    at = putLength(piece, at, from.length);
    at = putLength(piece, at, messageIds.length);
    for (const messageId of messageIds) at = putLength(piece, at, messageId.length);
    at += REST;
    at += piece.write(plain, at, 'latin1');
    const octets = piece.write(rest, at, 'utf8');
    piece.writeUInt32LE(octets, at - plain.length - REST);
    this.#used = at + octets;
    return (this.#firstPiece + this.#pieces.length - 1) * PIECE + start;
  }

  idAt(place: number): string {
    const { piece, plain } = this.#at(place);
    return piece.toString('latin1', plain, plain + lengthAt(piece, place % PIECE));
  }

  phoneAt(place: number): string {
    const { piece, start, plain } = this.#at(place);
    const from = plain + lengthAt(piece, start);
    return piece.toString('latin1', from, from + lengthAt(piece, start + 2));
  }

  messageIdsAt(place: number): string[] {
    const { piece, start, plain, count } = this.#at(place);
    let at = plain + lengthAt(piece, start) + lengthAt(piece, start + 2);
    const messageIds: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const end = at + lengthAt(piece, start + HEAD + 2 * index);
      messageIds.push(piece.toString('latin1', at, end));
      at = end;
    }
    return messageIds;
  }

  read(place: number): Unchanging {
    const { piece, start, plain } = this.#at(place);
    const messageIds = this.messageIdsAt(place);
    const idEnd = plain + lengthAt(piece, start);
    const toEnd = idEnd + lengthAt(piece, start + 2);
    const restAt = messageIds.reduce((at, { length }) => at + length, toEnd);
    const rest = piece.toString('utf8', restAt, restAt + piece.readUInt32LE(plain - REST));
    const fromLength = lengthAt(piece, start + 4);
    const sms = {
      id: piece.toString('latin1', plain, idEnd),
      messageIds,
      to: piece.toString('latin1', idEnd, toEnd),
      from: rest.slice(0, fromLength),
    };
    if (rest.length === fromLength) return sms;
    return Object.assign(sms, { correlation: JSON.parse(rest.slice(fromLength)) as unknown });
  }

  /** Forgets what stands before this place, as far as pieces go as a whole. */
  removeBefore(place: number): void {
    while (this.#pieces.length > 1 && (this.#firstPiece + 1) * PIECE <= place) {
      this.#pieces.shift();
      this.#firstPiece += 1;
    }
  }

  #at(place: number): { piece: Buffer; start: number; plain: number; count: number } {
    const piece = this.#pieces[Math.floor(place / PIECE) - this.#firstPiece];
    if (piece === undefined) throw new Error('no SMS is packed here');
    const start = place % PIECE;
    const count = lengthAt(piece, start + HEAD - 2);
    return { piece, start, plain: start + HEAD + 2 * count + REST, count };
  }

  #pieceFor(octets: number): Buffer {
    const last = this.#pieces[this.#pieces.length - 1];
    if (last !== undefined && this.#used + octets <= last.length) return last;
    const piece = Buffer.allocUnsafeSlow(Math.max(PIECE, octets));
    this.#pieces.push(piece);
    this.#used = 0;
    return piece;
  }
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
