/** Deploys of every kind while SMS go through a real Node-RED over TLS: nothing is lost, and nothing sent twice. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { flowTo, ON_TAB, type FlowChanges } from './flow.js';
import { CLEAN, Ledger, type Verdict } from './ledger.js';
import { endAll, NodeRed, type DeployType } from './node-red.js';
import { startTraffic } from './traffic.js';

/** Of each kind. */
const DEPLOYS = Number(process.env.SMPP_TEST_DEPLOYS ?? 6);
const PER_SECOND = 40;
/** With this there are always some SMS under way. */
const RESPONSE_DELAY_MS = 100;

interface Outcome {
  readonly verdict: Verdict;
  /** What the client says that it has taken in. */
  readonly queued: number;
  readonly binds: number;
  readonly recovered: number;
  readonly handedOver: number;
}

describe('a real Node-RED, deployed to under traffic', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let userDir: string;

  beforeEach(async () => {
    simulator = await startSimulator({ responseDelayMs: RESPONSE_DELAY_MS });
    userDir = mkdtempSync(path.join(tmpdir(), 'smpp-node-red-'));
  });
  afterEach(async () => {
    await endAll();
    await simulator.stop();
    rmSync(userDir, { recursive: true });
  });

  async function run(type: DeployType, change: (deploy: number) => FlowChanges): Promise<Outcome> {
    const ledger = new Ledger(simulator);
    const nodeRed = await NodeRed.start(userDir, flowTo(simulator, change(0)), ledger.report);
    const traffic = startTraffic(nodeRed, ledger, PER_SECOND);
    await ledger.moreResults(3);
    for (let deploy = 1; deploy <= DEPLOYS; deploy += 1) {
      await nodeRed.deploy(type, flowTo(simulator, change(deploy)).nodes);
      await ledger.moreResults(8);
    }
    await traffic.stop();
    // Its question goes the same way as the SMS, behind the last of them.
    await nodeRed.status();
    await ledger.allSettled();
    let status = await nodeRed.status();
    while (status.queue.normal > 0) status = await nodeRed.status();
    const outcome = {
      verdict: ledger.verdict(),
      queued: status.counters.queued,
      binds: simulator.bindAttempts.length,
      recovered: ledger.recoveredCount,
      handedOver: ledger.handedOver,
    };
    await nodeRed.stop();
    return outcome;
  }

  const cases: [name: string, type: DeployType, change: (deploy: number) => FlowChanges][] = [
    ['a full deploy of everything as it is', 'full', () => ({})],
    [
      'a deploy of the flow with the smpp-send node',
      'flows',
      (deploy) => ({ tab: { env: [{ name: 'DEPLOY', value: `${deploy}`, type: 'str' }] } }),
    ],
    ['a deploy of the smpp-send node', 'nodes', (deploy) => ({ send: { name: `send ${deploy}` } })],
  ];
  for (const [name, type, change] of cases) {
    it(`loses and duplicates nothing and binds once: ${name}`, async () => {
      const { verdict, queued, binds, recovered } = await run(type, change);
      assert.deepEqual(verdict, { ...CLEAN, takenIn: queued });
      assert.equal(binds, 1);
      assert.ok(recovered > 0, 'no SMS was under way at any of the deploys');
    });
  }

  it('takes in all that is handed over while another node is deployed', async () => {
    const { verdict, binds, handedOver } = await run('nodes', (deploy) => ({ others: [other(deploy)] }));
    assert.deepEqual(verdict, { ...CLEAN, takenIn: handedOver });
    assert.equal(binds, 1);
  });

  it('loses and duplicates nothing when the settings of the connection change', async () => {
    const { verdict, binds, recovered } = await run('nodes', (deploy) => ({
      connection: { window: 10 + deploy },
    }));
    assert.deepEqual({ ...verdict, takenIn: 0 }, { ...CLEAN, takenIn: 0 });
    assert.equal(binds, 1 + DEPLOYS);
    assert.ok(recovered > 0, 'no SMS was under way at any of the deploys');
  });
});

function other(deploy: number): ReturnType<typeof flowTo>['nodes'][number] {
  return {
    id: 'other',
    ...ON_TAB,
    type: 'function',
    func: `return null; // ${deploy}`,
    outputs: 1,
    wires: [[]],
  };
}
