/** SMS whose record in storage is damaged for good, gone, or cannot be read for now. */
import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import { DamagedRecordError, SmppError } from '../../../lib/errors.js';
import type { OutboundSms } from '../../../lib/message.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { accepted, FakeLink, refused, unanswered } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { DIRECTORY, JournalMachine } from '../../support/journal-machine.js';
import { bench, type Bench } from './outbox-bench.js';

const BOUNDS = { ...DEFAULT_BOUNDS, bodies: 2 };
const MINUTE_MS = 60_000;
const ESME_RSYSERR = 0x08;
const PATH = `${DIRECTORY}/journal-000001.ndjson`;

type Read = () => Promise<unknown>;

const damaged: Read = () => Promise.reject(new DamagedRecordError('check the disk'));
const gone: Read = () => Promise.resolve(undefined);
const refusedRead: Read = () => Promise.reject(new SmppError('SMPP_STORAGE', 'EIO'));
const hanging: Read = () => new Promise(() => undefined);

/** Reads of these SMS, of all when there are none named, as the test wants them. */
function reading(storage: Storage, how: Read, ids?: readonly string[]): void {
  const read = storage.read.bind(storage);
  storage.read = (table, key) =>
    table === 'outbox' && (ids?.includes(key) ?? true) ? how() : read(table, key);
}

/** An SMS that is in storage alone until its instant, in a minute. */
function scheduled({ take, clock }: Bench, sms: Partial<OutboundSms> = {}): Promise<string> {
  return take({ sendAt: clock.wall() + MINUTE_MS, ...sms });
}

/** Has more SMS in line than have their content in memory: what comes back to it has not. */
async function fill({ take }: Bench): Promise<void> {
  for (let count = 0; count < BOUNDS.bodies + 2; count += 1) await take({ priority: 'bulk' });
}

describe('Outbox with an SMS whose record is damaged for good', () => {
  let made: Bench;

  beforeEach(async () => {
    const clock = new FakeClock();
    made = await bench({ clock, storage: heldStorage(clock), bounds: BOUNDS });
  });

  const WRONG: readonly unknown[] = [
    null,
    'text',
    7,
    {},
    [],
    [1, 2, 3],
    ['', '', '', 1, 1, 1],
    ['4', 'a', 'b', 1],
  ];
  const kinds: readonly (readonly [string, Read, RegExp])[] = [
    ['has octets that are not as they were written', damaged, /its record in storage is damaged/],
    ['is no more', gone, /storage has it no more/],
    ...WRONG.map((value): readonly [string, Read, RegExp] => [
      `has the value ${JSON.stringify(value)}`,
      () => Promise.resolve(value),
      /its record in storage is damaged/,
    ]),
  ];
  for (const [what, how, reason] of kinds) {
    it(`rejects it at once when its turn has come and its record ${what}`, async () => {
      const id = await scheduled(made);
      reading(made.storage, how);
      await made.up();
      await made.clock.advance(MINUTE_MS);
      assert.deepEqual(
        made.results.map((result) => [result.id, result.outcome]),
        [[id, 'rejected']],
      );
      assert.match(made.results[0]?.reason ?? '', reason);
      assert.deepEqual([made.log.length, made.failures.length, made.outbox.counts.normal], [1, 0, 0]);
      assert.ok(made.log[0]?.includes(id));
    });
  }

  it('rejects it when it comes back from its back-off', async () => {
    const link = await made.up(new FakeLink(1));
    const id = await made.take();
    await made.settled();
    await fill(made);
    reading(made.storage, damaged, [id]);
    link.at(0).settle(refused(ESME_RSYSERR));
    await made.clock.advance(6_000);
    assert.deepEqual(
      made.results.map((result) => [result.id, result.outcome]),
      [[id, 'rejected']],
    );
  });

  for (const onUncertain of ['resend', 'reconcile'] as const) {
    it(`settles it as uncertain after an unknown outcome, which keeps its key: ${onUncertain}`, async () => {
      const link = await made.up(new FakeLink(1));
      const id = await made.take({ dedupeKey: 'k', onUncertain });
      await made.settled();
      await fill(made);
      reading(made.storage, damaged, [id]);
      link.at(0).settle(unanswered);
      await made.down(link);
      const after = await made.up(new FakeLink(10));
      await made.clock.advance(31_000);
      const again = await made.outbox.send({
        to: '4587654321',
        from: 'Alarm',
        text: 'again',
        dedupeKey: 'k',
      });
      assert.deepEqual(
        [again.id, again.outcome, again.repeated, again.to],
        [id, 'uncertain', true, '4587654321'],
      );
      assert.ok(!after.texts.includes('again'));
    });
  }

  it('gives its result to who waits with its dedupe key, and sends the next', async () => {
    const id = await scheduled(made, { dedupeKey: 'k' });
    reading(made.storage, damaged);
    const link = await made.up();
    const sms = { to: '4587654321', from: 'Alarm', text: 'alarm', dedupeKey: 'k' };
    const waiting = made.outbox.send(sms);
    await made.clock.advance(MINUTE_MS);
    const { id: first, outcome, repeated } = await waiting;
    assert.deepEqual([first, outcome, repeated], [id, 'rejected', true]);
    await made.take(sms);
    await made.settled();
    assert.deepEqual(link.texts, ['alarm']);
  });

  it('leaves the dedupe keys of others alone', async () => {
    await scheduled(made);
    const other = await scheduled(made, { sendAt: made.clock.wall() + 2 * MINUTE_MS, dedupeKey: 'k' });
    reading(made.storage, damaged);
    await made.up();
    await made.clock.advance(MINUTE_MS);
    assert.equal(
      (await made.outbox.enqueue({ to: '4512345678', from: 'A', text: 'x', dedupeKey: 'k' })).id,
      other,
    );
  });

  it('cancels it at once, and says so in one line', async () => {
    const id = await scheduled(made);
    reading(made.storage, damaged);
    assert.equal(await made.outbox.cancel(id), true);
    assert.deepEqual(
      made.results.map(({ outcome, to }) => [outcome, to]),
      [['cancelled', '']],
    );
    assert.match(
      made.log.join('\n'),
      new RegExp(`^SMS ${id} is cancelled, and its content is lost: .*damaged$`),
    );
  });

  it('lists it with the others', async () => {
    const id = await scheduled(made);
    reading(made.storage, damaged);
    assert.deepEqual(
      (await made.outbox.list(3)).map((sms) => [sms.id, sms.to]),
      [[id, '']],
    );
  });
});

