/**
 * One Node-RED on which cells of the matrix are played, one after the other; it is started again where one ends it.
 *
 * A cell: a flow is deployed that gives msgs from its first moment on; after some of them the deed is done; after some
 * more Node-RED is ended, or not. Then the store is sound, and the flow as it was: everything is to come to its end.
 */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { startSimulator } from '../../../lib/simulator/simulator.js';
import { systemProcesses } from '../../../lib/storage/journal/owner.js';
import type { Chance } from '../../simulation/chance.js';
import type { Flow } from '../flow.js';
import { NodeRed } from '../node-red.js';
import type { Cell, Deed, Load, Store } from './cells.js';
import { Outcomes, type Faults, type MatrixReport } from './outcomes.js';
import { flowOf, STORE, withCredentials, type Scene } from './scene.js';

/** Where the deed leaves no flow that is given msgs. */
const MOMENT_MAX_MS = 300;
/** A cell, also on a busy machine. */
const HUNG_MS = 120_000;
const SLOW_MS = 40;
const NO_FEED = { left: 0 };
const SOUND = { folder: '', delayMs: 0 };

const FORGETS: ReadonlySet<Store> = new Set(['full', 'read-only']);

const ANOTHER_MACHINE = { host: 'another', boot: 'another', pid: 1, started: '1' };

export interface Played {
  readonly faults: Faults;
  /** It did not come to its end. */
  readonly hangs: boolean;
  readonly log: readonly string[];
}

export class Stage {
  readonly #userDir = mkdtempSync(path.join(tmpdir(), 'smpp-matrix-'));
  #nodeRed: NodeRed | undefined;
  #outcomes: Outcomes | undefined;
  readonly #report = (report: MatrixReport): void => this.#outcomes?.report(report);

  async play(cell: Cell, chance: Chance): Promise<Played> {
    const simulator = await startSimulator({
      responseDelayMs: chance.oneOf([0, 10, 100]),
      receiptDelayMs: chance.oneOf([0, 50, 200]),
    });
    const folder = path.join(this.#userDir, `cell-${cell.index}`);
    const scene = { simulator, folder, storage: cell.storage, isTogether: chance.happens(0.3) };
    const outcomes = (this.#outcomes = new Outcomes(simulator, FORGETS.has(cell.store)));
    const hung = after(HUNG_MS, true, { ref: false });
    const whole = this.#perform(cell, scene, chance).then(() => outcomes.complete());
    const hangs = (await Promise.race([hung, whole])) === true;
    const log = outcomes.log.map(({ level, line }) => `${level}: ${line}`);
    const played = { faults: outcomes.faults(), hangs, log };
    if (hangs) await this.#kill();
    else await this.#nodeRed?.deploy('full', []);
    await simulator.stop();
    return played;
  }

  async end(): Promise<void> {
    await this.#nodeRed?.stop();
    rmSync(this.#userDir, { recursive: true });
  }

  async #kill(): Promise<void> {
    this.#nodeRed?.signal('SIGKILL');
    await this.#nodeRed?.ended();
    this.#nodeRed = undefined;
  }

  async #perform(cell: Cell, scene: Scene, chance: Chance): Promise<void> {
    const outcomes = this.#outcomes!;
    const flow = flowOf(scene);
    const begun = this.#beginWith(cell, scene, chance);
    const isEnded = cell.deed.kind === 'SIGTERM';
    if (!isEnded) await begun;
    await outcomes.reaches(chance.oneOf([1, 2, 5, 10, 20]), chance.oneOf([0, 0, 1, 10]));
    this.#nodeRed?.tell({ store: storeOf(scene, cell.store) }); // where it was sound up to now
    const done = isEnded ? Promise.resolve() : this.#do(cell, scene, flow);
    done.catch(() => undefined); // Node-RED may be ended meanwhile
    const isEndedToo = isEnded || isEndedAfter(cell, chance);
    if (!isEndedToo || chance.happens(0.5)) await done;
    const more = outcomes.reaches(outcomes.handedCount + chance.oneOf([0, 1, 5, 20]), 0);
    if (!isEnded) await Promise.race([more, after(MOMENT_MAX_MS)]);
    if (isEndedToo) await this.#startAgain(cell, scene);
    const areStopped = cell.deed.kind === 'stop the flows' && !isEndedToo;
    await this.#restore(cell, scene, areStopped);
  }

  /** From the first moment or from the deed on the store is what the cell says. */
  async #beginWith({ store, load }: Cell, scene: Scene, chance: Chance): Promise<void> {
    lockStore(scene, store);
    const first = chance.happens(0.6) ? storeOf(scene, store) : SOUND;
    await this.#begin(flowOf(scene), { next: 1, ...msgsOf(load, chance) }, first);
  }

