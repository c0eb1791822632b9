import assert from 'node:assert/strict';
import type { Clock } from '../../../lib/clock.js';
import { SmppError } from '../../../lib/errors.js';
import { settle } from '../../support/fake-clock.js';
import { EVENT, HOUR_MS, MailboxBench } from './mailbox-bench.js';

describe('Mailbox, where nobody listens', () => {
  let on: MailboxBench;

  beforeEach(async () => {
    on = new MailboxBench();
    await on.mailbox.open();
  });

  const forgotten = (count: number): string =>
    `info: events: ${count} forgotten, since nobody has been there to take them for an hour`;

  it('forgets an event after an hour, and says how many', async () => {
    await on.came('one', 'two');
    await on.clock.advance(HOUR_MS - 1_000);
    assert.deepEqual([on.mailbox.held, on.lines], [2, []]);
    await on.clock.advance(6 * 60_000);
    assert.deepEqual([on.mailbox.held, on.storage.count('event'), on.lines], [0, 0, [forgotten(2)]]);
  });

  it('keeps what came within the hour', async () => {
    await on.came('one');
    await on.clock.advance(HOUR_MS / 2);
    await on.came('two');
    await on.clock.advance(HOUR_MS / 2 + 6 * 60_000);
    on.mailbox.subscribe(on.see);
    await settle();
    assert.deepEqual(on.seen, ['two']);
  });

  it('says so once an hour at most, and the rest at the end', async () => {
    for (let quarter = 0; quarter < 6; quarter += 1) {
      await on.came(EVENT);
      await on.clock.advance(HOUR_MS / 4);
    }
    await on.clock.advance(HOUR_MS);
    await on.mailbox.close();
    assert.deepEqual(on.lines, [forgotten(1), forgotten(4), forgotten(1)]);
  });

  it('counts the hour from when the last listener left', async () => {
    const leave = on.mailbox.subscribe(() => Promise.reject(new SmppError('SMPP_STOPPED', 'not now')));
    await on.came(EVENT);
    await on.clock.advance(3 * HOUR_MS);
    leave();
    await on.clock.advance(HOUR_MS - 1_000);
    assert.equal(on.mailbox.held, 1);
    await on.clock.advance(6 * 60_000);
    assert.equal(on.mailbox.held, 0);
  });

  it('forgets nothing that a listener has who is there', async () => {
    on.mailbox.subscribe(() => new Promise(() => undefined));
    await on.came(EVENT);
    await on.clock.advance(3 * HOUR_MS);
    assert.deepEqual([on.storage.count('event'), on.lines], [1, []]);
  });

  it('gives those who listened before a restart ten minutes to come again', async () => {
    await on.came(EVENT);
    await on.mailbox.close();
    await on.clock.advance(2 * HOUR_MS);
    on.mailbox = on.make();
    await on.mailbox.open();
    await on.clock.advance(9 * 60_000);
    on.mailbox.subscribe(on.see);
    await settle();
    assert.deepEqual([on.seen, on.lines], [[EVENT], []]);
  });

  it('forgets after a restart what has waited for an hour by then, and no more', async () => {
    await on.came('old');
    await on.mailbox.close();
    await on.clock.advance(2 * HOUR_MS);
    on.mailbox = on.make({ cameAt: (event) => (event === 'old' ? on.cameAt : on.clock.wall()) });
    await on.mailbox.open();
    await on.came('new');
    await on.clock.advance(11 * 60_000);
    assert.deepEqual([on.mailbox.held, on.lines], [1, [forgotten(1)]]);
  });

  it('leaves no timer behind when it is closed', async () => {
    await on.came(EVENT);
    await on.mailbox.close();
    assert.equal(on.clock.pending, 0);
  });

  it('is forgotten also when restarts come every few minutes', async () => {
    await on.came('one');
    for (let minutes = 0; minutes < 90; minutes += 9) {
      await on.reopened();
      await on.clock.advance(9 * 60_000);
    }
    on.mailbox.subscribe(on.see);
    await settle();
    assert.deepEqual([on.seen, on.storage.count('event')], [[], 0]);
  });

  for (const seconds of [90, 240]) {
    it(`is forgotten also when the process dies every ${seconds} s`, async () => {
      await on.came('one');
      await on.mailbox.close();
      const { clock } = on;
      for (let passed = 0; passed < 90 * 60; passed += seconds) {
        let isAlive = true;
        const after: Clock['after'] = (ms, run) => clock.after(ms, () => isAlive && run());
        const mailbox = on.make({ clock: { now: () => clock.now(), wall: () => clock.wall(), after } });
        await mailbox.open();
        await clock.advance(seconds * 1_000);
        isAlive = false;
      }
      assert.equal(on.storage.count('event'), 0);
    });
  }

  it('waits for those who listened before, after each start', async () => {
    await on.came('one');
    await on.clock.advance(2 * 60_000);
    for (let hours = 0; hours < 20; hours += 2) {
      const leave = on.mailbox.subscribe(() => Promise.reject(new Error('no')));
      await settle();
      leave();
      await on.mailbox.close();
      await on.clock.advance(2 * HOUR_MS);
      await on.reopened();
      await on.clock.advance(9 * 60_000);
    }
    on.mailbox.subscribe(on.see);
    await settle();
    assert.deepEqual(on.seen, ['one']);
  });
});