describe('Outbox with an SMS that cannot be read for now', () => {
  let made: Bench;

  beforeEach(async () => {
    const clock = new FakeClock();
    made = await bench({ clock, storage: heldStorage(clock), bounds: BOUNDS });
  });

  for (const [what, how] of [
    ['is refused', refusedRead],
    ['hangs', hanging],
  ] as const) {
    it(`cancels it within two seconds while the read ${what}`, async () => {
      const ids: string[] = [];
      for (let count = 0; count < 10; count += 1) ids.push(await scheduled(made));
      reading(made.storage, how);
      const cancelled = Promise.all(ids.map((id) => made.outbox.cancel(id)));
      await made.clock.advance(2_000);
      assert.deepEqual(new Set(await cancelled), new Set([true]));
      assert.deepEqual([made.results.length, made.outbox.counts.normal], [10, 0]);
      assert.match(made.results[0]?.reason ?? '', /cancelled; its record could not be read/);
    });

    it(`cancels it within two seconds while the read of all that are due ${what}`, async () => {
      const ids: string[] = [];
      for (let count = 0; count < 10; count += 1) ids.push(await scheduled(made));
      await made.up();
      reading(made.storage, how);
      await made.clock.advance(MINUTE_MS + 1_000);
      const cancelled = Promise.all(ids.map((id) => made.outbox.cancel(id)));
      await made.clock.advance(2_000);
      assert.deepEqual(new Set(await cancelled), new Set([true]));
    });

    it(`lets it expire in time while the read ${what}`, async () => {
      await scheduled(made, { expiresAfterMs: 2_000 });
      await made.up();
      reading(made.storage, how);
      await made.clock.advance(MINUTE_MS + 2_000);
      await made.clock.advance(3_000);
      assert.deepEqual(
        made.results.map(({ outcome }) => outcome),
        ['expired'],
      );
    });

    it(`sends a repeated one once it has expired while the read ${what}`, async () => {
      const id = await scheduled(made, { expiresAfterMs: 2_000, dedupeKey: 'k' });
      const link = await made.up();
      reading(made.storage, how, [id]);
      await made.clock.advance(MINUTE_MS + 5_000);
      await made.take({ text: 'again', dedupeKey: 'k' });
      await made.settled();
      assert.deepEqual(link.texts, ['again']);
    });

    it(`stops while the read ${what}, and has it after the next start`, async () => {
      const id = await scheduled(made);
      const { storage, clock } = made;
      await made.up();
      const read = storage.read.bind(storage);
      reading(storage, how);
      await clock.advance(MINUTE_MS);
      const cancelled = made.outbox.cancel(id);
      await made.outbox.close();
      assert.deepEqual([await cancelled, clock.pending], [false, 0]);
      storage.read = read;
      const next = await bench({ clock, storage, bounds: BOUNDS, newId: () => 'next' });
      const link = await next.up();
      assert.equal(link.submitted.length, 1);
    });
  }

  it('sends others while some reads hang', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 8; count += 1) ids.push(await scheduled(made));
    await scheduled(made, { text: 'other' });
    reading(made.storage, hanging, ids);
    const link = await made.up();
    await made.clock.advance(MINUTE_MS + 5_000);
    assert.deepEqual(link.texts, ['other']);
  });

  it('waits for storage where that is slow to settle many', async () => {
    const { storage, clock, outbox, results } = made;
    for (let count = 0; count < 50; count += 1) await scheduled(made);
    const read = storage.read.bind(storage);
    storage.read = (table, key) =>
      new Promise((resolve) => clock.after(1_000, () => resolve(read(table, key))));
    const queued = await outbox.list(0);
    assert.deepEqual(queued, []);
    for (let nth = 1; nth <= 50; nth += 1) void outbox.cancel(`sms-${nth}`);
    await clock.advance(60_000);
    assert.deepEqual([results.length, results.filter(({ to }) => to === '').length], [50, 0]);
  });

  it('reads none again that has ended', async () => {
    const id = await scheduled(made);
    let reads = 0;
    reading(made.storage, () => {
      reads += 1;
      return refusedRead();
    });
    await made.up();
    await made.clock.advance(MINUTE_MS);
    void made.outbox.cancel(id);
    await made.clock.advance(2_000);
    const before = reads;
    await made.clock.advance(10 * MINUTE_MS);
    assert.equal(reads, before);
  });
});

