/**
 * The journal's files in one directory: which there are, which is written to, which comes next.
 *
 * Numbers only rise. A run never appends to a file of an earlier run: an old end may be torn, and a file that
 * is not touched cannot be spoilt. The first write of a run makes its file.
 *
 * What a failed write has left behind an end is cut off before anything else is written: as long as that cannot be had,
 * `hasLooseEnd`, and nobody can say that the write is not kept. A file that is void and cannot be removed is a leftover:
 * it is emptied if it can be, and `tidy` tries again.
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
  #mending: Promise<void> | undefined;
  #onMended: () => void = () => undefined;
  /** Void files that could not be removed, by path. */
  readonly #leftovers = new Map<string, Void>();
  /** Names were removed, and it is not certain that they stay so. */
  #isNameSyncDue = false;
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

  /** Whether a failed write may still come back. */
  get hasLooseEnd(): boolean {
    return this.#broken !== undefined;
  }

  /** Void files that could not be removed. */
  get leftovers(): number {
    return this.#leftovers.size;
  }

  /** `listener` is told when there is no loose end any more. */
  whenMended(listener: () => void): void {
    this.#onMended = listener;
  }

  /** Opens the files that are there; one that cannot be opened does no harm when it is void. */
  async open(): Promise<void> {
    const names = (await this.#files.list(this.#directory)).flatMap(readName);
    this.#nextNumber = 1 + Math.max(0, ...names.map(({ number }) => number));
    const journals = names.filter(({ name }) => name.endsWith(JOURNAL));
    let unread: Void[] = [];
    let failure: unknown;
    for (const { name, number } of journals.sort((one, other) => one.number - other.number)) {
      const file = { number, path: join(this.#directory, name) };
      try {
        const segment = await Segment.openExisting(this.#files, file, this.#bounds);
        this.#segments.push(segment);
        if (unread.length === 0 || !(await segment.replacesEarlier())) continue;
        for (const each of unread) this.#leftovers.set(each.path, each);
        unread = [];
      } catch (error) {
        if (unread.length === 0) failure = error;
        unread.push({ ...file, isDamaged: false });
      }
    }
    if (unread.length > 0) throw failure;
  }

  /** Whether somebody has removed files that are in use; through their handles they are still read. */
  async hasLostFiles(): Promise<boolean> {
    const before = this.#segments;
    const names = new Set(await this.#files.list(this.#directory));
    // Those that came or went meanwhile did so by us.
    const inUse = before.filter((segment) => this.#segments.includes(segment));
    return inUse.some(({ path }) => !names.has(basename(path)));
  }

  /**
   * Writes lines and syncs; resolves to where the first one lies. When rejected, none is in the files, unless there is a
   * loose end then and there was none before.
   */
  async append(lines: Buffer): Promise<{ segment: Segment; offset: number }> {
    await this.mend();
    const segment = (this.#active ??= await this.#start());
    try {
      const offset = await segment.append(lines);
      if (segment.length > this.#bounds.fileOctets) this.seal();
      return { segment, offset };
    } catch (error) {
      this.#broken = segment;
      this.seal();
      await this.mend().catch(ignore);
      throw error;
    }
  }

  /** Cuts off what a failed write has left. */
  mend(): Promise<void> {
    const broken = this.#broken;
    if (broken === undefined) return DONE;
    this.#mending ??= this.#cutOff(broken).finally(() => (this.#mending = undefined));
    return this.#mending;
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

  /**
   * Has every file before `number` gone, which are void; a damaged one is renamed and stays. What cannot be done is left
   * for `tidy`. Returns the new names.
   */
  async removeBefore(number: number): Promise<readonly string[]> {
    const old = this.#segments.filter((segment) => segment.number < number);
    this.#segments = this.#segments.filter((segment) => segment.number >= number);
    for (const segment of old) {
      await segment.close().catch(ignore);
      this.#leftovers.set(segment.path, {
        number: segment.number,
        path: segment.path,
        isDamaged: segment.damaged,
      });
      if (segment === this.#broken) this.#isMended();
    }
    return this.tidy();
  }

  /** Removes a void file, now or later. */
  async discard({ number, path }: SegmentName): Promise<void> {
    this.#leftovers.set(path, { number, path, isDamaged: false });
    await this.tidy();
  }

  /** Removes what is void, as far as that can be done; returns the new names of what is set aside. */
  async tidy(): Promise<readonly string[]> {
    const setAside: string[] = [];
    for (const leftover of this.#leftovers.values()) {
      try {
        if (leftover.isDamaged) setAside.push(...(await this.#setAside(leftover)));
        else await this.#files.remove(leftover.path).catch(ignoreMissing);
        this.#leftovers.delete(leftover.path);
        this.#isNameSyncDue = true;
      } catch {
        if (!leftover.isDamaged) await this.#empty(leftover.path).catch(ignore);
      }
    }
    if (this.#isNameSyncDue) {
      await this.#files.syncDirectory(this.#directory).then(() => (this.#isNameSyncDue = false), ignore);
    }
    return setAside;
  }

  async close(): Promise<void> {
    await this.mend().catch(ignore);
    for (const segment of this.#segments) await segment.close().catch(ignore);
    this.#segments = [];
    this.seal();
  }

  async #setAside({ number, path }: Void): Promise<readonly string[]> {
    const name = journalName(number, DAMAGED);
    try {
      await this.#files.rename(path, join(this.#directory, name));
      return [name];
    } catch (error) {
      ignoreMissing(error);
      return [];
    }
  }

  /** Takes the texts out of a file whose name has to stay. */
  async #empty(path: string): Promise<void> {
    const file = await this.#files.open(path, 'existing');
    try {
      await file.truncate(0);
    } finally {
      await file.close();
    }
  }

  async #start(): Promise<Segment> {
    if (this.#leftovers.size >= this.#bounds.files) await this.#makeRoom();
    const name = this.nextName();
    let segment: Segment | undefined;
    try {
      segment = await Segment.create(this.#files, name, this.#bounds);
      await this.#files.syncDirectory(this.#directory);
    } catch (error) {
      await segment?.close().catch(ignore);
      await this.discard(name);
      throw error;
    }
    this.insert(segment);
    return segment;
  }

  /** A disk that makes files, and neither writes nor removes them, is not to be filled with them. */
  async #makeRoom(): Promise<void> {
    await this.tidy();
    if (this.#leftovers.size >= this.#bounds.files)
      throw new Error(`${this.#leftovers.size} files could not be removed`);
  }

  async #cutOff(broken: Segment): Promise<void> {
    let isErased = false;
    try {
      isErased = broken.isEmpty && (await this.#erase(broken));
      if (!isErased) await broken.mend();
    } catch (error) {
      if (this.#broken === broken) throw error;
    }
    if (this.#broken !== broken) return; // it has become void meanwhile
    // Many files that each failed are no better than one, unless a later one is there or being made.
    const isLatest = broken.number === this.#nextNumber - 1;
    if (!isErased && isLatest && this.#segments.length >= this.#bounds.files) this.#active = broken;
    this.#isMended();
  }

  /**
   * Removes a file that has no record in force; false when that cannot be had.
   *
   * @throws when it is gone and not certain to stay so: it is not there to be cut off any more
   */
  async #erase(segment: Segment): Promise<boolean> {
    try {
      await this.#files.remove(segment.path).catch(ignoreMissing);
    } catch {
      return false;
    }
    await this.#files.syncDirectory(this.#directory);
    this.#segments = this.#segments.filter((other) => other !== segment);
    await segment.close().catch(ignore);
    return true;
  }

  #isMended(): void {
    this.#broken = undefined;
    this.#onMended();
  }
}

/** A file that says nothing any more. */
interface Void extends SegmentName {
  /** It has lines that cannot be read, and is kept under another name. */
  readonly isDamaged: boolean;
}

const DONE = Promise.resolve();

const JOURNAL = '.ndjson';
const DAMAGED = '.damaged';
const NAME = /^journal-(\d{6,12})\.(?:ndjson|damaged)$/;

/** Whether a file of this name is the journal's, also one that was set aside. */
export function isJournalFile(name: string): boolean {
  return NAME.test(name);
}

/** Whether one of this name may have records that are in force. */
export function isLiveFile(name: string): boolean {
  return isJournalFile(name) && name.endsWith(JOURNAL);
}

function journalName(number: number, suffix = JOURNAL): string {
  return `journal-${String(number).padStart(6, '0')}${suffix}`;
}

function readName(name: string): { name: string; number: number }[] {
  const number = NAME.exec(name)?.[1];
  return number === undefined ? [] : [{ name, number: Number(number) }];
}

function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error; // somebody was faster
}

/** The first error is the one that is reported. */
function ignore(): undefined {
  return undefined;
}
