/**
 * The journal's format: what a line is, written and read. Pure: no files, no clock.
 *
 *     line  := LF piece (TAB piece)* LF
 *     piece := crc32 (8 hexadecimal digits) SP json
 *     json  := [table, keys] | [table, keys, values] | [table, keys, values, keepUntil]
 *            | {"journal": 2}                   opens every file; with "copy": true, a compacted one
 *            | {"replacesEarlier": true}        closes a compacted file: all older files are void
 *
 * One line is one batch: it counts as a whole or not at all, since its last LF is written last. JSON escapes
 * control characters, so neither LF nor TAB occurs inside a piece. The LF in front costs an octet and buys
 * that a line damaged anywhere, its ends included, takes no neighbour with it: the reader goes on behind the
 * next LF. A piece deletes records of one table, or puts some (`piece.ts`): they share its checksum, so that it can
 * be read, proven and copied by itself, and one record costs little more than its octets.
 */
import type { Bounds } from '../../bounds.js';
import { TABLES, type Table } from '../storage.js';
import { crc32 } from './crc32.js';
import type { Piece, PieceHead } from './piece.js';

/** Format number in the head of every file; a reader refuses files with any other. */
export const JOURNAL_VERSION = 2;

/** Octets from `offset`, relative to the line. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** What a line says; `damaged` when any octet of it is not as it was written. */
export type Line =
  | { readonly kind: 'batch'; readonly pieces: readonly PieceHead[]; readonly spans: readonly Span[] }
  | { readonly kind: 'head'; readonly version: number; readonly isCopy: boolean }
  | { readonly kind: 'replacesEarlier' }
  | { readonly kind: 'damaged' };

export const LF = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const OPEN = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const ASCII_END = 0x80;

/** Eight hexadecimal digits and the space behind them. */
const PREFIX_OCTETS = 9;

/** A string has at most so many octets in UTF-8 for each of its code units. */
const OCTETS_PER_UNIT = 3;

type LineBounds = Pick<Bounds, 'lineOctets' | 'lineBufferOctets' | 'keptBufferOctets'>;

/** Lines one behind the other, in a buffer that is used again and again. */
export class Lines {
  readonly #bounds: LineBounds;
  #buffer: Buffer;
  #length = 0;

  constructor(bounds: LineBounds) {
    this.#bounds = bounds;
    this.#buffer = Buffer.allocUnsafeSlow(bounds.lineBufferOctets);
  }

