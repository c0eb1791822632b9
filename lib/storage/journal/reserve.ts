/**
 * A file that takes up room while there is some, so that results can still be recorded on a full disk.
 *
 * When the disk is full it is deleted, and until it can be made again nothing new is taken into the outbox:
 * the room is for what is known of the SMS that are in it already.
 */
import { join } from 'node:path';
import type { Bounds } from '../../bounds.js';
import { errorCode, writeFully, type File, type FileSystem } from './file-system.js';

/** Its name. */
export const RESERVE = 'reserve';

export class Reserve {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #octets: number;
  #spent = false;
  /** How often the room was freed. */
  #releases = 0;

  constructor(files: FileSystem, directory: string, { reserveOctets }: Pick<Bounds, 'reserveOctets'>) {
    this.#files = files;
    this.#path = join(directory, RESERVE);
    this.#octets = reserveOctets;
  }

  /** Whether the disk is so full that the room is in use, or could not be kept free. */
  get spent(): boolean {
    return this.#spent;
  }

  /** Takes the room up. Never rejects: a disk that fails otherwise is found out by the journal itself. */
  async take(): Promise<void> {
    const releases = this.#releases;
    try {
      await this.#fill();
      this.#spent = this.#releases !== releases; // freed while it was being taken up
    } catch (error) {
      this.#spent = isDiskFull(error) || this.#releases !== releases;
      await this.#remove();
    }
  }

  /** Frees the room. Returns whether there was any. */
  async release(): Promise<boolean> {
    this.#spent = true;
    this.#releases += 1;
    return this.#remove();
  }

  async #fill(): Promise<void> {
    const file = await this.#create();
    if (file === undefined) return;
    try {
      await writeFully(file, Buffer.alloc(this.#octets), 0);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** Undefined when it is there, whole. One that is not is removed, and not written over. */
  async #create(): Promise<File | undefined> {
    try {
      return await this.#files.open(this.#path, 'create');
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const present = await this.#files.open(this.#path, 'existing');
    const octets = await present.size().finally(() => present.close());
    if (octets >= this.#octets) return undefined;
    await this.#files.remove(this.#path);
    return this.#files.open(this.#path, 'create');
  }

  #remove(): Promise<boolean> {
    return this.#files.remove(this.#path).then(
      () => true,
      () => false,
    );
  }
}

/** Whether an operation failed for want of room. */
export function isDiskFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
