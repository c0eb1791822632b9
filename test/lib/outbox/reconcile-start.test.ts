import assert from 'node:assert/strict';

import { heldStorage } from '../../support/held-storage.js';
import { slowScan } from '../../support/slow-scan.js';
import { MINUTE, Reconciling } from './reconcile-bench.js';

const idsOf = ({ results }: Reconciling) => results.map(({ id, messageIds }) => [id, ...messageIds]);

describe('An SMS to be reconciled, beside a start that reads the SMS of earlier processes', () => {
  /** It is of unknown outcome as its process ends, and not all is read of what is stored. */
  const starting = async () => {
    const on = await new Reconciling(heldStorage).open();
    await on.unknown();
    await on.clock.advance(1_000);
    const slow = slowScan(on.storage, 'tracked');
    await on.crash();
    return { on, slow };
  };

  it('waits until it is known whose the receipts are', async () => {
    const { on, slow } = await starting();
    await on.receipt('a');
    const link = await on.up();
    await on.clock.advance(45_000);
    const before = [link.submitted.length, idsOf(on)];
    slow.release();
    await on.clock.advance(0);
    assert.deepEqual([before, idsOf(on)], [[0, []], [['sms-1', 'a']]]);
    assert.equal(link.submitted.length, 0);
  });

  it('waits no longer than that', async () => {
    const { on, slow } = await starting();
    const link = await on.up();
    await on.clock.advance(MINUTE);
    slow.release();
    await on.clock.advance(1_000);
    assert.equal(link.submitted.length, 1);
  });

  it('waits as long as else when that takes no time', async () => {
    const { on, slow } = await starting();
    const link = await on.up();
    slow.release();
    await on.clock.advance(28_000);
    const before = link.submitted.length;
    await on.clock.advance(2_000);
    assert.deepEqual([before, link.submitted.length], [0, 1]);
  });
});
