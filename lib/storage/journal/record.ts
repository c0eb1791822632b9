/**
 * The journal's format: what a line is, written and read. Pure: no files, no clock.
 *
 *     line  := LF piece (TAB piece)* LF
 *     piece := crc32 (8 hexadecimal digits) SP json
 *     json  := [table, key] | [table, key, value] | [table, key, value, keepUntil]     a change
 *            | {"journal": 1}                   opens every file
 *            | {"replacesEarlier": true}        closes a compacted file: all older files are void
 *
 * One line is one batch: it counts as a whole or not at all, since its last LF is written last. JSON escapes
 * control characters, so neither LF nor TAB occurs inside a piece. The LF in front costs an octet and buys
 * that a line damaged anywhere, its ends included, takes no neighbour with it: the reader goes on behind the
 * next LF. Each piece has its own checksum, so that one record can be read, proven and copied by itself.
 */
import { TABLES, type Change, type Table } from '../storage.js';
import { crc32 } from './crc32.js';

/** Format number in the head of every file; a reader refuses files with a higher one. */
export const JOURNAL_VERSION = 1;

/** A longer line is not written, and not waited for: reading one must not take all memory. */
export const LINE_OCTETS_MAX = 64 * 1024 * 1024;

/** A batch as it goes to the file, and where in it the piece of each change lies. */
export interface EncodedBatch {
  readonly line: Buffer;
  readonly pieces: readonly Span[];
}

/** Octets from `offset`, relative to the line. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** What a line says; `damaged` when any octet of it is not as it was written. */
export type Line =
  | { readonly kind: 'batch'; readonly changes: readonly Change[]; readonly pieces: readonly Span[] }
  | { readonly kind: 'head'; readonly version: number }
  | { readonly kind: 'replacesEarlier' }
  | { readonly kind: 'damaged' };

/**
 * One batch as one line.
 * @throws TypeError when a value is not JSON
 */
export function encodeBatch(changes: readonly Change[]): EncodedBatch {
  return encodeLine(changes.map(changeToJson));
}

/** First line of a file. */
export function encodeHead(): Buffer {
  return encodeLine([JSON.stringify({ journal: JOURNAL_VERSION })]).line;
}

/** Last line of a compacted file. */
export function encodeReplacesEarlier(): Buffer {
  return encodeLine([JSON.stringify({ replacesEarlier: true })]).line;
}

/** A piece as a line of its own; the piece begins one octet into it. */
export function lineOfPiece(piece: Buffer): Buffer {
  const line = Buffer.allocUnsafe(piece.length + 2);
  line[0] = LF;
  line.set(piece, 1);
  line[piece.length + 1] = LF;
  return line;
}

/** Reads what stood between two LF, neither of them included; spans count from its first octet. */
export function decodeLine(bytes: Buffer): Line {
  const changes: Change[] = [];
  const pieces: Span[] = [];
  for (let offset = 0; offset <= bytes.length;) {
    const tab = bytes.indexOf(TAB, offset);
    const end = tab < 0 ? bytes.length : tab;
    const json = decodeJson(bytes, offset, end);
    const change = readChange(json);
    if (!change) return pieces.length === 0 && tab < 0 ? readMark(json) : { kind: 'damaged' };
    changes.push(change);
    pieces.push({ offset, length: end - offset });
    offset = end + 1;
  }
  return { kind: 'batch', changes, pieces };
}

/** The change in one piece, or undefined when it is damaged. */
export function decodePiece(piece: Buffer): Change | undefined {
  return readChange(decodeJson(piece, 0, piece.length));
}

/** Whether the piece is as it was written; cheaper than reading it. */
export function isIntact(piece: Buffer): boolean {
  return hasChecksum(piece, 0, piece.length);
}

export const LF = 0x0a;
const TAB = 0x09;
const SPACE = 0x20;

/** Eight hexadecimal digits and the space behind them. */
const PREFIX_OCTETS = 9;

