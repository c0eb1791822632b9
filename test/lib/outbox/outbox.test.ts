import assert from 'node:assert/strict';
import type { SmppError } from '../../../lib/errors.js';
import type { SubmitResult } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { heldStorage } from '../../support/held-storage.js';
import { accepted, FakeLink, refused } from '../../support/fake-link.js';
import { bench } from './outbox-bench.js';

const ESME_RINVDSTADR = 0x0b;

describe('Outbox', () => {
  describe('taking in', () => {
    it('stores an SMS before it acknowledges it', async () => {
      const { take, storage } = await bench();
      const id = await take();
      assert.equal(storage.count('outbox'), 1);
      assert.ok(await storage.read('outbox', id));
    });

    it('takes nothing in when storage fails, and says so', async () => {
      const storage = memoryStorage(new FakeClock());
      const { take, outbox } = await bench({ storage });
      await storage.close();
      await assert.rejects(take(), { code: 'SMPP_STORAGE' });
      assert.equal(outbox.counts.normal, 0);
    });

    it('refuses bad input without storing anything', async () => {
      const { take, storage } = await bench();
      await assert.rejects(take({ to: 'nobody' }), { code: 'SMPP_MESSAGE' });
      assert.equal(storage.count('outbox'), 0);
    });

    it('refuses when it is closed', async () => {
      const { take, outbox } = await bench();
      await outbox.close();
      await assert.rejects(take(), { code: 'SMPP_STOPPED' });
    });
  });

  describe('taking in under a dedupe key that another has', () => {
    it('takes in what is safe only', async () => {
      const storage = heldStorage();
      const { take, settled } = await bench({ storage });
      storage.hold();
      let taken = 0;
      for (let count = 0; count < 2; count += 1) void take({ dedupeKey: 'k' }).then(() => (taken += 1));
      await settled();
      assert.equal(taken, 0);
      storage.release();
      await settled();
      assert.equal(taken, 2);
    });

    it('refuses what the other was refused for', async () => {
      const storage = heldStorage();
      const { take } = await bench({ storage });
      storage.fail();
      const taken = await Promise.allSettled([take({ dedupeKey: 'k' }), take({ dedupeKey: 'k' })]);
      assert.deepEqual(
        taken.map(({ status }) => status),
        ['rejected', 'rejected'],
      );
    });
  });

  describe('submitting', () => {
    it('leaves it to the gateway for how long that tries to deliver it, unless the SMS says so', async () => {
      const first = await bench();
      await first.take({ expiresAfterMs: 60_000 });
      await first.take({ validityMs: 90_000 });
      await first.outbox.close();
      const second = await bench({ storage: first.storage, clock: first.clock });
      const link = await second.up();
      assert.deepEqual([link.at(0).segment.validityMs, link.at(1).segment.validityMs], [undefined, 90_000]);
    });

    it('submits what became due in one turn in one write', async () => {
      const { take, up, settled } = await bench();
      const link = await up();
      await Promise.all([take(), take(), take()]);
      await settled();
      assert.equal(link.submitted.length, 3);
      assert.equal(link.writes, 1);
    });

    it('keeps within the window', async () => {
      const { take, up, outbox, settled } = await bench({}, 2);
      for (let count = 0; count < 5; count += 1) await take();
      const link = await up();
      assert.equal(link.submitted.length, 2);
      link.at(0).settle(accepted('a'));
      outbox.ready();
      await settled();
      assert.equal(link.submitted.length, 3);
    });

    it('marks an SMS as under way in storage before it is submitted', async () => {
      const { take, storage, clock, outbox } = await bench();
      await take();
      let marked: unknown;
      class WatchedLink extends FakeLink {
        override submit(...given: Parameters<FakeLink['submit']>): void {
          marked = storage.count('progress');
          super.submit(...given);
        }
      }
      outbox.linkUp(new WatchedLink());
      await clock.advance(0);
      assert.equal(marked, 1);
    });

    it('marks in the same write what is taken in and leaves at once', async () => {
      const storage = heldStorage();
      const { take, up, settled } = await bench({ storage });
      const link = await up();
      const writes = storage.writes;
      await take();
      await settled();
      assert.deepEqual([link.submitted.length, storage.writes - writes], [1, 1]);
    });

    it('has a window marked ahead, so that an answer brings the next SMS without a write in between', async () => {
      const storage = heldStorage();
      const { take, up, outbox, settled } = await bench({ storage }, 1);
      for (let count = 0; count < 3; count += 1) await take();
      const link = await up();
      storage.hold();
      link.at(0).settle(accepted('a'));
      outbox.ready();
      await settled();
      assert.equal(link.submitted.length, 2);
    });

    it('unmarks what was marked ahead when no link is left', async () => {
      const { take, up, down, storage, clock } = await bench({}, 1);
      for (let count = 0; count < 3; count += 1) await take();
      const link = await up();
      link.at(0).settle(accepted('a'));
      await down(link);
      const next = await bench({ storage, clock });
      const other = await next.up(new FakeLink());
      other.submitted.forEach(({ settle }, index) => settle(accepted(`b${index}`)));
      await next.settled();
      assert.deepEqual(
        next.results.map(({ possibleDuplicate }) => possibleDuplicate),
        [false, false],
      );
    });

    it('cancels what is marked and has not left, and then does not submit it', async () => {
      const { take, up, outbox, settled, results } = await bench({}, 1);
      await take();
      const link = await up();
      const id = await take();
      await settled();
      assert.equal(await outbox.cancel(id), true);
      link.at(0).settle(accepted('a'));
      outbox.ready();
      await settled();
      assert.deepEqual([link.submitted.length, results.find((result) => result.id === id)?.attempts], [1, 0]);
    });

    it('lets an alarm overtake everything queued', async () => {
      const { take, up } = await bench({}, 1);
      await take({ text: 'bulk', priority: 'bulk' });
      await take({ text: 'normal' });
      await take({ text: 'alarm', priority: 'alarm' });
      const link = await up();
      assert.deepEqual(link.texts, ['alarm']);
    });

    it('keeps to the segments a second that the account allows', async () => {
      const { take, up, clock, outbox } = await bench({ segmentsPerSecond: 2 }, 100);
      for (let count = 0; count < 6; count += 1) await take();
      const link = await up();
      assert.equal(link.submitted.length, 2);
      outbox.ready();
      await clock.advance(1_000);
      assert.equal(link.submitted.length, 4);
      await clock.advance(1_000);
      assert.equal(link.submitted.length, 6);
    });

    it('sends a scheduled SMS at its time', async () => {
      const { take, up, clock } = await bench();
      await take({ sendAt: clock.wall() + 90_000 });
      const link = await up();
      await clock.advance(89_999);
      assert.equal(link.submitted.length, 0);
      await clock.advance(1);
      assert.equal(link.submitted.length, 1);
    });

    it('sends a scheduled SMS at its time when the wall clock was set back meanwhile', async () => {
      const { take, up, clock, results } = await bench();
      await take({ sendAt: clock.wall() + 3_600_000, expiresAfterMs: 600_000 });
      const link = await up();
      clock.shiftWall(-1_800_000);
      await clock.advance(3_600_000 + 1_800_000);
      assert.deepEqual([link.submitted.length, results], [1, []]);
    });

    it('has the life of a scheduled SMS begin at its time', async () => {
      const { take, clock, results } = await bench();
      await take({ sendAt: clock.wall() + 3_600_000, expiresAfterMs: 600_000 });
      await clock.advance(3_600_000 + 599_000);
      assert.equal(results.length, 0);
      await clock.advance(2_000);
      assert.equal(results[0]?.outcome, 'expired');
    });

    it('uses every link that has room', async () => {
      const { take, up } = await bench();
      for (let count = 0; count < 4; count += 1) await take();
      const [first, second] = [new FakeLink(2, 'dk1:2775'), new FakeLink(2, 'dk2:2775')];
      await up(first);
      await up(second);
      assert.deepEqual([first.submitted.length, second.submitted.length], [2, 2]);
    });
  });

  describe('settling', () => {
    it('reports an accepted SMS once, with the gateway’s id and host', async () => {
      const { take, up, results, settled } = await bench();
      const id = await take({ correlation: { order: 7 } });
      const link = await up();
      link.at(0).settle(accepted('ble-1'));
      await settled();
      assert.equal(results.length, 1);
      const { queuedAt, settledAt, ...result } = results[0] as SubmitResult;
      assert.ok(settledAt >= queuedAt);
      assert.deepEqual(result, {
        id,
        outcome: 'accepted',
        messageIds: ['ble-1'],
        to: '4512345678',
        from: 'Alarm',
        segments: 1,
        encoding: 'gsm7',
        possibleDuplicate: false,
        recovered: false,
        host: 'dk1:2775',
        attempts: 1,
        correlation: { order: 7 },
      });
    });

    it('forgets the text with the result', async () => {
      const { take, up, storage, settled } = await bench();
      await take();
      (await up()).at(0).settle(accepted('a'));
      await settled();
      assert.equal(storage.count('outbox') + storage.count('progress') + storage.count('result'), 0);
    });

    it('resolves the promise of who waits for the result', async () => {
      const { outbox, up, settled } = await bench();
      const result = outbox.send({ to: '4512345678', from: 'A', text: 'x' });
      (await up()).at(0).settle(accepted('a'));
      await settled();
      assert.equal((await result).outcome, 'accepted');
    });

    it('rejects with the status’s name and plain words, at once', async () => {
      const { take, up, results, settled } = await bench();
      await take();
      (await up()).at(0).settle(refused(ESME_RINVDSTADR));
      await settled();
      assert.equal(results[0]?.outcome, 'rejected');
      assert.equal(results[0].status, 'ESME_RINVDSTADR');
      assert.match(results[0].reason ?? '', /\w+ \w+/);
    });

    it('expires what is still queued when its time is over', async () => {
      const { take, results, clock } = await bench();
      await take({ expiresAfterMs: 60_000 });
      await clock.advance(59_000);
      assert.equal(results.length, 0);
      await clock.advance(2_000);
      assert.equal(results[0]?.outcome, 'expired');
    });

    it('cancels what is queued, and only that', async () => {
      const { take, up, outbox, results, settled } = await bench({}, 1);
      const underWay = await take();
      const queued = await take();
      await up();
      assert.equal(await outbox.cancel(underWay), false);
      assert.equal(await outbox.cancel(queued), true);
      assert.equal(await outbox.cancel('nobody'), false);
      await settled();
      assert.deepEqual(
        results.map(({ id, outcome }) => [id, outcome]),
        [[queued, 'cancelled']],
      );
    });

    it('does not put what is tracked back to what it was before its receipt came', async () => {
      const storage = heldStorage();
      const tracking = ({ id }: { id: string }) =>
        [{ table: 'tracked', key: id, value: 'accepted' }] as const;
      const { take, up, clock } = await bench({ storage, tracking });
      const id = await take();
      const link = await up();
      storage.fail();
      link.at(0).settle(accepted('ble-1'));
      await clock.advance(0);
      storage.release();
      await storage.write([{ table: 'tracked', key: id, value: 'delivered' }]);
      await clock.advance(1_000);
      assert.equal(await storage.read('tracked', id), 'delivered');
    });

    it('cancels nothing any more once it is halted', async () => {
      const { outbox, take } = await bench();
      const id = await take();
      outbox.halt();
      assert.equal(await outbox.cancel(id), false);
    });

    it('says that an SMS is cancelled when that is stored', async () => {
      const storage = heldStorage();
      const { take, outbox, settled } = await bench({ storage });
      const id = await take();
      storage.hold();
      let said: boolean | undefined;
      void outbox.cancel(id).then((isCancelled) => (said = isCancelled));
      await settled();
      assert.equal(said, undefined);
      storage.release();
      await settled();
      assert.equal(said, true);
    });

    it('does not close while an SMS is marked as under way that was not submitted', async () => {
      const storage = heldStorage();
      const { take, link, outbox, settled, down } = await bench({ storage });
      const id = await take();
      storage.hold();
      outbox.linkUp(link);
      await settled();
      await down(link);
      let isClosed = false;
      const closed = outbox.close().then(() => (isClosed = true));
      await settled();
      assert.equal(isClosed, false);
      storage.release();
      await closed;
      const progress = (await storage.read('progress', id)) as { underWay: boolean };
      assert.deepEqual([link.submitted.length, progress.underWay], [0, false]);
    });

    it('rejects those who still wait when it is closed', async () => {
      const { outbox } = await bench();
      const result = outbox.send({ to: '4512345678', from: 'A', text: 'x' });
      const rejection = assert.rejects(result, { code: 'SMPP_STOPPED' });
      await outbox.close();
      await rejection;
    });

    it('says to those who wait for an SMS with their dedupe key that theirs was not taken in', async () => {
      const { outbox } = await bench();
      const sms = { to: '4512345678', from: 'A', text: 'x', dedupeKey: 'pump-3' };
      const waiting = Promise.allSettled([outbox.send(sms), outbox.send(sms)]);
      await outbox.close();
      const [first, second] = (await waiting).map(
        (one) => one.status === 'rejected' && (one.reason as SmppError),
      );
      assert.deepEqual([first && first.code, first && first.field], ['SMPP_STOPPED', undefined]);
      assert.deepEqual([second && second.code, second && second.field], ['SMPP_STOPPED', 'dedupeKey']);
    });
  });

  describe('with volatile storage', () => {
    const sms = { to: '4512345678', from: 'A', text: 'x' };

    it('writes nothing of an SMS that it holds and whose sender takes the result', async () => {
      const clock = new FakeClock();
      const storage = memoryStorage(clock);
      const { outbox, up, settled } = await bench({ storage, clock });
      outbox.send(sms).catch(() => undefined);
      const link = await up();
      assert.deepEqual([storage.count('outbox'), link.submitted.length], [0, 1]);
      link.at(0).settle(accepted('a'));
      await settled();
      assert.equal(storage.count('result') + storage.count('progress'), 0);
    });

    it('keeps over a stop a result that nobody has taken', async () => {
      const clock = new FakeClock();
      const storage = memoryStorage(clock);
      const first = await bench({ storage, clock });
      first.outbox.onSettled(() => Promise.reject(new Error('not now')));
      await first.take();
      const link = await first.up();
      link.at(0).settle(accepted('a'));
      await first.settled();
      assert.equal(storage.count('result'), 0);
      await first.outbox.close();
      const { results, settled } = await bench({ storage, clock });
      await settled();
      assert.deepEqual(
        results.map(({ messageIds, recovered }) => [messageIds, recovered]),
        [[['a'], true]],
      );
    });

    it('keeps over a stop what is queued, and what may have left flagged', async () => {
      const clock = new FakeClock();
      const storage = memoryStorage(clock);
      const first = await bench({ storage, clock }, 1);
      for (const text of ['one', 'two']) await first.take({ text });
      await first.up();
      await first.outbox.close();
      const { up, results, settled } = await bench({ storage, clock });
      const link = await up();
      assert.deepEqual(link.texts, ['one', 'two']);
      link.submitted.forEach(({ settle }, index) => settle(accepted(`id-${index}`)));
      await settled();
      assert.deepEqual(
        results.map(({ possibleDuplicate, recovered }) => [possibleDuplicate, recovered]),
        [
          [true, true],
          [false, true],
        ],
      );
      assert.equal(storage.count('outbox') + storage.count('progress') + storage.count('result'), 0);
    });

    it('keeps over a stop the order of what is queued, held in memory or not', async () => {
      const clock = new FakeClock();
      const storage = memoryStorage(clock);
      const first = await bench({ storage, clock });
      const texts = Array.from({ length: 5_010 }, (_, index) => `SMS ${index}`);
      for (const text of texts) await first.take({ text });
      await first.outbox.close();
      const { up } = await bench({ storage, clock }, 10_000);
      assert.deepEqual((await up()).texts, texts);
    });
  });

  it('rejects everyone who waits for an SMS that storage did not take', async () => {
    const storage = Object.assign(memoryStorage(new FakeClock()), {
      write: () => Promise.reject(new Error('disk')),
    });
    const { outbox } = await bench({ storage });
    const sms = { to: '4512345678', from: 'A', text: 'x', dedupeKey: 'pump-3' };
    const both = [outbox.send(sms), outbox.send(sms)];
    for (const result of both) await assert.rejects(result, { message: 'disk' });
  });

  it('keeps a dedupe key for its time, whatever the wall clock does', async () => {
    const { take, outbox, clock } = await bench();
    const first = await take({ dedupeKey: 'pump-3', dedupeMs: 60_000 });
    clock.shiftWall(86_400_000);
    assert.equal(await take({ dedupeKey: 'pump-3' }), first);
    await outbox.cancel(first);
    clock.shiftWall(-2 * 86_400_000);
    await clock.advance(61_000);
    assert.notEqual(await take({ dedupeKey: 'pump-3' }), first);
  });

  it('keeps a dedupe key over a restart for no longer than its time, should the clock have been set back', async () => {
    const clock = new FakeClock();
    const storage = memoryStorage(clock);
    const first = await bench({ storage, clock });
    const id = await first.take({ dedupeKey: 'pump-3', dedupeMs: 60_000 });
    await first.outbox.close();
    clock.shiftWall(-86_400_000);
    const { take } = await bench({ storage, clock });
    assert.equal(await take({ dedupeKey: 'pump-3' }), id);
    await clock.advance(61_000);
    assert.notEqual(await take({ dedupeKey: 'pump-3' }), id);
  });

  it('submits nothing when storage cannot mark it, and tries again', async () => {
    const clock = new FakeClock();
    const flaky = heldStorage(clock);
    const { take, up, failures } = await bench({ storage: flaky, clock });
    await take();
    flaky.fail();
    const link = await up();
    assert.equal(link.submitted.length, 0);
    assert.ok(failures.length > 0);
    flaky.release();
    await clock.advance(1_000);
    assert.equal(link.submitted.length, 1);
  });
});
