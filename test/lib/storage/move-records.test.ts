import assert from 'node:assert/strict';
import { memoryStorage, type MemoryStorage } from '../../../lib/storage/memory-storage.js';
import { moveAll, moveRecords, type Source } from '../../../lib/storage/move-records.js';
import type { Change, Storage, Table } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { contentsOf, JournalMachine } from '../../support/journal-machine.js';

const { signal } = new AbortController();
const asItIs = (change: Change): Change[] => [change];

describe('moveRecords', () => {
  let from: MemoryStorage;
  let to: MemoryStorage;

  beforeEach(() => {
    const clock = new FakeClock();
    from = memoryStorage(clock);
    to = memoryStorage(clock);
  });

  const put = (storage: MemoryStorage, table: Table, records: Readonly<Record<string, unknown>>) =>
    storage.write(Object.entries(records).map(([key, value]) => ({ table, key, value, keepUntil: 1e15 })));
  const held = (storage: MemoryStorage, table: Table) =>
    Object.fromEntries(storage.changes(table).map(({ key, value }) => [key, value]));

  it('moves every record, and how long it is kept', async () => {
    await put(from, 'outbox', { a: 1, b: 2 });
    await put(from, 'seen', { c: 3 });
    await moveRecords(from, { to, asRecords: asItIs, signal });
    assert.deepEqual([held(to, 'outbox'), held(to, 'seen')], [{ a: 1, b: 2 }, { c: 3 }]);
    assert.equal(to.changes('seen')[0]?.keepUntil, 1e15);
    assert.equal(from.count('outbox') + from.count('seen'), 0);
  });

  it('moves one record as several', async () => {
    await put(from, 'tracked', { index: [1, 2] });
    const asRecords = ({ table, value }: Change): Change[] =>
      (value as number[]).map((each) => ({ table, key: `${each}`, value: each }));
    await moveRecords(from, { to, asRecords, signal });
    assert.deepEqual(held(to, 'tracked'), { 1: 1, 2: 2 });
  });

  it('leaves what is there already as it is', async () => {
    await put(from, 'unknown', { same: 'moved', other: 'moved' });
    await put(to, 'unknown', { same: 'there' });
    await moveRecords(from, { to, asRecords: asItIs, signal });
    assert.deepEqual(held(to, 'unknown'), { same: 'there', other: 'moved' });
  });

  it('moves long events that one line of the journal would not take together', async () => {
    const journal = await new JournalMachine(undefined, { lineOctets: 12_000_000 }).open();
    const long = 'x'.repeat(1_500_000);
    await put(from, 'event', Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`sms-${at}`, long])));
    await moveRecords(from, { to: journal, asRecords: asItIs, signal });
    assert.deepEqual([from.count('event'), journal.count('event')], [0, 12]);
    await journal.close();
  });

  it('puts events behind those of their kind that are there', async () => {
    await put(from, 'event', { 'sms-1': 'a', 'sms-4': 'b', 'receipt-2': 'c' });
    await put(to, 'event', { 'sms-3': 'there', 'sms-4': 'there' });
    await moveRecords(from, { to, asRecords: asItIs, signal });
    assert.deepEqual(held(to, 'event'), {
      'sms-3': 'there',
      'sms-4': 'there',
      'sms-5': 'a',
      'sms-6': 'b',
      'receipt-1': 'c',
    });
  });

  it('keeps what the other refuses, for the next time', async () => {
    await put(from, 'outbox', { a: 1 });
    await to.close();
    await assert.rejects(moveRecords(from, { to, asRecords: asItIs, signal }), { code: 'SMPP_STORAGE' });
    await to.open();
    await moveRecords(from, { to, asRecords: asItIs, signal });
    assert.deepEqual(held(to, 'outbox'), { a: 1 });
  });
});