  async #begin(flow: Flow, feed: object, store: object): Promise<void> {
    if (this.#nodeRed === undefined) return this.#launch(flow, feed, store);
    this.#nodeRed.tell({ feed, store });
    await this.#nodeRed.deploy('full', withCredentials(flow));
  }

  async #launch(flow: Flow | undefined, feed: object, store: object): Promise<void> {
    this.#nodeRed = NodeRed.launch(this.#userDir, {
      ...(flow && { flow }),
      report: this.#report,
      preload: 'matrix/inside.mjs',
      env: { SMPP_TEST_FEED: JSON.stringify(feed), SMPP_TEST_STORE: JSON.stringify(store) },
    });
    await this.#nodeRed.started();
  }

  async #do({ deed, storage }: Cell, scene: Scene, flow: Flow): Promise<void> {
    const nodeRed = this.#nodeRed!;
    if (deed.kind === 'stop the flows') await nodeRed.turnFlows('stop');
    if (deed.kind === 'disconnect') await nodeRed.hand({ action: 'disconnect' });
    if (deed.kind !== 'deploy') return;
    await nodeRed.deploy(deed.type, deed.act.edit(flow.nodes, scene));
    if (isMemoryLost(deed, storage)) this.#outcomes?.giveUpReceipts();
  }

  async #restore({ deed, store, storage }: Cell, scene: Scene, areStopped: boolean): Promise<void> {
    const nodeRed = this.#nodeRed!;
    nodeRed.tell({ feed: NO_FEED, store: SOUND });
    unlockStore(scene, store);
    if (areStopped) await nodeRed.turnFlows('start');
    await nodeRed.deploy('full', withCredentials(flowOf(scene)));
    if (isMeanwhileLost(deed) || isMemoryLost(deed, storage)) this.#outcomes?.giveUpReceipts();
  }

  /** With the flows that it has by then. */
  async #startAgain(cell: Cell, scene: Scene): Promise<void> {
    const nodeRed = this.#nodeRed!;
    nodeRed.signal('SIGTERM');
    await nodeRed.ended();
    this.#nodeRed = undefined;
    if (cell.storage === 'memory' || isStorageChanged(cell.deed)) this.#outcomes?.giveUpReceipts();
    unlockStore(scene, cell.store);
    this.#outcomes?.nextProcess();
    // Node-RED keeps in it that the flows were stopped.
    rmSync(path.join(this.#userDir, '.config.runtime.json'), { force: true });
    await this.#launch(undefined, NO_FEED, SOUND);
  }
}

function isMemoryLost(deed: Deed, storage: Cell['storage']): boolean {
  return storage === 'memory' && deed.kind === 'deploy' && deed.act.losesReceipts?.memory === true;
}

/** Not where another store has SMS by then: a start that is cut short does not know of them. */
function isEndedAfter({ deed }: Cell, chance: Chance): boolean {
  return chance.happens(0.25) && !isMeanwhileLost(deed);
}

function isStorageChanged(deed: Deed): boolean {
  return deed.kind === 'deploy' && deed.act.name === 'the storage is changed';
}

function isMeanwhileLost(deed: Deed): boolean {
  return deed.kind === 'deploy' && deed.act.losesReceipts?.meanwhile === true;
}

function msgsOf(load: Load, chance: Chance): { readonly left: number; readonly sizes: readonly number[] } {
  if (load === 'single') return { left: 150, sizes: [1] };
  if (load === 'arrays') return { left: 40, sizes: Array.from({ length: 7 }, () => chance.integer(1, 30)) };
  return { left: 20, sizes: [4_000, ...Array.from({ length: 19 }, () => 1)] };
}

function storeOf({ folder }: Scene, store: Store): object {
  const failures: Partial<Record<Store, string>> = { full: 'ENOSPC', 'read-only': 'EROFS' };
  return { folder, delayMs: store === 'slow' ? SLOW_MS : 0, failure: failures[store] };
}

/** Puts the lock of another into it. */
function lockStore({ folder }: Scene, store: Store): void {
  if (store !== 'locked' && store !== 'held') return;
  const owner = store === 'held' ? systemProcesses.self : ANOTHER_MACHINE;
  mkdirSync(path.join(folder, STORE), { recursive: true });
  writeFileSync(path.join(folder, STORE, 'lock'), JSON.stringify({ ...owner, nonce: randomUUID() }));
}

function unlockStore({ folder }: Scene, store: Store): void {
  if (store === 'held') rmSync(path.join(folder, STORE, 'lock'), { force: true });
}
