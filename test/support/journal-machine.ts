/** A machine with a simulated disk on which runtimes with a journal are started, killed and started again. */
import { DEFAULT_BOUNDS, type Bounds } from '../../lib/bounds.js';
import { journalStorage, type JournalStorage } from '../../lib/storage/journal-storage.js';
import type { FileSystem } from '../../lib/storage/journal/file-system.js';
import type { Owner, Processes } from '../../lib/storage/journal/owner.js';
import { TABLES, type Storage, type Table } from '../../lib/storage/storage.js';
import { FakeClock } from './fake-clock.js';
import { SimulatedDisk } from './simulated-disk.js';

export const DIRECTORY = '/journal';

/** Everything in a storage, tables and keys in their order. */
export type Contents = readonly (readonly [table: Table, key: string, value: unknown])[];

export class JournalMachine {
  readonly disk: SimulatedDisk;
  readonly clock = new FakeClock();
  readonly warnings: string[] = [];
  #alive = new Set<number>();
  #pid = 0;

  readonly #bounds: Partial<Bounds>;

  constructor(disk = new SimulatedDisk(), bounds: Partial<Bounds> = {}) {
    this.disk = disk;
    this.#bounds = bounds;
    this.disk.put(`${DIRECTORY}/reserve`, RESERVE);
  }

  /** A storage of a runtime that has just started; not opened. */
  start(directory = DIRECTORY): JournalStorage {
    const pid = ++this.#pid;
    this.#alive.add(pid);
    return journalStorage({
      directory,
      clock: this.clock,
      files: this.#filesOf(pid),
      processes: this.#processes(pid),
      bounds: { ...DEFAULT_BOUNDS, ...this.#bounds },
      onWarning: (warning) => this.warnings.push(warning),
    });
  }

  /** A storage that is open. */
  async open(directory = DIRECTORY): Promise<JournalStorage> {
    const storage = this.start(directory);
    await this.meanwhile(storage.open());
    return storage;
  }

  /** Lets time pass until it is over: a lock that is being taken over waits for that. */
  async meanwhile(work: Promise<void>): Promise<void> {
    const isOver = work.then(
      () => true,
      () => true,
    );
    const soon = (): Promise<boolean> => new Promise((resolve) => setImmediate(resolve, false));
    while (!(await Promise.race([isOver, soon()]))) await this.clock.advance(250);
    await work;
  }

  /** All runtimes are killed. Their timers may still fire; the disk does not answer them. */
  kill(): void {
    this.#alive.clear();
    this.disk.kill();
  }

  /** As `kill`, and what was not synced is lost but for what `chance` leaves. */
  cutPower(...how: Parameters<SimulatedDisk['cutPower']>): void {
    this.#alive.clear();
    this.disk.cutPower(...how);
  }

  /** Names of the journal's files, in order. */
  get journals(): readonly string[] {
    return this.disk.paths.filter((path) => path.includes('journal-')).sort();
  }

  #filesOf(pid: number): FileSystem {
    return new Proxy<FileSystem>(this.disk, {
      get: (disk, name: keyof FileSystem) => {
        const perform = disk[name] as (...given: unknown[]) => Promise<unknown>;
        return (...given: unknown[]) => (this.#alive.has(pid) ? perform.apply(disk, given) : NEVER);
      },
    });
  }

  #processes(pid: number): Processes {
    const self: Owner = { host: 'machine', boot: 'first', pid, started: String(pid) };
    return { self, isAlive: (owner) => this.#alive.has(owner.pid) };
  }
}

/** Everything a storage has. */
export async function contentsOf(storage: Storage): Promise<Contents> {
  const contents: [Table, string, unknown][] = [];
  for (const table of TABLES) {
    for await (const [key, value] of storage.scan(table)) contents.push([table, key, value]);
  }
  return contents;
}

const NEVER = new Promise<never>(() => undefined);

/** One for all machines: a megabyte each would be most of what the tests do. */
const RESERVE = Buffer.alloc(1024 * 1024);
