/**
 * A real Node-RED that is killed again and again while SMS go through it over TLS: at named points in the life of
 * an SMS, and at random.
 *
 * The store is read from a copy after each kill, so that what was taken in is known; and the client's own count
 * of what it has taken in, asked for all the time, is held against it.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { Chance } from '../simulation/chance.js';
import { SEED } from '../support/seed.js';
import { flowTo } from './flow.js';
import { CLEAN, Ledger } from './ledger.js';
import { endAll, NodeRed } from './node-red.js';
import { startTraffic } from './traffic.js';

/** In all. */
const KILLS = Number(process.env.SMPP_TEST_KILLS ?? 12);
const PER_SECOND = 100;
const RESPONSE_DELAY_MS = 20;
const RANDOM_WITHIN_MS = 200;

const POINTS = (['journal-write', 'journal-sync', 'submit', 'answer'] as const).flatMap((point) =>
  (['before', 'after'] as const).map((when) => ({ point, when })),
);

describe('a real Node-RED, killed under traffic', function () {
  this.timeout(60_000 + KILLS * 5_000);
  const chance = new Chance(SEED);
  let simulator: Simulator;
  let ledger: Ledger;
  let userDir: string;
  let kills = 0;

  before(async () => {
    simulator = await startSimulator({ responseDelayMs: RESPONSE_DELAY_MS });
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-node-red-'));
    ledger = new Ledger(simulator);
  });
  afterEach(endAll);
  after(async () => {
    await simulator.stop();
    rmSync(userDir, { recursive: true });
  });

  /** Runs Node-RED under traffic until it is killed; checks that its store has all that it had counted. */
  async function killed(kill: (nodeRed: NodeRed) => void): Promise<void> {
    ledger.nextProcess();
    const first = ledger.handedOver + 1;
    const nodeRed = await NodeRed.start(userDir, flowTo(simulator), ledger.report);
    let counted = 0;
    nodeRed.onReport((report) => {
      if (report.event === 'gateway') counted = report.payload.counters.queued;
    });
    const asking = setInterval(() => void nodeRed.hand({ action: 'status' }), 20);
    const traffic = startTraffic(nodeRed, ledger, PER_SECOND);
    await ledger.moreResults(10);
    kill(nodeRed);
    await nodeRed.ended();
    clearInterval(asking);
    await traffic.stop();
    kills += 1;
    await ledger.readStore(path.join(userDir, 'inmobile-smpp', 'connection'));
    const takenIn = ledger.takenInSince(first);
    assert.ok(counted <= takenIn, `it had counted ${counted} SMS, and ${takenIn} are known`);
  }

  for (let kill = 0; kill < KILLS; kill += 1) {
    const { point, when } = POINTS[kill % POINTS.length] as (typeof POINTS)[number];
    // By turns at each of the points, and at random.
    const isAtRandom = Math.floor(kill / POINTS.length) % 2 === 1;
    it(`keeps what it has taken in: kill ${kill}, ${isAtRandom ? 'at random' : `${when} ${point}`}`, async () => {
      await killed((nodeRed) => {
        if (isAtRandom) setTimeout(() => nodeRed.signal('SIGKILL'), chance.between(0, RANDOM_WITHIN_MS));
        else nodeRed.killAt({ point, when, times: 1 + ((kill * 7) % 11) });
      });
    });
  }

  it('has a result for every SMS afterwards, and says which may have been sent twice', async () => {
    ledger.nextProcess();
    const nodeRed = await NodeRed.start(userDir, undefined, ledger.report);
    await ledger.allSettled();
    await nodeRed.stop();
    const { takenIn, duplicated, ...verdict } = ledger.verdict();
    console.log(`      ${kills} kills, ${takenIn} SMS, ${duplicated.length} sent twice, all of them flagged`);
    assert.deepEqual({ ...verdict, duplicated: [] }, CLEAN);
  });
});
