/**
 * The real core on virtual time, with a model of both hosts and of everything that can go wrong: seed after seed.
 *
 * `SEEDS=100000 npx mocha test/simulation/simulation.test.ts` runs more, `FIRST_SEED=17 SEEDS=1` one of them.
 */
import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../lib/bounds.js';
import { SITUATIONS, type Situation } from './situations.js';
import { simulate } from './world.js';

const SEEDS = Number(process.env.SEEDS ?? 2_000);
const FIRST = Number(process.env.FIRST_SEED ?? 1);

describe('the core, simulated', () => {
  const situations = new Set<Situation>();
  const reached = new Set<string>();

  it(`keeps its promises in ${SEEDS} seeds`, async function () {
    this.timeout(0);
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      const { violations, ledger } = await simulate(seed);
      for (const situation of ledger.situations) situations.add(situation);
      for (const bound of ledger.reached) reached.add(bound);
      assert.deepEqual(violations, [], `seed ${seed}`);
    }
  });

  it('reaches every bound', () => {
    assert.deepEqual(
      Object.keys(DEFAULT_BOUNDS).filter((bound) => !reached.has(bound)),
      [],
    );
  });

  it('meets every situation that it is to prove', () => {
    assert.deepEqual(
      SITUATIONS.filter((situation) => !situations.has(situation)),
      [],
    );
  });
});
