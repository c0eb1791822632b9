/** A real Node-RED whose store is another's, is no folder, or is on a full disk. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { flowTo } from './flow.js';
import { CLEAN, Ledger } from './ledger.js';
import { endAll, NodeRed, type Report } from './node-red.js';

type Refusal = Extract<Report, { event: 'refused' }>['payload'];
type Shown = Extract<Report, { event: 'status' }>['payload'];

describe('a real Node-RED with a store that it cannot use', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let folder: string;

  beforeEach(async () => {
    simulator = await startSimulator();
    folder = mkdtempSync(path.join(tmpdir(), 'smpp-node-red-'));
  });
  afterEach(async () => {
    await endAll();
    await simulator.stop();
    rmSync(folder, { recursive: true });
  });

  async function start(
    name: string,
    storageDirectory: string,
    report: (report: Report) => void,
  ): Promise<NodeRed> {
    const userDir = path.join(folder, name);
    mkdirSync(userDir);
    return NodeRed.start(userDir, flowTo(simulator, { connection: { storageDirectory } }), report);
  }

  /** A process that is refused its store: why, and what its node shows. */
  async function refused(storageDirectory: string): Promise<{ refusal: Refusal; shown: Shown }> {
    let refuse: (refusal: Refusal) => void = () => undefined;
    let showRed: (shown: Shown) => void = () => undefined;
    const refusal = new Promise<Refusal>((resolve) => (refuse = resolve));
    const shown = new Promise<Shown>((resolve) => (showRed = resolve));
    const nodeRed = await start('refused', storageDirectory, (report) => {
      if (report.event === 'status' && report.payload.fill === 'red') showRed(report.payload);
      if (report.event === 'refused') refuse(report.payload);
    });
    await nodeRed.hand(new Ledger(simulator).sms());
    const outcome = { refusal: await refusal, shown: await shown };
    await nodeRed.stop();
    return outcome;
  }

  it('is refused a store that another process writes, and that process goes on', async () => {
    const store = path.join(folder, 'store');
    const ledger = new Ledger(simulator);
    const first = await start('first', store, ledger.report);
    await first.hand(ledger.sms());
    await ledger.results(1);
    const { refusal, shown } = await refused(store);
    assert.equal(refusal.code, 'SMPP_STORAGE');
    assert.match(refusal.message, /is in use by .*stop that one.*Nothing was changed/);
    assert.equal(shown.text, 'storage unavailable');
    await first.hand(ledger.sms());
    await ledger.results(2);
    await first.stop();
    assert.deepEqual(ledger.verdict(), { ...CLEAN, takenIn: 2 });
  });

  it('is refused a store that is no folder, and leaves it as it is', async () => {
    const store = path.join(folder, 'store');
    writeFileSync(store, 'a file');
    const { refusal, shown } = await refused(store);
    assert.equal(refusal.code, 'SMPP_STORAGE');
    assert.equal(shown.text, 'storage unavailable');
    assert.equal(readFileSync(store, 'utf8'), 'a file');
    assert.equal(simulator.bindAttempts.length, 0);
  });

  it('takes nothing in while the disk is full, says so, and loses nothing of what it had', async () => {
    const ledger = new Ledger(simulator);
    const nodeRed = await start('full', path.join(folder, 'store'), ledger.report);
    const refusal = new Promise<Refusal>((resolve) =>
      nodeRed.onReport((report) => {
        if (report.event === 'refused') resolve(report.payload);
      }),
    );
    const shown = new Promise<Shown>((resolve) =>
      nodeRed.onReport((report) => {
        if (report.event === 'status' && report.payload.fill === 'red') resolve(report.payload);
      }),
    );
    await nodeRed.hand(ledger.sms());
    await ledger.results(1);
    nodeRed.diskFull(true);
    await nodeRed.hand(ledger.sms());
    const { code, message } = await refusal;
    assert.equal(code, 'SMPP_STORAGE');
    assert.match(message, /disk that is full: free some space/);
    assert.equal((await shown).text, 'disk full');
    await nodeRed.stop();
    ledger.nextProcess();
    const again = await NodeRed.start(path.join(folder, 'full'), undefined, ledger.report);
    await again.hand(ledger.sms());
    await ledger.results(2);
    await again.stop();
    assert.deepEqual(ledger.verdict(), { ...CLEAN, takenIn: 2 });
  });
});
