/** An SMS that a link leaves unanswered while it lives, and an answer that comes late. */
import assert from 'node:assert/strict';

import type { OutboundSms } from '../../../lib/message.js';
import type { OutboxOptions } from '../../../lib/outbox/outbox.js';
import { commandStatus } from '../../../lib/pdu/command-status.js';
import {
  accepted,
  acceptedLate,
  FakeLink,
  overdue,
  refused,
  refusedLate,
  unanswered,
} from '../../support/fake-link.js';
import { bench } from './outbox-bench.js';

const ESME_RSYSERR = 0x08;
const ESME_RINVDSTADR = 0x0b;
const ESME_RINVBNDSTS = 0x04;
const ESME_RMSGQFUL = 0x14;
const ESME_RSUBMITFAIL = 0x45;
const ESME_RTHROTTLED = 0x58;

describe('Outbox', () => {
  describe('with an answer that is overdue on a link that lives', () => {
    /** One SMS to 4512345678, overdue on `link`. */
    async function overdueBench(options: Partial<OutboxOptions> = {}, sms: Partial<OutboundSms> = {}) {
      const made = await bench(options);
      await made.take(sms);
      const link = await made.up();
      link.at(0).settle(overdue);
      await made.settled();
      return { ...made, link };
    }

    it('sends that SMS again on the same link, at once and flagged', async () => {
      const { link, results, settled } = await overdueBench();
      assert.equal(link.hasLeft, false);
      link.at(1).settle(accepted('b'));
      await settled();
      assert.deepEqual(results[0]?.messageIds, ['b']);
      assert.deepEqual([results[0].possibleDuplicate, results[0].attempts], [true, 2]);
    });

    it('leaves the others under way alone', async () => {
      const { take, up, results, settled } = await bench({ onUncertain: 'report' });
      await take({ text: 'silent' });
      await take({ text: 'other' });
      const link = await up();
      link.at(0).settle(overdue);
      await settled();
      link.at(1).settle(accepted('b'));
      await settled();
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['uncertain', 'accepted'],
      );
      assert.equal(link.submitted.length, 2);
    });

    it('is uncertain after the third', async () => {
      const { link, results, settled } = await overdueBench();
      for (const index of [1, 2]) {
        link.at(index).settle(overdue);
        await settled();
      }
      assert.equal(results[0]?.outcome, 'uncertain');
      assert.equal(link.submitted.length, 3);
    });

    it('is settled by an answer that comes late, while it waits', async () => {
      const { link, results, clock } = await overdueBench({ onUncertain: 'reconcile' });
      await clock.advance(10_000);
      link.at(0).settle(acceptedLate('a'));
      await clock.advance(60_000);
      assert.deepEqual(results[0]?.messageIds, ['a']);
      assert.deepEqual([results[0].possibleDuplicate, results[0].host], [false, 'dk1:2775']);
      assert.equal(link.submitted.length, 1);
    });

    it('is settled by it while it is marked and has not left again', async () => {
      const { link, results, clock } = await overdueBench({ segmentsPerSecond: 1 });
      assert.equal(link.submitted.length, 1);
      link.at(0).settle(acceptedLate('a'));
      await clock.advance(5_000);
      assert.deepEqual(results[0]?.messageIds, ['a']);
      assert.equal(results[0].possibleDuplicate, false);
      assert.equal(link.submitted.length, 1);
    });

    it('has one result, and receipts by both ids, when it has left again and both are accepted', async () => {
      const { link, results, copies, settled } = await overdueBench();
      link.at(0).settle(acceptedLate('a'));
      await settled();
      link.at(1).settle(accepted('b'));
      await settled();
      assert.deepEqual(
        results.map(({ messageIds }) => messageIds),
        [['b']],
      );
      assert.deepEqual(copies, [['a']]);
    });

    for (const [what, answer] of [
      ['refused', refused(ESME_RINVDSTADR)],
      ['refused for the moment', refused(ESME_RSYSERR)],
      ['unanswered', unanswered],
      ['overdue', overdue],
    ] as const) {
      it(`is accepted when it was so late, and has left again, and is then ${what}`, async () => {
        const { link, results, settled, clock } = await overdueBench();
        link.at(0).settle(acceptedLate('a'));
        link.at(1).settle(answer);
        await clock.advance(60_000);
        await settled();
        assert.deepEqual(results[0]?.messageIds, ['a']);
        assert.equal(results[0].outcome, 'accepted');
        assert.equal(link.submitted.length, 2);
      });
    }

    it('is accepted after a crash too, when it was so late and had left again', async () => {
      const { link, storage, settled } = await overdueBench();
      link.at(0).settle(acceptedLate('a'));
      await settled();
      const next = await bench({ storage });
      assert.deepEqual(next.results[0]?.messageIds, ['a']);
    });

    it('keeps its result, and has its receipts matched, when it is settled already', async () => {
      const { link, results, trackedLate, settled } = await overdueBench(
        { onUncertain: 'report' },
        { correlation: { door: 7 } },
      );
      link.at(0).settle(acceptedLate('a'));
      await settled();
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['uncertain'],
      );
      assert.deepEqual(trackedLate, [
        {
          id: 'sms-1',
          to: '4512345678',
          from: 'Alarm',
          receipt: 'always',
          correlation: { door: 7 },
          messageIds: ['a'],
        },
      ]);
    });

    it('has its receipts matched though its result is not safe yet', async () => {
      const { link, trackedLate, settled } = await overdueBench();
      link.at(1).settle(accepted('b'));
      link.at(0).settle(acceptedLate('a'));
      await settled();
      assert.deepEqual(
        trackedLate.map(({ messageIds }) => messageIds),
        [['a']],
      );
    });

    it('is rejected by a refusal that comes late, while it waits', async () => {
      const { link, results, settled } = await overdueBench({ onUncertain: 'reconcile' });
      link.at(0).settle(refusedLate(ESME_RINVDSTADR));
      await settled();
      assert.deepEqual([results[0]?.outcome, results[0]?.status], ['rejected', 'ESME_RINVDSTADR']);
    });

    it('is no possible duplicate when a refusal came late before it left again', async () => {
      const { link, results, clock, settled } = await overdueBench({ onUncertain: 'reconcile' });
      link.at(0).settle(refusedLate(ESME_RSYSERR));
      await clock.advance(30_000);
      link.at(1).settle(accepted('b'));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, false);
    });

    it('expires as what it is when a refusal came late', async () => {
      const { link, results, clock } = await overdueBench(
        { onUncertain: 'reconcile' },
        { expiresAfterMs: 4_000 },
      );
      link.at(0).settle(refusedLate(ESME_RSYSERR));
      await clock.advance(6_000);
      assert.equal(results[0]?.outcome, 'expired');
    });

    it('goes on by its own answer when a refusal comes late after it left again', async () => {
      const { link, results, settled } = await overdueBench();
      link.at(0).settle(refusedLate(ESME_RINVDSTADR));
      link.at(1).settle(accepted('b'));
      await settled();
      assert.deepEqual(
        results.map(({ outcome }) => outcome),
        ['accepted'],
      );
    });

    it('is rejected when that refusal came late, it has left again, and this time the link is lost first', async () => {
      const { link, results, down, settled } = await overdueBench();
      link.at(0).settle(refusedLate(ESME_RINVDSTADR));
      await settled();
      link.at(1).settle({ kind: 'unanswered', written: false });
      await down(link);
      assert.deepEqual([results[0]?.outcome, results[0]?.status], ['rejected', 'ESME_RINVDSTADR']);
    });

    it('is rejected when it has left again and is then refused for the moment', async () => {
      const { link, results, clock } = await overdueBench();
      link.at(0).settle(refusedLate(ESME_RINVDSTADR));
      link.at(1).settle(refused(ESME_RSYSERR));
      await clock.advance(60_000);
      assert.deepEqual([results[0]?.outcome, results[0]?.status], ['rejected', 'ESME_RINVDSTADR']);
      assert.equal(link.submitted.length, 2);
    });

    it('is not sent a third time when it was refused so late and is then overdue again', async () => {
      const { link, results, clock } = await overdueBench();
      link.at(0).settle(refusedLate(ESME_RINVDSTADR));
      link.at(1).settle(overdue);
      await clock.advance(60_000);
      assert.deepEqual([results[0]?.outcome, results[0]?.status], ['uncertain', 'ESME_RINVDSTADR']);
      assert.match(results[0]?.reason ?? '', /never came.*ESME_RINVDSTADR/);
      assert.equal(link.submitted.length, 2);
    });

    it('remembers such a refusal over a crash', async () => {
      const { link, storage, settled } = await overdueBench();
      link.at(0).settle(refusedLate(ESME_RINVDSTADR));
      await settled();
      const next = await bench({ storage });
      await next.up();
      assert.deepEqual([next.results[0]?.outcome, next.results[0]?.status], ['uncertain', 'ESME_RINVDSTADR']);
    });

    it('is uncertain when it was never answered and is then refused for good', async () => {
      const { link, results, settled } = await overdueBench();
      link.at(1).settle(refused(ESME_RINVDSTADR));
      await settled();
      assert.deepEqual([results[0]?.outcome, results[0]?.status], ['uncertain', 'ESME_RINVDSTADR']);
      assert.match(results[0]?.reason ?? '', /never came.*ESME_RINVDSTADR/);
    });

    it('is rejected when both were refused for good, the first late', async () => {
      const { link, results, settled } = await overdueBench();
      link.at(0).settle(refusedLate(ESME_RINVDSTADR));
      link.at(1).settle(refused(ESME_RINVDSTADR));
      await settled();
      assert.equal(results[0]?.outcome, 'rejected');
    });

    for (const status of [ESME_RSYSERR, ESME_RSUBMITFAIL, ESME_RTHROTTLED, ESME_RMSGQFUL, ESME_RINVBNDSTS]) {
      const { name } = commandStatus(status);

      it(`waits longer each time when ${name} comes late each time, until it expires`, async () => {
        const { link, results, clock, settled, log } = await overdueBench({}, { expiresAfterMs: 1_800_000 });
        let seen = 1;
        for (let second = 0; second < 1_900; second += 1) {
          if (link.submitted.length > seen) {
            link.at(seen - 1).settle(refusedLate(status));
            link.at(seen).settle(overdue);
            seen += 1;
          }
          await clock.advance(1_000);
        }
        await settled();
        assert.ok(seen < 80, `${seen} submissions`);
        assert.deepEqual([results[0]?.outcome, results[0]?.status], ['uncertain', name]);
        assert.equal(log.filter((line) => line.includes(name)).length, 1);
      });
    }

    it('shows a refusal that came late in the queue, and in the log', async () => {
      const { link, outbox, settled, log } = await overdueBench();
      link.at(0).settle(refusedLate(ESME_RSYSERR));
      await settled();
      assert.equal((await outbox.list(1))[0]?.lastStatus, 'ESME_RSYSERR');
      assert.equal(log.length, 1);
    });

    it('goes on at once by what the refusal says when that came late before it left again', async () => {
      const { link, results, clock } = await overdueBench({ onUncertain: 'reconcile' });
      link.at(0).settle(refusedLate(ESME_RSYSERR));
      await clock.advance(4_900);
      assert.equal(link.submitted.length, 1);
      await clock.advance(200);
      link.at(1).settle(accepted('b'));
      await clock.advance(0);
      assert.deepEqual([results[0]?.outcome, results[0]?.possibleDuplicate], ['accepted', false]);
    });

    it('waits after such a refusal when it had not left again, though it was in line', async () => {
      const { link, clock } = await overdueBench({ segmentsPerSecond: 1 });
      link.at(0).settle(refusedLate(ESME_RSYSERR));
      await clock.advance(4_900);
      assert.equal(link.submitted.length, 1);
      await clock.advance(1_200);
      assert.equal(link.submitted.length, 2);
    });

    it('stands behind those that were never refused once a refusal came late', async () => {
      const { link, take, up, down, clock } = await overdueBench(
        { onUncertain: 'reconcile' },
        { text: 'odd' },
      );
      link.at(0).settle(refusedLate(ESME_RSYSERR));
      await down(link);
      await clock.advance(6_000);
      await take({ text: 'fresh' });
      const other = await up(new FakeLink(1));
      assert.deepEqual(other.texts, ['fresh']);
    });

    describe('of one segment of a long SMS', () => {
      const LONG = { text: 'x'.repeat(400) };

      it('is accepted with all its ids when that answer comes late', async () => {
        const { link, results, settled } = await overdueBench({ onUncertain: 'reconcile' }, LONG);
        link.at(1).settle(accepted('a2'));
        link.at(2).settle(accepted('a3'));
        await settled();
        link.at(0).settle(acceptedLate('a1'));
        await settled();
        assert.deepEqual(results[0]?.messageIds, ['a1', 'a2', 'a3']);
      });

      it('goes on as if in time when that answer comes before those to the others', async () => {
        const made = await bench({}, 2);
        await made.take(LONG);
        const link = await made.up();
        link.at(0).settle(overdue);
        link.at(0).settle(acceptedLate('a1'));
        await made.settled();
        link.at(1).settle(accepted('a2'));
        link.at(2).settle(accepted('a3'));
        await made.settled();
        assert.deepEqual(made.results[0]?.messageIds, ['a1', 'a2', 'a3']);
        assert.equal(made.results[0].possibleDuplicate, false);
      });

      it('is not sent a third time when its refusal came late and it is then overdue again', async () => {
        const { link, results, clock, settled } = await overdueBench({}, LONG);
        link.at(1).settle(accepted('a2'));
        link.at(2).settle(accepted('a3'));
        await settled();
        link.at(0).settle(refusedLate(ESME_RINVDSTADR));
        link.at(3).settle(accepted('b1'));
        link.at(4).settle(overdue);
        link.at(5).settle(accepted('b3'));
        await clock.advance(60_000);
        assert.deepEqual([results[0]?.outcome, results[0]?.status], ['uncertain', 'ESME_RINVDSTADR']);
        assert.equal(link.submitted.length, 6);
      });

      for (const order of ['accepted first', 'refused first']) {
        it(`is flagged as it goes again when the others were refused late: ${order}`, async () => {
          const { link, results, clock } = await overdueBench({ onUncertain: 'reconcile' }, LONG);
          for (const index of [1, 2]) link.at(index).settle(overdue);
          await clock.advance(0);
          const answers = [
            () => link.at(0).settle(acceptedLate('a1')),
            () => link.at(1).settle(refusedLate(ESME_RSYSERR)),
            () => link.at(2).settle(refusedLate(ESME_RSYSERR)),
          ];
          for (const answer of order === 'accepted first' ? answers : answers.reverse()) answer();
          await clock.advance(60_000);
          for (const index of [3, 4, 5]) link.at(index).settle(accepted(`b${index}`));
          await clock.advance(0);
          assert.deepEqual([results[0]?.outcome, results[0]?.possibleDuplicate], ['accepted', true]);
        });
      }

      it('counts as one unknown submission though two of its segments are refused late', async () => {
        const { link, results, settled } = await overdueBench({}, LONG);
        link.at(1).settle(overdue);
        link.at(2).settle(overdue);
        await settled();
        for (const index of [3, 4, 5]) link.at(index).settle(overdue);
        await settled();
        for (const index of [0, 1, 2]) link.at(index).settle(refusedLate(ESME_RINVDSTADR));
        link.at(6).settle(accepted('c1'));
        link.at(7).settle(refused(ESME_RINVDSTADR));
        link.at(8).settle(accepted('c3'));
        await settled();
        assert.equal(results[0]?.outcome, 'uncertain');
      });

      it('is unknown as long as another answer is overdue', async () => {
        const { link, results, settled } = await overdueBench({ onUncertain: 'reconcile' }, LONG);
        link.at(1).settle(overdue);
        link.at(2).settle(accepted('a3'));
        link.at(0).settle(acceptedLate('a1'));
        await settled();
        assert.deepEqual(results, []);
      });

      it('has its receipts matched by a copy only when that is whole', async () => {
        const { link, trackedLate, settled } = await overdueBench({ onUncertain: 'report' }, LONG);
        link.at(1).settle(overdue);
        link.at(2).settle(accepted('a3'));
        await settled();
        link.at(0).settle(acceptedLate('a1'));
        await settled();
        assert.deepEqual(trackedLate, []);
        link.at(1).settle(acceptedLate('a2'));
        await settled();
        assert.deepEqual(
          trackedLate.map(({ messageIds }) => messageIds),
          [['a1', 'a2', 'a3']],
        );
      });
    });

    it('leaves a link that answers none of several SMS for another 30 s', async () => {
      const made = await bench();
      await made.take();
      await made.take();
      const link = await made.up();
      for (const index of [0, 1]) link.at(index).settle(overdue);
      await made.clock.advance(30_000);
      assert.equal(link.hasLeft, false);
      for (const index of [2, 3]) link.at(index).settle(overdue);
      await made.settled();
      assert.equal(link.leftFor, 'unanswered');
    });

    it('leaves no link for one SMS that is never answered', async () => {
      const made = await overdueBench();
      for (const index of [1, 2]) {
        await made.clock.advance(30_000);
        made.link.at(index).settle(overdue);
      }
      await made.settled();
      assert.equal(made.link.hasLeft, false);
    });

    it('leaves no link that answered in between', async () => {
      const made = await overdueBench();
      await made.take();
      await made.settled();
      made.link.at(2).settle(accepted('b'));
      await made.take();
      await made.clock.advance(30_000);
      made.link.at(3).settle(overdue);
      await made.settled();
      assert.equal(made.link.hasLeft, false);
    });
  });
});
