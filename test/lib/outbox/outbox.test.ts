import assert from 'node:assert/strict';
import type { OnUncertain, OutboundSms, SubmitResult } from '../../../lib/message.js';
import { Outbox, type OutboxOptions } from '../../../lib/outbox/outbox.js';
import { commandStatus } from '../../../lib/pdu/command-status.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { accepted, FakeLink, refused, unanswered, unwritten } from '../../support/fake-link.js';

const ESME_RSYSERR = 0x08;
const ESME_RINVDSTADR = 0x0b;
const ESME_RSUBMITFAIL = 0x45;
const ESME_RTHROTTLED = 0x58;
const ESME_RINVBNDSTS = 0x04;

interface Bench {
  readonly clock: FakeClock;
  readonly outbox: Outbox;
  readonly storage: Storage;
  readonly results: SubmitResult[];
  readonly link: FakeLink;
  readonly failures: unknown[];
  /** Set by a test: a restart of the gateway is going on. */
  isRestart: boolean;
  submitFailures: number;
  unmatched: string[];
  take(changes?: Partial<OutboundSms>): Promise<string>;
  up(link?: FakeLink): Promise<FakeLink>;
  down(link: FakeLink): Promise<void>;
  settled(): Promise<void>;
}

async function bench(options: Partial<OutboxOptions> = {}, window = 10): Promise<Bench> {
  const clock = options.clock instanceof FakeClock ? options.clock : new FakeClock();
  const storage = options.storage ?? memoryStorage(clock);
  const results: SubmitResult[] = [];
  const failures: unknown[] = [];
  let ids = 0;
  const outbox = new Outbox({
    storage,
    clock,
    onUncertain: 'resend' satisfies OnUncertain,
    segmentsPerSecond: undefined,
    newId: () => `sms-${(ids += 1)}`,
    firstReference: 0,
    refusal: commandStatus,
    tracking: () => [],
    onSubmitFailed: () => (made.submitFailures += 1),
    isRestart: () => made.isRestart,
    unmatchedIds: () => made.unmatched,
    count: () => undefined,
    onFailure: (error) => failures.push(error),
    ...options,
  });
  const made: Bench = {
    clock,
    outbox,
    storage,
    results,
    failures,
    link: new FakeLink(window),
    isRestart: false,
    submitFailures: 0,
    unmatched: [],
    take: async (changes) =>
      (await outbox.take({ to: '4512345678', from: 'Alarm', text: 'x', ...changes }, 'id')).id,
    up: async (link = made.link) => {
      outbox.linkUp(link);
      await clock.advance(0);
      return link;
    },
    down: async (link) => {
      link.leave();
      outbox.linkDown(link);
      await clock.advance(0);
    },
    settled: () => clock.advance(0),
  };
  await outbox.open();
  outbox.onSettled((result) => void results.push(result));
  return made;
}

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

  describe('submitting', () => {
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
      const id = await take();
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
      assert.deepEqual(await storage.read('progress', id), {
        attempts: 1,
        unknowns: 0,
        possibleDuplicate: false,
        underWay: true,
      });
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
      const { result } = await outbox.take({ to: '4512345678', from: 'A', text: 'x' }, 'result');
      (await up()).at(0).settle(accepted('a'));
      await settled();
      assert.equal((await result)?.outcome, 'accepted');
    });

    it('rejects with the status’s name and plain words, at once', async () => {
      const { take, up, results, settled } = await bench();
      await take();
      (await up()).at(0).settle(refused(ESME_RINVDSTADR));
      await settled();
      assert.equal(results[0]?.outcome, 'rejected');
      assert.equal(results[0]?.status, 'ESME_RINVDSTADR');
      assert.match(results[0]?.reason ?? '', /\w+ \w+/);
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
      assert.equal(outbox.cancel(underWay), false);
      assert.equal(outbox.cancel(queued), true);
      assert.equal(outbox.cancel('nobody'), false);
      await settled();
      assert.deepEqual(
        results.map(({ id, outcome }) => [id, outcome]),
        [[queued, 'cancelled']],
      );
    });

    it('rejects those who still wait when it is closed', async () => {
      const { outbox } = await bench();
      const { result } = await outbox.take({ to: '4512345678', from: 'A', text: 'x' }, 'result');
      const rejection = assert.rejects(result as Promise<unknown>, { code: 'SMPP_STOPPED' });
      await outbox.close();
      await rejection;
    });
  });

  describe('after a refusal that may pass', () => {
    it('sends again on another link after ESME_RSUBMITFAIL, at the head of the queue', async () => {
      const made = await bench({}, 1);
      const { take, up, results, settled } = made;
      await take({ text: 'first' });
      await take({ text: 'second' });
      const link = await up();
      link.at(0).settle(refused(ESME_RSUBMITFAIL));
      await settled();
      assert.equal(link.hasLeft, true);
      assert.equal(made.submitFailures, 1);
      const other = await up(new FakeLink(1, 'dk2:2775'));
      assert.deepEqual(other.texts, ['first']);
      other.at(0).settle(accepted('b'));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, false);
      assert.equal(results[0]?.host, 'dk2:2775');
    });

    it('does not count a refusal that was part of a restart as an attempt', async () => {
      const made = await bench();
      await made.take();
      (await made.up()).at(0).settle(refused(ESME_RSUBMITFAIL));
      made.isRestart = true;
      (await made.up(new FakeLink())).at(0).settle(accepted('b'));
      await made.settled();
      assert.equal(made.results[0]?.attempts, 1);
    });

    it('counts ESME_RSUBMITFAIL alone as an attempt, and waits longer each time', async () => {
      const { take, up, clock, results, settled } = await bench();
      await take();
      for (let count = 0; count < 3; count += 1)
        (await up(new FakeLink())).at(0).settle(refused(ESME_RSUBMITFAIL));
      const link = await up(new FakeLink());
      assert.equal(link.submitted.length, 0);
      await clock.advance(500);
      link.at(0).settle(accepted('b'));
      await settled();
      assert.equal(results[0]?.attempts, 4);
    });

    it('waits 5 s after a transient refusal, and lets others overtake', async () => {
      const { take, up, clock, results, settled, outbox } = await bench({}, 1);
      await take({ text: 'first' });
      await take({ text: 'second' });
      const link = await up();
      link.at(0).settle(refused(ESME_RSYSERR));
      outbox.ready();
      await settled();
      link.at(1).settle(accepted('b'));
      await clock.advance(4_999);
      assert.deepEqual(link.texts, ['first', 'second']);
      await clock.advance(1);
      assert.deepEqual(link.texts, ['first', 'second', 'first']);
      link.at(2).settle(accepted('c'));
      await settled();
      assert.equal(results.length, 2);
    });

    it('goes slower after ESME_RTHROTTLED and loses nothing', async () => {
      const { take, up, clock, results, outbox } = await bench({}, 4);
      for (let count = 0; count < 4; count += 1) await take();
      const link = await up();
      for (const index of [0, 1, 2, 3]) link.at(index).settle(refused(ESME_RTHROTTLED));
      await clock.advance(0);
      assert.equal(link.submitted.length, 4);
      let answered = 4;
      for (let second = 0; second < 60; second += 1) {
        await clock.advance(1_000);
        for (; answered < link.submitted.length; answered += 1) link.at(answered).settle(accepted('x'));
        outbox.ready();
      }
      assert.equal(results.filter(({ outcome }) => outcome === 'accepted').length, 4);
    });

    it('leaves a link that says it is not bound', async () => {
      const { take, up, settled } = await bench();
      await take();
      const link = await up();
      link.at(0).settle(refused(ESME_RINVBNDSTS));
      await settled();
      assert.equal(link.hasLeft, true);
      assert.equal((await up(new FakeLink())).submitted.length, 1);
    });

    it('retries until the SMS expires, never a count of a few', async () => {
      const { take, up, clock, results, outbox } = await bench();
      await take({ expiresAfterMs: 3_600_000 });
      const link = await up();
      let answered = 0;
      for (let minute = 0; minute < 61; minute += 1) {
        for (; answered < link.submitted.length; answered += 1)
          link.at(answered).settle(refused(ESME_RSYSERR));
        outbox.ready();
        await clock.advance(60_000);
      }
      assert.ok(answered > 12);
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['expired'],
      );
    });
  });

  describe('with an unknown outcome', () => {
    it('resends at once on the next link, flagged as a possible duplicate', async () => {
      const { take, up, down, results, settled } = await bench();
      await take();
      const link = await up();
      link.at(0).settle(unanswered);
      await down(link);
      const other = await up(new FakeLink());
      other.at(0).settle(accepted('b'));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, true);
      assert.equal(results[0]?.attempts, 2);
    });

    it('does not flag what never left the process', async () => {
      const { take, up, down, results, settled } = await bench();
      await take();
      const link = await up();
      link.at(0).settle(unwritten);
      await down(link);
      (await up(new FakeLink())).at(0).settle(accepted('b'));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, false);
    });

    it('reports it as uncertain and sends nothing again when the user chose so', async () => {
      const { take, up, down, results } = await bench();
      await take({ onUncertain: 'report' });
      const link = await up();
      link.at(0).settle(unanswered);
      await down(link);
      const other = await up(new FakeLink());
      assert.equal(other.submitted.length, 0);
      assert.equal(results[0]?.outcome, 'uncertain');
      assert.equal(results[0]?.possibleDuplicate, false);
    });

    it('reports it as uncertain after the third', async () => {
      const { take, up, down, results } = await bench();
      await take();
      for (let count = 0; count < 3; count += 1) {
        const link = await up(new FakeLink());
        link.at(0).settle(unanswered);
        await down(link);
      }
      assert.equal(results[0]?.outcome, 'uncertain');
      assert.equal(results[0]?.possibleDuplicate, true);
    });

    it('reconciles with the one receipt that can only be its own', async () => {
      const made = await bench({ onUncertain: 'reconcile' });
      await made.take();
      const link = await made.up();
      link.at(0).settle(unanswered);
      await made.down(link);
      const other = await made.up(new FakeLink());
      made.unmatched = ['ble-9'];
      made.outbox.receiptCame('4512345678');
      await made.clock.advance(60_000);
      assert.equal(made.results[0]?.outcome, 'accepted');
      assert.deepEqual(made.results[0]?.messageIds, ['ble-9']);
      assert.equal(other.submitted.length, 0);
    });

    it('resends after 30 s when no receipt told', async () => {
      const { take, up, down, clock } = await bench({ onUncertain: 'reconcile' });
      await take();
      const link = await up();
      link.at(0).settle(unanswered);
      await down(link);
      const other = await up(new FakeLink());
      await clock.advance(29_999);
      assert.equal(other.submitted.length, 0);
      await clock.advance(1);
      assert.equal(other.submitted.length, 1);
    });

    it('never guesses between two SMS to one recipient', async () => {
      const made = await bench({ onUncertain: 'reconcile' });
      await made.take();
      await made.take();
      const link = await made.up();
      link.at(0).settle(unanswered);
      link.at(1).settle(unanswered);
      await made.down(link);
      made.unmatched = ['ble-9'];
      made.outbox.receiptCame('4512345678');
      await made.settled();
      assert.equal(made.results.length, 0);
    });

    it('ends as uncertain, not as expired, when it can no longer be sent', async () => {
      const { take, up, down, clock, results } = await bench();
      await take({ expiresAfterMs: 10_000 });
      const link = await up();
      link.at(0).settle(unanswered);
      await down(link);
      await clock.advance(12_000);
      assert.equal(results[0]?.outcome, 'uncertain');
    });
  });

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
        [1, 2, 3].map((sequence) => [5, 0, 3, 1, 3, sequence]),
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
      assert.deepEqual(
        other.submitted.map(({ segment }) => segment.octets[3]),
        [2, 2, 2],
      );
      ['d', 'e', 'f'].forEach((id, index) => other.at(index).settle(accepted(id)));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, true);
      assert.deepEqual(results[0]?.messageIds, ['d', 'e', 'f']);
    });

    it('is not flagged when every segment that was sent had been answered', async () => {
      const { take, up, down, results, settled } = await bench({}, 1);
      await take(long);
      const link = await up();
      link.at(0).settle(accepted('a'));
      await down(link);
      const other = await up(new FakeLink(10));
      assert.equal(other.submitted.length, 3);
      ['d', 'e', 'f'].forEach((id, index) => other.at(index).settle(accepted(id)));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, false);
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
      assert.deepEqual([...link.at(3).segment.octets.subarray(0, 6)], [5, 0, 3, 1, 3, 2]);
      link.at(3).settle(accepted('b'));
      await clock.advance(0);
      assert.deepEqual(results[0]?.messageIds, ['a', 'b', 'c']);
      assert.equal(results[0]?.possibleDuplicate, false);
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
  });

  describe('with a dedupe key', () => {
    it('sends once and gives everyone the first one’s result', async () => {
      const { outbox, up, settled } = await bench();
      const sms = { to: '4512345678', from: 'A', text: 'x', dedupeKey: 'pump-3' };
      const first = await outbox.take(sms, 'result');
      const second = await outbox.take({ ...sms, text: 'again' }, 'result');
      const link = await up();
      link.at(0).settle(accepted('a'));
      await settled();
      const third = await outbox.take(sms, 'result');
      assert.equal(link.submitted.length, 1);
      const results = await Promise.all([first.result, second.result, third.result]);
      assert.deepEqual(new Set(results.map((result) => result?.id)), new Set([first.id]));
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
      assert.equal(second.results[0]?.possibleDuplicate, false);
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

    it('hands over a result that nobody had taken', async () => {
      const first = await bench();
      const { outbox, storage, clock } = first;
      await outbox.close();
      await storage.write([{ table: 'result', key: 'old', value: { id: 'old', outcome: 'accepted' } }]);
      const second = await bench({ storage, clock });
      assert.deepEqual(
        second.results.map(({ id, recovered }) => [id, recovered]),
        [['old', true]],
      );
    });
  });

  it('submits nothing when storage cannot mark it, and tries again', async () => {
    const clock = new FakeClock();
    const storage = memoryStorage(clock);
    let isBroken = false;
    const flaky: Storage = {
      open: () => storage.open(),
      write: (changes) => (isBroken ? Promise.reject(new Error('disk')) : storage.write(changes)),
      read: (table, key) => storage.read(table, key),
      scan: (table) => storage.scan(table),
      count: (table) => storage.count(table),
      close: () => storage.close(),
    };
    const { take, up, failures } = await bench({ storage: flaky, clock });
    await take();
    isBroken = true;
    const link = await up();
    assert.equal(link.submitted.length, 0);
    assert.ok(failures.length > 0);
    isBroken = false;
    await clock.advance(1_000);
    assert.equal(link.submitted.length, 1);
  });
});
