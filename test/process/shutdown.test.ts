/** A real Node-RED that is told to end while SMS go through it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { flowTo } from './flow.js';
import { CLEAN, Ledger } from './ledger.js';
import { endAll, NodeRed } from './node-red.js';
import { startTraffic } from './traffic.js';

/** Contract: a stop takes at most 5 s; the process itself, and a busy machine, get two more. */
const EXIT_MAX_MS = 7_000;
const PER_SECOND = 50;

describe('a real Node-RED, ended by SIGTERM under traffic', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let userDir: string;
  let endings: string[];

  async function start(responseDelayMs: number): Promise<void> {
    endings = [];
    simulator = await startSimulator({ responseDelayMs, log: (line) => endings.push(line) });
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-node-red-'));
  }
  afterEach(async () => {
    await endAll();
    await simulator.stop();
    rmSync(userDir, { recursive: true });
  });

  async function endUnderTraffic(ledger: Ledger, results: number): Promise<number> {
    const nodeRed = await NodeRed.start(userDir, flowTo(simulator), ledger.report);
    const traffic = startTraffic(nodeRed, ledger, PER_SECOND);
    await ledger.moreResults(results);
    const endedAt = performance.now();
    await nodeRed.stop();
    const tookMs = performance.now() - endedAt;
    await traffic.stop();
    return tookMs;
  }

  it('drains, unbinds and ends in time', async () => {
    await start(200);
    const ledger = new Ledger(simulator);
    const tookMs = await endUnderTraffic(ledger, 20);
    assert.ok(tookMs < EXIT_MAX_MS, `it took ${tookMs} ms`);
    assert.equal(endings.filter((line) => line.includes('ended, unbind')).length, 1);
    assert.ok(tookMs > 100, 'nothing was under way');
  });

  it('ends in time when the gateway does not answer', async () => {
    await start(60_000);
    const ledger = new Ledger(simulator);
    const nodeRed = await NodeRed.start(userDir, flowTo(simulator), ledger.report);
    await nodeRed.hand(ledger.sms());
    while ((await nodeRed.status()).counters.submitted === 0);
    const endedAt = performance.now();
    await nodeRed.stop();
    const tookMs = performance.now() - endedAt;
    assert.ok(tookMs < EXIT_MAX_MS, `it took ${tookMs} ms`);
    assert.ok(tookMs > 2_000, 'nothing was waited for');
  });

  it('loses and duplicates nothing over the restart', async () => {
    // More comes than the window lets through.
    await start(300);
    const ledger = new Ledger(simulator);
    await endUnderTraffic(ledger, 20);
    const waiting = await ledger.readStore(path.join(userDir, 'inmobile-smpp', 'connection'));
    ledger.nextProcess();
    const nodeRed = await NodeRed.start(userDir, undefined, ledger.report);
    await ledger.allSettled();
    await nodeRed.stop();
    assert.deepEqual({ ...ledger.verdict(), takenIn: 0 }, { ...CLEAN, takenIn: 0 });
    assert.ok(waiting > 0, 'nothing was left for the restart');
  });
});
