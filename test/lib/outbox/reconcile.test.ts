/** `reconcile`: an SMS of unknown outcome and the receipt that can only be its own. */
import assert from 'node:assert/strict';

import type { Bounds } from '../../../lib/bounds.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { accepted, acceptedLate, overdue, refused, unanswered } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { HOUR, MINUTE, PHONE, Reconciling } from './reconcile-bench.js';

const ESME_RSYSERR = 0x08;
const ESME_RINVDSTADR = 0x0b;
const LONG = { text: 'x'.repeat(200) };

const STORAGES = [
  ['storage that lasts', heldStorage],
  ['volatile storage', memoryStorage],
] as const;

const open = (bounds: Partial<Bounds> = {}) => new Reconciling(heldStorage, bounds).open();
const idsOf = ({ results }: Reconciling) => results.map(({ id, messageIds }) => [id, ...messageIds]);

describe('An SMS of unknown outcome that is to be reconciled', () => {
  it('is accepted with the receipt that comes for its phone, and is not sent again', async () => {
    const on = await open();
    await on.unknown();
    await on.clock.advance(1_000);
    await on.receipt('a');
    const link = await on.up();
    await on.clock.advance(MINUTE);
    assert.deepEqual(idsOf(on), [['sms-1', 'a']]);
    assert.equal(link.submitted.length, 0);
    assert.equal(on.receipts[0]?.id, 'sms-1');
  });

  it('is accepted with a receipt that came before its answer was given up', async () => {
    const on = await open();
    const link = await on.submits();
    await on.clock.advance(1_000);
    await on.receipt('a');
    await on.lost(link);
    assert.deepEqual(idsOf(on), [['sms-1', 'a']]);
  });

  it('is so for the second and the third SMS to one phone', async () => {
    const on = await open();
    for (const id of ['a', 'b', 'c']) {
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt(id);
    }
    assert.deepEqual(idsOf(on), [
      ['sms-1', 'a'],
      ['sms-2', 'b'],
      ['sms-3', 'c'],
    ]);
  });

  it('is so after an SMS that was sent again and then had its receipts', async () => {
    const on = await open();
    await on.unknown();
    await on.clock.advance(31_000);
    const link = await on.up();
    link.at(0).settle(accepted('b'));
    await on.lost(link);
    await on.receipt('a'); // of the first time
    await on.clock.advance(HOUR);
    await on.unknown();
    await on.clock.advance(1_000);
    await on.receipt('c');
    assert.deepEqual(idsOf(on), [
      ['sms-1', 'b'],
      ['sms-2', 'c'],
    ]);
  });

  it('is so after another policy than to reconcile had one to that phone go astray', async () => {
    const on = await open();
    await on.unknown({ onUncertain: 'report' });
    await on.clock.advance(1_000);
    await on.receipt('a');
    await on.unknown();
    await on.clock.advance(1_000);
    await on.receipt('b');
    assert.deepEqual(idsOf(on), [['sms-1'], ['sms-2', 'b']]);
  });

  it('is accepted with the ids of both times that it was sent', async () => {
    const on = await open();
    await on.unknown();
    await on.clock.advance(30_000);
    await on.lost(await on.up());
    await on.clock.advance(1_000);
    await on.receipt('a');
    await on.receipt('b');
    assert.deepEqual(
      on.receipts.map(({ id, messageId }) => [id, messageId]),
      [['sms-1', 'a']],
    );
    assert.deepEqual(idsOf(on), [['sms-1', 'a']]);
  });

  describe('does not take', () => {
    async function isSentAgain(on: Reconciling): Promise<void> {
      assert.deepEqual(idsOf(on), []);
      await on.clock.advance(31_000);
      assert.equal((await on.up()).submitted.length, 1);
    }

    it('a receipt that came before it left', async () => {
      const on = await open();
      await on.receipt('foreign');
      await on.unknown();
      await isSentAgain(on);
    });

    it('a receipt whose first one came before it left', async () => {
      const on = await open();
      await on.receipt('foreign', { stat: 'ENROUTE' });
      await on.clock.advance(2 * HOUR);
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('foreign');
      await isSentAgain(on);
    });

    it('two receipts that could both be its own', async () => {
      const on = await open();
      const link = await on.submits();
      await on.clock.advance(1_000);
      await on.receipt('a');
      await on.receipt('b');
      await on.lost(link);
      await isSentAgain(on);
    });

    it('a receipt that another to that phone explains too', async () => {
      const on = await open();
      await on.unknown({ onUncertain: 'report' });
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('a');
      assert.deepEqual(idsOf(on), [['sms-1']]);
    });

    it('a receipt that may be that of an SMS under way', async () => {
      const on = await open();
      await on.unknown();
      const link = await on.submits();
      await on.receipt('b');
      assert.deepEqual(idsOf(on), []);
      link.at(0).settle(accepted('b'));
      await on.settled();
      assert.deepEqual(idsOf(on), [['sms-2', 'b']]);
    });

    it('a receipt that may be that of an SMS which was accepted without an id', async () => {
      const on = await open();
      const link = await on.submits();
      link.at(0).settle(accepted(''));
      await on.lost(link);
      on.results.length = 0;
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('nameless');
      await isSentAgain(on);
    });

    it('a receipt when it asked for none', async () => {
      const on = await open();
      await on.unknown({ receipt: 'never' });
      await on.clock.advance(1_000);
      await on.receipt('a');
      await isSentAgain(on);
    });

    it('a receipt for the half of a long SMS that the gateway has', async () => {
      const on = await open();
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('half'));
      link.at(1).settle(refused(ESME_RINVDSTADR));
      await on.lost(link);
      on.results.length = 0;
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('half');
      assert.deepEqual(idsOf(on), []);
      await on.receipt('own');
      assert.deepEqual(idsOf(on), [['sms-2', 'own']]);
    });

    it('a receipt whose submit date is more than 2 minutes earlier, once the clock is learnt', async () => {
      const on = await open();
      await on.learnsTheClock();
      await on.clock.advance(HOUR);
      const submittedAt = on.clock.wall() - 3 * MINUTE;
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('foreign', { submittedAt });
      await isSentAgain(on);
    });
  });

  it('takes the receipt that an earlier one asked not for', async () => {
    const on = await open();
    await on.unknown({ receipt: 'never', onUncertain: 'report' });
    await on.unknown();
    await on.clock.advance(1_000);
    await on.receipt('a');
    assert.deepEqual(idsOf(on), [['sms-1'], ['sms-2', 'a']]);
  });

  it('is accepted when the one under way turns out not to explain the receipt', async () => {
    const on = await open();
    await on.unknown();
    const link = await on.submits();
    await on.clock.advance(1_000);
    await on.receipt('a');
    link.at(0).settle(accepted('b'));
    await on.settled();
    assert.deepEqual(idsOf(on), [
      ['sms-2', 'b'],
      ['sms-1', 'a'],
    ]);
  });

  it('is accepted after a long SMS to that phone had a segment refused for the moment', async () => {
    const on = await open();
    const link = await on.submits(LONG);
    link.at(0).settle(accepted('a1'));
    link.at(1).settle(refused(ESME_RSYSERR));
    await on.clock.advance(5_000);
    link.at(2).settle(accepted('a2'));
    await on.submits();
    link.at(3).settle(unanswered);
    await on.settled();
    await on.clock.advance(1_000);
    await on.receipt('b');
    assert.deepEqual(idsOf(on), [
      ['sms-1', 'a1', 'a2'],
      ['sms-2', 'b'],
    ]);
  });

  it('stays accepted when its answer comes after its receipt', async () => {
    const on = await open();
    const link = await on.submits();
    await on.clock.advance(30_000);
    link.at(0).settle(overdue);
    await on.receipt('a', { stat: 'ENROUTE' });
    link.at(0).settle(acceptedLate('a'));
    await on.receipt('a');
    assert.deepEqual(idsOf(on), [['sms-1', 'a']]);
    assert.deepEqual(
      on.receipts.map(({ id, state }) => [id, state]),
      [
        ['sms-1', 'ENROUTE'],
        ['sms-1', 'DELIVRD'],
      ],
    );
    assert.equal(on.storage.count('unknown'), 0);
  });

  it('has a late answer explain its receipt, and none of a later SMS', async () => {
    const on = await open();
    const link = await on.submits({ onUncertain: 'report' });
    link.at(0).settle(overdue);
    await on.clock.advance(1_000);
    link.at(0).settle(acceptedLate('a'));
    await on.lost(link);
    await on.unknown();
    await on.clock.advance(1_000);
    await on.receipt('a');
    await on.receipt('b');
    assert.deepEqual(idsOf(on), [['sms-1'], ['sms-2', 'b']]);
    assert.deepEqual(
      on.receipts.map(({ id }) => id),
      ['sms-1', 'sms-2'],
    );
  });

  describe('by submit dates', () => {
    it('is told from an earlier one to that phone, once the clock is learnt', async () => {
      const on = await open();
      await on.learnsTheClock();
      await on.unknown({ onUncertain: 'report' });
      const first = on.clock.wall();
      await on.clock.advance(20 * MINUTE);
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('first', { submittedAt: first });
      assert.deepEqual(idsOf(on), [['sms-2']]);
      await on.receipt('second');
      assert.deepEqual(idsOf(on), [['sms-2'], ['sms-3', 'second']]);
    });

    for (const [what, aheadMs] of [
      ['two hours ahead', 2 * HOUR],
      ['a day behind', -24 * HOUR],
    ] as const) {
      it(`is accepted though the gateway's clock is ${what}`, async () => {
        for (const isLearnt of [false, true]) {
          const on = await open();
          on.gatewayAheadMs = aheadMs;
          if (isLearnt) await on.learnsTheClock();
          await on.clock.advance(HOUR);
          await on.unknown();
          await on.clock.advance(1_000);
          await on.receipt('a');
          assert.equal(on.results[0]?.messageIds[0], 'a', isLearnt ? 'learnt' : 'not learnt');
        }
      });
    }

    it('is accepted in whatever second of a minute all happens', async () => {
      for (const second of [0, 1, 30, 59]) {
        const on = await open();
        await on.clock.advance((second * 7_000) % MINUTE);
        await on.learnsTheClock();
        await on.clock.advance(MINUTE + second * 1_000);
        await on.unknown();
        await on.clock.advance(1_000);
        await on.receipt('a');
        assert.equal(on.results[0]?.messageIds[0], 'a', `second ${second}`);
      }
    });

    it('is told whatever becomes of our wall clock', async () => {
      const on = await open();
      await on.learnsTheClock();
      const gatewayWall = on.clock.wall();
      await on.unknown();
      on.clock.shiftWall(5 * HOUR);
      await on.clock.advance(1_000);
      await on.receipt('a', { submittedAt: gatewayWall });
      assert.deepEqual(idsOf(on), [['sms-2', 'a']]);
    });
  });

  for (const [where, makeStorage] of STORAGES) {
    describe(`after a restart, with ${where}`, () => {
      it('does not take the receipt of one that was of unknown outcome before it', async () => {
        const on = await new Reconciling(makeStorage).open();
        await on.unknown({ onUncertain: 'report' });
        await on.restart();
        await on.unknown();
        await on.clock.advance(1_000);
        await on.receipt('first');
        assert.deepEqual(
          on.results.filter(({ id }) => id === 'sms-2'),
          [],
        );
      });

      it('is told from that by submit dates, learnt before it', async () => {
        const on = await new Reconciling(makeStorage).open();
        await on.learnsTheClock();
        await on.unknown({ onUncertain: 'report' });
        const first = on.clock.wall();
        await on.clock.advance(HOUR);
        await on.restart();
        on.results.length = 0;
        await on.unknown();
        await on.clock.advance(1_000);
        await on.receipt('first', { submittedAt: first });
        assert.deepEqual(idsOf(on), []);
        await on.receipt('own');
        assert.deepEqual(idsOf(on), [['sms-3', 'own']]);
      });

      it('does not take a receipt whose first one came before it', async () => {
        const on = await new Reconciling(makeStorage).open();
        await on.receipt('foreign', { stat: 'ENROUTE' });
        await on.clock.advance(2 * MINUTE);
        await on.restart();
        await on.unknown();
        await on.clock.advance(1_000);
        await on.receipt('foreign');
        assert.deepEqual(idsOf(on), []);
      });

      it('does not take a receipt that came before it and still waits', async () => {
        const on = await new Reconciling(makeStorage).open();
        await on.receipt('foreign');
        await on.restart();
        await on.unknown();
        assert.deepEqual(idsOf(on), []);
      });

      it('goes on waiting for what is left of 30 s', async () => {
        const on = await new Reconciling(makeStorage).open();
        await on.unknown();
        await on.clock.advance(20_000);
        await on.restart();
        const link = await on.up();
        await on.clock.advance(9_000);
        assert.equal(link.submitted.length, 0);
        await on.clock.advance(1_000);
        assert.equal(link.submitted.length, 1);
      });

      it('is accepted with a receipt that comes after it', async () => {
        const on = await new Reconciling(makeStorage).open();
        await on.unknown();
        await on.restart();
        await on.clock.advance(1_000);
        await on.receipt('a');
        assert.deepEqual(idsOf(on), [['sms-1', 'a']]);
        assert.equal(on.results[0]?.recovered, true);
      });

      it('knows what receipts told before it', async () => {
        const on = await new Reconciling(makeStorage).open();
        await on.unknown({ onUncertain: 'report' });
        await on.clock.advance(1_000);
        await on.receipt('first');
        await on.restart();
        on.results.length = 0;
        await on.unknown();
        await on.clock.advance(1_000);
        await on.receipt('own');
        assert.deepEqual(idsOf(on), [['sms-2', 'own']]);
      });
    });
  }

  it('is accepted with a receipt that comes when it is about to leave again', async () => {
    const on = await open();
    await on.unknown();
    const link = await on.up(1);
    await on.takes({ to: '4587654321' });
    await on.clock.advance(30_000); // it is marked, and the window is full
    await on.receipt('a');
    assert.deepEqual(idsOf(on), [['sms-1', 'a']]);
    assert.equal(on.results[0]?.possibleDuplicate, false);
    link.at(0).settle(accepted('b'));
    on.ready();
    await on.clock.advance(MINUTE);
    assert.equal(link.submitted.length, 1);
  });

  it('is accepted with a receipt that comes after the crash in which its answer was lost', async () => {
    const on = await open();
    await on.submits();
    await on.crash();
    await on.clock.advance(1_000);
    await on.receipt('a');
    assert.deepEqual(idsOf(on), [['sms-1', 'a']]);
  });

  it('does not take a receipt that may be that of another which was under way as the process died', async () => {
    const on = await open();
    await on.unknown();
    await on.clock.advance(1_000);
    await on.submits();
    await on.clock.advance(1_000);
    await on.receipt('b');
    await on.clock.advance(1_000);
    for (let restarts = 0; restarts < 2; restarts += 1) {
      await on.crash();
      await on.clock.advance(1_000);
      assert.deepEqual(idsOf(on), []);
    }
  });

  describe('leaves nothing behind', () => {
    it('when its receipt has told', async () => {
      const on = await open();
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('a');
      assert.equal(on.storage.count('unknown'), 0);
    });

    it('when its receipts come no more, 72 h later', async () => {
      const on = await open();
      await on.receipt('foreign');
      await on.unknown({ onUncertain: 'report' });
      await on.clock.advance(73 * HOUR);
      await on.receipt('another');
      await on.unknown({ onUncertain: 'report', to: '4587654321' });
      await on.clock.advance(MINUTE);
      assert.equal(on.storage.count('unknown'), 2);
    });

    it('of more than the bounds say', async () => {
      const on = await open({ unknownOutcomes: 2, unknownReceipts: 2 });
      for (let count = 0; count < 5; count += 1) {
        await on.unknown({ onUncertain: 'report', to: `451234567${count}` });
        await on.receipt(`foreign-${count}`, { to: '4599999999' });
      }
      await on.clock.advance(2 * MINUTE);
      assert.equal(on.storage.count('unknown'), 4);
      await on.unknown();
      await on.clock.advance(1_000);
      await on.receipt('a', { to: PHONE });
      assert.deepEqual(idsOf(on).at(-1), ['sms-6', 'a']);
    });
  });
});
