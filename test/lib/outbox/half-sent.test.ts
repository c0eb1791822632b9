/** A long SMS that takes its time, or of which the gateway has a half: whose its receipts are. */
import assert from 'node:assert/strict';

import type { DeliveryReceipt, OutboundSms } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { accepted, acceptedLate, overdue, refused } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { MINUTE, Reconciling } from './reconcile-bench.js';

const LONG = { text: 'x'.repeat(400) };
const ESME_RSYSERR = 0x08;
const ESME_RINVDSTADR = 0x0b;

const told = (receipts: readonly DeliveryReceipt[]) =>
  receipts.map(({ id, state, matched, segments: { total, delivered } }) => {
    return [id, state, matched, `${delivered} of ${total}`];
  });

for (const [where, makeStorage] of [
  ['storage that lasts', heldStorage],
  ['volatile storage', memoryStorage],
] as const) {
  const open = () => new Reconciling(makeStorage).open();

  describe(`Receipts of a long SMS, with ${where},`, () => {
    it('wait for its last segment, however long that takes', async () => {
      const on = await open();
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('a1'));
      link.at(1).settle(accepted('a2'));
      await on.settled();
      await on.receipt('A1');
      await on.clock.advance(5 * MINUTE);
      await on.receipt('a2');
      assert.deepEqual(on.receipts, []);
      link.at(2).settle(accepted('a3'));
      await on.settled();
      await on.receipt('a3');
      assert.deepEqual(told(on.receipts), [['sms-1', 'DELIVRD', true, '3 of 3']]);
    });

    it('go out unmatched after a minute when they are of none', async () => {
      const on = await open();
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('a1'));
      await on.receipt('foreign');
      await on.clock.advance(MINUTE);
      assert.deepEqual(
        on.receipts.map(({ messageId, matched }) => [messageId, matched]),
        [['foreign', false]],
      );
    });

    it('wait for a segment that is refused for the moment', async () => {
      const on = await open();
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('a1'));
      link.at(1).settle(refused(ESME_RSYSERR));
      link.at(2).settle(accepted('a3'));
      await on.settled();
      await on.receipt('a1');
      await on.clock.advance(5_000);
      link.at(3).settle(refused(ESME_RSYSERR));
      await on.clock.advance(15_000);
      link.at(4).settle(refused(ESME_RSYSERR));
      await on.clock.advance(MINUTE);
      assert.deepEqual(on.receipts, []);
      link.at(5).settle(accepted('a2'));
      await on.settled();
      await on.receipt('a2');
      await on.receipt('a3');
      assert.deepEqual(told(on.receipts), [['sms-1', 'DELIVRD', true, '3 of 3']]);
    });

    it('wait for it also when its last answer was that of another segment', async () => {
      const on = await open();
      const link = await on.submits(LONG);
      link.at(1).settle(refused(ESME_RSYSERR));
      link.at(2).settle(accepted('a3'));
      link.at(0).settle(accepted('a1'));
      await on.settled();
      await on.receipt('a1');
      await on.clock.advance(5_000);
      link.at(3).settle(refused(ESME_RSYSERR));
      await on.clock.advance(15_000);
      link.at(4).settle(refused(ESME_RSYSERR));
      await on.clock.advance(MINUTE);
      assert.deepEqual(on.receipts, []);
    });

    it('are its own when it is rejected, and say that nobody knows of the whole', async () => {
      const on = await open();
      const segments = on.collectSegments();
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('a1'));
      await on.receipt('a1');
      link.at(1).settle(refused(ESME_RINVDSTADR));
      link.at(2).settle(accepted('a3'));
      await on.settled();
      await on.receipt('a3');
      await on.receipt('a3');
      assert.deepEqual(
        on.results.map(({ outcome }) => outcome),
        ['rejected'],
      );
      assert.deepEqual(told(segments), [
        ['sms-1', 'DELIVRD', true, '1 of 3'],
        ['sms-1', 'DELIVRD', true, '2 of 3'],
      ]);
      assert.deepEqual(told(on.receipts), [['sms-1', 'UNKNOWN', true, '2 of 3']]);
    });

    it('are its own when it is rejected, also after a restart', async () => {
      const on = await open();
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('a1'));
      link.at(1).settle(refused(ESME_RINVDSTADR));
      link.at(2).settle(accepted('a3'));
      await on.settled();
      await on.receipt('a1');
      await on.restart();
      await on.receipt('a3', { stat: 'UNDELIV' });
      assert.deepEqual(told(on.receipts), [['sms-1', 'UNKNOWN', true, '1 of 3']]);
    });

    it('are its own when nobody knows whether the gateway has the rest', async () => {
      const on = await open();
      const link = await on.submits({ ...LONG, onUncertain: 'report' });
      link.at(0).settle(accepted('a1'));
      await on.settled();
      await on.receipt('a1');
      await on.lost(link);
      await on.settled();
      assert.deepEqual(told(on.receipts), [['sms-1', 'UNKNOWN', true, '1 of 3']]);
    });

    it('are its own, and decide nothing, when it is sent again as a whole', async () => {
      const on = await open();
      const segments = on.collectSegments();
      const link = await on.submits({ ...LONG, onUncertain: 'resend' });
      link.at(0).settle(accepted('a1'));
      await on.settled();
      await on.lost(link);
      await on.receipt('a1', { stat: 'UNDELIV' });
      await on.clock.advance(2 * MINUTE);
      const next = await on.up();
      for (const [index, id] of ['b1', 'b2', 'b3'].entries()) next.at(index).settle(accepted(id));
      await on.settled();
      for (const id of ['b1', 'b2', 'b3']) await on.receipt(id);
      assert.deepEqual(told(on.receipts), [['sms-1', 'DELIVRD', true, '3 of 3']]);
      assert.deepEqual(told(segments).slice(0, 1), [['sms-1', 'UNDELIV', true, '0 of 3']]);
      assert.equal(segments.length, 4);
    });

    it('are its own when it was sent again after a restart', async () => {
      const on = await open();
      const link = await on.submits({ ...LONG, onUncertain: 'resend' });
      link.at(0).settle(accepted('a1'));
      await on.settled();
      await on.lost(link);
      await on.restart();
      await on.receipt('a1');
      await on.clock.advance(2 * MINUTE);
      assert.deepEqual(on.receipts, []);
      const next = await on.up();
      for (const [index, id] of ['b1', 'b2', 'b3'].entries()) next.at(index).settle(accepted(id));
      await on.settled();
      for (const id of ['b3', 'b1', 'b2']) await on.receipt(id);
      assert.deepEqual(told(on.receipts), [['sms-1', 'DELIVRD', true, '3 of 3']]);
    });

    for (const isRestarted of [false, true]) {
      it(`count no more than its segments when it was sent again${isRestarted ? ', also after a restart' : ''}`, async () => {
        const on = await open();
        const segments = on.collectSegments();
        for (const round of ['a', 'b', 'c']) {
          const link = await (round === 'a' ? on.submits({ ...LONG, onUncertain: 'resend' }) : on.up());
          link.at(0).settle(accepted(`${round}1`));
          if (round !== 'b') link.at(2).settle(accepted(`${round}3`));
          await on.lost(link);
        }
        if (isRestarted) await on.restart();
        for (const id of ['b1', 'c1', 'c3', 'a1']) await on.receipt(id);
        await on.receipt('a3', { stat: 'UNDELIV' });
        assert.deepEqual(told(on.receipts), [['sms-1', 'UNKNOWN', true, '2 of 3']]);
        assert.equal(on.receipts[0]?.messageId, 'a3');
        if (!isRestarted)
          assert.deepEqual(
            segments.map(({ segments: { delivered } }) => delivered),
            [1, 1, 2, 2, 2],
          );
      });
    }

    it('are waited for by nobody when it was not accepted', async () => {
      const on = await open();
      const missing = on.collectOverdue(10 * MINUTE);
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('a1'));
      link.at(1).settle(refused(ESME_RINVDSTADR));
      link.at(2).settle(refused(ESME_RINVDSTADR));
      await on.clock.advance(20 * MINUTE);
      assert.deepEqual(missing, []);
    });

    it('are of no message that was answered by its phone', async () => {
      const on = await open();
      const link = await on.submits(LONG);
      link.at(0).settle(accepted('a1'));
      link.at(1).settle(refused(ESME_RINVDSTADR));
      link.at(2).settle(refused(ESME_RINVDSTADR));
      await on.settled();
      assert.equal(on.lastSms(), undefined);
    });
  });

  describe(`The result of a long SMS, with ${where},`, () => {
    const ended = ({ results }: Reconciling) =>
      results.map(({ outcome, messageIds, possibleDuplicate }) => [outcome, messageIds, possibleDuplicate]);

    /** The second of its three segments is refused until the link is lost. */
    async function halfSent(sms: Partial<OutboundSms> = {}): Promise<Reconciling> {
      const on = await open();
      const link = await on.submits({ ...LONG, ...sms });
      link.at(0).settle(accepted('a1'));
      link.at(1).settle(refused(ESME_RSYSERR));
      link.at(2).settle(accepted('a3'));
      await on.settled();
      await on.lost(link);
      return on;
    }

    it('has the ids of what the gateway has of it when it expired', async () => {
      const on = await halfSent({ expiresAfterMs: MINUTE });
      await on.clock.advance(MINUTE);
      assert.deepEqual(ended(on), [['expired', ['a1', 'a3'], false]]);
      await on.receipt('a1');
      await on.receipt('a3');
      assert.deepEqual(told(on.receipts), [['sms-1', 'UNKNOWN', true, '2 of 3']]);
    });

    it('has them when it expired before its refused segment could go again', async () => {
      const on = await open();
      const link = await on.submits({ ...LONG, expiresAfterMs: 3_000 });
      link.at(0).settle(accepted('a1'));
      link.at(1).settle(refused(ESME_RSYSERR));
      link.at(2).settle(accepted('a3'));
      await on.clock.advance(6_000);
      assert.deepEqual(ended(on), [['expired', ['a1', 'a3'], false]]);
    });

    it('has them when it was cancelled', async () => {
      const on = await halfSent();
      assert.equal(await on.cancel('sms-1'), true);
      await on.settled();
      assert.deepEqual(ended(on), [['cancelled', ['a1', 'a3'], false]]);
    });

    it('has them after a restart, also where no receipt is asked for', async () => {
      const on = await halfSent({ expiresAfterMs: MINUTE, receipt: 'never' });
      await on.restart();
      await on.clock.advance(MINUTE);
      assert.deepEqual(ended(on), [['expired', ['a1', 'a3'], false]]);
    });

    it('has them when nobody knows whether the gateway has the rest', async () => {
      const on = await open();
      const link = await on.submits({ ...LONG, onUncertain: 'report' });
      link.at(2).settle(accepted('a3'));
      link.at(0).settle(accepted('a1'));
      await on.lost(link);
      assert.deepEqual(ended(on), [['uncertain', ['a1', 'a3'], false]]);
    });

    it('has them when it is sent again and nothing more is heard', async () => {
      const on = await halfSent({ expiresAfterMs: MINUTE });
      await on.lost(await on.up());
      await on.restart();
      await on.clock.advance(MINUTE);
      assert.deepEqual(ended(on), [['uncertain', ['a1', 'a3'], true]]);
    });

    it('has them when its process died as it was sent again', async () => {
      const on = await halfSent({ onUncertain: 'report' });
      await on.up();
      await on.crash();
      await on.settled();
      if (where === 'storage that lasts') assert.deepEqual(ended(on), [['uncertain', ['a1', 'a3'], true]]);
    });

    it('has those of its last submission of which the gateway has some', async () => {
      const on = await halfSent();
      const link = await on.up();
      link.at(0).settle(accepted('b1'));
      link.at(1).settle(refused(ESME_RINVDSTADR));
      link.at(2).settle(accepted('b3'));
      await on.settled();
      assert.deepEqual(ended(on), [['rejected', ['b1', 'b3'], true]]);
    });

    it('has them when it goes again and is rejected outright', async () => {
      const on = await halfSent();
      const link = await on.up();
      for (const { settle } of link.submitted) settle(refused(ESME_RINVDSTADR));
      await on.settled();
      assert.deepEqual(ended(on), [['rejected', ['a1', 'a3'], true]]);
    });

    for (const isRestarted of [false, true]) {
      it(`has one that came late${isRestarted ? ', also after a restart' : ''}`, async () => {
        const on = await open();
        const link = await on.submits({ ...LONG, onUncertain: 'reconcile' });
        link.at(0).settle(overdue);
        link.at(1).settle(overdue);
        link.at(2).settle(accepted('a3'));
        await on.settled();
        link.at(0).settle(acceptedLate('a1'));
        await on.settled();
        if (isRestarted) await on.restart();
        await on.cancel('sms-1');
        await on.settled();
        assert.deepEqual(ended(on), [['uncertain', ['a1', 'a3'], false]]);
      });
    }

    it('has one that came late as it was about to leave again', async () => {
      const on = await open();
      await on.takes({ ...LONG, onUncertain: 'reconcile' });
      const link = await on.up(1);
      link.at(0).settle(overdue);
      await on.takes({ to: '4587654321' });
      await on.clock.advance(30_000); // it is marked, and the window is full
      link.at(0).settle(acceptedLate('a1'));
      await on.cancel('sms-1');
      await on.settled();
      assert.deepEqual(ended(on), [['cancelled', ['a1'], false]]);
    });

    for (const [what, sms, holder] of [
      ['keeps its dedupe key when it is uncertain', { onUncertain: 'report' }, 'sms-1'],
      ['frees its dedupe key when it expired', { expiresAfterMs: 2_000 }, 'sms-2'],
    ] as const) {
      it(`${what}, also over a restart`, async () => {
        const on = await open();
        const link = await on.submits({ ...LONG, ...sms, dedupeKey: 'key' });
        link.at(0).settle(accepted('a1'));
        if (holder === 'sms-2') for (const index of [1, 2]) link.at(index).settle(refused(ESME_RSYSERR));
        await on.clock.advance(2_000);
        await on.lost(link);
        assert.deepEqual(on.results[0]?.messageIds, ['a1']);
        await on.restart();
        assert.equal(await on.takes({ dedupeKey: 'key' }), holder);
      });
    }
  });
}

it('A long SMS that an earlier version left half sent is a possible duplicate when it goes again', async () => {
  const on = await new Reconciling(heldStorage).open();
  await on.takes(LONG);
  const value = { attempts: 1, unknowns: 0, possibleDuplicate: false, underWay: false, isHalfSent: true };
  await on.storage.write([{ table: 'progress', key: 'sms-1', value }]);
  await on.crash();
  const link = await on.up();
  for (const [index, id] of ['a1', 'a2', 'a3'].entries()) link.at(index).settle(accepted(id));
  await on.settled();
  assert.deepEqual([on.results[0]?.outcome, on.results[0]?.possibleDuplicate], ['accepted', true]);
});
