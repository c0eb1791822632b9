/** Any history of writes, faults, crashes and time leaves what the plainest model has. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_BOUNDS } from '../../../../lib/bounds.js';
import type { SmppError } from '../../../../lib/errors.js';
import type { Change, Storage, Table } from '../../../../lib/storage/storage.js';
import { settle } from '../../../support/fake-clock.js';
import { JournalMachine, contentsOf, type Contents } from '../../../support/journal-machine.js';
import type { Operation } from '../../../support/simulated-disk.js';

type Batch = readonly Change[];

type Step =
  | { readonly kind: 'write'; readonly batches: readonly Batch[] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'pass'; readonly minutes: number }
  | {
      /** Operations fail and hang while batches are written and time passes, until the disk comes round or there is a crash. */
      readonly kind: 'trouble';
      readonly batches: readonly Batch[];
      readonly faults: readonly Fault[];
      readonly hangs: Pick<Fault, 'operation' | 'after'> | undefined;
      readonly minutes: number;
      readonly end: 'heals' | 'restarts' | 'crashes';
      /** The machine stops after some operations. */
      readonly operations: number;
      /** Of each 8 parts not synced, how many survive; undefined: the machine goes on. */
      readonly survive: number | undefined;
    };

/** Of the operations of a kind, as they come. */
interface Fault {
  readonly operation: Operation;
  readonly after: number;
  readonly times: number;
}

const TABLES_USED: readonly Table[] = ['outbox', 'result'];

const change: fc.Arbitrary<Change> = fc.record(
  {
    table: fc.constantFrom(...TABLES_USED),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    value: fc.oneof(fc.nat(99), fc.string({ maxLength: 60, unit: 'binary' })),
  },
  { requiredKeys: ['table', 'key'] },
);
const batches = fc.array(fc.array(change, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 });
const minutes = fc.constantFrom(0, 1, 40);
const FAILING = [
  'write',
  'datasync',
  'truncate',
  'remove',
  'close',
  'open',
  'rename',
  'syncDirectory',
] as const;
const fault: fc.Arbitrary<Fault> = fc.record({
  operation: fc.constantFrom(...FAILING),
  after: fc.nat(6),
  times: fc.constantFrom(1, 2, 5, 1_000),
});
/** Syncs fail, and so does what would make that good. */
const downfall: fc.Arbitrary<Fault[]> = fc
  .record({
    after: fc.nat(4),
    others: fc.subarray(['truncate', 'remove', 'open', 'syncDirectory'] as const),
    times: fc.constantFrom(2, 1_000),
  })
  .map(({ after, others, times }) => [
    { operation: 'datasync', after, times },
    ...others.map((operation) => ({ operation, after: 0, times })),
  ]);
/** Nothing that is void goes, nor its content. */
const stuck: readonly Fault[] = [
  { operation: 'remove', after: 0, times: 1_000 },
  { operation: 'truncate', after: 0, times: 1_000 },
];
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), batches }),
  fc.record({ kind: fc.constant('restart' as const) }),
  fc.record({ kind: fc.constant('pass' as const), minutes }),
  fc.record({
    kind: fc.constant('trouble' as const),
    batches,
    faults: fc.oneof(fc.array(fault, { maxLength: 3 }), downfall, fc.constant(stuck)),
    hangs: fc.option(fault, { nil: undefined, freq: 1 }),
    minutes,
    end: fc.constantFrom('heals' as const, 'restarts' as const, 'crashes' as const),
    operations: fc.nat(60),
    survive: fc.option(fc.nat(8), { nil: undefined }),
  }),
);

class Model {
  readonly #tables = new Map<Table, Map<string, unknown>>(TABLES_USED.map((table) => [table, new Map()]));

  apply(batch: Batch): void {
    for (const { table, key, value } of batch) {
      if (value === undefined) this.#tables.get(table)?.delete(key);
      else this.#tables.get(table)?.set(key, value);
    }
  }

