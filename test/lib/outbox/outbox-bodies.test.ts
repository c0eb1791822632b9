import assert from 'node:assert/strict';
import { SmppError } from '../../../lib/errors.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { accepted, FakeLink, refused } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench, type Bench } from './outbox-bench.js';

/** What is taken in beyond it is read back from storage. */
const BODIES_HELD = 5_000;
const ESME_RSYSERR = 0x08;
const DAY_MS = 86_400_000;

async function take(made: Bench, count: number, sms: Parameters<Bench['take']>[0]): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => made.take(sms)));
}

/** Accepts whatever is submitted, until nothing more comes. */
async function acceptAll(made: Bench, link: FakeLink): Promise<void> {
  for (let answered = 0; answered < link.submitted.length;) {
    link.at(answered).settle(accepted(`m-${(answered += 1)}`));
    made.outbox.ready();
    await Promise.resolve();
    if (answered === link.submitted.length) await made.settled();
  }
}

/** An SMS whose text is not in memory, behind as many as are. */
async function filled(storage: Storage, clock: FakeClock): Promise<{ made: Bench; unread: string }> {
  const made = await bench({ storage, clock });
  await take(made, BODIES_HELD, { priority: 'bulk' });
  return { made, unread: await made.take({ text: 'unread' }) };
}

/** Reads of one SMS, as the test wants them; all others are made. */
function reading(storage: Storage, instead: (key: string) => Promise<unknown> | undefined): void {
  const read = storage.read.bind(storage);
  storage.read = (table, key) => (table === 'outbox' ? instead(key) : undefined) ?? read(table, key);
}

const broken = (): Promise<never> => Promise.reject(new SmppError('SMPP_STORAGE', 'check the disk'));

for (const kind of ['disk', 'memory'] as const) {
  const storageOf = (clock: FakeClock): Storage =>
    kind === 'disk' ? heldStorage(clock) : memoryStorage(clock);

  describe(`Outbox with more SMS than it holds in memory, storage on the ${kind}`, () => {
    for (const count of [BODIES_HELD - 1, BODIES_HELD, BODIES_HELD + 1]) {
      it(`lets an alarm leave at once while ${count} wait for their instant`, async () => {
        const clock = new FakeClock();
        const made = await bench({ clock, storage: storageOf(clock) });
        const link = await made.up();
        await take(made, count, { sendAt: clock.wall() + DAY_MS });
        await made.take({ text: 'alarm', priority: 'alarm' });
        await made.settled();
        assert.deepEqual(link.texts, ['alarm']);
      });
    }

    it('lets alarms leave at once while others wait for their next try', async () => {
      const clock = new FakeClock();
      const made = await bench({ clock, storage: storageOf(clock) });
      const link = await made.up(new FakeLink(BODIES_HELD + 200));
      await take(made, BODIES_HELD + 200, {});
      await made.settled();
      for (const { settle } of link.submitted) settle(refused(ESME_RSYSERR));
      await made.settled();
      await take(made, 20, { text: 'alarm', priority: 'alarm' });
      await made.settled();
      assert.equal(link.texts.filter((text) => text === 'alarm').length, 20);
    });

    it('sends all that become due at once', async () => {
      const clock = new FakeClock();
      const made = await bench({ clock, storage: storageOf(clock) });
      const ids = await take(made, BODIES_HELD + 500, { sendAt: clock.wall() + 60_000 });
      const link = await made.up(new FakeLink(100));
      await clock.advance(60_000);
      await acceptAll(made, link);
      assert.deepEqual([link.submitted.length, made.results.length], [ids.length, ids.length]);
      assert.equal(made.outbox.counts.normal, 0);
    });

    it('sends all that an earlier process had under way or queued', async () => {
      const clock = new FakeClock();
      const first = await bench({ clock, storage: storageOf(clock), newId: idsFrom('a') });
      const before = await first.up(new FakeLink(BODIES_HELD + 100));
      await take(first, BODIES_HELD + 600, {});
      await first.settled();
      assert.equal(before.submitted.length, BODIES_HELD + 100);
      if (kind === 'memory') {
        await first.down(before);
        await first.outbox.close();
      }
      const made = await bench({ clock, storage: first.storage, newId: idsFrom('b') });
      const link = await made.up(new FakeLink(100));
      await acceptAll(made, link);
      assert.equal(made.results.length, BODIES_HELD + 600);
    });
  });
}

