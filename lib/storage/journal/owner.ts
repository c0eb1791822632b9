/**
 * Which process this is, and whether another one still lives.
 *
 * A process id alone says little: ids come round again, and every container has its own. With the boot, the
 * id space and the time of start beside it (Linux) it names one process for good. What cannot be told for
 * certain is said to be unknown; the lock then goes by the heartbeat.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Owner {
  readonly host: string;
  /** One running of one kernel, and the id space within it; empty when the system does not tell. */
  readonly boot: string;
  readonly pid: number;
  /** When the process started, in the system's own terms; empty when it does not tell. */
  readonly started: string;
}

export interface Processes {
  readonly self: Owner;
  /** Whether the process lives; undefined when that cannot be told from here. */
  isAlive(owner: Owner): boolean | undefined;
}

export const systemProcesses: Processes = {
  self: { host: hostname(), boot: readBoot(), pid: process.pid, started: readStarted(process.pid) },

  isAlive(owner) {
    const { host, boot } = systemProcesses.self;
    if (owner.host !== host || owner.boot !== boot) return undefined;
    if (!answersSignals(owner.pid)) return false;
    const started = readStarted(owner.pid);
    if (started !== '' && owner.started !== '') return started === owner.started;
    return owner.pid === process.pid ? true : undefined;
  },
};

function readBoot(): string {
  const boot = quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  return boot === '' ? '' : `${boot} ${quietly(() => readlinkSync('/proc/self/ns/pid'))}`;
}

/** Field 22 of /proc/[pid]/stat (proc(5)), counted from behind the name, which may hold spaces and brackets. */
function readStarted(pid: number): string {
  return quietly(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  });
}

/** Signal 0 only asks; EPERM means that the process lives and belongs to another user. */
function answersSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Systems without /proc are no failure: they just tell less. */
function quietly(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
