import assert from 'node:assert/strict';
import { DEFAULT_BOUNDS } from '../../../lib/bounds.js';
import { settle } from '../../support/fake-clock.js';
import { MailboxBench } from './mailbox-bench.js';

/** One that takes its time, as long as it is told to. */
class Slow {
  readonly seen: string[] = [];
  readonly #takes: (() => void)[] = [];

  readonly listen = (event: string): Promise<void> => {
    this.seen.push(event);
    return new Promise((taken) => this.#takes.push(taken));
  };

  async takes(count = Infinity): Promise<void> {
    for (const take of this.#takes.splice(0, count)) take();
    await settle();
  }
}

const FIVE = ['one', 'two', 'three', 'four', 'five'];

describe('Mailbox, of a listener that has too much open', () => {
  let on: MailboxBench;
  let slow: Slow;

  beforeEach(async () => {
    on = new MailboxBench();
    slow = new Slow();
    on.mailbox = on.make({ bounds: { ...DEFAULT_BOUNDS, unconfirmed: 2 } });
    await on.mailbox.open();
  });

  const stored = (): number => on.storage.count('event');

  for (const [what, prepare] of [
    ['what comes', async (listen: () => void) => (listen(), on.came(...FIVE))],
    ['what waited', async (listen: () => void) => (await on.came(...FIVE), listen(), settle())],
  ] as const) {
    it(`gives the others ${what}, and no more to it`, async () => {
      await prepare(() => {
        on.mailbox.subscribe(slow.listen);
        on.mailbox.subscribe(on.see);
      });
      assert.deepEqual([slow.seen, on.seen, stored(), on.failures], [['one', 'two'], FIVE, 5, []]);
    });

    it(`gives it ${what} once it has confirmed half of it, in order, and nobody twice`, async () => {
      await prepare(() => {
        on.mailbox.subscribe(slow.listen);
        on.mailbox.subscribe(on.see);
      });
      await slow.takes(1);
      assert.deepEqual([slow.seen, stored()], [['one', 'two', 'three'], 4]);
      await on.came('six');
      for (let round = 0; round < 6; round += 1) await slow.takes();
      assert.deepEqual([slow.seen, on.seen, stored()], [[...FIVE, 'six'], [...FIVE, 'six'], 0]);
    });
  }

  it('gives several of them each what it missed', async () => {
    const other = new Slow();
    on.mailbox.subscribe(slow.listen);
    on.mailbox.subscribe(other.listen);
    on.mailbox.subscribe(on.see);
    await on.came('one', 'two', 'three');
    await other.takes();
    await on.came('four', 'five');
    const before = [...slow.seen];
    for (let round = 0; round < 6; round += 1) {
      await slow.takes();
      await other.takes();
    }
    assert.deepEqual(before, ['one', 'two']);
    assert.deepEqual([slow.seen, other.seen, on.seen, stored()], [FIVE, FIVE, FIVE, 0]);
  });

  it('gives it what another is still taking', async () => {
    const other = new Slow();
    on.mailbox.subscribe(slow.listen);
    await on.came('one', 'two');
    on.mailbox.subscribe(other.listen);
    await on.came('three');
    await slow.takes();
    assert.deepEqual([slow.seen, other.seen], [['one', 'two', 'three'], ['three']]);
    await other.takes();
    assert.equal(stored(), 1);
    await slow.takes();
    await on.clock.advance(60_000);
    assert.deepEqual([slow.seen, other.seen, stored()], [['one', 'two', 'three'], ['three'], 0]);
  });

  it('asks one that rejects again, whatever it has open', async () => {
    let asked = 0;
    on.mailbox.subscribe(slow.listen);
    await on.came('one', 'two');
    on.mailbox.subscribe(() => {
      asked += 1;
      return Promise.reject(new Error('no'));
    });
    await on.came('three');
    await on.clock.advance(10_000);
    assert.deepEqual([asked, on.failures.length], [3, 3]);
  });

  it('forgets what it missed and others took when it leaves', async () => {
    const leave = on.mailbox.subscribe(slow.listen);
    on.mailbox.subscribe(on.see);
    await on.came(...FIVE);
    leave();
    await settle();
    assert.deepEqual([on.seen, stored()], [FIVE, 0]);
  });

  it('has what it missed for it after a stop', async () => {
    on.mailbox.subscribe(slow.listen);
    on.mailbox.subscribe(() => undefined);
    await on.came(...FIVE);
    const closed = on.mailbox.close();
    await on.clock.advance(1_000);
    await closed;
    on.mailbox = on.make();
    await on.mailbox.open();
    on.mailbox.subscribe(on.see);
    await settle();
    assert.deepEqual([on.seen, stored(), on.clock.pending], [FIVE, 0, 0]);
  });

  it('counts by characters too, once it is known to take time', async () => {
    const bounds = { ...DEFAULT_BOUNDS, unconfirmedCharacters: 100 };
    await on.reopened({ bounds });
    on.mailbox.subscribe(slow.listen);
    const events = Array.from({ length: 6 }, (_, index) => `${index}`.repeat(60));
    await on.came(...events);
    assert.deepEqual(slow.seen, events.slice(0, 3));
    await slow.takes();
    await slow.takes();
    assert.deepEqual(slow.seen, events);
  });

  it('lets go of the oldest that it missed when too many wait', async () => {
    await on.reopened({ bounds: { ...DEFAULT_BOUNDS, unconfirmed: 1, heldEvents: 2 } });
    on.mailbox.subscribe(slow.listen);
    on.mailbox.subscribe(on.see);
    await on.came(...FIVE);
    for (let round = 0; round < 6; round += 1) await slow.takes();
    assert.deepEqual([slow.seen, on.seen, stored()], [['one', 'four', 'five'], FIVE, 0]);
  });

  it('gives nobody again what it has taken, however many have given way', async () => {
    await on.reopened({ bounds: { ...DEFAULT_BOUNDS, unconfirmed: 1, heldEvents: 2 } });
    let refuse = (): void => undefined;
    const refused: string[] = [];
    on.mailbox.subscribe((event) => {
      refused.push(event);
      if (refused.length > 1) return undefined;
      return new Promise((_resolve, reject) => (refuse = () => reject(new Error('no'))));
    });
    on.mailbox.subscribe(on.see);
    await on.came(...FIVE);
    refuse();
    await on.clock.advance(10_000);
    assert.deepEqual([on.seen, refused.at(-1), stored()], [FIVE, 'one', 0]);
  });
});
