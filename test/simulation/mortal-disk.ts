/**
 * The simulated disk as one process sees it: syncing takes time, and a process that has died gets no answer any
 * more, nor does it change anything.
 */
import type { File, FileSystem, OpenMode } from '../../lib/storage/journal/file-system.js';
import type { SimulatedDisk } from '../support/simulated-disk.js';

export interface Life {
  /** Called before each operation; false when the process is dead. */
  readonly step: () => boolean;
  readonly isAlive: () => boolean;
  /** Resolves when a sync has taken its time. */
  readonly sync: () => Promise<void>;
}

/** Never settles. */
const NEVER = new Promise<never>(() => undefined);

export function mortalDisk(disk: SimulatedDisk, life: Life): FileSystem {
  const run = async <Result>(operation: () => Promise<Result>): Promise<Result> => {
    if (!life.step()) return NEVER;
    try {
      const result = await operation();
      return life.isAlive() ? result : await NEVER;
    } catch (error) {
      if (life.isAlive()) throw error;
      return NEVER;
    }
  };
  const synced = async (operation: () => Promise<void>): Promise<void> => {
    await life.sync();
    await run(operation);
    await life.sync();
  };
  const mortalFile = (file: File): File => ({
    read: (target, position) => run(() => file.read(target, position)),
    write: (source, position) => run(() => file.write(source, position)),
    datasync: () => synced(() => file.datasync()),
    truncate: (length) => run(() => file.truncate(length)),
    size: () => run(() => file.size()),
    close: () => run(() => file.close()),
  });
  return {
    makeDirectory: (path) => run(() => disk.makeDirectory(path)),
    look: (path) => run(() => disk.look(path)),
    list: (directory) => run(() => disk.list(directory)),
    open: async (path: string, mode: OpenMode) => mortalFile(await run(() => disk.open(path, mode))),
    rename: (from, to) => run(() => disk.rename(from, to)),
    remove: (path) => run(() => disk.remove(path)),
    modifiedAt: (path) => run(() => disk.modifiedAt(path)),
    touch: (path, at) => run(() => disk.touch(path, at)),
    syncDirectory: (directory) => run(() => disk.syncDirectory(directory)),
  };
}