describe('moveAll', () => {
  const OTHER = '/another';
  let machine: JournalMachine;
  let lines: string[];

  beforeEach(prepare);

  async function prepare(): Promise<void> {
    machine = new JournalMachine();
    machine.disk.put(`${OTHER}/reserve`, Buffer.alloc(0));
    lines = [];
    const first = await machine.open();
    const put = (table: Table, count: number): Promise<void> =>
      first.write(
        Array.from({ length: count }, (_, index) => ({
          table,
          key: table === 'event' ? `receipt-${index + 1}` : `${table} ${index}`,
          value: `${table} ${index}`,
          keepUntil: 1e15,
        })),
      );
    await Promise.all([put('outbox', 60), put('progress', 3), put('result', 2), put('event', 60)]);
    await first.close();
    const second = await machine.open(OTHER);
    await second.write([{ table: 'event', key: 'receipt-2', value: 'there' }]);
    await second.close();
  }

  const moveTo = (to: Storage, sources: Source[] = []): Promise<void> =>
    moveAll({
      to,
      sources,
      storageIn: (directory) => machine.start(directory),
      asRecords: asItIs,
      log: (_level, line) => lines.push(line),
      signal: new AbortController().signal,
    });
  const valuesIn = async (storage: Storage): Promise<unknown[]> =>
    (await contentsOf(storage)).map(([, , value]) => value).sort();
  async function allValues(): Promise<unknown[]> {
    const storages = [await machine.open(), await machine.open(OTHER)];
    const values = await Promise.all(storages.map(valuesIn));
    await Promise.all(storages.map((storage) => storage.close()));
    return values.flat().sort();
  }

  it('leaves nothing behind in a folder, and no trace of itself', async () => {
    const before = await allValues();
    const to = await machine.open(OTHER);
    await moveTo(to, [machine.start()]);
    assert.deepEqual(await valuesIn(to), before);
    await to.close();
    assert.deepEqual(
      machine.journals.filter((name) => name.startsWith('/journal')),
      [],
    );
    assert.match(lines.join(), /60 SMS that wait and 0 that were accepted are taken over from \/journal/);
  });

  for (const [end, isSynced] of [
    ['the process', true],
    ['the power', false],
  ] as const) {
    it(`has every record once, whatever the step at which ${end} ends, after the next start`, async function () {
      this.timeout(120_000);
      const before = await allValues();
      let steps = 0;
      let isOver = false as boolean;
      for (; !isOver; steps += 1) {
        await prepare();
        const to = await machine.open(OTHER);
        machine.disk.dieAfter(steps);
        void moveTo(to, [machine.start()])
          .then(() => (isOver = true))
          .catch(() => undefined);
        await machine.clock.advance(1_000);
        if (isSynced) machine.kill();
        else machine.cutPower((max) => (steps * 7) % (max + 1));
        const again = await machine.open(OTHER);
        await machine.meanwhile(moveTo(again));
        await again.close();
        assert.deepEqual(await allValues(), before, `step ${steps}`);
        const from = await machine.open();
        assert.ok([0, 60].includes(from.count('outbox')), `step ${steps}: half of it is left`);
        await from.close();
      }
      assert.ok(steps > 20, `only ${steps} steps`);
    });
  }

  it('leaves what is damaged where it is', async () => {
    const [file = ''] = machine.journals.filter((name) => name.startsWith('/journal'));
    machine.disk.rot(file, machine.disk.contentOf(file).indexOf('"outbox 7"') + 2);
    const to = await machine.open(OTHER);
    await moveTo(to, [machine.start()]);
    assert.ok(to.count('outbox') < 60);
    assert.ok(machine.journals.includes(file));
    assert.match(lines.join(), /what was in \/journal is not erased: .*check the disk/);
    await to.close();
  });

  it('goes on where the folder cannot be had, and has it when it is tried again', async () => {
    const before = await allValues();
    const holder = await machine.open();
    const to = await machine.open(OTHER);
    const sources: Source[] = [machine.start()];
    await moveTo(to, sources);
    assert.match(lines.join(), /what waits in \/journal stays there until a connection uses it/);
    await holder.close();
    await moveTo(to, []);
    assert.deepEqual(await valuesIn(to), ['there']);
    await moveTo(to, sources);
    assert.deepEqual([await valuesIn(to), sources], [before, []]);
    await to.close();
  });

  it('takes along from where a move was cut short', async () => {
    const before = await allValues();
    const between = await machine.open(OTHER);
    await between.write([{ table: 'account', key: 'move from /journal', value: { isBegun: true } }]);
    await between.close();
    const last = await machine.open('/last');
    await moveTo(last, [machine.start(OTHER)]);
    assert.deepEqual(await valuesIn(last), before);
    await last.close();
  });

  it('forgets a move that was cut short from a folder that is gone, and from its own', async () => {
    const to = await machine.open();
    const plan = (directory: string): Change => ({
      table: 'account',
      key: `move from ${directory}`,
      value: { isBegun: true },
    });
    await to.write([plan('/journal'), plan('/gone')]);
    await moveTo(to);
    assert.deepEqual([to.count('account'), to.count('outbox')], [0, 60]);
    await to.close();
  });
});
