/** A long SMS that takes its time, or of which the gateway has a half: whose its receipts are. */
import assert from 'node:assert/strict';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { accepted, refused } from '../../support/fake-link.js';
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
}