  get contents(): Contents {
    return [...this.#tables].flatMap(([table, records]) =>
      [...records].map(([key, value]) => [table, key, value] as const),
    );
  }

  /** A copy, with more. */
  with(batches: readonly Batch[]): Model {
    const copy = new Model();
    copy.apply(this.contents.map(([table, key, value]) => ({ table, key, value })));
    for (const batch of batches) copy.apply(batch);
    return copy;
  }

  is(contents: string): boolean {
    return JSON.stringify(this.contents) === contents;
  }
}

/** What became of a batch; undecided: nobody was told yet, or that nobody knows. */
type Fate = 'kept' | 'refused' | 'undecided';

/** A machine and a model that go through the same steps. */
class Run {
  readonly machine = new JournalMachine();
  #storage!: Storage;
  /**
   * What is there, and behind it what a power cut may leave of it: a write that nobody was told of, since its sync failed and
   * it could not be cut off, is found by the next run, and the disk does not have it.
   */
  #models: readonly [Model, ...Model[]] = [new Model()];
  #tags = 0;

  async begin(): Promise<void> {
    this.#storage = await this.machine.open();
  }

  async take(next: Step): Promise<void> {
    if (next.kind === 'write') await this.#write(next.batches.map((batch) => this.#tagged(batch)));
    else if (next.kind === 'restart') await this.#restart();
    else if (next.kind === 'pass') await this.machine.clock.advance(next.minutes * 60_000);
    else await this.#trouble({ ...next, batches: next.batches.map((batch) => this.#tagged(batch)) });
    const { contents } = this.#models[0];
    assert.deepEqual(await contentsOf(this.#storage), contents);
    for (const table of TABLES_USED) {
      const records = contents.filter(([of]) => of === table);
      assert.equal(this.#storage.count(table), records.length);
    }
  }

  /** Nothing of what is not in force is in the files an hour later, and few files are there. */
  async checkErased(): Promise<void> {
    await this.machine.clock.advance(70 * 60_000);
    const octets = this.machine.journals
      .map((path) => this.machine.disk.contentOf(path).toString())
      .join('\n');
    const inForce = new Set(this.#models[0].contents.map(([, , value]) => tagOf(value)));
    for (const [tag] of octets.matchAll(/tag-\d+-/g)) assert.ok(inForce.has(tag), `${tag} is still there`);
    const { files } = DEFAULT_BOUNDS;
    assert.ok(this.machine.journals.length <= files, this.machine.journals.join());
    assert.ok(this.machine.disk.descriptors <= files, `${this.machine.disk.descriptors} files are open`);
  }

  /** Each value is to be known again in the files. */
  #tagged(batch: Batch): Batch {
    return batch.map((each) =>
      each.value === undefined
        ? each
        : { ...each, value: `tag-${(this.#tags += 1)}-${JSON.stringify(each.value)}` },
    );
  }

  async #write(written: readonly Batch[]): Promise<void> {
    for (const batch of written) this.#apply(batch);
    await Promise.all(written.map((batch) => this.#storage.write(batch)));
  }

  async #restart(): Promise<void> {
    await this.#storage.close();
    this.#storage = await this.machine.open();
  }

  async #trouble(trouble: Step & { kind: 'trouble' }): Promise<void> {
    const { batches: written, minutes: passing, end, operations } = trouble;
    this.#afflict(trouble);
    if (end === 'crashes') this.machine.disk.dieAfter(operations);
    const fates = this.#writeAnyhow(written);
    await this.machine.clock.advance(passing * 60_000);
    if (end === 'restarts') await this.#closeInTrouble();
    else if (end === 'crashes') this.#crash(trouble.survive);
    this.#heal();
    if (end === 'heals') {
      await this.machine.clock.advance(2_000);
      assert.ok(!fates.includes('undecided'), fates.join());
      for (const [index, batch] of written.entries()) if (fates[index] === 'kept') this.#apply(batch);
      return;
    }
    this.#storage = await this.machine.open();
    await this.#find(written, fates, end === 'crashes' && trouble.survive !== undefined);
  }

  #writeAnyhow(written: readonly Batch[]): Fate[] {
    const fates = written.map((): Fate => 'undecided');
    for (const [index, batch] of written.entries()) {
      this.#storage.write(batch).then(
        () => (fates[index] = 'kept'),
        (error: unknown) => {
          if ((error as SmppError).code !== 'SMPP_STOPPED') fates[index] = 'refused';
        },
      );
    }
    return fates;
  }

