/**
 * One run of the simulation: the real engine, a disk, two hosts, and what the seed has happen to them.
 *
 * Everything is decided by the seed: `simulate(seed)` twice gives the same ledger twice.
 */
import { memoryStorage } from '../../lib/storage/memory-storage.js';
import type { Storage } from '../../lib/storage/storage.js';
import { SimulatedDisk } from '../support/simulated-disk.js';
import { met, watchBounds } from './bounds-reached.js';
import { Chance } from './chance.js';
import { unwatchObjects } from './leftovers.js';
import { checkErased, checkLeftovers, checkLetGo, checkLedger, checkTables } from './checks.js';
import { Client } from './client.js';
import { DIRECTORY } from './client-run.js';
import { sendIncoming } from './incoming.js';
import { Ledger } from './ledger.js';
import { MachineClock } from './machine-clock.js';
import { befall, heal, type Stage } from './misfortune.js';
import { LET_GO_MS } from './plan-flow.js';
import { Probe } from './probe.js';
import { planOf, type Plan } from './plan.js';
import { Smsc } from './smsc.js';
import { VirtualTime, WALL_AT_START } from './virtual-time.js';

/** What a planted bug changes from outside of the code. */
export interface Around {
  readonly storage?: (storage: Storage) => Storage;
  /** The plan with something changed. */
  readonly plan?: (plan: Plan) => Plan;
}

export interface Outcome {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly ledger: Ledger;
  readonly plan: Plan;
  readonly events: number;
  readonly lines: readonly string[];
}

/** What the client says of an error of its own, which it survives. */
const FAULT = /could not be (?:handled|handed on|read|used)\b.*\bat .*: \w+$/;

/** After everything is well again: refused for the moment, an SMS waits 5 min, a missing part too, a login 10. */
const REST_MAX_MS = 1_200_000;

/** What comes too often comes soon after. */
const AFTERMATH_MS = 30_000;

const START_MAX_MS = 60_000;

/** Contract: erased within an hour. Our own look comes a little later. */
const ERASED_MS = 3_900_000;

export async function simulate(seed: number, around: Around = {}): Promise<Outcome> {
  const plan = around.plan?.(planOf(seed)) ?? planOf(seed);
  const world = build(plan, around);
  const { stage, time, ledger, lines } = world;
  watchBounds({ bounds: plan.bounds, reached: ledger.reached });
  const { client, smsc, disk } = stage;
  const rejected = (error: unknown): void => ledger.violated(`unhandled rejection: ${String(error)}`);
  process.on('unhandledRejection', rejected);
  try {
    client.start();
    schedule(plan, world);
    const probe = new Probe(stage, plan);
    probe.start();
    await time.run(plan.healedAt, () => false);
    if (plan.countsLeftovers) await checkLeftovers(ledger, client, plan, time.now);
    await time.run(plan.healedAt + REST_MAX_MS, () => probe.isAtRest);
    await time.run(time.now + AFTERMATH_MS, () => false);
    if (plan.letGo !== undefined) {
      await time.run(plan.healedAt + LET_GO_MS - 1, () => false);
      checkLetGo(ledger, client.up?.storage);
      await time.run(time.now + AFTERMATH_MS, () => false);
    }
    if (plan.checksErasure) {
      await time.run(time.now + ERASED_MS, () => false);
      checkErased(ledger, contentOf(disk), time.now);
    }
    if (plan.countsLeftovers) await checkLeftovers(ledger, client, plan, time.now);
    unwatchObjects();
    checkLedger(ledger, plan, smsc);
    checkTables(ledger, client.up?.storage);
    probe.stop();
    // It may have crashed a moment ago, and wait for its own lock.
    await time.run(time.now + START_MAX_MS, () => client.up !== undefined);
    client.finish();
    await time.run(time.now + 10_000, () => false);
    if (!client.isStopped) ledger.violated('stop did not come to an end');
  } finally {
    process.off('unhandledRejection', rejected);
  }
  return { seed, violations: ledger.violations, ledger, plan, events: time.events, lines };
}

interface World {
  readonly stage: Stage;
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly lines: string[];
  readonly chance: Chance;
}

function build(plan: Plan, around: Around): World {
  const time = new VirtualTime();
  const ledger = new Ledger(plan.letGo);
  const lines: string[] = [];
  const chance = new Chance(plan.seed ^ 0x5eed);
  const wall = { offsetMs: WALL_AT_START };
  const disk = new SimulatedDisk();
  disk.put(`${DIRECTORY}/reserve`, RESERVE.subarray(0, plan.bounds.reserveOctets));
  const smsc = new Smsc({
    time,
    chance: chance.fork(),
    ledger,
    wall: () => time.now + wall.offsetMs,
    window: plan.options.window ?? 10,
    zoneMs: plan.zoneMs,
    habits: plan.receipts,
    flaws: plan.flaws,
    onInsideLong: () => client.insideLong(),
  });
  const syncs = chance.fork();
  let hangsUntil = 0;
  const client = new Client(
    {
      time,
      wall,
      disk,
      memory: plan.isInMemory ? memoryStorage(new MachineClock(time, wall)) : undefined,
      smsc,
      chance: chance.fork(),
      aroundStorage: around.storage ?? ((storage) => storage),
      syncMs: () => syncs.between(0, plan.syncMaxMs) + Math.max(0, hangsUntil - time.now),
      plan,
      log: (line) => {
        if (FAULT.test(line)) ledger.violated(line);
        if (line.includes('so many wait to be taken already')) met('heldEvents', Infinity);
        if (line.includes('wait to be confirmed already')) met('overdueReports', Infinity);
        lines.push(`${Math.round(time.now)} ${line}`);
      },
    },
    plan.options,
  );
  smsc.mailbox.onAnswered = () => client.promised('answered');
  return {
    stage: {
      smsc,
      client,
      disk,
      hang: (ms) => (hangsUntil = time.now + ms),
      wall,
      isPair: plan.options.connectionMode === 'pair',
    },
    time,
    ledger,
    lines,
    chance,
  };
}

function schedule(plan: Plan, { stage, time, lines, chance }: World): void {
  const start = time.now;
  const at = (instant: number, run: () => void): void => {
    time.schedule(Math.max(0, instant - start), 'input', run);
  };
  for (const instant of new Set(plan.sms.map((sms) => sms.at))) {
    const together = plan.sms.filter((sms) => sms.at === instant);
    at(instant, () => {
      for (const sms of together) for (let count = 0; count < sms.times; count += 1) stage.client.ask(sms);
    });
  }
  for (const list of plan.lists) at(list.at, () => stage.client.askList(list));
  for (const list of plan.wholes) at(list[0]?.at ?? 0, () => stage.client.askWhole(list));
  for (const { at: instant, phone, ageMs } of plan.foreign) {
    at(instant, () => stage.smsc.foreignReceipt(phone, ageMs));
  }
  const incoming = chance.fork();
  for (const each of plan.incoming) at(each.at, () => sendIncoming(stage.smsc, each, incoming));
  for (const fault of plan.faults) {
    at(fault.at, () => {
      lines.push(`${Math.round(time.now)} FAULT ${JSON.stringify(fault)}`);
      befall(stage, fault);
    });
  }
  at(plan.healedAt, () => heal(stage));
}

function contentOf(disk: SimulatedDisk): string {
  return disk.paths
    .filter((path) => path.includes('journal-'))
    .map((path) => disk.contentOf(path).toString('latin1'))
    .join('\n');
}

/** One for all runs: a megabyte each would be most of what they do. */
const RESERVE = Buffer.alloc(1024 * 1024);
