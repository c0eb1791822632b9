/** Lists that are taken in as a whole, or not at all. */
import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import type { OutboundSms } from '../../../lib/message.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { accepted } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench } from './outbox-bench.js';

function list(count: number, changes: Partial<OutboundSms> = {}): OutboundSms[] {
  return Array.from({ length: count }, (_, place) => ({
    to: '4512345678',
    from: 'Alarm',
    text: `Hello ${place}`,
    ...changes,
  }));
}

describe('Outbox, given a list', () => {
  it('takes all of it in with one write, in its order', async () => {
    const storage = heldStorage();
    const { outbox, settled } = await bench({ storage, bounds: { ...DEFAULT_BOUNDS, smsInOneWrite: 2 } });
    const writes = storage.writes;
    const taking = outbox.enqueueAll(list(5));
    await settled();
    const taken = await taking;
    assert.equal(storage.writes - writes, 1);
    assert.deepEqual(
      (await outbox.list(10)).map(({ id }) => id),
      taken.map(({ id }) => id),
    );
  });

  it('submits nothing of it before all of it is safe', async () => {
    const storage = heldStorage();
    const { outbox, up, settled } = await bench({ storage });
    const link = await up();
    storage.hold();
    void outbox.enqueueAll(list(3));
    await settled();
    assert.equal(link.submitted.length, 0);
    storage.release();
    await settled();
    assert.equal(link.submitted.length, 3);
  });

  it('gives each of them its result', async () => {
    const { outbox, up, settled, results } = await bench();
    const taken = await outbox.enqueueAll(list(2));
    const link = await up();
    for (const place of [0, 1]) link.at(place).settle(accepted(`m${place}`));
    await settled();
    assert.deepEqual(
      results.map(({ id, outcome }) => [id, outcome]),
      taken.map(({ id }) => [id, 'accepted']),
    );
  });

  it('takes an empty one in', async () => {
    const { outbox } = await bench();
    assert.deepEqual(await outbox.enqueueAll([]), []);
  });

  it('looks at a long one in the course of several turns', async () => {
    const { outbox, settled, clock } = await bench({ bounds: { ...DEFAULT_BOUNDS, smsInOneWrite: 2 } });
    const taking = outbox.enqueueAll(list(5));
    await Promise.resolve();
    assert.equal(clock.pending > 0, true);
    await settled();
    assert.equal((await taking).length, 5);
  });

  describe('takes nothing in', () => {
    it('when one is unsound, and names its place', async () => {
      const { outbox, storage } = await bench();
      const unsound = [...list(2), { to: 'nobody', from: 'Alarm', text: 'x' }, ...list(1)];
      await assert.rejects(outbox.enqueueAll(unsound), {
        code: 'SMPP_MESSAGE',
        field: 'to',
        message: /^SMS 2 of/,
      });
      assert.deepEqual([storage.count('outbox'), outbox.counts.normal], [0, 0]);
    });

    it('when the queue has no room for all of it', async () => {
      const { outbox, storage } = await bench({ bounds: { ...DEFAULT_BOUNDS, queuedSms: 4 } });
      await outbox.enqueueAll(list(2));
      await assert.rejects(outbox.enqueueAll(list(3)), { code: 'SMPP_QUEUE_FULL' });
      assert.deepEqual([storage.count('outbox'), outbox.counts.normal], [2, 2]);
    });

    it('when storage does not take it', async () => {
      const storage = heldStorage();
      const { outbox, up, settled } = await bench({ storage });
      const link = await up();
      storage.fail();
      await assert.rejects(outbox.enqueueAll(list(3)), { code: 'SMPP_STORAGE' });
      await settled();
      assert.deepEqual([outbox.counts.normal, link.submitted.length], [0, 0]);
    });

    it('when it takes more than storage keeps at once', async () => {
      const { outbox, storage } = await bench({ bounds: { ...DEFAULT_BOUNDS, lineOctets: 1_000 } });
      await assert.rejects(outbox.enqueueAll(list(20)), { code: 'SMPP_MESSAGE', field: 'list' });
      assert.equal(storage.count('outbox'), 0);
    });

    it('when the gateway is stopped while it is looked at, which the stop waits for', async () => {
      const { outbox, storage, clock } = await bench({ bounds: { ...DEFAULT_BOUNDS, smsInOneWrite: 1 } });
      let why: unknown;
      outbox.enqueueAll(list(3)).catch((error: unknown) => (why = error));
      const closing = outbox.close().then(() => assert.ok(why !== undefined));
      await clock.advance(0);
      await closing;
      assert.equal((why as { code: string }).code, 'SMPP_STOPPED');
      assert.equal(storage.count('outbox'), 0);
    });
  });

  it('has room for a whole list of small SMS with a correlation each', async () => {
    const { outbox, storage } = await bench({
      bounds: { ...DEFAULT_BOUNDS, lineOctets: 2_000_000, smsInOneWrite: 2_000 },
    });
    await outbox.enqueueAll(list(1_000, { correlation: { pump: 3, at: 'the old harbour' } }));
    assert.equal(storage.count('outbox'), 1_000);
  });

  describe('with dedupe keys', () => {
    it('sends one of those that have the same', async () => {
      const { outbox, up, settled } = await bench();
      const taken = await outbox.enqueueAll(list(3, { dedupeKey: 'k' }));
      const link = await up();
      assert.equal(link.submitted.length, 1);
      link.at(0).settle(accepted('m'));
      await settled();
      assert.equal(new Set(taken.map(({ id }) => id)).size, 1);
      assert.equal(taken[0]?.result, undefined);
      for (const { result } of taken.slice(1)) assert.equal((await result)?.repeated, true);
    });

    it('sends none of those that an earlier SMS has', async () => {
      const { outbox, take, storage } = await bench();
      const id = await take({ dedupeKey: 'k' });
      const taken = await outbox.enqueueAll(list(2, { dedupeKey: 'k' }));
      assert.deepEqual([taken.map((one) => one.id), storage.count('outbox')], [[id, id], 1]);
    });

    it('counts none that is not sent when it looks for room', async () => {
      const { outbox, take } = await bench({ bounds: { ...DEFAULT_BOUNDS, queuedSms: 2 } });
      await take({ dedupeKey: 'k' });
      const given = [...list(2, { dedupeKey: 'k' }), ...list(3, { dedupeKey: 'l' })];
      assert.equal((await outbox.enqueueAll(given)).length, 5);
    });

    it('waits until it is known whether that of an earlier SMS is taken in', async () => {
      const storage = heldStorage();
      const { outbox, take, settled } = await bench({ storage });
      storage.hold();
      const first = take({ dedupeKey: 'k' });
      let isTaken = false;
      void outbox.enqueueAll(list(1, { dedupeKey: 'k' })).then(() => (isTaken = true));
      await settled();
      assert.equal(isTaken, false);
      storage.release();
      await first;
      await settled();
      assert.equal(isTaken, true);
    });

    it('frees those of a list that was not taken in', async () => {
      const storage = heldStorage();
      const { outbox } = await bench({ storage });
      storage.fail();
      await assert.rejects(outbox.enqueueAll(list(2, { dedupeKey: 'k' })), { code: 'SMPP_STORAGE' });
      storage.release();
      const [taken] = await outbox.enqueueAll(list(1, { dedupeKey: 'k' }));
      assert.equal(taken?.result, undefined);
    });
  });

  it('gives those back that an earlier run has left, with what was handed over with them', async () => {
    const clock = new FakeClock();
    const storage = memoryStorage(clock);
    const first = await bench({ storage, clock });
    const [left] = await first.outbox.enqueueAll(list(1, { correlation: { order: 7 } }));
    await first.outbox.close();
    const second = await bench({ storage, clock, newId: () => 'new' });
    await second.take();
    const found = [];
    for await (const one of second.outbox.recovered()) found.push(one);
    assert.deepEqual(found, [{ id: left?.id, correlation: { order: 7 } }]);
  });
});
