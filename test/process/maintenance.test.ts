/** Both hosts of the gateway restart while SMS go through a real Node-RED. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { flowTo } from './flow.js';
import { CLEAN, Ledger } from './ledger.js';
import { endAll, NodeRed, type Report } from './node-red.js';
import { startTraffic } from './traffic.js';

const RESTART_MS = Number(process.env.SMPP_TEST_RESTART_MS ?? 4_000);
const PER_SECOND = 50;

describe('a real Node-RED, while both hosts of the gateway restart', function () {
  this.timeout(60_000 + 2 * RESTART_MS);
  let simulator: Simulator;
  let userDir: string;

  beforeEach(async () => {
    simulator = await startSimulator({ responseDelayMs: 20 });
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-node-red-'));
  });
  afterEach(async () => {
    await endAll();
    await simulator.stop();
    rmSync(userDir, { recursive: true });
  });

  it('keeps every SMS, sends each once, and says that it is maintenance', async () => {
    const ledger = new Ledger(simulator);
    const shown: string[] = [];
    const show = (report: Report): void => {
      if (report.event === 'status') shown.push(report.payload.text ?? '');
    };
    const nodeRed = await NodeRed.start(userDir, flowTo(simulator), ledger.report);
    nodeRed.onReport(show);
    const traffic = startTraffic(nodeRed, ledger, PER_SECOND);
    await ledger.moreResults(PER_SECOND);
    await simulator.restart('all', RESTART_MS);
    await ledger.moreResults(PER_SECOND);
    await traffic.stop();
    // Not what is counted as queued by now: the last one handed over is on its way.
    await ledger.results(ledger.handedOver);
    await ledger.allSettled();
    const { lost, duplicated, ...verdict } = ledger.verdict();
    const flagged = ledger.flaggedCount;
    console.log(`      ${verdict.takenIn} SMS, ${lost.length} lost, ${duplicated.length} sent twice`);
    assert.deepEqual({ lost, duplicated, ...verdict }, { ...CLEAN, takenIn: ledger.handedOver });
    assert.equal(flagged, 0);
    assert.ok(
      shown.some((text) => /^maintenance since \d\d:\d\d, \d+ waiting$/.test(text)),
      shown.join('; '),
    );
    await nodeRed.stop();
  });
});