  #afflict({ faults, hangs }: Step & { kind: 'trouble' }): void {
    const { disk } = this.machine;
    const seen = new Map<Operation, number>();
    const hanging = new Map<Operation, number>();
    const count = (counts: Map<Operation, number>, operation: Operation): number => {
      const number = counts.get(operation) ?? 0;
      counts.set(operation, number + 1);
      return number;
    };
    disk.fail = (operation) => {
      const number = count(seen, operation);
      const fails = faults.some(
        (each) => each.operation === operation && number >= each.after && number < each.after + each.times,
      );
      return fails ? 'EIO' : undefined;
    };
    disk.hang = (operation) =>
      count(hanging, operation) >= (hangs?.operation === operation ? hangs.after : Infinity);
  }

  #heal(): void {
    this.machine.disk.fail = () => undefined;
    this.machine.disk.release();
  }

  /** As a stop does that gives up: the storage is closed, and the disk comes round only later. */
  async #closeInTrouble(): Promise<void> {
    const closing = this.#storage.close();
    await this.machine.clock.advance(5_000);
    this.machine.disk.release();
    await closing;
    await settle();
  }

  #crash(survive: number | undefined): void {
    if (survive === undefined) this.machine.kill();
    else this.machine.cutPower((max) => Math.floor((max * survive) / 8));
  }

  #apply(batch: Batch): void {
    for (const model of this.#models) model.apply(batch);
  }

  /** What was kept is there, what was refused is not; of the rest, some that follow each other, each whole. */
  async #find(written: readonly Batch[], fates: readonly Fate[], isPowerCut: boolean): Promise<void> {
    const those = (fate: Fate): readonly Batch[] => written.filter((_batch, index) => fates[index] === fate);
    for (const batch of those('kept')) this.#apply(batch);
    const contents = JSON.stringify(await contentsOf(this.#storage));
    const possible = runsOf(those('undecided'));
    for (const model of isPowerCut ? this.#models : [this.#models[0]]) {
      const found = possible.map((batches) => model.with(batches)).find((each) => each.is(contents));
      if (found === undefined) continue;
      const doubtful = this.#models.flatMap((each) => possible.map((batches) => each.with(batches)));
      this.#models = isPowerCut ? [found] : [found, ...distinct(doubtful)];
      return;
    }
    assert.fail(`${fates.join()}, and this is there: ${contents}`);
  }
}

/** Some that follow each other, or none. */
function runsOf(batches: readonly Batch[]): readonly (readonly Batch[])[] {
  const starts = batches.flatMap((_batch, from) => batches.map((_, to) => batches.slice(from, to + 1)));
  return [[], ...starts.filter((run) => run.length > 0)];
}

function distinct(models: readonly Model[]): readonly Model[] {
  return [...new Map(models.map((model) => [JSON.stringify(model.contents), model])).values()];
}

function tagOf(value: unknown): string | undefined {
  return /^tag-\d+-/.exec(String(value))?.[0];
}

describe('a journal', () => {
  it('has what was acknowledged, in its order, and no more, whatever happened to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const run = new Run();
        await run.begin();
        for (const next of steps) await run.take(next);
        await run.checkErased();
        assert.ok(!run.machine.warnings.some((warning) => warning.includes('damaged')));
      }),
      { numRuns: Number(process.env.RUNS ?? 300) },
    );
  }).timeout(240_000);
});
