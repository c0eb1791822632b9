/** Takes mutants in, in a process of its own, and tells what came of them. */
import { Reassembler } from '../../../lib/inbox/reassembler.js';
import { GOLDEN_PDUS } from '../../wire/golden-pdus.js';
import { bound, enquireLink } from '../../lib/session/builders.js';
import { Chance } from '../chance.js';
import { heapInUse } from '../heap-in-use.js';
import { HOSTILE_PDUS } from './hostile-pdus.js';
import { mutant } from './mutate.js';
import { takeIn, type TakenIn } from './take-in.js';

export interface MutantsTask {
  readonly mutants: number;
  readonly seed: number;
}

const CORPUS: readonly Buffer[] = [...GOLDEN_PDUS, ...HOSTILE_PDUS].map(({ octets }) => octets);

/** A mutant that takes this long is tried again alone: the machine may have been busy with something else. */
const SLOW_MS = 10;
const TRIES = 5;

/** Of all mutants. By then all code has been compiled, and all tables are built. */
const WARM_UP = 1 / 4;

export interface Tally {
  readonly threw: string[];
  readonly slow: string[];
  growth: number;
  closed: number;
  delivered: number;
  remarked: number;
  answered: number;
}

process.once('message', (task: MutantsTask) => process.send?.(run(task)));

function run({ mutants, seed }: MutantsTask): Tally {
  const chance = new Chance(seed);
  const tally: Tally = { threw: [], slow: [], growth: 0, closed: 0, delivered: 0, remarked: 0, answered: 0 };
  // Parts of mutants wait here, so that they meet each other.
  const waiting = new Reassembler(1_000);
  let before = Infinity;
  for (let index = 0; index < mutants; index += 1) {
    if (index === Math.floor(mutants * WARM_UP)) before = emptied(waiting);
    const octets = mutant(chance.oneOf(CORPUS), chance);
    const started = performance.now();
    try {
      count(tally, takeIn(bound(), [octets, enquireLink(1)], waiting));
    } catch (error) {
      tally.threw.push(`mutant ${index} of seed ${seed}, ${octets.toString('hex')}: ${String(error)}`);
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
