/**
 * Mutants of the golden and the hostile PDUs, from a seed, through all that reads them.
 *
 * 200 000 in the usual run. A million, or with another seed:
 * `SMPP_MUTANTS=1000000 SMPP_SEED=7 npx mocha test/security/wire/mutants.test.ts`
 */
import assert from 'node:assert/strict';
import { Reassembler } from '../../../lib/inbox/reassembler.js';
import { GOLDEN_PDUS } from '../../wire/golden-pdus.js';
import { bound, enquireLink } from '../../lib/session/builders.js';
import { Chance } from '../chance.js';
import { heapInUse } from '../heap-in-use.js';
import { HOSTILE_PDUS } from './hostile-pdus.js';
import { mutant } from './mutate.js';
import { takeIn, type TakenIn } from './take-in.js';

const MUTANTS = Number(process.env.SMPP_MUTANTS ?? 200_000);
const SEED = Number(process.env.SMPP_SEED ?? 1);

const CORPUS: readonly Buffer[] = [...GOLDEN_PDUS, ...HOSTILE_PDUS].map(({ octets }) => octets);

/** A mutant that takes this long is tried again alone: the machine may have been busy with something else. */
const SLOW_MS = 10;
const TRIES = 5;

const SHOWN_MAX = 3;

/** By then all code has been compiled, and all tables are built. */
const WARM_UP = MUTANTS / 4;

/** What the garbage of one collection and the next differs by. */
const HEAP_GROWTH_MAX = 4_000_000;

interface Tally {
  readonly threw: string[];
  readonly slow: string[];
  growth: number;
  closed: number;
  delivered: number;
  remarked: number;
  answered: number;
}

describe(`${MUTANTS} mutated PDUs`, function () {
  this.timeout(60_000 + MUTANTS);
  let tally: Tally;

  before(() => {
    tally = run();
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

function run(): Tally {
  const chance = new Chance(SEED);
  const tally: Tally = { threw: [], slow: [], growth: 0, closed: 0, delivered: 0, remarked: 0, answered: 0 };
  // Parts of mutants wait here, so that they meet each other.
  const waiting = new Reassembler(1_000);
  let before = Infinity;
  for (let index = 0; index < MUTANTS; index += 1) {
    if (index === WARM_UP) before = emptied(waiting);
    const octets = mutant(chance.oneOf(CORPUS), chance);
    const started = performance.now();
    try {
      count(tally, takeIn(bound(), [octets, enquireLink(1)], waiting));
    } catch (error) {
      tally.threw.push(`mutant ${index} of seed ${SEED}, ${octets.toString('hex')}: ${String(error)}`);
    }
    if (performance.now() - started > SLOW_MS && isSlow(octets)) tally.slow.push(octets.toString('hex'));
  }
  tally.growth = emptied(waiting) - before;
  return tally;
}

function emptied(waiting: Reassembler): number {
  waiting.expire(Infinity);
  return heapInUse();
}

function isSlow(octets: Buffer): boolean {
  const times = Array.from({ length: TRIES }, () => {
    const started = performance.now();
    takeIn(bound(), [octets]);
    return performance.now() - started;
  });
  return Math.min(...times) > SLOW_MS;
}

type Counts = Pick<Tally, 'closed' | 'delivered' | 'remarked' | 'answered'>;

function count(tally: Counts, { session, deliveries, remarks, answers }: TakenIn): void {
  if (session.state === 'closed') tally.closed += 1;
  if (deliveries.length > 0) tally.delivered += 1;
  if (remarks.length > 0) tally.remarked += 1;
  if (answers.length > 0) tally.answered += 1;
}
