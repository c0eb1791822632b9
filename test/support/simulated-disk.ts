/**
 * A disk in memory that behaves as badly as a real one: it fills up, fails, hangs, writes less than asked, dies in
 * the middle of any operation, and forgets what was not synced.
 *
 * Content and names are kept twice: as every process sees them, and as they are on the platter. `datasync`
 * carries content over, `syncDirectory` names. After a power cut any prefix of what was not carried over may
 * be there, its last write torn at any octet. A failed datasync drops what it should have carried: the next
 * one reports success all the same, as Linux does.
 */
import { dirname, basename } from 'node:path';
import type { File, FileSystem, OpenMode, Sight } from '../../lib/storage/journal/file-system.js';

export type Operation =
  | 'makeDirectory'
  | 'look'
  | 'list'
  | 'open'
  | 'rename'
  | 'remove'
  | 'modifiedAt'
  | 'touch'
  | 'syncDirectory'
  | 'read'
  | 'write'
  | 'datasync'
  | 'truncate'
  | 'size'
  | 'close';

/** Picks an integer from 0 to `max`, both included: how much of what was not synced survives. */
export type Chance = (max: number) => number;

type ContentChange = { readonly at: number; readonly bytes: Buffer } | { readonly cutTo: number };
interface NameChange {
  readonly name: string;
  readonly inode: Inode | undefined;
}

interface Inode {
  content: Buffer;
  platter: Buffer;
  unsynced: ContentChange[];
  /** Some changes that are in the content will never reach the platter. */
  hasDropped: boolean;
  modifiedAt: number;
}

export class SimulatedDisk implements FileSystem {
  #names = new Map<string, Inode>();
  #platterNames = new Map<string, Inode>();
  #unsyncedNames: NameChange[] = [];
  #directories = new Set<string>();
  #life = 0;
  #operationsLeft = Infinity;

  /** Octets that files may have in all. */
  capacity = Infinity;
  /** Octets a single write takes at most. */
  writeMax = Infinity;
  /** Asked before every operation; an error code makes it fail. */
  fail: (operation: Operation, path: string) => string | undefined = () => undefined;
  /** Asked before every operation; true makes it hang until `release`. */
  hang: (operation: Operation, path: string) => boolean = () => false;
  /** Operations so far. */
  operations = 0;
  /** Files that are open. */
  descriptors = 0;
  #hanging: (() => void)[] = [];

