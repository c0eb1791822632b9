import assert from 'node:assert/strict';
import { settle } from '../../support/fake-clock.js';
import { HOUR_MS, MailboxBench } from './mailbox-bench.js';

const NEVER = new Promise<void>(() => undefined);

describe('Mailbox, of a listener that never answers and leaves', () => {
  let on: MailboxBench;

  beforeEach(async () => {
    on = new MailboxBench();
    await on.mailbox.open();
  });

  it('gives what it never answers to the next who comes', async () => {
    const leave = on.mailbox.subscribe(() => NEVER);
    await on.came('one', 'two');
    leave();
    await on.clock.advance(5_000);
    on.mailbox.subscribe(on.see);
    await settle();
    assert.deepEqual(
      [on.seen, on.storage.count('event'), on.failures, on.clock.pending],
      [['one', 'two'], 0, [], 0],
    );
  });

  it('gives what it never answers to one that has come meanwhile', async () => {
    const leave = on.mailbox.subscribe(() => NEVER);
    await on.came('one');
    on.mailbox.subscribe(on.see);
    leave();
    await on.clock.advance(10_000);
    assert.deepEqual([on.seen, on.storage.count('event'), on.failures], [['one'], 0, []]);
  });

  it('forgets at once what others have taken, and it never answers', async () => {
    on.mailbox.subscribe(on.see);
    const leave = on.mailbox.subscribe(() => NEVER);
    await on.came('one');
    leave();
    await settle();
    assert.deepEqual([on.seen, on.storage.count('event'), on.clock.pending], [['one'], 0, 0]);
  });

  it('asks the one that rejected an event again, whatever the other never answers', async () => {
    let isReady = false;
    on.mailbox.subscribe((event) => (isReady ? on.see(event) : Promise.reject(new Error('no'))));
    const leave = on.mailbox.subscribe(() => NEVER);
    await on.came('one');
    isReady = true;
    leave();
    await on.clock.advance(5_000);
    assert.deepEqual([on.seen, on.storage.count('event'), on.clock.pending], [['one'], 0, 0]);
  });

  it('forgets within the hour what it never answers when nobody comes', async () => {
    const leave = on.mailbox.subscribe(() => NEVER);
    await on.came('one');
    leave();
    await on.clock.advance(HOUR_MS + 10 * 60_000);
    assert.deepEqual([on.storage.count('event'), on.clock.pending], [0, 0]);
  });

  it('has no timer left after a stop', async () => {
    const leave = on.mailbox.subscribe(() => NEVER);
    await on.came('one');
    leave();
    const closed = on.mailbox.close();
    await on.clock.advance(1_000);
    await closed;
    assert.deepEqual([on.clock.pending, on.storage.count('event'), on.failures], [0, 1, []]);
  });
});
