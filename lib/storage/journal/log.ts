/**
 * The journal's files in one directory: which there are, which is written to, which comes next.
 *
 * Numbers only rise. A run never appends to a file of an earlier run: an old end may be torn, and a file that
 * is not touched cannot be spoilt. The first write of a run makes its file.
 */
import { basename, join } from 'node:path';
import type { Bounds } from '../../bounds.js';
import { errorCode, type FileSystem } from './file-system.js';
import { Segment, type SegmentName } from './segment.js';

export class Log {
  readonly #files: FileSystem;
  readonly #directory: string;
  readonly #bounds: Bounds;
  #segments: Segment[] = [];
  #active: Segment | undefined;
  /** Its last write failed; nothing may be written anywhere before its end has been cut off. */
  #broken: Segment | undefined;
  #nextNumber = 1;

  constructor(files: FileSystem, directory: string, bounds: Bounds) {
    this.#files = files;
    this.#directory = directory;
    this.#bounds = bounds;
  }

  /** In the order in which they take effect. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Octets in all files. */
  get octets(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.length, 0);
  }

  /** Opens the files that are there. */
  async open(): Promise<void> {
    const names = (await this.#files.list(this.#directory)).flatMap(readName);
    this.#nextNumber = 1 + Math.max(0, ...names.map(({ number }) => number));
    const journals = names.filter(({ name }) => name.endsWith(JOURNAL));
    for (const { name, number } of journals.sort((one, other) => one.number - other.number)) {
      const path = join(this.#directory, name);
      this.#segments.push(await Segment.openExisting(this.#files, { number, path }, this.#bounds));
    }
  }

  /** Whether somebody has removed files that are in use; through their handles they are still read. */
  async hasLostFiles(): Promise<boolean> {
    const before = this.#segments;
    const names = new Set(await this.#files.list(this.#directory));
    // Those that came or went meanwhile did so by us.
    const inUse = before.filter((segment) => this.#segments.includes(segment));
    return inUse.some(({ path }) => !names.has(basename(path)));
  }

  /** Writes lines and syncs; resolves to where the first one lies. When rejected, none is in the files. */
  async append(lines: Buffer): Promise<{ segment: Segment; offset: number }> {
    await this.#mend();
    const segment = (this.#active ??= await this.#start());
    try {
      const offset = await segment.append(lines);
      if (segment.length > this.#bounds.fileOctets) this.seal();
      return { segment, offset };
    } catch (error) {
      this.#broken = segment;
      this.seal();
      await this.#mend().catch(() => undefined); // tried again before the next write
      throw error;
    }
  }

  /** What is written from now on goes to a new file. Not to be called during an append. */
  seal(): void {
    this.#active = undefined;
  }

  /** Name of a new file that takes effect after all that are there, and before all made later. */
  nextName(): SegmentName {
    const number = this.#nextNumber++;
    return { number, path: join(this.#directory, journalName(number)) };
  }

  /** Takes in a file that was made under `nextName`. */
  insert(segment: Segment): void {
    this.#segments = [...this.#segments, segment].sort((one, other) => one.number - other.number);
  }

  /** Removes every file before `number`; a damaged one is renamed and stays. Returns their new names. */
  async removeBefore(number: number): Promise<readonly string[]> {
    const old = this.#segments.filter((segment) => segment.number < number);
    this.#segments = this.#segments.filter((segment) => segment.number >= number);
    const setAside: string[] = [];
    for (const segment of old) {
      await segment.close();
      const kept = await this.#discard(segment);
      if (kept !== undefined) setAside.push(kept);
      // With the file goes the end that was to be cut off.
      if (segment === this.#broken) this.#broken = undefined;
    }
    if (old.length > 0) await this.#files.syncDirectory(this.#directory);
    return setAside;
  }

  async close(): Promise<void> {
    await this.#mend().catch(() => undefined);
    for (const segment of this.#segments) await segment.close().catch(() => undefined);
    this.#segments = [];
    this.seal();
  }

  /** Removes a file, or renames a damaged one and returns its new name. */
  async #discard(segment: Segment): Promise<string | undefined> {
    try {
      if (segment.damaged) return await this.#setAside(segment);
      await this.#files.remove(segment.path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error; // somebody was faster
    }
    return undefined;
  }

  async #setAside(segment: Segment): Promise<string> {
    const name = journalName(segment.number, DAMAGED);
    await this.#files.rename(segment.path, join(this.#directory, name));
    return name;
  }

  async #start(): Promise<Segment> {
    const segment = await Segment.create(this.#files, this.nextName(), this.#bounds);
    try {
      await this.#files.syncDirectory(this.#directory);
    } catch (error) {
      await segment.close().catch(() => undefined);
      await this.#files.remove(segment.path).catch(() => undefined);
      throw error;
    }
    this.insert(segment);
    return segment;
  }

  async #mend(): Promise<void> {
    if (!this.#broken) return;
    await this.#broken.mend();
    this.#broken = undefined;
  }
}

const JOURNAL = '.ndjson';
const DAMAGED = '.damaged';
const NAME = /^journal-(\d{6,12})\.(?:ndjson|damaged)$/;

/** Whether a file of this name is the journal's, also one that was set aside. */
export function isJournalFile(name: string): boolean {
  return NAME.test(name);
}

function journalName(number: number, suffix = JOURNAL): string {
  return `journal-${String(number).padStart(6, '0')}${suffix}`;
}

function readName(name: string): { name: string; number: number }[] {
  const number = NAME.exec(name)?.[1];
  return number === undefined ? [] : [{ name, number: Number(number) }];
}
