import assert from 'node:assert/strict';
import { SmppError } from '../../../lib/errors.js';
import { Mailbox } from '../../../lib/storage/mailbox.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import type { Storage } from '../../../lib/storage/storage.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

describe('Mailbox', () => {
  let clock: FakeClock;
  let storage: Storage;
  let failures: unknown[];
  let mailbox: Mailbox<string>;

  beforeEach(() => {
    clock = new FakeClock();
    storage = memoryStorage(clock);
    failures = [];
    mailbox = new Mailbox<string>({
      storage,
      table: 'event',
      clock,
      revive: (value) => value as string,
      onFailure: (error) => failures.push(error),
    });
  });

  it('tells of a subscriber that failed, and keeps the event', async () => {
    const failure = new Error('no');
    mailbox.subscribe(() => Promise.reject(failure));
    mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([failures, mailbox.held], [[failure], 1]);
  });

  it('forgets an event a little later when storage fails to', async () => {
    await storage.write([mailbox.keeping('key', 'event')]);
    const write = storage.write.bind(storage);
    storage.write = () => Promise.reject(new Error('full'));
    mailbox.subscribe(() => undefined);
    mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([failures.length, storage.count('event')], [1, 1]);
    storage.write = write;
    await clock.advance(5_000);
    assert.deepEqual([failures.length, storage.count('event')], [1, 0]);
  });

  it('keeps an event that a subscriber declines since it has stopped, without a word', async () => {
    mailbox.subscribe(() => Promise.reject(new SmppError('SMPP_STOPPED', 'not now')));
    mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([failures, mailbox.held], [[], 1]);
  });
});
