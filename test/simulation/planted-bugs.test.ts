/** A simulation that finds nothing proves something only if it finds what is there. */
import assert from 'node:assert/strict';
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.js';
import { simulate } from './world.js';

/** Far fewer than a normal run has. */
const SEEDS = 300;

describe('the simulation, with a bug planted', () => {
  for (const bug of PLANTED_BUGS) {
    it(`catches: ${bug.name}`, async function () {
      this.timeout(0);
      assert.notEqual(await caughtBy(bug), undefined, `not caught in ${SEEDS} seeds`);
    });
  }
});

/** The first seed that shows it; the known one is tried first. */
async function caughtBy(bug: PlantedBug): Promise<number | undefined> {
  for (const seed of [bug.seed, ...Array.from({ length: SEEDS }, (_, index) => index + 1)]) {
    const undo = bug.plant?.();
    try {
      const { violations } = await simulate(seed, bug.around);
      if (violations.some((violation) => bug.symptom.test(violation))) return seed;
    } finally {
      undo?.();
    }
  }
  return undefined;
}
