/**
 * Whatever a person does to the flows, and whatever the store is like: every msg that an smpp-send node is given ends in
 * exactly one outcome, and every accepted SMS gives its receipt to a node that is there.
 *
 * A real Node-RED and the simulated gateway over TLS. Which cells are played, and at which moments, is drawn from a seed.
 * `SMPP_TEST_CELLS=all npx mocha test/process/matrix/matrix.test.ts` plays the whole matrix, a number instead of `all`
 * that many cells; `SMPP_TEST_SEED=17` draws others, and `SMPP_TEST_CELL=123` plays that one.
 */
import assert from 'node:assert/strict';
import { Chance } from '../../simulation/chance.js';
import { SEED } from '../../support/seed.js';
import { endAll } from '../node-red.js';
import { CELLS, nameOf, type Cell } from './cells.js';
import { Stage, type Played } from './stage.js';

const { SMPP_TEST_CELL: ONE, SMPP_TEST_CELLS: CHOICE = '24' } = process.env;
/** Side by side: each waits for most of its time. */
const STAGES = 3;
/** Of the numbers of a fault. */
const SHOWN_MAX = 8;

describe('a real Node-RED, whatever is done to it', function () {
  this.timeout(0);
  afterEach(endAll);

  const cells = chosenCells();
  it(`gives each msg one outcome, and each SMS its receipt (${cells.length} cells, seed ${SEED})`, async () => {
    const left = [...cells];
    const failures: object[] = [];
    const playOn = async (): Promise<void> => {
      const stage = new Stage();
      for (let cell = left.shift(); cell !== undefined; cell = left.shift()) {
        const played = await stage.play(cell, new Chance(SEED + cell.index));
        const faults = faultsIn(played);
        if (faults.length > 0) failures.push({ cell: nameOf(cell), faults, log: played.log });
      }
      await stage.end();
    };
    await Promise.all(Array.from({ length: STAGES }, playOn));
    assert.deepEqual(failures, []);
  });
});

function chosenCells(): readonly Cell[] {
  if (ONE !== undefined) return CELLS.filter(({ index }) => String(index) === ONE);
  const chance = new Chance(SEED);
  const shuffled = CELLS.map((cell) => ({ cell, at: chance.next() })).sort((one, other) => one.at - other.at);
  return shuffled.slice(0, CHOICE === 'all' ? Infinity : Number(CHOICE)).map(({ cell }) => cell);
}

function faultsIn({ faults, hangs }: Played): readonly string[] {
  const found = Object.entries(faults).flatMap(([fault, numbers]: [string, readonly number[]]) =>
    numbers.length === 0 ? [] : [`${fault}: ${numbers.length} (${numbers.slice(0, SHOWN_MAX).join(', ')})`],
  );
  return hangs ? ['it hangs', ...found] : found;
}
