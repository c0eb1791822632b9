/**
 * Mutants of the golden and the hostile PDUs, from a seed, through all that reads them.
 *
 * 200 000 in the usual run. A million, or with another seed:
 * `SMPP_MUTANTS=1000000 SMPP_SEED=7 npx mocha test/security/wire/mutants.test.ts`
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { measuredAlone } from '../../support/alone.js';
import type { MutantsTask, Tally } from './mutants-run.js';

const MUTANTS = Number(process.env.SMPP_MUTANTS ?? 200_000);
const SEED = Number(process.env.SMPP_SEED ?? 1);
const RUN = path.join(__dirname, 'mutants-run.ts');

const SHOWN_MAX = 3;

/** What the garbage of one collection and the next differs by. */
const HEAP_GROWTH_MAX = 4_000_000;

describe(`${MUTANTS} mutated PDUs`, function () {
  this.timeout(60_000 + MUTANTS);
  let tally: Tally;

  before(async () => {
    tally = await measuredAlone(RUN, { mutants: MUTANTS, seed: SEED } satisfies MutantsTask);
  });

  it('are each taken in without an exception', () => {
    assert.deepEqual(tally.threw.slice(0, SHOWN_MAX), []);
  });

  it('take less than 10 ms each', () => {
    assert.deepEqual(tally.slow.slice(0, SHOWN_MAX), []);
  });

  it('leave nothing on the heap', () => {
    assert.ok(tally.growth < HEAP_GROWTH_MAX, `${tally.growth} octets`);
  });

  it('reach every part of what reads them', () => {
    const shares = [tally.closed, tally.delivered, tally.remarked, tally.answered].map(
      (count) => count / MUTANTS,
    );
    assert.ok(
      shares.every((share) => share > 0.05),
      shares.join(),
    );
  });
});
