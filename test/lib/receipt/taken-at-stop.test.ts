/** What a listener has taken as the tracker closes is not given again after the next start. */
import assert from 'node:assert/strict';

import type { DeliveryReceipt } from '../../../lib/message.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench } from './bench.js';
import { receiptFor } from './builders.js';

type Scope = 'message' | 'segment';

/** A receipt has come that listeners of these scopes are still taking as the tracker closes. */
async function closing(...scopes: readonly Scope[]) {
  const on = await bench(heldStorage);
  const takes: (() => void)[] = [];
  for (const scope of scopes) {
    on.tracker.onReceipt(() => new Promise<void>((resolve) => takes.push(resolve)), scope);
  }
  await on.accepted();
  await on.arrives(receiptFor('a-1'));
  const closed = on.tracker.close();
  await on.clock.advance(100);
  return { on, takes, closed };
}

describe('ReceiptTracker that closes while a receipt is being taken', () => {
  for (const scopes of [['segment'], ['message'], ['segment', 'message']] as const) {
    it(`does not give it again to those who had it for each ${scopes.join(' and ')}`, async () => {
      const { on, takes, closed } = await closing(...scopes);
      for (const take of takes) take();
      await closed;
      await on.restart();
      const again: DeliveryReceipt[][] = (['segment', 'message'] as const).map((scope) => on.collect(scope));
      await on.clock.advance(1_000);
      assert.deepEqual([takes.length, again.flat().length], [scopes.length, 0]);
    });
  }
});
