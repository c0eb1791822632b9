/** Any history of writes, faults, crashes and time leaves what the plainest model has. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Change, Storage, Table } from '../../../../lib/storage/storage.js';
import { JournalMachine, contentsOf, type Contents } from '../../../support/journal-machine.js';

type Batch = readonly Change[];

type Step =
  | { readonly kind: 'write'; readonly batches: readonly Batch[] }
  | { readonly kind: 'restart' }
  | { readonly kind: 'pass'; readonly minutes: number }
  | { readonly kind: 'fault'; readonly batches: readonly Batch[]; readonly at: 'write' | 'datasync' }
  | {
      /** The machine stops after some operations, while batches are written and time passes. */
      readonly kind: 'crash';
      readonly batches: readonly Batch[];
      readonly minutes: number;
      readonly operations: number;
      /** Of each 8 parts not synced, how many survive; undefined: the machine goes on. */
      readonly survive: number | undefined;
    };

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
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), batches }),
  fc.record({ kind: fc.constant('restart' as const) }),
  fc.record({ kind: fc.constant('pass' as const), minutes }),
  fc.record({ kind: fc.constant('fault' as const), batches, at: fc.constantFrom('write', 'datasync') }),
  fc.record({
    kind: fc.constant('crash' as const),
    batches,
    minutes,
    operations: fc.nat(40),
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

  copy(): Model {
    const copy = new Model();
    copy.apply(this.contents.map(([table, key, value]) => ({ table, key, value })));
    return copy;
  }
}

/** A machine and a model that go through the same steps. */
class Run {
  readonly machine = new JournalMachine();
  #storage!: Storage;
  #model = new Model();

  async begin(): Promise<void> {
    this.#storage = await this.machine.open();
  }

  async take(next: Step): Promise<void> {
    if (next.kind === 'write') await this.#write(next.batches);
    else if (next.kind === 'restart') await this.#restart();
    else if (next.kind === 'pass') await this.machine.clock.advance(next.minutes * 60_000);
    else if (next.kind === 'fault') await this.#fault(next.batches, next.at);
    else await this.#crash(next);
    assert.deepEqual(await contentsOf(this.#storage), this.#model.contents);
    for (const table of TABLES_USED) {
      const records = this.#model.contents.filter(([of]) => of === table);
      assert.equal(this.#storage.count(table), records.length);
    }
  }

  async #write(written: readonly Batch[]): Promise<void> {
    for (const batch of written) this.#model.apply(batch);
    await Promise.all(written.map((batch) => this.#storage.write(batch)));
  }

  async #restart(): Promise<void> {
    await this.#storage.close();
    this.#storage = await this.machine.open();
  }

  /** One group fails; what was written before and after it is not touched by that. */
  async #fault(written: readonly Batch[], at: 'write' | 'datasync'): Promise<void> {
    let failed = false;
    this.machine.disk.fail = (operation, path) => {
      if (failed || operation !== at || !path.includes('journal-')) return undefined;
      failed = true;
      return 'EIO';
    };
    const outcomes = await Promise.allSettled(written.map((batch) => this.#storage.write(batch)));
    this.machine.disk.fail = () => undefined;
    for (const [index, { status }] of outcomes.entries()) {
      if (status === 'fulfilled') this.#model.apply(written[index] ?? []);
    }
  }

  /** What was acknowledged is there; of the rest, a first part of the batches, each whole. */
  async #crash({
    batches: written,
    minutes: passing,
    operations,
    survive,
  }: Step & { kind: 'crash' }): Promise<void> {
    let acknowledged = 0;
    this.machine.disk.dieAfter(operations);
    for (const batch of written) {
      void this.#storage.write(batch).then(() => acknowledged++);
    }
    await this.machine.clock.advance(passing * 60_000);
    if (survive === undefined) this.machine.kill();
    else this.machine.cutPower((max) => Math.floor((max * survive) / 8));
    const possible = [this.#model.copy()];
    for (const batch of written) {
      this.#model.apply(batch);
      possible.push(this.#model.copy());
    }
    this.#storage = await this.machine.open();
    const contents = JSON.stringify(await contentsOf(this.#storage));
    const found = possible.slice(acknowledged).find((model) => JSON.stringify(model.contents) === contents);
    assert.ok(
      found,
      `${acknowledged} of ${written.length} were acknowledged, and this is there: ${contents}`,
    );
    this.#model = found;
  }
}

describe('a journal', () => {
  it('has what was acknowledged, in its order, whatever happened to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const run = new Run();
        await run.begin();
        for (const next of steps) await run.take(next);
        assert.ok(!run.machine.warnings.some((warning) => warning.includes('damaged')));
      }),
      { numRuns: 300 },
    );
  }).timeout(120_000);
});
