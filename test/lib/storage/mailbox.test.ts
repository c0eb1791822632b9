import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import { DamagedRecordError, SmppError } from '../../../lib/errors.js';
import type { Mailbox } from '../../../lib/storage/mailbox.js';
import { settle } from '../../support/fake-clock.js';
import { EVENT, HOUR_MS, MailboxBench } from './mailbox-bench.js';

describe('Mailbox', () => {
  let on: MailboxBench;

  beforeEach(async () => {
    on = new MailboxBench();
    await on.mailbox.open();
  });

  it('tells of a subscriber that failed, and keeps the event', async () => {
    const failure = new Error('no');
    on.mailbox.subscribe(() => Promise.reject(failure));
    on.mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([on.failures, on.mailbox.held], [[failure], 1]);
  });

  it('forgets an event a little later when storage fails to', async () => {
    await on.storage.write([on.mailbox.keeping('key', 'event')]);
    const write = on.storage.write.bind(on.storage);
    on.storage.write = () => Promise.reject(new Error('full'));
    on.mailbox.subscribe(() => undefined);
    on.mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([on.failures.length, on.storage.count('event')], [1, 1]);
    on.storage.write = write;
    await on.clock.advance(5_000);
    assert.deepEqual([on.failures.length, on.storage.count('event')], [1, 0]);
  });

  it('keeps an event that a subscriber declines since it has stopped, without a word', async () => {
    on.mailbox.subscribe(() => Promise.reject(new SmppError('SMPP_STOPPED', 'not now')));
    on.mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([on.failures, on.mailbox.held], [[], 1]);
  });

  it('counts an event as taken when what a subscriber returns is no promise', async () => {
    on.mailbox.subscribe(on.see);
    const pushing: (event: string) => void = (event) => on.seen.push(event);
    on.mailbox.subscribe(pushing);
    on.mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([on.failures, on.mailbox.held, on.seen], [[], 0, ['event', 'event']]);
  });

  it('gives up the oldest when too many wait, and says how many as seldom as that can be', async () => {
    on.mailbox = on.make({ bounds: { ...DEFAULT_BOUNDS, heldEvents: 2 } });
    await on.mailbox.open();
    await on.came('one', 'two', 'three', 'four', 'five');
    assert.deepEqual([on.mailbox.held, on.storage.count('event'), on.failures], [2, 2, []]);
    await on.mailbox.close();
    const why = 'since so many wait to be taken already that the oldest give way';
    assert.deepEqual(on.lines, [`warn: events: 1 forgotten, ${why}`, `warn: events: 2 forgotten, ${why}`]);
  });

  it('keeps an event that one of two subscribers could not take', async () => {
    on.mailbox.subscribe(() => Promise.resolve());
    on.mailbox.subscribe(() => Promise.reject(new Error('no')));
    on.mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([on.failures.length, on.mailbox.held], [1, 1]);
  });

  it('hands what waited to all who subscribe in one turn', async () => {
    await on.came(EVENT);
    for (const who of ['first', 'second']) on.mailbox.subscribe(() => void on.seen.push(who));
    await settle();
    assert.deepEqual(on.seen, ['first', 'second']);
  });

  it('hands an event to the others too when a subscriber throws, and keeps it', async () => {
    on.mailbox.subscribe(() => {
      throw new Error('no');
    });
    on.mailbox.subscribe(on.see);
    on.mailbox.deliver('key', 'event');
    await settle();
    assert.deepEqual([on.seen, on.failures.length, on.mailbox.held], [['event'], 1, 1]);
  });

  it('is done as soon as one that takes each at once has taken what waited', async () => {
    await on.came('one', 'two');
    on.mailbox.subscribe(() => undefined);
    const now = on.clock.now();
    await on.mailbox.taken();
    assert.deepEqual([on.clock.now(), on.mailbox.held], [now, 0]);
  });

  it('closes once a subscriber has taken what it was handed', async () => {
    let taken: () => void = () => undefined;
    on.mailbox.subscribe(() => new Promise((resolve) => (taken = resolve)));
    on.mailbox.deliver('key', 'event');
    let isClosed = false;
    const closing = on.mailbox.close().then(() => (isClosed = true));
    await settle();
    assert.equal(isClosed, false);
    taken();
    await closing;
    assert.equal(on.mailbox.held, 0);
  });

  describe('when a listener has rejected an event', () => {
    beforeEach(async () => {
      let isFirst = true;
      on.mailbox.subscribe((event) => {
        if (event === 'rejected' && isFirst) {
          isFirst = false;
          throw new Error('no');
        }
        on.see(event);
      });
      await on.came('rejected');
    });

    it('has no other wait while that is read back', async () => {
      const read = on.storage.read.bind(on.storage);
      let readOn: () => void = () => undefined;
      on.storage.read = async (...record) => {
        await new Promise<void>((resolve) => (readOn = resolve));
        return read(...record);
      };
      await on.clock.advance(5_000);
      await on.came('next');
      assert.deepEqual(on.seen, ['next']);
      readOn();
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event')], [['next', 'rejected'], 0]);
    });

    it('has no other wait when that cannot be read back', async () => {
      const read = on.storage.read.bind(on.storage);
      on.storage.read = () => Promise.reject(new SmppError('SMPP_STORAGE', 'not now'));
      await on.clock.advance(5_000);
      await on.came('next');
      await on.clock.advance(60_000);
      assert.deepEqual(on.seen, ['next']);
      on.storage.read = read;
      await on.clock.advance(5_000);
      assert.deepEqual([on.seen, on.storage.count('event')], [['next', 'rejected'], 0]);
    });
  });

  it('hands on the others after a minute when one that waits cannot be read', async () => {
    await on.came('damaged for now', 'next');
    const read = on.storage.read.bind(on.storage);
    on.storage.read = (table, key) =>
      key === 'event-1' ? Promise.reject(new SmppError('SMPP_STORAGE', 'not now')) : read(table, key);
    on.mailbox.subscribe(on.see);
    await on.clock.advance(55_000);
    assert.deepEqual(on.seen, []);
    await on.clock.advance(5_000);
    await on.came('new');
    assert.deepEqual(on.seen, ['next', 'new']);
    on.storage.read = read;
    await on.clock.advance(5_000);
    assert.deepEqual([on.seen, on.storage.count('event')], [['next', 'new', 'damaged for now'], 0]);
  });

  describe('when a listener leaves', () => {
    it('keeps what waits behind the first event of one that wanted no more', async () => {
      await on.came('one', 'two', 'three');
      const leave = on.mailbox.subscribe((event) => {
        leave();
        on.see(event);
      });
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event')], [['one'], 2]);
      on.mailbox.subscribe(on.see);
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event')], [['one', 'two', 'three'], 0]);
    });

    it('goes on with the other of two', async () => {
      await on.came('one', 'two');
      const leave = on.mailbox.subscribe(() => leave());
      on.mailbox.subscribe(on.see);
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event')], [['one', 'two'], 0]);
    });

    it('calls one no more that the first to be asked has ended', async () => {
      on.mailbox.subscribe(() => leave());
      const leave = on.mailbox.subscribe(on.see);
      await on.came(EVENT);
      assert.deepEqual([on.seen, on.storage.count('event')], [[], 0]);
    });

    it('gives the same event to nobody who comes in a call for it', async () => {
      await on.came('one', 'two');
      const leave = on.mailbox.subscribe(() => {
        leave();
        on.mailbox.subscribe(on.see);
      });
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event')], [['two'], 0]);
    });

    it('keeps the event of one that threw and left', async () => {
      const leave = on.mailbox.subscribe(() => {
        leave();
        throw new Error('no');
      });
      await on.came(EVENT);
      on.mailbox.subscribe(on.see);
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event')], [[EVENT], 0]);
    });

    it('forgets an event that another has taken when the one that rejects it has left meanwhile', async () => {
      let reject: (error: Error) => void = () => undefined;
      const leave = on.mailbox.subscribe(() => new Promise((_resolve, rejected) => (reject = rejected)));
      on.mailbox.subscribe(on.see);
      await on.came(EVENT);
      leave();
      reject(new Error('no'));
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event'), on.failures], [[EVENT], 0, []]);
    });

    it('forgets an event that was taken after its listener had left', async () => {
      let take: () => void = () => undefined;
      const leave = on.mailbox.subscribe(() => new Promise((taken) => (take = taken)));
      await on.came(EVENT);
      leave();
      assert.equal(on.storage.count('event'), 1);
      take();
      await settle();
      assert.deepEqual([on.storage.count('event'), on.mailbox.held], [0, 0]);
    });
  });

  it('gives an event again to that one of two listeners which rejected it', async () => {
    let isReady = false;
    const first: string[] = [];
    on.mailbox.subscribe((event) => void first.push(event));
    on.mailbox.subscribe((event) => (isReady ? on.see(event) : Promise.reject(new Error('no'))));
    await on.came(EVENT);
    isReady = true;
    await on.clock.advance(5_000);
    assert.deepEqual([first, on.seen, on.storage.count('event')], [[EVENT], [EVENT], 0]);
  });

  it('gives an event again to one that rejected it while another still takes it', async () => {
    let take: () => void = () => undefined;
    let calls = 0;
    on.mailbox.subscribe(() => {
      calls += 1;
      return new Promise((taken) => (take = taken));
    });
    let isReady = false;
    on.mailbox.subscribe((event) => (isReady ? on.see(event) : Promise.reject(new Error('no'))));
    await on.came(EVENT);
    isReady = true;
    await on.clock.advance(5_000);
    assert.deepEqual([calls, on.seen, on.storage.count('event')], [1, [EVENT], 1]);
    take();
    await settle();
    assert.equal(on.storage.count('event'), 0);
  });

  describe('of what an earlier run left', () => {
    it('hands over in the order of the numbers of the keys', async () => {
      const keys = ['event-10', 'event-9', 'event-100', 'event-1'];
      await on.storage.write(keys.map((key) => on.mailbox.keeping(key, { event: key })));
      (await on.reopened()).subscribe(on.see);
      await settle();
      assert.deepEqual(on.seen, ['event-1', 'event-9', 'event-10', 'event-100']);
    });

    it('leaves alone what others have in its table, and gives no key again', async () => {
      await on.storage.write([
        on.mailbox.keeping('other-7', { event: 'other' }),
        on.mailbox.keeping('event-3', { event: 'mine' }),
      ]);
      (await on.reopened()).subscribe(on.see);
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event'), on.mailbox.newKey()], [['mine'], 1, 'event-4']);
    });

    it('reads nothing before somebody is there to take it', async () => {
      await on.came('one', 'two');
      const read = on.storage.read.bind(on.storage);
      const tables: string[] = [];
      on.storage.read = (...record) => {
        tables.push(record[0]);
        return read(...record);
      };
      await on.reopened();
      await settle();
      assert.deepEqual([tables.includes('event'), on.mailbox.held], [false, 2]);
    });

    it('hands what comes over after it', async () => {
      await on.came('one', 'two');
      await on.reopened();
      on.mailbox.subscribe(on.see);
      await on.came('three');
      assert.deepEqual(on.seen, ['one', 'two', 'three']);
    });

    it('lets its owner hold what came lately, in its order', async () => {
      await on.came('old', 'one', 'two', 'free');
      const held: string[] = [];
      await on.mailbox.close();
      on.mailbox = on.make();
      await on.mailbox.open({
        is: (event) => event !== 'old',
        hold: (event) => event !== 'free' && held.push(event) > 0,
      });
      on.mailbox.subscribe(on.see);
      await settle();
      assert.deepEqual(
        [held, on.seen],
        [
          ['one', 'two'],
          ['old', 'free'],
        ],
      );
    });
  });

  describe('of what waits', () => {
    it('has no more read back than a listener takes, by number', async () => {
      const takes: (() => void)[] = [];
      await on.came('one', 'two', 'three', 'four');
      await on.reopened({ bounds: { ...DEFAULT_BOUNDS, eventsReadBack: 1, unconfirmed: 2 } });
      on.mailbox.subscribe((event) => {
        on.see(event);
        return new Promise((taken) => takes.push(taken));
      });
      await settle();
      assert.deepEqual(on.seen, ['one', 'two']);
      takes[1]?.();
      await settle();
      assert.deepEqual(on.seen, ['one', 'two', 'three']);
    });

    for (const bounds of [
      { unconfirmedCharacters: 200 },
      { charactersReadBack: 1, unconfirmedCharacters: 200 },
    ])
      it(`has no more read back than a listener takes, by ${Object.keys(bounds).join(' and ')}`, async () => {
        const takes: (() => void)[] = [];
        const events = Array.from({ length: 5 }, (_, index) => `${index}`.repeat(100));
        await on.came(...events);
        await on.reopened({ bounds: { ...DEFAULT_BOUNDS, ...bounds } });
        on.mailbox.subscribe((event) => {
          on.see(event);
          return new Promise((taken) => takes.push(taken));
        });
        await settle();
        // That the first takes time is not known before.
        assert.deepEqual(on.seen, events.slice(0, 3));
        for (const take of takes.splice(0)) take();
        await settle();
        assert.deepEqual(on.seen, events);
      });

    it('hands nothing more over while too many are being taken', async () => {
      on.mailbox = on.make({ bounds: { ...DEFAULT_BOUNDS, unconfirmed: 1 } });
      await on.mailbox.open();
      const takes: (() => void)[] = [];
      on.mailbox.subscribe((event) => {
        on.see(event);
        return new Promise((taken) => takes.push(taken));
      });
      await on.came('one', 'two');
      assert.deepEqual(on.seen, ['one']);
      takes[0]?.();
      await settle();
      assert.deepEqual(on.seen, ['one', 'two']);
    });

    it('is in storage alone', async () => {
      const key = on.mailbox.newKey();
      await on.storage.write([on.mailbox.keeping(key, { event: 'stored' })]);
      on.mailbox.deliver(key, 'in memory');
      on.mailbox.subscribe(on.see);
      await settle();
      assert.deepEqual(on.seen, ['stored']);
    });

    it('gives what is stored again, whatever a listener did to what it rejected', async () => {
      const objects = on.make({ revive: (value) => value as string });
      await objects.open();
      const key = objects.newKey();
      const event = { text: 'as it was' };
      await on.storage.write([objects.keeping(key, structuredClone(event))]);
      const texts: string[] = [];
      objects.subscribe((given) => {
        const mine = given as unknown as { text: string };
        texts.push(mine.text);
        mine.text = 'changed';
        return texts.length === 1 ? Promise.reject(new Error('no')) : undefined;
      });
      objects.deliver(key, event as unknown as string);
      await on.clock.advance(5_000);
      assert.deepEqual(texts, ['as it was', 'as it was']);
    });

    it('is asked for again when storage could not be read, and stays in order', async () => {
      await on.came('one', 'two');
      await on.reopened();
      const read = on.storage.read.bind(on.storage);
      on.storage.read = () => Promise.reject(new SmppError('SMPP_STORAGE', 'not now'));
      on.mailbox.subscribe(on.see);
      await settle();
      assert.deepEqual([on.seen, on.failures.length], [[], 1]);
      on.storage.read = read;
      await on.clock.advance(5_000);
      assert.deepEqual(on.seen, ['one', 'two']);
    });

    it('is given up where it is damaged, and says so', async () => {
      await on.came('one', 'two');
      await on.reopened();
      const read = on.storage.read.bind(on.storage);
      on.storage.read = (table, key) =>
        key === 'event-1' ? Promise.reject(new DamagedRecordError('damaged')) : read(table, key);
      on.mailbox.subscribe(on.see);
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event')], [['two'], 0]);
      assert.match(on.lines.join(), /^error: events: 1 forgotten, since their records cannot be read/);
    });

    it('is given up after a week, also where its listener is there and rejects it', async () => {
      on.mailbox.subscribe(() => Promise.reject(new SmppError('SMPP_STOPPED', 'not now')));
      await on.came(EVENT);
      on.clock.shiftWall(7 * 24 * HOUR_MS - 10_000);
      await on.clock.advance(5_000);
      assert.equal(on.mailbox.held, 1);
      await on.clock.advance(10_000);
      assert.deepEqual([on.mailbox.held, on.storage.count('event')], [0, 0]);
      assert.deepEqual(on.lines, [
        'warn: events: 1 forgotten, since they have waited to be taken for 7 days',
      ]);
    });
  });

  describe('in volatile storage that is spared the records', () => {
    const spared = (): Mailbox<string> => on.make({ record: (event) => ({ event }) });

    it('keeps what nobody has taken when it closes, and hands it on when it is opened again', async () => {
      const first = spared();
      const leave = first.subscribe((event) => (event === 'slow' ? new Promise(() => undefined) : undefined));
      for (const event of ['taken', 'slow']) first.deliver(event, event);
      leave();
      first.deliver('event-9', 'held');
      await settle();
      assert.equal(on.storage.count('event'), 0);
      const closing = first.close();
      await on.clock.advance(1_000);
      await closing;
      const second = spared();
      await second.open();
      second.subscribe(on.see);
      await settle();
      assert.deepEqual([on.seen, on.storage.count('event'), on.failures], [['slow', 'held'], 0, []]);
    });

    it('puts the records all the same when its storage outlasts the process', () => {
      on.storage = { ...on.storage, isVolatile: false };
      assert.equal(spared().isSpared, false);
    });
  });
});