describe('Outbox with an SMS that cannot be read back', () => {
  const clock = () => new FakeClock();

  it('sends the others at once', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    reading(storage, (key) => (key === unread ? broken() : undefined));
    const [behind] = await take(made, 1, { text: 'behind' });
    const link = await made.up(new FakeLink(10));
    await acceptAll(made, link);
    assert.equal(link.submitted.length, BODIES_HELD + 1);
    assert.ok(made.results.some(({ id }) => id === behind));
    assert.ok(made.failures.length > 0);
  });

  it('sends the others at once while the read takes its time', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    let come: (value: unknown) => void = () => undefined;
    const stored = await storage.read('outbox', unread);
    reading(storage, (key) => (key === unread ? new Promise((resolve) => (come = resolve)) : undefined));
    await take(made, 20, { text: 'behind' });
    const link = await made.up(new FakeLink(10));
    await acceptAll(made, link);
    assert.equal(link.submitted.length, BODIES_HELD + 20);
    come(stored);
    await made.settled();
    assert.equal(link.texts.at(-1), 'unread');
  });

  it('sends it when it can be read again', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    let isBroken = true;
    reading(storage, (key) => (key === unread && isBroken ? broken() : undefined));
    const link = await made.up(new FakeLink(10));
    await acceptAll(made, link);
    isBroken = false;
    await time.advance(2_000);
    assert.equal(link.texts.at(-1), 'unread');
  });

  it('rejects it, with the reason, when storage has it no more', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    reading(storage, (key) => (key === unread ? Promise.resolve(undefined) : undefined));
    await made.up(new FakeLink(10));
    await made.settled();
    const result = made.results.find(({ id }) => id === unread);
    assert.equal(result?.outcome, 'rejected');
    assert.match(result.reason ?? '', /storage has it no more/);
    assert.deepEqual(made.log, [`SMS ${unread} is lost: storage has it no more: send it again`]);
  });

  it('rejects it after five minutes in which others could be read', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    reading(storage, (key) => (key === unread ? broken() : undefined));
    await take(made, 10, {});
    const link = await made.up(new FakeLink(10));
    await time.advance(200_000);
    assert.equal(made.results.length, 0);
    await acceptAll(made, link);
    await time.advance(200_000);
    const result = made.results.find(({ id }) => id === unread);
    assert.deepEqual([result?.outcome, made.log.length], ['rejected', 1]);
  });

  it('keeps it for as long as none can be read', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    reading(storage, broken);
    const link = await made.up(new FakeLink(10));
    await acceptAll(made, link);
    await time.advance(3_600_000);
    assert.deepEqual([made.results.length, made.outbox.counts.normal], [BODIES_HELD, 1], unread);
  });

  it('tells how it ended without what only its record says', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    reading(storage, (key) => (key === unread ? broken() : undefined));
    const cancelled = made.outbox.cancel(unread);
    await time.advance(60_000);
    assert.equal(await cancelled, true);
    assert.deepEqual(
      made.results.map(({ id, outcome, to }) => ({ id, outcome, to })),
      [{ id: unread, outcome: 'cancelled', to: '' }],
    );
  });

  it('leaves no timer behind', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made } = await filled(storage, time);
    reading(storage, broken);
    await made.down(await made.up(new FakeLink(10)));
    await made.outbox.close();
    assert.equal(time.pending, 0);
  });

  it('lists it with the others', async () => {
    const time = clock();
    const storage = heldStorage(time);
    const { made, unread } = await filled(storage, time);
    reading(storage, broken);
    const [listed] = await made.outbox.list(3);
    assert.deepEqual([listed?.id, listed?.to], [unread, '']);
  });
});

function idsFrom(prefix: string): () => string {
  let count = 0;
  return () => `${prefix}-${(count += 1)}`;
}
