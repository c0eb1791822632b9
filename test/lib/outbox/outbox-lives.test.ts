import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import { SmppError } from '../../../lib/errors.js';
import type { SubmitResult } from '../../../lib/message.js';
import { storedResult } from '../../../lib/outbox/stored-result.js';
import { FakeClock } from '../../support/fake-clock.js';
import { heldStorage } from '../../support/held-storage.js';
import { accepted, FakeLink, refused, unanswered } from '../../support/fake-link.js';
import { aResult } from './builders.js';
import { bench } from './outbox-bench.js';

const ESME_RINVDSTADR = 0x0b;
/** What is taken in beyond it is read back from storage. */
const BODIES_HELD = 5_000;
const ESME_RTHROTTLED = 0x58;
const ESME_RSYSERR = 0x08;
const ESME_RSUBMITFAIL = 0x45;

const RESULT = aResult({ id: 'sms' });

describe('Outbox', () => {
  describe('with a long SMS', () => {
    const long = { text: 'x'.repeat(400) };

    it('submits its segments over one link in order, as the window allows', async () => {
      const { take, up, outbox, settled, results } = await bench({}, 2);
      await take(long);
      await up(new FakeLink(0));
      const link = await up();
      assert.equal(link.submitted.length, 2);
      link.at(0).settle(accepted('a'));
      outbox.ready();
      await settled();
      link.at(1).settle(accepted('b'));
      link.at(2).settle(accepted('c'));
      await settled();
      assert.deepEqual(results[0]?.messageIds, ['a', 'b', 'c']);
      assert.deepEqual(
        link.submitted.map(({ segment }) => [...segment.octets.subarray(0, 6)]),
        [1, 2, 3].map((sequence) => [5, 0, 3, link.at(0).segment.octets[3], 3, sequence]),
      );
    });

    it('goes again as a whole with a new reference when its session dies between segments', async () => {
      const { take, up, down, results, settled } = await bench({}, 2);
      await take(long);
      const link = await up();
      link.at(0).settle(accepted('a'));
      link.at(1).settle(unanswered);
      await down(link);
      const other = await up(new FakeLink(10));
      const references = new Set(other.submitted.map(({ segment }) => segment.octets[3]));
      assert.deepEqual([other.submitted.length, references.size], [3, 1]);
      assert.ok(!references.has(link.at(0).segment.octets[3]));
      ['d', 'e', 'f'].forEach((id, index) => other.at(index).settle(accepted(id)));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, true);
      assert.deepEqual(results[0].messageIds, ['d', 'e', 'f']);
    });

    it('is flagged too when every segment that was sent had been answered: the gateway has some of them', async () => {
      const { take, up, down, results, settled } = await bench({}, 1);
      await take(long);
      const link = await up();
      link.at(0).settle(accepted('a'));
      await down(link);
      const other = await up(new FakeLink(10));
      assert.equal(other.submitted.length, 3);
      ['d', 'e', 'f'].forEach((id, index) => other.at(index).settle(accepted(id)));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, true);
    });

    it('sends a throttled segment again over the same link, with the same reference', async () => {
      const { take, up, clock, results } = await bench();
      await take(long);
      const link = await up();
      link.at(0).settle(accepted('a'));
      link.at(1).settle(refused(ESME_RTHROTTLED));
      link.at(2).settle(accepted('c'));
      await clock.advance(10_000);
      assert.equal(link.submitted.length, 4);
      assert.deepEqual(link.at(3).segment.octets, link.at(1).segment.octets);
      link.at(3).settle(accepted('b'));
      await clock.advance(0);
      assert.deepEqual(results[0]?.messageIds, ['a', 'b', 'c']);
      assert.equal(results[0].possibleDuplicate, false);
    });

    it('stops at the gateway’s last word', async () => {
      const { take, up, outbox, results, settled } = await bench({}, 1);
      await take(long);
      const link = await up();
      link.at(0).settle(refused(ESME_RINVDSTADR));
      outbox.ready();
      await settled();
      assert.equal(link.submitted.length, 1);
      assert.equal(results[0]?.outcome, 'rejected');
    });

    it('lets an alarm overtake one that is marked and has more segments than the window', async () => {
      const { take, up, outbox, settled } = await bench({}, 1);
      await take({ text: 'first' });
      const link = await up();
      await take({ text: 'x'.repeat(400), priority: 'bulk' });
      await settled();
      await take({ text: 'alarm', priority: 'alarm' });
      await settled();
      link.at(0).settle(accepted('a'));
      outbox.ready();
      await settled();
      assert.deepEqual(link.texts, ['first', 'alarm']);
    });
  });

  it('marks no alarm while there is no link', async () => {
    const storage = heldStorage();
    const { take, up, down, clock } = await bench({ storage }, 1);
    const link = await up();
    await take({ priority: 'bulk', sendAt: clock.wall() + 1_000 });
    const alarm = await take({ priority: 'alarm', sendAt: clock.wall() + 2_000 });
    storage.hold();
    await clock.advance(1_000);
    await down(link);
    const before = storage.writes;
    await clock.advance(1_000);
    assert.equal(storage.writes, before, alarm);
  });

  describe('with a dedupe key', () => {
    it('keeps a result for its sender, whoever else with the dedupe key has it', async () => {
      const { outbox, up, settled, storage } = await bench({}, 10, false);
      const sms = { to: '4512345678', from: 'A', text: 'x', dedupeKey: 'pump-3' };
      const { id } = await outbox.enqueue(sms);
      const second = await outbox.enqueue(sms);
      const third = outbox.send(sms);
      (await up()).at(0).settle(accepted('a'));
      await settled();
      assert.deepEqual([second.id, (await second.result)?.id, (await third).id], [id, id, id]);
      const results: SubmitResult[] = [];
      outbox.onSettled((result) => void results.push(result));
      await settled();
      assert.deepEqual([results.map((result) => result.id), storage.count('result')], [[id], 0]);
    });

    it('sends once and gives everyone the first one’s result', async () => {
      const { outbox, up, settled } = await bench();
      const sms = { to: '4512345678', from: 'A', text: 'x', dedupeKey: 'pump-3' };
      const first = outbox.send(sms);
      const second = outbox.send({ ...sms, text: 'again' });
      const link = await up();
      link.at(0).settle(accepted('a'));
      await settled();
      const third = outbox.send(sms);
      assert.equal(link.submitted.length, 1);
      const results = await Promise.all([first, second, third]);
      assert.equal(new Set(results.map(({ id }) => id)).size, 1);
    });

    it('lets the key go after its time', async () => {
      const { take, clock, outbox } = await bench();
      await take({ dedupeKey: 'pump-3', dedupeMs: 60_000 });
      await clock.advance(60_001);
      await take({ dedupeKey: 'pump-3' });
      assert.equal(outbox.counts.normal, 2);
    });

    it('remembers it over a restart', async () => {
      const first = await bench();
      const id = await first.take({ dedupeKey: 'pump-3' });
      await first.outbox.close();
      const second = await bench({ storage: first.storage, clock: first.clock, newId: () => 'new' });
      assert.equal(await second.take({ dedupeKey: 'pump-3' }), id);
    });
  });

  describe('after a restart of the process', () => {
    it('sends what was queued, in order, and says that it was recovered', async () => {
      const first = await bench();
      await first.take({ text: 'one' });
      await first.take({ text: 'two' });
      await first.outbox.close();
      const second = await bench({ storage: first.storage, clock: first.clock });
      const link = await second.up();
      assert.deepEqual(link.texts, ['one', 'two']);
      link.at(0).settle(accepted('a'));
      await second.settled();
      assert.equal(second.results[0]?.recovered, true);
      assert.equal(second.results[0].possibleDuplicate, false);
    });

    for (const priority of ['alarm', 'normal'] as const) {
      it(`sends what was never refused before an SMS of priority ${priority} that was, twice`, async () => {
        const first = await bench();
        await first.take({ text: 'odd', priority });
        const link = await first.up();
        link.at(0).settle(refused(ESME_RSYSERR));
        await first.clock.advance(5_000);
        link.at(1).settle(refused(ESME_RSYSERR));
        await first.outbox.close();
        const second = await bench({ storage: first.storage, clock: first.clock, newId: () => 'new' });
        await second.take({ text: 'fresh' });
        const next = await second.up(new FakeLink(1));
        assert.deepEqual(next.texts, ['fresh']);
      });
    }

    it('tries at once what was refused twice, and then waits on as before', async () => {
      const first = await bench();
      await first.take();
      const link = await first.up();
      link.at(0).settle(refused(ESME_RSYSERR));
      await first.clock.advance(5_000);
      link.at(1).settle(refused(ESME_RSYSERR));
      await first.outbox.close();
      const second = await bench({ storage: first.storage, clock: first.clock });
      const next = await second.up(new FakeLink());
      next.at(0).settle(refused(ESME_RSYSERR));
      await second.clock.advance(59_000);
      assert.equal(next.submitted.length, 1);
      await second.clock.advance(1_000);
      assert.equal(next.submitted.length, 2);
    });

    it('has what ESME_RSUBMITFAIL refused keep its place', async () => {
      const first = await bench();
      await first.take({ text: 'first' });
      (await first.up()).at(0).settle(refused(ESME_RSUBMITFAIL));
      await first.outbox.close();
      const second = await bench({ storage: first.storage, clock: first.clock, newId: () => 'new' });
      await second.take({ text: 'second' });
      const next = await second.up(new FakeLink(1));
      assert.deepEqual(next.texts, ['first']);
    });

    it('flags what may have left before the crash', async () => {
      const first = await bench();
      await first.take();
      await first.up();
      const second = await bench({ storage: first.storage, clock: first.clock });
      (await second.up(new FakeLink())).at(0).settle(accepted('b'));
      await second.settled();
      assert.equal(second.results[0]?.possibleDuplicate, true);
    });

    it('forgets the marks of SMS that were settled as it ended', async () => {
      const { outbox, storage, clock } = await bench();
      await outbox.close();
      await storage.write([{ table: 'progress', key: 'round sms-8', value: { ids: ['sms-8', 'sms-9'] } }]);
      await bench({ storage, clock });
      assert.equal(storage.count('progress'), 0);
    });

    it('hands over a result that nobody had taken', async () => {
      const first = await bench();
      const { outbox, storage, clock } = first;
      await outbox.close();
      const at = { queuedAt: clock.wall(), settledAt: clock.wall() };
      const result = { ...RESULT, ...at, id: 'old', status: 'ESME_RINVDSTADR', correlation: { of: 'mine' } };
      await storage.write([{ table: 'result', key: 'old', value: storedResult(result) }]);
      const second = await bench({ storage, clock });
      await second.settled();
      assert.deepEqual(second.results, [{ ...result, recovered: true }]);
    });
  });

  it('takes the largest SMS in by writes that storage takes', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const lengths: number[] = [];
    const write = storage.write.bind(storage);
    storage.write = (changes) => {
      lengths.push(Buffer.byteLength(JSON.stringify(changes)));
      return write(changes);
    };
    const made = await bench({ clock, storage });
    const correlation = '\u0001'.repeat(262_144);
    const ids = await Promise.all(Array.from({ length: 60 }, () => made.take({ correlation })));
    assert.equal(ids.length, 60);
    assert.ok(Math.max(...lengths) < DEFAULT_BOUNDS.lineOctets);
  });

  it('settles what is more than storage takes in one write', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const write = storage.write.bind(storage);
    storage.write = async (changes) => {
      if (changes.length > 4) throw new SmppError('SMPP_STORAGE', 'write it in parts');
      await write(changes);
    };
    const made = await bench({ clock, storage });
    const link = await made.up();
    for (let count = 0; count < 9; count += 1) await made.take();
    await made.settled();
    for (const { settle } of link.submitted) settle(accepted('id'));
    await clock.advance(5_000);
    assert.deepEqual([link.submitted.length, made.results.length], [9, 9]);
    assert.equal(new Set(made.results.map(({ id }) => id)).size, 9);
  });

  it('settles an SMS that is not in memory although storage could not be read at first', async () => {
    const clock = new FakeClock();
    const storage = heldStorage(clock);
    const { take, outbox, results } = await bench({ clock, storage });
    let last = '';
    for (let count = 0; count <= BODIES_HELD; count += 1) last = await take();
    const read = storage.read.bind(storage);
    storage.read = () => Promise.reject(new SmppError('SMPP_STORAGE', 'the disk fails'));
    const cancelled = outbox.cancel(last);
    await clock.advance(500);
    assert.equal(results.length, 0);
    storage.read = read;
    await clock.advance(500);
    assert.deepEqual([await cancelled, results[0]?.outcome], [true, 'cancelled']);
    assert.equal(results[0]?.to, '4512345678');
  });
});
