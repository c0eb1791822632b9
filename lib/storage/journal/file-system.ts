/**
 * The few file operations the journal needs, and the machine's own.
 *
 * A seam: tests and the simulation put a disk of their own behind it, one that fills up, fails, writes less
 * than asked and loses what was not synced. Errors carry Node's `code` (`ENOSPC`, `EIO`, `ENOENT`, …).
 * Nothing here is renamed over an open file, which Windows and NFS do not allow.
 */
import { constants, fdatasync, write, type Stats } from 'node:fs';
import { lstat, lutimes, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import type { EpochMs } from '../../clock.js';

/**
 * `create`: new, EEXIST when the name is taken · `existing`: to read, to cut and to sync; ELOOP when it is a link.
 * Both readable and writable: a file can be synced on Windows only by who may write it.
 */
export type OpenMode = 'create' | 'existing';

export interface File {
  /** Fills `target` from `position`; resolves to the number of octets read, fewer at the end of the file. */
  read(target: Buffer, position: number): Promise<number>;
  /** Resolves to the number of octets written, which may be fewer than given. */
  write(source: Buffer, position: number): Promise<number>;
  /** Resolves when everything written is on the disk. */
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  size(): Promise<number>;
  /** Waits for reads under way. */
  close(): Promise<void>;
}

/** What a name in a directory stands for. */
export interface Sight {
  readonly kind: 'file' | 'directory' | 'link' | 'other';
  /** It belongs to the user that this process runs as; always where the system does not tell. */
  readonly isOwn: boolean;
  /** Others than its owner may write to it. */
  readonly isOpenToOthers: boolean;
}

export interface FileSystem {
  /** With its parents; nothing when it is there. */
  makeDirectory(path: string): Promise<void>;
  /** A link is not followed. */
  look(path: string): Promise<Sight>;
  /** Names in a directory. */
  list(directory: string): Promise<readonly string[]>;
  open(path: string, mode: OpenMode): Promise<File>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  modifiedAt(path: string): Promise<EpochMs>;
  /** Sets the time of modification. */
  touch(path: string, at: EpochMs): Promise<void>;
  /** Resolves when names made and removed in the directory are on the disk. */
  syncDirectory(directory: string): Promise<void>;
}

/** Records hold phone numbers and texts: nobody but their owner may read them. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const WRITABLE_BY_OTHERS = 0o022;

/** Nothing that is read from a pipe would ever end: it is opened without waiting, and has no size. Windows has neither flag. */
const EXISTING =
  constants.O_RDWR |
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) |
  ((constants.O_NONBLOCK as number | undefined) ?? 0);

export const systemFiles: FileSystem = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
  },
  async look(path) {
    const stats = await lstat(path);
    const user = process.geteuid?.();
    const isOpenToOthers = user !== undefined && (stats.mode & WRITABLE_BY_OTHERS) !== 0;
    return { kind: kindOf(stats), isOwn: user === undefined || stats.uid === user, isOpenToOthers };
  },
  list: (directory) => readdir(directory),
  async open(path, mode) {
    const handle = await open(path, mode === 'create' ? 'wx+' : EXISTING, FILE_MODE);
    return {
      read: async (target, position) => (await handle.read(target, 0, target.length, position)).bytesRead,
      write: (source, position) => writeTo(handle.fd, source, position),
      datasync: () => datasyncOf(handle.fd),
      truncate: (length) => handle.truncate(length),
      size: async () => (await handle.stat()).size,
      close: () => handle.close(),
    };
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => unlink(path),
  modifiedAt: async (path) => (await lstat(path)).mtimeMs,
  async touch(path, at) {
    await lutimes(path, at / 1000, at / 1000);
  },
  async syncDirectory(directory) {
    if (process.platform === 'win32') return; // it opens no directories, and NTFS logs names by itself
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

function kindOf(stats: Stats): Sight['kind'] {
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isDirectory()) return 'directory';
  return stats.isFile() ? 'file' : 'other';
}

/**
 * These two are what every group costs: by callback, a third of the time that a `FileHandle` takes for them. It does not
 * wait for them when it is closed; the journal closes a file only when none of them is under way.
 */
function writeTo(fd: number, source: Buffer, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, source, 0, source.length, position, (error, octets) => {
      if (error) reject(error);
      else resolve(octets);
    });
  });
}

function datasyncOf(fd: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fdatasync(fd, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** Reads until `target` is full or the file ends; resolves to the number of octets read. */
export async function readFully(file: File, target: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const octets = await file.read(target.subarray(filled), position + filled);
    if (octets === 0) break;
    filled += octets;
  }
  return filled;
}

/** Writes all of `source`, however little the disk takes at a time. */
export async function writeFully(file: File, source: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < source.length) {
    written += await file.write(source.subarray(written), position + written);
  }
}

/** Node's error code of a failed file operation, such as `ENOSPC`. */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
