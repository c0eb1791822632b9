/** What is left of a journal of which octets were lost or changed. */
import assert from 'node:assert/strict';
import { crc32 } from '../../../../lib/storage/journal/crc32.js';
import type { Change, Storage, Table } from '../../../../lib/storage/storage.js';
import { SimulatedDisk } from '../../../support/simulated-disk.js';
import { DIRECTORY, JournalMachine, contentsOf, type Contents } from '../../../support/journal-machine.js';

const PATH = `${DIRECTORY}/journal-000001.ndjson`;

/** Every shape a batch can have: put, replace, delete, several at once, with and without keepUntil. */
const SMALL: readonly (readonly Change[])[] = [
  [{ table: 'outbox', key: 'a', value: { text: 'Hej æøå 😀' } }],
  [{ table: 'outbox', key: 'b', value: { text: 'line\nfeed\ttab' }, keepUntil: 2 ** 52 }],
  [
    { table: 'outbox', key: 'a' },
    { table: 'result', key: 'a', value: ['accepted', 1, null] },
    { table: 'dedupe', key: 'k', value: 'a', keepUntil: 2 ** 52 },
  ],
  [{ table: 'outbox', key: 'b', value: 'replaced' }],
  [{ table: 'event', key: 'e', value: 0 }],
  [
    { table: 'event', key: 'e' },
    { table: 'outbox', key: 'c', value: {} },
  ],
  [{ table: 'seen', key: 'f', value: '0123456789abcdef', keepUntil: 2 ** 52 }],
];

/** Over 20 kB: as above, and texts as long as an SMS may be. */
const LARGE: readonly (readonly Change[])[] = [
  ...SMALL,
  ...Array.from({ length: 14 }, (_, at): readonly Change[] => [
    { table: 'outbox', key: `k${at % 9}`, value: { at, text: 'Good morning, '.repeat(105) } },
    { table: 'progress', key: `k${at % 5}`, value: at },
  ]),
  ...SMALL,
];

async function write(batches: readonly (readonly Change[])[]): Promise<Buffer> {
  const machine = new JournalMachine();
  const storage = await machine.open();
  for (const batch of batches) await storage.write(batch);
  await storage.close();
  return machine.disk.contentOf(PATH);
}

interface Reopened {
  readonly contents: Contents;
  readonly warnings: readonly string[];
}

async function reopen(journal: Buffer): Promise<Reopened> {
  const { machine, storage } = await openOver(journal);
  return { contents: await contentsOf(storage), warnings: machine.warnings };
}

async function openOver(journal: Buffer): Promise<{ machine: JournalMachine; storage: Storage }> {
  const disk = new SimulatedDisk();
  disk.put(PATH, journal);
  const machine = new JournalMachine(disk);
  return { machine, storage: await machine.open() };
}

/** What a storage has after these batches, by the plainest model there is. */
function contentsAfter(batches: readonly (readonly Change[])[]): string {
  const records = new Map<string, unknown>();
  for (const { table, key, value } of batches.flat()) {
    if (value === undefined) records.delete(`${table} ${key}`);
    else records.set(`${table} ${key}`, value);
  }
  return JSON.stringify([...records].sort(byId));
}

function asText(contents: Contents): string {
  const records = contents.map(([table, key, value]): [string, unknown] => [`${table} ${key}`, value]);
  return JSON.stringify(records.sort(byId));
}

