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

  it('counts an event as taken when what a subscriber returns is no promise', async () => {
    const seen: string[] = [];
    mailbox.subscribe((event) => void seen.push(event));
    const pushing: (event: string) => void = (event) => seen.push(event);
    mailbox.subscribe(pushing);
    mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([failures, mailbox.held, seen], [[], 0, ['event', 'event']]);
  });

  it('says so when it gives up the oldest, since so many wait', () => {
    for (let count = 0; count < 100_000; count += 1) mailbox.deliver(`key-${count}`, 'event');
    assert.equal(failures.length, 0);
    mailbox.deliver('one more', 'event');
    assert.equal(mailbox.held, 100_000);
    assert.deepEqual(
      failures.map((failure) => failure instanceof SmppError && failure.code),
      ['SMPP_QUEUE_FULL'],
    );
  });

  it('keeps an event that one of two subscribers could not take', async () => {
    mailbox.subscribe(() => Promise.resolve());
    mailbox.subscribe(() => Promise.reject(new Error('no')));
    mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([failures.length, mailbox.held], [1, 1]);
  });

  it('hands what waited to all who subscribe in one turn', async () => {
    mailbox.deliver('key', 'event');
    const seen: string[] = [];
    for (const who of ['first', 'second']) mailbox.subscribe(() => void seen.push(who));
    await settle();
    assert.deepEqual(seen, ['first', 'second']);
  });

  it('hands an event to the others too when a subscriber throws, and keeps it', async () => {
    mailbox.subscribe(() => {
      throw new Error('no');
    });
    const seen: string[] = [];
    mailbox.subscribe((event) => void seen.push(event));
    mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([seen, failures.length, mailbox.held], [['event'], 1, 1]);
  });

  it('closes once a subscriber has taken what it was handed', async () => {
    let taken: () => void = () => undefined;
    mailbox.subscribe(() => new Promise((resolve) => (taken = resolve)));
    mailbox.deliver('key', 'event');
    let isClosed = false;
    const closing = mailbox.close().then(() => (isClosed = true));
    await settle();
    assert.equal(isClosed, false);
    taken();
    await closing;
    assert.equal(mailbox.held, 0);
  });

  describe('in volatile storage that is spared the records', () => {
    const spared = () =>
      new Mailbox<string>({
        storage,
        table: 'event',
        clock,
        revive: (value) => value as string,
        record: (event) => event,
        onFailure: (error) => failures.push(error),
      });

    it('keeps what nobody has taken when it closes, and hands it on when it is opened again', async () => {
      const first = spared();
      const leave = first.subscribe((event) => (event === 'slow' ? new Promise(() => undefined) : undefined));
      for (const event of ['taken', 'slow']) first.deliver(event, event);
      leave();
      first.deliver('held', 'held');
      await settle();
      assert.equal(storage.count('event'), 0);
      const closing = first.close();
      await clock.advance(1_000);
      await closing;
      const seen: string[] = [];
      const second = spared();
      await second.open();
      second.subscribe((event) => void seen.push(event));
      await settle();
      assert.deepEqual([seen, storage.count('event'), failures], [['slow', 'held'], 0, []]);
    });

    it('puts the records all the same when its storage outlasts the process', () => {
      storage = { ...storage, isVolatile: false };
      assert.equal(spared().isSpared, false);
    });
  });
});
