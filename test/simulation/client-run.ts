/**
 * One run of the real engine, from a start to its end: by `stop`, or by a crash, after which nothing of it acts on
 * the world any more.
 */
import type { Duplex } from 'node:stream';
import type { Millis } from '../../lib/clock.js';
import { Engine } from '../../lib/engine.js';
import { readGatewayOptions, type GatewayOptions, type GatewaySettings } from '../../lib/gateway-options.js';
import type { Processes } from '../../lib/storage/journal/owner.js';
import { journalStorage } from '../../lib/storage/journal-storage.js';
import { isRecord } from '../../lib/stored-shapes.js';
import type { Storage } from '../../lib/storage/storage.js';
import type { SimulatedDisk } from '../support/simulated-disk.js';
import type { Chance } from './chance.js';
import { watchObjects } from './leftovers.js';
import type { RunSeen } from './ledger.js';
import { MachineClock, type WallClock } from './machine-clock.js';
import { mortalDisk } from './mortal-disk.js';
import type { Plan } from './plan.js';
import type { Smsc } from './smsc.js';
import { type BadOctets, isBad, isRotten, unreadable } from './unreadable.js';
import type { VirtualTime } from './virtual-time.js';

export const DIRECTORY = '/journal';

export interface RunWorld {
  readonly time: VirtualTime;
  readonly wall: WallClock;
  readonly disk: SimulatedDisk;
  /** Of all runs, where nothing is kept on the disk. */
  readonly memory: Storage | undefined;
  readonly smsc: Smsc;
  readonly chance: Chance;
  /** What a planted bug puts around the storage. */
  readonly aroundStorage: (storage: Storage) => Storage;
  /** How long a sync takes now. */
  readonly syncMs: () => Millis;
  readonly plan: Pick<
    Plan,
    | 'bounds'
    | 'syncMaxMs'
    | 'subscribesAfterMs'
    | 'crashAfter'
    | 'insideLong'
    | 'countsLeftovers'
    | 'hasUnreadable'
    | 'hasRotten'
    | 'isInMemory'
    | 'healedAt'
    | 'listeners'
  >;
  readonly log: (line: string) => void;
}

export class ClientRun {
  readonly seen: RunSeen;
  readonly clock: MachineClock;
  readonly engine: Engine;
  readonly settings: GatewaySettings;
  readonly storage: Storage;
  readonly #world: RunWorld;
  #isAlive = true;
  #operationsLeft = Infinity;
  #died: () => void = () => undefined;
  /** Takes SMS in. */
  isUp = false;
  /** That it gave last. */
  lastId = '';

  constructor(world: RunWorld, seen: RunSeen, options: GatewayOptions, processes: Processes) {
    this.seen = seen;
    this.#world = world;
    this.clock = new MachineClock(world.time, world.wall);
    this.settings = readGatewayOptions({
      ...options,
      clock: this.clock,
      log: (level, line) => world.log(`${level}: ${line}`),
    });
    const storage = world.memory ?? this.#journal(processes);
    this.storage = world.aroundStorage(
      world.plan.hasUnreadable || world.plan.hasRotten
        ? unreadable(storage, this.clock, this.#badOctets())
        : storage,
    );
    if (world.plan.countsLeftovers) watchObjects();
    this.engine = new Engine({
      settings: this.settings,
      storage: this.storage,
      connect: (host, _port, signal) => this.#connect(host, signal),
      count: () => undefined,
      changed: () => undefined,
      bounds: world.plan.bounds,
      chance: { random: () => world.chance.next(), newId: () => this.#newId() },
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Dies at the next file operation after so many. */
  dieAfterOperations(operations: number, died: () => void): void {
    this.#operationsLeft = operations;
    this.#died = died;
  }

  /** From here on nothing it does has an effect. */
  die(isPowerCut: boolean): void {
    this.#isAlive = false;
    this.isUp = false;
    this.clock.stop();
    for (const { link, run } of this.#world.smsc.links) {
      if (run === this.seen.number && link.isOpen) link.clientDied(isPowerCut);
    }
  }

  #journal(processes: Processes): Storage {
    const { disk, time, syncMs } = this.#world;
    const files = mortalDisk(disk, {
      isAlive: () => this.#isAlive,
      step: () => this.#step(),
      sync: () =>
        new Promise((resolve) => {
          time.schedule(syncMs(), 'input', () => {
            if (this.#isAlive) resolve();
          });
        }),
    });
    return journalStorage({
      directory: DIRECTORY,
      clock: this.clock,
      files,
      processes,
      bounds: this.#world.plan.bounds,
      isRecord,
      onWarning: (line) => this.#world.log(line),
    });
  }

  #badOctets(): BadOctets {
    const { time, plan, smsc } = this.#world;
    const { ledger } = smsc;
    return {
      isUnreadable: (id) => {
        if (!plan.hasUnreadable || time.now > plan.healedAt || !isBad(id)) return false;
        ledger.saw('SMS that cannot be read for a while');
        return true;
      },
      isRotten: (table, key) => {
        if (!plan.hasRotten || !isRotten(table, key)) return false;
        ledger.saw(`${table} that went bad after the start`);
        if (table === 'result' || table === 'event') ledger.rotten.add(table);
        return true;
      },
      hang: (reads, until) => {
        // With so many it is the whole disk.
        if (reads < plan.bounds.hangingReads) return;
        ledger.diskTroubledUntil = Math.max(ledger.diskTroubledUntil, until);
      },
    };
  }

  #step(): boolean {
    if (!this.#isAlive) return false;
    this.#operationsLeft -= 1;
    if (this.#operationsLeft >= 0) return true;
    this.#died();
    return false;
  }

  #connect(name: string, signal: AbortSignal): Promise<Duplex> {
    const host = this.#world.smsc.hosts.find((each) => each.name === name)!;
    return host.connect(signal, this.seen.number, () => this.#isAlive);
  }

  #newId(): string {
    this.lastId = `${Math.floor(this.#world.chance.next() * 0x1_0000_0000).toString(16)}-${this.#world.time.events}`;
    return this.lastId;
  }
}
