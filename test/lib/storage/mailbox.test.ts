import assert from 'node:assert/strict';
import { SmppError } from '../../../lib/errors.js';
import { Mailbox } from '../../../lib/storage/mailbox.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

describe('Mailbox', () => {
  let failures: unknown[];
  let mailbox: Mailbox<string>;

  beforeEach(() => {
    const clock = new FakeClock();
    failures = [];
    mailbox = new Mailbox<string>({
      storage: memoryStorage(clock),
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

  it('keeps an event that a subscriber declines since it has stopped, without a word', async () => {
    mailbox.subscribe(() => Promise.reject(new SmppError('SMPP_STOPPED', 'not now')));
    mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([failures, mailbox.held], [[], 1]);
  });
});
