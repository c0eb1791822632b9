import assert from 'node:assert/strict';
import { TABLES } from '../../../lib/storage/storage.js';
import { accepted, FakeLink, refused, unanswered, unwritten } from '../../support/fake-link.js';
import { bench } from './outbox-bench.js';

const ESME_RSYSERR = 0x08;
const ESME_RSUBMITFAIL = 0x45;
const ESME_RTHROTTLED = 0x58;
const ESME_RINVBNDSTS = 0x04;

describe('Outbox', () => {
  describe('after a refusal that may pass', () => {
    it('leaves a link that answers two SMS with ESME_RSUBMITFAIL, and sends the first one again first', async () => {
      const made = await bench({}, 1);
      const { take, up, results, settled, outbox } = made;
      await take({ text: 'first' });
      await take({ text: 'second' });
      const link = await up();
      link.at(0).settle(refused(ESME_RSUBMITFAIL));
      outbox.ready();
      await settled();
      assert.deepEqual([link.texts, link.leftFor], [['first', 'second'], undefined]);
      link.at(1).settle(refused(ESME_RSUBMITFAIL));
      await settled();
      assert.equal(link.leftFor, ESME_RSUBMITFAIL);
      assert.equal(made.submitFailures, 2);
      const other = await up(new FakeLink(1, 'dk2:2775'));
      assert.deepEqual(other.texts, ['first']);
      other.at(0).settle(accepted('b'));
      await settled();
      assert.equal(results[0]?.possibleDuplicate, false);
      assert.equal(results[0].host, 'dk2:2775');
    });

    it('does not count a refusal that was part of a restart as an attempt', async () => {
      const made = await bench();
      await made.take();
      (await made.up()).at(0).settle(refused(ESME_RSUBMITFAIL));
      made.isRestart = true;
      (await made.up(new FakeLink(10, 'dk2:2775'))).at(0).settle(accepted('b'));
      await made.settled();
      assert.equal(made.results[0]?.attempts, 1);
    });

    it('does not count it either when it was about to leave again before that was known', async () => {
      const made = await bench();
      await made.take();
      const link = await made.up();
      link.at(0).settle(refused(ESME_RSUBMITFAIL));
      await made.settled();
      made.isRestart = true;
      await made.down(link);
      (await made.up(new FakeLink())).at(0).settle(accepted('b'));
      await made.settled();
      assert.equal(made.results[0]?.attempts, 1);
    });

    it('does not count it either when it leaves over the other link before the first is down', async () => {
      const made = await bench({}, 1);
      const { take, up, settled, clock, outbox, results } = made;
      await take();
      const link = await up();
      const other = await up(new FakeLink(1, 'dk2:2775'));
      await take();
      await settled();
      link.at(0).settle(refused(ESME_RSUBMITFAIL));
      await settled();
      link.at(1).settle(refused(ESME_RSUBMITFAIL));
      await clock.advance(60_000);
      assert.equal(link.leftFor, ESME_RSUBMITFAIL);
      made.isRestart = true;
      other.at(0).settle(accepted('b'));
      outbox.ready();
      await settled();
      other.at(1).settle(accepted('c'));
      await settled();
      assert.deepEqual(
        results.map(({ attempts }) => attempts),
        [1, 1],
      );
    });

    it('counts ESME_RSUBMITFAIL as an attempt when both hosts answer so, and waits longer each time', async () => {
      const { take, up, down, clock, results, settled } = await bench();
      await take();
      const first = await up();
      first.at(0).settle(refused(ESME_RSUBMITFAIL));
      await settled();
      assert.equal(first.leftFor, ESME_RSUBMITFAIL);
      await down(first);
      const link = await up(new FakeLink(10, 'dk2:2775'));
      for (const [index, waitMs] of [500, 1_000].entries()) {
        link.at(index).settle(refused(ESME_RSUBMITFAIL));
        await clock.advance(waitMs - 1);
        assert.equal(link.submitted.length, index + 1);
        await clock.advance(1);
      }
      link.at(2).settle(accepted('b'));
      await settled();
      assert.deepEqual([results[0]?.attempts, link.leftFor], [4, undefined]);
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

    it('leaves nothing behind in storage once it is accepted', async () => {
      const { take, up, clock, storage, settled } = await bench();
      await take();
      const link = await up();
      link.at(0).settle(refused(ESME_RSYSERR));
      await clock.advance(5_000);
      link.at(1).settle(accepted('a'));
      await settled();
      assert.deepEqual(
        TABLES.filter((table) => storage.count(table) > 0),
        [],
      );
    });

    it('leaves a link that says it is not bound', async () => {
      const { take, up, settled } = await bench();
      await take();
      const link = await up();
      link.at(0).settle(refused(ESME_RINVBNDSTS));
      await settled();
      assert.equal(link.leftFor, ESME_RINVBNDSTS);
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
      assert.equal(results[0].attempts, 2);
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
      assert.equal(results[0].possibleDuplicate, false);
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
      assert.equal(results[0].possibleDuplicate, true);
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
});
