/** A long SMS of unknown outcome, some or all of whose segments have receipts. */
import assert from 'node:assert/strict';

import { accepted, acceptedLate, overdue } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { MINUTE, Reconciling } from './reconcile-bench.js';

const LONG = { text: 'x'.repeat(200) };

const open = () => new Reconciling(heldStorage).open();
const idsOf = ({ results }: Reconciling) => results.map(({ id, messageIds }) => [id, ...messageIds]);

describe('A long SMS of unknown outcome that is to be reconciled', () => {
  it('is accepted with the receipts of all its segments', async () => {
    const on = await open();
    await on.unknown(LONG);
    await on.clock.advance(1_000);
    await on.receipt('A');
    await on.receipt('b');
    assert.deepEqual(idsOf(on), [['sms-1', 'A', 'b']]);
  });

  it('is accepted with the receipt of the segment that had no answer', async () => {
    const on = await open();
    const link = await on.submits(LONG);
    link.at(0).settle(accepted('A'));
    await on.lost(link);
    await on.clock.advance(1_000);
    await on.receipt('A');
    await on.receipt('b');
    assert.deepEqual(idsOf(on), [['sms-1', 'A', 'b']]);
    assert.deepEqual(
      on.receipts.map(({ id, delivered }) => [id, delivered]),
      [['sms-1', true]],
    );
  });

  it('is sent again when some of its segments have none', async () => {
    const on = await open();
    await on.unknown(LONG);
    await on.clock.advance(1_000);
    await on.receipt('a');
    const link = await on.up();
    await on.clock.advance(30_000);
    assert.deepEqual([idsOf(on), link.submitted.length], [[], 2]);
  });

  it('has its ids in the order of its segments, whichever had no answer', async () => {
    const on = await open();
    const link = await on.submits({ text: 'x'.repeat(400) });
    link.at(0).settle(accepted('a'));
    link.at(2).settle(accepted('c'));
    await on.lost(link);
    await on.clock.advance(1_000);
    await on.receipt('b');
    assert.deepEqual(idsOf(on), [['sms-1', 'a', 'b', 'c']]);
  });

  it('has one segment told once, by its receipt and by a late answer', async () => {
    const on = await open();
    const link = await on.submits(LONG);
    for (const index of [0, 1]) link.at(index).settle(overdue);
    await on.clock.advance(1_000);
    await on.receipt('b');
    link.at(1).settle(acceptedLate('b'));
    await on.settled();
    assert.deepEqual(idsOf(on), []);
    await on.receipt('a');
    assert.deepEqual(idsOf(on), [['sms-1', 'a', 'b']]);
  });

  describe('and was sent twice', () => {
    /** Each time the gateway answers as many segments, from the first on. */
    async function twice(answered: number): Promise<Reconciling> {
      const on = await open();
      for (const round of ['a', 'b']) {
        const link = await (round === 'a' ? on.submits(LONG) : on.up());
        for (let index = 0; index < answered; index += 1) link.at(index).settle(accepted(`${round}${index}`));
        await on.lost(link);
        if (round === 'a') await on.clock.advance(31_000);
      }
      await on.clock.advance(1_000);
      return on;
    }

    it('is not put together of two halves', async () => {
      const on = await twice(0);
      for (const id of ['a', 'b', 'c']) await on.receipt(id);
      assert.deepEqual(idsOf(on), []);
      await on.receipt('d');
      assert.deepEqual(idsOf(on), [['sms-1', 'a', 'b']]);
      await on.clock.advance(MINUTE);
      assert.deepEqual(
        on.receipts.map(({ id, delivered }) => [id, delivered]),
        [['sms-1', true]],
      );
    });

    it('goes again when it may have arrived in two halves', async () => {
      const on = await twice(0);
      for (const id of ['a', 'b']) await on.receipt(id);
      await on.clock.advance(31_000);
      assert.deepEqual([idsOf(on), (await on.up()).submitted.length], [[], 2]);
    });

    it('is accepted with the one receipt that either lacks', async () => {
      const on = await twice(1);
      await on.receipt('x');
      assert.deepEqual(idsOf(on), [['sms-1', 'a0', 'x']]);
    });
  });
});