  /** The disk comes round: what hangs goes on, in its order. */
  release(): void {
    this.hang = () => false;
    for (const goOn of this.#hanging.splice(0)) goOn();
  }

  /** Lets `operations` more begin; the machine stops at the next one. */
  dieAfter(operations: number): void {
    this.#operationsLeft = operations;
  }

  /** The process is gone, the machine is not: what was written stays. Open files never answer again. */
  kill(): void {
    this.#life++;
    this.#operationsLeft = Infinity;
    this.#hanging = [];
    this.descriptors = 0;
  }

  /**
   * Power cut: of what was not synced, `chance` decides how much is there. The disk may have carried it over
   * from the last to the first.
   */
  cutPower(chance: Chance, order: 'forwards' | 'backwards' = 'forwards'): void {
    this.kill();
    const survivors = <Step>(steps: readonly Step[]): readonly Step[] => {
      const kept = chance(steps.length);
      return order === 'forwards' ? steps.slice(0, kept) : steps.slice(steps.length - kept);
    };
    for (const { name, inode } of survivors(this.#unsyncedNames)) setName(this.#platterNames, name, inode);
    this.#unsyncedNames = [];
    this.#names = new Map(this.#platterNames);
    for (const inode of this.#names.values()) {
      const kept = survivors(inode.unsynced);
      let platter = kept.reduce(changed, inode.platter);
      const torn = order === 'forwards' ? inode.unsynced[kept.length] : undefined;
      if (torn && 'bytes' in torn) {
        platter = changed(platter, { at: torn.at, bytes: torn.bytes.subarray(0, chance(torn.bytes.length)) });
      }
      Object.assign(inode, { content: platter, platter, unsynced: [], hasDropped: false });
    }
  }

  /** Content of a file, as every process sees it. */
  contentOf(path: string): Buffer {
    return Buffer.from(this.#inode(path).content);
  }

  /** Puts a file in place, synced. */
  put(path: string, content: Buffer): void {
    const inode: Inode = { content, platter: content, unsynced: [], hasDropped: false, modifiedAt: 0 };
    this.#directories.add(dirname(path));
    this.#names.set(path, inode);
    this.#platterNames.set(path, inode);
  }

  /** One octet of a file goes bad, on the platter and for all who have it open. */
  rot(path: string, at: number): void {
    const inode = this.#inode(path);
    const bytes = Buffer.from([(inode.content[at] ?? 0) ^ 1]);
    inode.content = changed(inode.content, { at, bytes });
    inode.platter = changed(inode.platter, { at, bytes });
  }

  /** Paths of all files. */
  get paths(): readonly string[] {
    return [...this.#names.keys()];
  }

  makeDirectory(path: string): Promise<void> {
    return this.#run('makeDirectory', path, () => void this.#directories.add(path));
  }

  look(path: string): Promise<Sight> {
    return this.#run('look', path, () => {
      const isDirectory = this.#directories.has(path);
      if (!isDirectory) this.#inode(path);
      return { kind: isDirectory ? 'directory' : 'file', isOwn: true, isOpenToOthers: false };
    });
  }

  list(directory: string): Promise<readonly string[]> {
    return this.#run('list', directory, () =>
      this.paths.filter((path) => dirname(path) === directory).map((path) => basename(path)),
    );
  }

  open(path: string, mode: OpenMode): Promise<File> {
    return this.#run('open', path, () => {
      if (mode === 'existing') return this.#file(path, this.#inode(path));
      if (this.#names.has(path)) throw failure('EEXIST', path);
      const inode: Inode = {
        content: Buffer.alloc(0),
        platter: Buffer.alloc(0),
        unsynced: [],
        hasDropped: false,
        modifiedAt: 0,
      };
      this.#rename(path, inode);
      return this.#file(path, inode);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#run('rename', from, () => {
      const inode = this.#inode(from);
      this.#rename(from, undefined);
      this.#rename(to, inode);
    });
  }

  remove(path: string): Promise<void> {
    return this.#run('remove', path, () => {
      this.#inode(path);
      this.#rename(path, undefined);
    });
  }

  modifiedAt(path: string): Promise<number> {
    return this.#run('modifiedAt', path, () => this.#inode(path).modifiedAt);
  }

  touch(path: string, at: number): Promise<void> {
    return this.#run('touch', path, () => void (this.#inode(path).modifiedAt = at));
  }

  syncDirectory(directory: string): Promise<void> {
    return this.#run('syncDirectory', directory, () => {
      for (const { name, inode } of this.#unsyncedNames) setName(this.#platterNames, name, inode);
      this.#unsyncedNames = [];
    });
  }

  #file(path: string, inode: Inode): File {
    const life = this.#life;
    let isOpen = true;
    this.descriptors += 1;
    const run = <Result>(operation: Operation, perform: () => Result): Promise<Result> =>
      life === this.#life ? this.#run(operation, path, perform) : NEVER;
    return {
      read: (target, position) =>
        run('read', () => inode.content.copy(target, 0, Math.min(position, inode.content.length))),
      write: (source, position) =>
        run('write', () => {
          const room = Math.max(0, this.capacity - this.used + inode.content.length - position);
          const bytes = Buffer.from(source.subarray(0, Math.min(source.length, room, this.writeMax)));
          if (bytes.length === 0 && source.length > 0) throw failure('ENOSPC', path);
          change(inode, { at: position, bytes });
          return bytes.length;
        }),
      datasync: () =>
        run('datasync', () => {
          inode.platter = inode.hasDropped ? inode.unsynced.reduce(changed, inode.platter) : inode.content;
          inode.unsynced = [];
        }).catch((error: unknown) => {
          inode.hasDropped ||= inode.unsynced.length > 0;
          inode.unsynced = [];
          throw error;
        }),
      truncate: (cutTo) => run('truncate', () => change(inode, { cutTo })),
      size: () => run('size', () => inode.content.length),
      close: () =>
        run('close', () => undefined).finally(() => {
          if (isOpen) this.descriptors -= 1; // also when it fails, as Linux does
          isOpen = false;
        }),
    };
  }

  async #run<Result>(operation: Operation, path: string, perform: () => Result): Promise<Result> {
    const life = this.#life;
    if (this.#operationsLeft <= 0) return NEVER;
    this.#operationsLeft--;
    this.operations++;
    await Promise.resolve();
    if (this.hang(operation, path)) await new Promise<void>((resolve) => this.#hanging.push(resolve));
    if (life !== this.#life) return NEVER;
    const code = this.fail(operation, path);
    if (life !== this.#life) return NEVER; // the fault was the end of the process
    if (code !== undefined) throw failure(code, path);
    return perform();
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path);
    if (!inode) throw failure('ENOENT', path);
    return inode;
  }

  #rename(name: string, inode: Inode | undefined): void {
    setName(this.#names, name, inode);
    this.#unsyncedNames.push({ name, inode });
  }

  /** Octets that all files have. */
  get used(): number {
    let octets = 0;
    for (const { content } of this.#names.values()) octets += content.length;
    return octets;
  }
}

const NEVER = new Promise<never>(() => undefined);

function failure(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code });
}

function setName(names: Map<string, Inode>, name: string, inode: Inode | undefined): void {
  if (inode) names.set(name, inode);
  else names.delete(name);
}

function change(inode: Inode, step: ContentChange): void {
  inode.content = changed(inode.content, step);
  inode.unsynced.push(step);
}

/** What stands in the memory of a content ends here; a content that ends there too may grow in place. */
const ends = new WeakMap<ArrayBufferLike, number>();

/** A content is never changed: what is put behind it is seen by who has the longer one alone. */
function changed(content: Buffer, step: ContentChange): Buffer {
  if ('cutTo' in step) return content.subarray(0, step.cutTo);
  const { at, bytes } = step;
  const length = Math.max(content.length, at + bytes.length);
  const { buffer, byteOffset } = content;
  const isLast = at === content.length && ends.get(buffer) === byteOffset + content.length;
  const hasRoom = isLast && byteOffset + length <= buffer.byteLength;
  const whole = hasRoom ? Buffer.from(buffer, byteOffset, length) : grown(content, length);
  bytes.copy(whole, at);
  ends.set(whole.buffer, whole.byteOffset + length);
  return whole;
}

/** With room for twice as much, so that a file that grows is not copied at each write. */
function grown(content: Buffer, length: number): Buffer {
  const room = Buffer.alloc(2 * length);
  content.copy(room);
  return room.subarray(0, length);
}