  /** What was added; overwritten by what is added after `clear`. */
  get octets(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Adds a batch as one line; returns where its pieces lie in that. When it throws, nothing was added.
   * @throws TypeError when a value is not JSON; RangeError when the line is too long
   */
  add(pieces: readonly Piece[]): Span[] {
    const start = this.#length;
    try {
      return this.#add(pieces.map(toJson));
    } catch (error) {
      this.#length = start;
      throw error;
    }
  }

  addHead(isCopy: boolean): void {
    this.#add([JSON.stringify({ journal: JOURNAL_VERSION, ...(isCopy && { copy: true }) })]);
  }

  addReplacesEarlier(): void {
    this.#add([JSON.stringify({ replacesEarlier: true })]);
  }

  clear(): void {
    this.#length = 0;
    const { keptBufferOctets, lineBufferOctets } = this.#bounds;
    if (this.#buffer.length > keptBufferOctets) this.#buffer = Buffer.allocUnsafeSlow(lineBufferOctets);
  }

  #add(jsons: readonly string[]): Span[] {
    const start = this.#length;
    const spans: Span[] = [];
    this.#reserve(1);
    this.#buffer[start] = LF;
    let at = start + 1;
    for (const json of jsons) {
      this.#length = at;
      this.#reserve(PREFIX_OCTETS + OCTETS_PER_UNIT * json.length + 1);
      const from = at + PREFIX_OCTETS;
      const end = from + this.#buffer.write(json, from);
      if (end - start >= this.#bounds.lineOctets) throw new RangeError('The line is too long.');
      writeHexadecimal(this.#buffer, crc32(this.#buffer, from, end), at);
      this.#buffer[from - 1] = SPACE;
      this.#buffer[end] = TAB;
      spans.push({ offset: at - start, length: end - at });
      at = end + 1;
    }
    this.#buffer[at - 1] = LF;
    this.#length = at;
    return spans;
  }

  /** Has room for so many octets more. */
  #reserve(octets: number): void {
    const needed = this.#length + octets;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    larger.set(this.octets);
    this.#buffer = larger;
  }
}

/** A line that says something of its file. */
const MARK: LineBounds = { lineOctets: 256, lineBufferOctets: 256, keptBufferOctets: 256 };

/** First line of a file. */
export function encodeHead(isCopy: boolean): Buffer {
  const lines = new Lines(MARK);
  lines.addHead(isCopy);
  return lines.octets;
}

/** Last line of a compacted file. */
export function encodeReplacesEarlier(): Buffer {
  const lines = new Lines(MARK);
  lines.addReplacesEarlier();
  return lines.octets;
}

/**
 * Reads what stood between two LF, neither of them included; spans count from its first octet. Values are proven by their
 * checksum and not read: at a start nobody asks for them.
 */
export function decodeLine(bytes: Buffer): Line {
  const pieces: PieceHead[] = [];
  const spans: Span[] = [];
  for (let offset = 0; offset <= bytes.length;) {
    const tab = bytes.indexOf(TAB, offset);
    const end = tab < 0 ? bytes.length : tab;
    const piece = decodeHead(bytes, offset, end);
    if (!piece)
      return pieces.length === 0 && tab < 0 ? readMark(decodeJson(bytes, offset, end)) : { kind: 'damaged' };
    pieces.push(piece);
    spans.push({ offset, length: end - offset });
    offset = end + 1;
  }
  return { kind: 'batch', pieces, spans };
}

/** What a piece says, or undefined when it is damaged. */
export function decodePiece(octets: Buffer): Piece | undefined {
  return readPiece(decodeJson(octets, 0, octets.length));
}

function toJson({ table, keys, values, keepUntil }: Piece): string {
  if (values === undefined) return JSON.stringify([table, keys]);
  return JSON.stringify(keepUntil === undefined ? [table, keys, values] : [table, keys, values, keepUntil]);
}

/** Digit by digit, which takes a tenth of the time of making a string first. */
function writeHexadecimal(target: Buffer, crc: number, offset: number): void {
  for (let digit = 7, left = crc; digit >= 0; digit--, left >>>= 4) {
    target[offset + digit] = HEXADECIMAL[left & 0xf] ?? 0;
  }
}

const HEXADECIMAL = Buffer.from('0123456789abcdef', 'latin1');

function hasChecksum(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= PREFIX_OCTETS || bytes[start + PREFIX_OCTETS - 1] !== SPACE) return false;
  for (let digit = 7, left = crc32(bytes, start + PREFIX_OCTETS, end); digit >= 0; digit--, left >>>= 4) {
    if (bytes[start + digit] !== HEXADECIMAL[left & 0xf]) return false;
  }
  return true;
}

/** As `Lines` writes it, by its octets; any other form by JSON. */
function decodeHead(bytes: Buffer, start: number, end: number): PieceHead | undefined {
  if (!hasChecksum(bytes, start, end)) return undefined;
  const head = plainHead(bytes, start + PREFIX_OCTETS, end);
  if (head !== undefined) return head;
  const piece = readPiece(jsonIn(bytes, start + PREFIX_OCTETS, end));
  return piece && { ...piece, values: piece.values && 'unread' };
}

/** Undefined when any octet is not where it mostly is. */
function plainHead(bytes: Buffer, start: number, end: number): PieceHead | undefined {
  const comma = bytes.indexOf(COMMA, start);
  if (comma < 0 || bytes[comma + 1] !== OPEN || bytes[end - 1] !== CLOSE) return undefined;
  const table = TABLES_BY_JSON.get(bytes.toString('latin1', start, comma));
  if (table === undefined) return undefined;
  const keys: string[] = [];
  const keysEnd = readKeys(bytes, comma + 2, keys);
  if (keysEnd === undefined) return undefined;
  if (keysEnd === end - 1) return { table, keys, values: undefined, keepUntil: undefined };
  const isList = bytes[keysEnd] === COMMA && bytes[keysEnd + 1] === OPEN;
  return isList ? putHead(bytes, end, { table, keys }) : undefined;
}

/** By a literal: spreading takes longer than all the rest. */
function putHead(
  bytes: Buffer,
  end: number,
  { table, keys }: Pick<PieceHead, 'table' | 'keys'>,
): PieceHead | undefined {
  if (bytes[end - 2] === CLOSE) return { table, keys, values: 'unread', keepUntil: undefined };
  const keepUntil = wholeNumberBehindArray(bytes, end - 1);
  return keepUntil === undefined ? undefined : { table, keys, values: 'unread', keepUntil };
}

/** The texts of an array from behind its `[`; the offset behind its `]`, or undefined. */
function readKeys(bytes: Buffer, start: number, keys: string[]): number | undefined {
  for (let at = start; bytes[at] === QUOTE;) {
    let isAscii = true;
    let end = at + 1;
    for (; bytes[end] !== QUOTE; end++) {
      const octet = bytes[end];
      if (octet === undefined || octet === BACKSLASH) return undefined;
      if (octet >= ASCII_END) isAscii = false;
    }
    keys.push(bytes.toString(isAscii ? 'latin1' : 'utf8', at + 1, end));
    if (bytes[end + 1] === CLOSE) return end + 2;
    if (bytes[end + 1] !== COMMA) return undefined;
    at = end + 2;
  }
  return undefined;
}

/** The number that ends before `end` and follows an array; undefined when it is not whole and exact. */
function wholeNumberBehindArray(bytes: Buffer, end: number): number | undefined {
  let start = end;
  let number = 0;
  for (let unit = 1; unit <= UNIT_MAX; unit *= 10) {
    const octet = bytes[start - 1] ?? 0;
    if (octet < DIGIT_0 || octet > DIGIT_9) break;
    number += (octet - DIGIT_0) * unit;
    start--;
  }
  return start < end && bytes[start - 1] === COMMA && bytes[start - 2] === CLOSE ? number : undefined;
}

/** A number of 15 digits is exact. */
const UNIT_MAX = 1e14;

/** As a piece begins, up to its first comma. */
const TABLES_BY_JSON: ReadonlyMap<string, Table> = new Map(TABLES.map((table) => [`["${table}"`, table]));

function decodeJson(bytes: Buffer, start: number, end: number): unknown {
  return hasChecksum(bytes, start, end) ? jsonIn(bytes, start + PREFIX_OCTETS, end) : undefined;
}

function jsonIn(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return undefined;
  }
}

const KNOWN_TABLES: ReadonlySet<unknown> = new Set(TABLES);

function readPiece(json: unknown): Piece | undefined {
  if (!Array.isArray(json)) return undefined;
  const [table, keys, values, keepUntil] = json as unknown[];
  if (!KNOWN_TABLES.has(table) || !Array.isArray(keys)) return undefined;
  if (values !== undefined && !Array.isArray(values)) return undefined;
  return {
    table: table as Table,
    keys: keys as string[],
    values,
    keepUntil: typeof keepUntil === 'number' ? keepUntil : undefined,
  };
}

function readMark(json: unknown): Line {
  if (typeof json !== 'object' || json === null) return { kind: 'damaged' };
  if ('journal' in json && typeof json.journal === 'number')
    return { kind: 'head', version: json.journal, isCopy: 'copy' in json };
  return 'replacesEarlier' in json ? { kind: 'replacesEarlier' } : { kind: 'damaged' };
}
