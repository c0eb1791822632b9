/** A backlog of 100 000 SMS on disk: the client is soon at work, and does not hold it in memory. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import type { BacklogMeasured, BacklogTask } from './backlog-process.js';

const BACKLOG = 100_000;
const HEAP_MAX_MB = 80;
/** The aim is 3 s; a machine that is busy with other tests is given more. */
const FIRST_SUBMIT_MAX_MS = 15_000;

describe('a backlog of 100 000 SMS on disk', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let directory: string;

  before(async () => {
    simulator = await startSimulator();
    directory = mkdtempSync(path.join(tmpdir(), 'smpp-backlog-'));
    await run(BACKLOG);
  });
  after(async () => {
    await simulator.stop();
    rmSync(directory, { recursive: true });
  });

  async function run(fill: number): Promise<BacklogMeasured> {
    const { hosts, ca } = simulator;
    const task: BacklogTask = {
      fill,
      options: { hosts, tls: { ca }, storage: { kind: 'disk', directory } },
    };
    const child = fork(path.join(__dirname, 'backlog-process.ts'), {
      execArgv: ['--import', 'tsx', '--expose-gc'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    try {
      child.send(task);
      const [measured] = (await once(child, 'message')) as [BacklogMeasured];
      return measured;
    } finally {
      child.kill('SIGKILL');
    }
  }

  it('submits the first soon after the start, with a heap of at most 80 MB over idle', async () => {
    const { firstSubmitMs, heapOverIdleMb } = await run(0);
    console.log(
      `      first submit after ${Math.round(firstSubmitMs)} ms, ${Math.round(heapOverIdleMb)} MB over idle`,
    );
    assert.ok(heapOverIdleMb <= HEAP_MAX_MB, `${heapOverIdleMb} MB over idle`);
    assert.ok(firstSubmitMs <= FIRST_SUBMIT_MAX_MS, `${firstSubmitMs} ms`);
  });
});
