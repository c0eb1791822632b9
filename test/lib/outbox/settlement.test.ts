import assert from 'node:assert/strict';
import { accepted, refused } from '../../support/fake-link.js';
import { heldStorage } from '../../support/held-storage.js';
import { bench } from './outbox-bench.js';

describe('A result that cannot be stored', () => {
  async function settledWhileStorageFails() {
    const storage = heldStorage();
    const made = await bench({ storage });
    const id = await made.take();
    const link = await made.up();
    storage.fail();
    link.at(0).settle(accepted('a'));
    await made.settled();
    return { ...made, storage, id };
  }

  it('is not reported before it can be', async () => {
    const { storage, clock, results, failures } = await settledWhileStorageFails();
    await clock.advance(10_000);
    const before = results.length;
    storage.release();
    await clock.advance(1_000);
    assert.deepEqual([before, results.map(({ messageIds }) => messageIds)], [0, [['a']]]);
    assert.match(String(failures[0]), /the disk is full/);
  });

  it('does not overwrite what a receipt tells of one that settles as it is tried again', async () => {
    const storage = heldStorage();
    const tellsOf = (key: string): void => {
      storage.write([{ table: 'tracked', key, value: 'told' }]).catch(() => undefined);
    };
    const { take, up, settled, clock } = await bench({
      storage,
      tracking: ({ id }) => {
        queueMicrotask(() => tellsOf(id));
        return [{ table: 'tracked', key: id, value: 'new' }];
      },
    });
    const ids = [await take(), await take(), await take()];
    const link = await up();
    storage.fail();
    link.at(0).settle(accepted('a'));
    link.at(1).settle(accepted('b'));
    await settled();
    link.at(2).settle(accepted('c'));
    await settled();
    storage.release();
    await clock.advance(1_000);
    const tracked = await Promise.all(ids.map((id) => storage.read('tracked', id)));
    assert.deepEqual(tracked, ['new', 'new', 'told']);
  });

  it('holds up no stop', async () => {
    const { outbox, clock, results, storage } = await settledWhileStorageFails();
    const stopped = outbox.close();
    await clock.advance(1_000);
    await stopped;
    assert.deepEqual([results, storage.count('outbox')], [[], 1]);
  });

  it('leaves it open whether the SMS was cancelled', async () => {
    const storage = heldStorage();
    const { take, outbox, clock } = await bench({ storage });
    const id = await take();
    storage.fail();
    const cancelled = outbox.cancel(id);
    const stopped = outbox.close();
    await clock.advance(1_000);
    await stopped;
    assert.equal(await cancelled, false);
  });
});

describe('An SMS that goes back to the queue', () => {
  it('is waited for by a stop until that is stored', async () => {
    const storage = heldStorage();
    const { take, up, outbox, settled } = await bench({ storage });
    await take();
    const { submitted } = await up();
    storage.hold();
    submitted[0]?.settle(refused(0x08));
    await settled();
    let isClosed = false;
    const closed = outbox.close().then(() => (isClosed = true));
    await settled();
    assert.equal(isClosed, false);
    storage.release();
    await closed;
    const { writes } = storage;
    await settled();
    assert.equal(storage.writes, writes);
  });
});
