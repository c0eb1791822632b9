import assert from 'node:assert/strict';

import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { FakeLink } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { MINUTE, Reconciling } from './reconcile-bench.js';

const STORAGES = [
  ['storage that lasts', heldStorage],
  ['volatile storage', memoryStorage],
] as const;

const open = () => new Reconciling(heldStorage).open();
const idsOf = ({ results }: Reconciling) => results.map(({ id, messageIds }) => [id, ...messageIds]);

describe('SMS of unknown outcome to one phone that are to be reconciled', () => {
  /** They leave one after the other, a second apart, and have no answer. */
  const unknowns = async (count: number): Promise<Reconciling> => {
    const on = await open();
    const links: FakeLink[] = [];
    for (let sent = 0; sent < count; sent += 1) {
      links.push(await on.submits());
      await on.clock.advance(1_000);
    }
    for (const link of links) await on.lost(link);
    return on;
  };

  it('are accepted once each of them has a receipt, in the order of those', async () => {
    const on = await unknowns(3);
    for (const id of ['a', 'b']) await on.receipt(id);
    assert.deepEqual(idsOf(on), []);
    await on.receipt('c');
    assert.deepEqual(idsOf(on), [
      ['sms-1', 'a'],
      ['sms-2', 'b'],
      ['sms-3', 'c'],
    ]);
    await on.clock.advance(MINUTE);
    assert.equal((await on.up()).submitted.length, 0);
    assert.deepEqual(
      on.receipts.map(({ id, messageId }) => [id, messageId]),
      [
        ['sms-1', 'a'],
        ['sms-2', 'b'],
        ['sms-3', 'c'],
      ],
    );
  });

  it('are so in the order of submit dates, whatever the order in which they come', async () => {
    const on = await open();
    await on.learnsTheClock();
    const links = [await on.submits()];
    await on.clock.advance(2 * MINUTE);
    links.push(await on.submits());
    for (const link of links) await on.lost(link);
    await on.clock.advance(1_000);
    await on.receipt('b');
    await on.receipt('a', { submittedAt: on.clock.wall() - 2 * MINUTE });
    assert.deepEqual(idsOf(on), [
      ['sms-2', 'a'],
      ['sms-3', 'b'],
    ]);
  });

  it('take the states of one receipt as one', async () => {
    const on = await unknowns(2);
    await on.receipt('a', { stat: 'ENROUTE' });
    await on.receipt('a');
    assert.deepEqual(idsOf(on), []);
    await on.receipt('b');
    assert.deepEqual(idsOf(on), [
      ['sms-1', 'a'],
      ['sms-2', 'b'],
    ]);
  });

  it('are so together with one that went by another policy', async () => {
    const on = await open();
    await on.unknown({ onUncertain: 'report' });
    await on.unknown();
    await on.clock.advance(1_000);
    for (const id of ['a', 'b']) await on.receipt(id);
    assert.deepEqual(idsOf(on), [['sms-1'], ['sms-2', 'b']]);
  });

  it('are so when a receipt told of the first before the other had left', async () => {
    const on = await open();
    const first = await on.submits();
    await on.clock.advance(1_000);
    await on.receipt('a');
    await on.lost(await on.submits());
    await on.clock.advance(1_000);
    await on.receipt('b');
    await on.lost(first);
    assert.deepEqual(idsOf(on), [
      ['sms-1', 'a'],
      ['sms-2', 'b'],
    ]);
  });

  it('are so beside a receipt that came before any of them left', async () => {
    const on = await open();
    await on.receipt('foreign');
    const links = [await on.submits(), await on.submits()];
    await on.clock.advance(1_000);
    for (const id of ['a', 'b']) await on.receipt(id);
    for (const link of links) await on.lost(link);
    assert.deepEqual(idsOf(on), [
      ['sms-1', 'a'],
      ['sms-2', 'b'],
    ]);
  });

  it('go again when there are fewer receipts than SMS, or more', async () => {
    for (const ids of [['a'], ['a', 'b', 'c']]) {
      const on = await open();
      const links = [await on.submits(), await on.submits()];
      await on.clock.advance(1_000);
      for (const id of ids) await on.receipt(id);
      for (const link of links) await on.lost(link);
      assert.deepEqual(idsOf(on), []);
      await on.clock.advance(31_000);
      assert.equal((await on.up()).submitted.length, 2, ids.join());
    }
  });

  for (const [where, makeStorage] of STORAGES) {
    it(`are accepted so after a restart, with ${where}`, async () => {
      const on = await new Reconciling(makeStorage).open();
      const links = [await on.submits(), await on.submits()];
      for (const link of links) await on.lost(link);
      await on.clock.advance(1_000);
      await on.receipt('a');
      await on.restart();
      await on.clock.advance(1_000);
      await on.receipt('b');
      assert.deepEqual(idsOf(on), [
        ['sms-1', 'a'],
        ['sms-2', 'b'],
      ]);
    });
  }
});

it('An SMS to be reconciled that asked for no receipt goes again at once', async () => {
  const on = await open();
  await on.unknown({ receipt: 'never' });
  const link = await on.up();
  assert.equal(link.submitted.length, 1);
  await on.crash();
  assert.equal((await on.up()).submitted.length, 1);
});
