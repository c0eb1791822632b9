/** A long SMS of unknown outcome, some or all of whose segments have receipts. */
import assert from 'node:assert/strict';

import { accepted } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { Reconciling } from './reconcile-bench.js';

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
});