/** Lines are put together here and copied out: how long one is, is known when it is written. Grows as needed. */
let scratch = Buffer.allocUnsafe(64 * 1024);

/** A string has at most so many octets in UTF-8 for each of its code units. */
const OCTETS_PER_UNIT = 3;

function encodeLine(jsons: readonly string[]): EncodedBatch {
  reserve(jsons);
  const pieces: Span[] = [];
  scratch[0] = LF;
  let offset = 1;
  for (const json of jsons) {
    const start = offset + PREFIX_OCTETS;
    const end = start + scratch.write(json, start);
    writeHexadecimal(crc32(scratch, start, end), offset);
    scratch[start - 1] = SPACE;
    scratch[end] = TAB;
    pieces.push({ offset, length: end - offset });
    offset = end + 1;
  }
  scratch[offset - 1] = LF;
  return { line: Buffer.from(scratch.subarray(0, offset)), pieces };
}

function reserve(jsons: readonly string[]): void {
  let size = 1;
  for (const json of jsons) size += PREFIX_OCTETS + OCTETS_PER_UNIT * json.length + 1;
  if (size > scratch.length) scratch = Buffer.allocUnsafe(2 * size);
}

/** The last short value: markers of progress are mostly one and the same object. A text is never held. */
let marker: { readonly value: unknown; readonly json: string } = { value: undefined, json: '' };

const MARKER_LENGTH_MAX = 100;

/** JSON has it as it is. Nearly every key: looking costs a fraction of `JSON.stringify`. */
const PLAIN = /^[\w .-]*$/;

function changeToJson({ table, key, value, keepUntil }: Change): string {
  const head = `["${table}",${PLAIN.test(key) ? `"${key}"` : JSON.stringify(key)}`;
  if (value === undefined) return `${head}]`;
  const json = valueToJson(value);
  return keepUntil === undefined ? `${head},${json}]` : `${head},${json},${keepUntil}]`;
}

function valueToJson(value: unknown): string {
  if (value === marker.value) return marker.json;
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError('A value is not JSON.');
  if (json.length <= MARKER_LENGTH_MAX) marker = { value, json };
  return json;
}

/** Digit by digit, which takes a tenth of the time of making a string first. */
function writeHexadecimal(crc: number, offset: number): void {
  for (let digit = 7, left = crc; digit >= 0; digit--, left >>>= 4) {
    scratch[offset + digit] = HEXADECIMAL[left & 0xf] ?? 0;
  }
}

const HEXADECIMAL = Buffer.from('0123456789abcdef', 'latin1');

function hexadecimal(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}

function hasChecksum(bytes: Buffer, start: number, end: number): boolean {
  if (end - start <= PREFIX_OCTETS || bytes[start + PREFIX_OCTETS - 1] !== SPACE) return false;
  const crc = crc32(bytes, start + PREFIX_OCTETS, end);
  return bytes.toString('latin1', start, start + PREFIX_OCTETS - 1) === hexadecimal(crc);
}

function decodeJson(bytes: Buffer, start: number, end: number): unknown {
  if (!hasChecksum(bytes, start, end)) return undefined;
  try {
    return JSON.parse(bytes.toString('utf8', start + PREFIX_OCTETS, end));
  } catch {
    return undefined;
  }
}

const KNOWN_TABLES: ReadonlySet<unknown> = new Set(TABLES);

function readChange(json: unknown): Change | undefined {
  if (!Array.isArray(json)) return undefined;
  const [table, key, value, keepUntil] = json as unknown[];
  if (!KNOWN_TABLES.has(table) || typeof key !== 'string') return undefined;
  const change = { table: table as Table, key, value };
  return typeof keepUntil === 'number' ? { ...change, keepUntil } : change;
}

function readMark(json: unknown): Line {
  if (typeof json !== 'object' || json === null) return { kind: 'damaged' };
  if ('journal' in json && typeof json.journal === 'number') return { kind: 'head', version: json.journal };
  return 'replacesEarlier' in json ? { kind: 'replacesEarlier' } : { kind: 'damaged' };
}