describe('Outbox after a start that finds damage', () => {
  /** Changes an octet of what follows these words in the journal. */
  function rot({ disk }: JournalMachine, words: string): void {
    const at = disk.contentOf(PATH).indexOf(words);
    assert.ok(at > 0, words);
    disk.rot(PATH, at);
  }

  async function restarted(machine: JournalMachine): Promise<Bench> {
    machine.kill();
    const made = await bench({ clock: machine.clock, storage: await machine.open(), newId: () => 'later' });
    await made.clock.advance(100);
    return made;
  }

  let machine: JournalMachine;
  let before: Bench;

  beforeEach(async () => {
    machine = new JournalMachine();
    before = await bench({ clock: machine.clock, storage: await machine.open() });
  });

  const ended = ({ results }: Bench) => results.map(({ id, outcome, recovered }) => [id, outcome, recovered]);

  it('rejects an SMS of which nothing but its progress is left', async () => {
    const link = await before.up();
    const id = await before.take({ text: 'damaged' });
    await before.clock.advance(100);
    link.at(0).settle(refused(ESME_RSYSERR));
    await before.clock.advance(100);
    rot(machine, 'damaged');
    const made = await restarted(machine);
    assert.deepEqual(ended(made), [[id, 'rejected', true]]);
    assert.ok(made.log.join().includes(id));
  });

  it('settles one as uncertain that had been submitted', async () => {
    const link = await before.up();
    const id = await before.take({ text: 'damaged' });
    await before.clock.advance(100);
    link.at(0).settle(unanswered);
    await before.clock.advance(100);
    rot(machine, 'damaged');
    assert.deepEqual(ended(await restarted(machine)), [[id, 'uncertain', true]]);
  });

  it('has each such result once', async () => {
    const link = await before.up();
    await before.take({ text: 'damaged' });
    await before.clock.advance(100);
    link.at(0).settle(refused(ESME_RSYSERR));
    await before.clock.advance(100);
    rot(machine, 'damaged');
    await (await restarted(machine)).outbox.close();
    assert.deepEqual(ended(await restarted(machine)), []);
  });

  it('rejects one whose dedupe key alone is left, and sends the next with that', async () => {
    const { storage } = before;
    await storage.write([
      {
        table: 'dedupe',
        key: 'k',
        value: { id: 'sms-9', until: machine.clock.wall() + MINUTE_MS, dedupeMs: MINUTE_MS },
      },
    ]);
    const made = await restarted(machine);
    assert.deepEqual(ended(made), [['sms-9', 'rejected', true]]);
    const link = await made.up();
    await made.take({ text: 'next', dedupeKey: 'k' });
    await made.clock.advance(100);
    assert.deepEqual(link.texts, ['next']);
  });

  /** What follows these words goes bad once the next start has replayed the journal. */
  async function restartedBefore(words: string): Promise<Bench> {
    machine.kill();
    const storage = await machine.open();
    rot(machine, words);
    const made = await bench({ clock: machine.clock, storage, newId: () => 'later' });
    await made.clock.advance(100);
    return made;
  }

  it('rejects an SMS that goes bad before it is read, sends the others in their order, and frees its key', async () => {
    for (const text of ['first', 'damaged', 'third']) await before.take({ text, dedupeKey: text });
    await before.clock.advance(100);
    const made = await restartedBefore('damaged');
    assert.deepEqual(ended(made), [['sms-2', 'rejected', true]]);
    assert.match(made.results[0]?.reason ?? '', /its record in storage is damaged/);
    const link = await made.up();
    await made.take({ text: 'again', dedupeKey: 'damaged' });
    await made.clock.advance(100);
    assert.deepEqual(link.texts, ['first', 'third', 'again']);
  });

  it('has each such result once too', async () => {
    await before.take({ text: 'damaged' });
    await before.clock.advance(100);
    const made = await restartedBefore('damaged');
    assert.deepEqual(ended(made), [['sms-1', 'rejected', true]]);
    await made.outbox.close();
    assert.deepEqual(ended(await restarted(machine)), []);
  });

  it('takes an SMS for one under way whose progress goes bad before it is read', async () => {
    const link = await before.up();
    await before.take();
    await before.clock.advance(100);
    link.at(0).settle(refused(ESME_RSYSERR));
    await before.clock.advance(100);
    const made = await restartedBefore('"refused"');
    const after = await made.up();
    await made.clock.advance(100);
    after.at(0).settle(accepted('m-1'));
    await made.clock.advance(100);
    assert.deepEqual(
      made.results.map(({ id, outcome, possibleDuplicate }) => [id, outcome, possibleDuplicate]),
      [['sms-1', 'accepted', true]],
    );
    assert.equal(made.storage.count('progress'), 0);
  });

  it('takes an SMS for one under way that was so alone, as only a record says that goes bad', async () => {
    await before.up();
    await before.take();
    await before.clock.advance(100);
    const made = await restartedBefore('"ids"');
    const after = await made.up();
    await made.clock.advance(100);
    after.at(0).settle(accepted('m-1'));
    await made.clock.advance(100);
    assert.deepEqual(
      made.results.map(({ id, outcome, possibleDuplicate }) => [id, outcome, possibleDuplicate]),
      [['sms-1', 'accepted', true]],
    );
    assert.equal(made.storage.count('progress'), 0);
  });

  it('says nothing of SMS that were settled', async () => {
    const link = await before.up();
    for (const dedupeKey of ['a', 'b']) await before.take({ dedupeKey });
    await before.take();
    await before.clock.advance(100);
    link.at(0).settle(accepted('m-1'));
    link.at(1).settle(refused(ESME_RSYSERR));
    link.at(2).settle(accepted('m-3'));
    await before.clock.advance(100);
    await before.outbox.cancel('sms-2');
    await before.clock.advance(MINUTE_MS);
    assert.equal(before.results.length, 3);
    assert.deepEqual(ended(await restarted(machine)), []);
  });

  it('starts although a record is not one of an SMS, and rejects that', async () => {
    await before.storage.write([{ table: 'outbox', key: 'sms-9', value: null }]);
    assert.deepEqual(ended(await restarted(machine)), [['sms-9', 'rejected', true]]);
  });
});

describe('Outbox on a journal that is damaged while it runs', () => {
  it('settles what shares the damaged octets, sends the rest, and frees the keys', async () => {
    const machine = new JournalMachine();
    const clock = machine.clock;
    const made = await bench({ clock, storage: await machine.open() });
    const bad = await scheduled(made, { text: 'damaged', dedupeKey: 'k' });
    await scheduled(made, { text: 'whole' });
    machine.disk.rot(PATH, machine.disk.contentOf(PATH).indexOf('damaged'));
    const link = await made.up();
    await clock.advance(MINUTE_MS);
    await clock.advance(100);
    assert.deepEqual(link.texts, ['whole']);
    assert.deepEqual(
      made.results.map(({ id, outcome }) => [id, outcome]),
      [[bad, 'rejected']],
    );
    await made.take({ text: 'next', dedupeKey: 'k' });
    await clock.advance(100);
    assert.deepEqual(link.texts, ['whole', 'next']);
  });
});