function byId([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}

describe('a journal that was cut off', () => {
  it('has the batches before the cut, wherever it is', async () => {
    const journal = await write(LARGE);
    assert.ok(journal.length > 20_000);
    const states = LARGE.map((_, count) => contentsAfter(LARGE.slice(0, count)));
    states.push(contentsAfter(LARGE));
    let reached = 0;
    for (let length = 0; length <= journal.length; length++) {
      const { contents, warnings } = await reopen(journal.subarray(0, length));
      const state = asText(contents);
      while (state !== states[reached] && reached < states.length) reached++;
      assert.ok(reached < states.length, `cut at ${length}: not what any number of batches gives`);
      assert.ok(warnings.length <= 1 && !warnings.some((text) => text.includes('damaged')), warnings.join());
    }
    assert.equal(states[reached], contentsAfter(LARGE));
  }).timeout(60_000);

  it('says so once', async () => {
    const journal = await write(SMALL);
    const { warnings } = await reopen(journal.subarray(0, -3));
    assert.deepEqual(
      warnings.map((text) => text.includes('cut short')),
      [true],
    );
  });

  it('takes writes, which are there after the next start', async () => {
    const journal = await write(SMALL);
    const { machine, storage } = await openOver(journal.subarray(0, -3));
    await storage.write([{ table: 'outbox', key: 'new', value: 1 }]);
    machine.kill();
    assert.equal(await (await machine.open()).read('outbox', 'new'), 1);
  });
});

describe('a journal with one bit turned over', () => {
  it('loses the batch the bit is in and no other, whichever bit it is', async () => {
    const journal = await write(SMALL);
    const ends = await Promise.all(SMALL.map(async (_, at) => (await write(SMALL.slice(0, at + 1))).length));
    const whole = contentsAfter(SMALL);
    const without = SMALL.map((_, lost) => contentsAfter(SMALL.filter((__, at) => at !== lost)));
    const head = headOf(2).length;
    for (let bit = 0; bit < journal.length * 8; bit++) {
      const octet = bit >> 3;
      const flipped = Buffer.from(journal);
      flipped[octet] = (flipped[octet] ?? 0) ^ (1 << (bit & 7));
      const { contents, warnings } = await reopen(flipped);
      const expected = octet < head ? whole : without[ends.findIndex((end) => octet < end)];
      assert.equal(asText(contents), expected, `bit ${bit}`);
      assert.equal(warnings.length, 1, `bit ${bit}`);
    }
  }).timeout(60_000);
});

describe('a journal with a damaged line', () => {
  let machine: JournalMachine;
  let storage: Storage;
  let damaged: Buffer;

  beforeEach(async () => {
    damaged = await write(SMALL);
    damaged.fill('#', 60, 75);
    ({ machine, storage } = await openOver(damaged));
  });

  it('has every other record', async () => {
    assert.equal(asText(await contentsOf(storage)), contentsAfter(SMALL.slice(1)));
  });

  it('names the file and the number of lines in a warning', () => {
    assert.match(machine.warnings.join(), /journal-000001\.ndjson" is damaged: 1 of its lines/);
  });

  it('is not written to', async () => {
    await storage.write([{ table: 'outbox', key: 'new', value: 1 }]);
    assert.deepEqual(machine.disk.contentOf(PATH), damaged);
  });

  it('is set aside under another name, unchanged, and its records are elsewhere', async () => {
    await machine.clock.advance(120_000);
    assert.deepEqual(machine.disk.contentOf(`${DIRECTORY}/journal-000001.damaged`), damaged);
    assert.equal(asText(await contentsOf(storage)), contentsAfter(SMALL.slice(1)));
  });

  it('is no longer read once it is set aside', async () => {
    await machine.clock.advance(120_000);
    await storage.close();
    machine.warnings.length = 0;
    const again = await machine.open();
    assert.deepEqual(
      [asText(await contentsOf(again)), machine.warnings.length],
      [contentsAfter(SMALL.slice(1)), 0],
    );
  });
});

describe('a journal in which octets go bad while it is open', () => {
  let machine: JournalMachine;
  let storage: Storage;

  beforeEach(async () => {
    machine = new JournalMachine();
    storage = await machine.open();
    for (const key of ['a', 'b', 'c', 'd'])
      await storage.write([{ table: 'tracked', key, value: `of ${key}` }]);
  });

  function rot(words: string): void {
    machine.disk.rot(PATH, machine.disk.contentOf(PATH).indexOf(words));
  }

  async function keysOf(table: Table): Promise<readonly string[]> {
    const keys: string[] = [];
    for await (const [key] of storage.scan(table)) keys.push(key);
    return keys;
  }

  it('gives all records but the one they are of', async () => {
    rot('of b');
    assert.deepEqual(await keysOf('tracked'), ['a', 'c', 'd']);
  });

  it('gives all but those, be it the first and the last', async () => {
    rot('of a');
    rot('of d');
    assert.deepEqual(await keysOf('tracked'), ['b', 'c']);
  });

  it('says so once, with the name of the file', async () => {
    rot('of a');
    rot('of b');
    await keysOf('tracked');
    await keysOf('tracked');
    assert.equal(machine.warnings.length, 1);
    assert.match(machine.warnings.join(), /journal-000001\.ndjson" cannot be read any more/);
  });

  it('gives a record that is written anew', async () => {
    rot('of b');
    await storage.write([{ table: 'tracked', key: 'b', value: 'anew' }]);
    assert.equal((await keysOf('tracked')).length, 4);
    assert.deepEqual(machine.warnings, []);
  });

  it('gives none while the disk fails, which may be over soon, and says nothing', async () => {
    machine.disk.fail = (operation) => (operation === 'read' ? 'EIO' : undefined);
    await assert.rejects(keysOf('tracked'), { code: 'SMPP_STORAGE' });
    machine.disk.fail = () => undefined;
    assert.equal((await keysOf('tracked')).length, 4);
    assert.deepEqual(machine.warnings, []);
  });
});

describe('a journal file', () => {
  for (const [which, version] of [
    ['an early', 1],
    ['a later', 3],
  ] as const) {
    it(`of ${which} version is refused and left as it is`, async () => {
      const disk = new SimulatedDisk();
      const other = headOf(version);
      disk.put(PATH, other);
      const message = new RegExp(`${which} version`);
      await assert.rejects(new JournalMachine(disk).open(), { code: 'SMPP_STORAGE', message });
      assert.deepEqual(disk.contentOf(PATH), other);
    });
  }

  it('without anything in it is no damage', async () => {
    assert.deepEqual(await reopen(Buffer.alloc(0)), { contents: [], warnings: [] });
  });

  it('full of zeros is a write that was cut short', async () => {
    assert.match((await reopen(Buffer.alloc(5000))).warnings.join(), /cut short/);
  });

  it('with a run of garbage and no line end is passed over', async () => {
    const journal = Buffer.concat([await write(SMALL), Buffer.alloc(700_000, 'x'), await write(SMALL)]);
    assert.equal(asText((await reopen(journal)).contents), contentsAfter([...SMALL, ...SMALL]));
  });
});

function headOf(version: number): Buffer {
  const json = Buffer.from(JSON.stringify({ journal: version }));
  return Buffer.from(`\n${crc32(json, 0, json.length).toString(16).padStart(8, '0')} ${json.toString()}\n`);
}
