/**
 * One file of the journal: appended to by one writer, read anywhere, never changed behind its end.
 *
 * `length` is what is known to be on the disk; octets behind it are of a write under way, or of one that
 * failed, and are never read. After a failed fdatasync the kernel may report the next one as good although the
 * octets are gone, so the file is opened anew and cut back to `length` (`mend`) before anything else is done.
 */
import type { Bounds } from '../../bounds.js';
import { LF, decodeLine, encodeHead } from './record.js';
import { readFully, writeFully, type File, type FileSystem } from './file-system.js';

export class Segment {
  readonly number: number;
  readonly path: string;
  readonly #files: FileSystem;
  readonly #bounds: ReadBounds;
  #file: File;
  #length: number;
  #isClosed = false;
  /** Holds lines that cannot be read: it is set aside, not deleted, once its good ones are elsewhere. */
  damaged = false;

  /** Made by `create` and `openExisting`. */
  constructor(name: SegmentName, opened: Opened) {
    this.#files = opened.files;
    this.#bounds = opened.bounds;
    this.number = name.number;
    this.path = name.path;
    this.#file = opened.file;
    this.#length = opened.length;
  }

  /** A new file with its head, not synced. When that fails, a file may be left. */
  static async create(
    files: FileSystem,
    name: SegmentName,
    bounds: ReadBounds,
    isCopy = false,
  ): Promise<Segment> {
    const file = await files.open(name.path, 'create');
    try {
      const head = encodeHead(isCopy);
      await writeFully(file, head, 0);
      return new Segment(name, { files, bounds, file, length: head.length });
    } catch (error) {
      await file.close().catch(ignore);
      throw error;
    }
  }

  /**
   * A file of an earlier run. It is synced: what a killed process left in the page cache is about to be
   * acted on, so a power cut must not take it back.
   */
  static async openExisting(files: FileSystem, name: SegmentName, bounds: ReadBounds): Promise<Segment> {
    const file = await files.open(name.path, 'existing');
    try {
      await file.datasync();
      return new Segment(name, { files, bounds, file, length: await file.size() });
    } catch (error) {
      await file.close().catch(ignore);
      throw error;
    }
  }

  /** Octets on the disk. */
  get length(): number {
    return this.#length;
  }

  /** Whether it never had anything but its head. */
  get isEmpty(): boolean {
    return this.#length <= HEAD_OCTETS;
  }

  /** Whether it is a copy that was not completed, as far as can be read. */
  async isHalfCopy(): Promise<boolean> {
    const start = await this.read(0, MARK_OCTETS_MAX).catch(() => Buffer.alloc(0));
    const line = decodeLine(start.subarray(1, Math.max(1, start.indexOf(LF, 1))));
    return line.kind === 'head' && line.isCopy && !(await this.replacesEarlier().catch(() => true));
  }

  /** Whether its last line makes all files before it void. */
  async replacesEarlier(): Promise<boolean> {
    const end = await this.read(Math.max(0, this.#length - MARK_OCTETS_MAX), MARK_OCTETS_MAX);
    if (end.at(-1) !== LF) return false;
    const line = end.subarray(end.lastIndexOf(LF, -2) + 1, -1);
    return line.length > 0 && decodeLine(line).kind === 'replacesEarlier';
  }

  /** Writes behind the end without syncing; `length` grows at once, for a file that is not in use yet. */
  async extend(octets: Buffer): Promise<void> {
    await writeFully(this.#file, octets, this.#length);
    this.#length += octets.length;
  }

  /** Writes and syncs; resolves to the offset of the first octet. After a rejection only `mend` is allowed. */
  async append(lines: Buffer): Promise<number> {
    const start = this.#length;
    await writeFully(this.#file, lines, start);
    await this.#file.datasync();
    this.#length = start + lines.length;
    return start;
  }

  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  /** Removes what a failed write left behind the end, through a handle that has not seen the failure. */
  async mend(): Promise<void> {
    const fresh = await this.#files.open(this.path, 'existing');
    try {
      await fresh.truncate(this.#length);
      await fresh.datasync();
    } catch (error) {
      await fresh.close().catch(ignore);
      throw error;
    }
    const failed = this.#file;
    this.#file = fresh;
    await failed.close().catch(ignore);
    if (this.#isClosed) await fresh.close().catch(ignore); // meanwhile
  }

  /** Octets from `position`; fewer than asked at the end of the segment. */
  async read(position: number, octets: number): Promise<Buffer> {
    const target = Buffer.allocUnsafe(Math.max(0, Math.min(octets, this.#length - position)));
    return target.subarray(0, await readFully(this.#file, target, position));
  }

  /**
   * What stands between each two LF, from the start, with its offset: that of one read at a time, so that the event loop is
   * free between. Empty ones are left out. `torn` on the last when the file ends before an LF does. What is longer than
   * any line comes in parts.
   */
  async *lines(): AsyncGenerator<readonly { bytes: Buffer; offset: number; torn: boolean }[]> {
    let rest: Buffer = Buffer.alloc(0);
    let offset = 0; // of rest in the file
    for (let position = 0; position < this.#length;) {
      const chunk = await this.read(position, this.#bounds.readOctets);
      if (chunk.length === 0) break;
      position += chunk.length;
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const lines: { bytes: Buffer; offset: number; torn: boolean }[] = [];
      let start = 0;
      for (let end = bytes.indexOf(LF, rest.length); end >= 0; end = bytes.indexOf(LF, start)) {
        if (end > start)
          lines.push({ bytes: bytes.subarray(start, end), offset: offset + start, torn: false });
        start = end + 1;
      }
      rest = bytes.subarray(start);
      offset += start;
      if (rest.length > this.#bounds.lineOctets) {
        lines.push({ bytes: rest, offset, torn: false });
        offset += rest.length;
        rest = Buffer.alloc(0);
      }
      yield lines;
    }
    if (rest.length > 0) yield [{ bytes: rest, offset, torn: true }];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#file.close();
  }
}

export interface SegmentName {
  readonly number: number;
  readonly path: string;
}

type ReadBounds = Pick<Bounds, 'lineOctets' | 'readOctets'>;

interface Opened {
  readonly files: FileSystem;
  readonly bounds: ReadBounds;
  readonly file: File;
  readonly length: number;
}

const HEAD_OCTETS = encodeHead(false).length;

/** More than a line has that says something of its file. */
const MARK_OCTETS_MAX = 256;

/** The first error is the one that is reported; tidying up after it may fail too. */
function ignore(): undefined {
  return undefined;
}
