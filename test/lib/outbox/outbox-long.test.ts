import assert from 'node:assert/strict';
import type { Priority } from '../../../lib/message.js';
import { accepted, FakeLink, refused, unanswered } from '../../support/fake-link.js';
import { bench, type Bench } from './outbox-bench.js';

const ESME_RSYSERR = 0x08;
const PHONE = '4512345678';
const OTHER_PHONE = '4587654321';

/** Twenty segments of this letter. */
const long = (letter: string) => ({ text: letter.repeat(20 * 153), maxSegments: 20 });

const numbers = Array.from({ length: 20 }, (_, index) => index + 1);

/** What left over a link: the letter of each segment. */
function leftOver(link: FakeLink): string {
  return link.submitted.map(({ segment }) => Buffer.from(segment.octets).toString('latin1').at(-1)).join('');
}

/** Of each link, how many segments are accepted. */
const answered = new WeakMap<FakeLink, number>();

/** Accepts every segment as it leaves, for so long. */
async function run(made: Bench, links: readonly FakeLink[], ms: number, every = 50): Promise<void> {
  for (let past = 0; past < ms; past += every) {
    for (const link of links) {
      for (let at = answered.get(link) ?? 0; at < link.submitted.length; at += 1) {
        answered.set(link, at + 1);
        link.at(at).settle(accepted(`m-${link.id}-${at}`));
      }
    }
    made.outbox.ready();
    await made.clock.advance(every);
  }
}

describe('Outbox between two segments of a long SMS', () => {
  for (const window of [1, 10]) {
    for (const [priority, urgent] of [
      ['bulk', 'alarm'],
      ['normal', 'alarm'],
      ['bulk', 'normal'],
    ] as const) {
      it(`sends ${urgent} SMS, at two segments a second, window ${window}, when it is ${priority}`, async () => {
        const made = await bench({ segmentsPerSecond: 2 }, window);
        await made.take({ ...long('a'), priority });
        const link = await made.up();
        await run(made, [link], 3_000);
        const before = link.submitted.length;
        assert.ok(before > 2 && before < 10, `${before} segments`);
        await made.take({ text: '!', priority: urgent });
        await made.take({ text: '?', priority: urgent });
        await run(made, [link], 1_500);
        assert.equal(leftOver(link).slice(before, before + 2), '!?');
        await run(made, [link], 10_000);
        assert.equal(leftOver(link).replaceAll(/[!?]/g, ''), 'a'.repeat(20));
      });
    }

    for (const priority of ['alarm', 'normal', 'bulk'] as const) {
      it(`sends none that is ${priority} as well, window ${window}`, async () => {
        const made = await bench({ segmentsPerSecond: 2 }, window);
        await made.take({ ...long('a'), priority });
        const link = await made.up();
        await run(made, [link], 3_000);
        await made.take({ text: '!', priority });
        await run(made, [link], 10_000);
        assert.equal(leftOver(link), `${'a'.repeat(20)}!`);
      });
    }
  }

  it('sends a long alarm too, and alarms of one segment after that', async () => {
    const made = await bench({ segmentsPerSecond: 2 });
    await made.take({ ...long('a'), priority: 'bulk' });
    const link = await made.up();
    await run(made, [link], 3_000);
    const before = link.submitted.length;
    await made.take({ ...long('b'), priority: 'alarm', to: OTHER_PHONE });
    await run(made, [link], 3_000);
    await made.take({ text: '!', priority: 'alarm' });
    await run(made, [link], 20_000);
    assert.equal(leftOver(link), `${'a'.repeat(before)}${'b'.repeat(20)}!${'a'.repeat(20 - before)}`);
  });

  it('sends nothing over another link that is as urgent, when the rate allows one of them', async () => {
    const made = await bench({ segmentsPerSecond: 2 });
    await made.take({ ...long('a'), priority: 'bulk' });
    const link = await made.up(new FakeLink(10));
    const other = await made.up(new FakeLink(20));
    await made.take({ text: '!', priority: 'bulk' });
    await run(made, [link, other], 12_000);
    assert.deepEqual([leftOver(link), leftOver(other)].sort(), ['!', 'a'.repeat(20)]);
    assert.equal(made.results[0]?.segments, 20);
  });

  it('sends others while one of its segments waits for its next try', async () => {
    const made = await bench({}, 1);
    await made.take({ ...long('a') });
    const link = await made.up();
    link.at(0).settle(accepted('m-1'));
    made.outbox.ready();
    await made.settled();
    link.at(1).settle(refused(ESME_RSYSERR));
    await made.take({ text: '!' });
    await made.settled();
    assert.equal(leftOver(link), 'aa!');
  });
});

describe('Outbox with two long SMS to one phone', () => {
  const both = async (): Promise<{ made: Bench; link: FakeLink; other: FakeLink }> => {
    const made = await bench();
    await made.take(long('a'));
    const link = await made.up(new FakeLink(4));
    const other = await made.up(new FakeLink(4));
    return { made, link, other };
  };

  it('begins the second after the last segment of the first', async () => {
    const { made, link, other } = await both();
    await made.take(long('b'));
    await made.take({ ...long('c'), to: OTHER_PHONE });
    await made.settled();
    assert.deepEqual([leftOver(link), leftOver(other)], ['aaaa', 'cccc']);
    await run(made, [link, other], 2_000);
    assert.deepEqual([leftOver(link), leftOver(other)], ['a'.repeat(20) + 'b'.repeat(20), 'c'.repeat(20)]);
    assert.deepEqual(
      link.submitted.map(({ segment }) => segment.octets[5]),
      [...numbers, ...numbers],
    );
  });

  it('sends what comes behind the second while the first gets no answers', async () => {
    const { made, link, other } = await both();
    for (let count = 0; count < 12; count += 1) await made.take(long('b'));
    await made.take({ text: '!' });
    await run(made, [other], 1_000);
    assert.deepEqual([leftOver(link), leftOver(other)], ['aaaa', '!']);
  });

  it('begins the second when the first is over', async () => {
    const { made, link, other } = await both();
    await made.take({ ...long('b'), priority: 'alarm' });
    await made.settled();
    for (const { settle } of link.submitted) settle(unanswered);
    await made.down(link);
    await run(made, [other], 5_000);
    assert.equal(leftOver(other), `${'b'.repeat(20)}${'a'.repeat(20)}`);
  });

  it('lets the rest of the first go as urgently as the second', async () => {
    const made = await bench({ segmentsPerSecond: 2 });
    await made.take({ ...long('a'), priority: 'bulk' });
    const link = await made.up();
    await run(made, [link], 3_000);
    await made.take({ ...long('b'), priority: 'alarm' });
    await made.take({ ...long('c'), priority: 'normal', to: OTHER_PHONE });
    await run(made, [link], 40_000);
    assert.equal(leftOver(link), 'a'.repeat(20) + 'b'.repeat(20) + 'c'.repeat(20));
  });

  for (const priority of ['alarm', 'normal', 'bulk'] as const satisfies readonly Priority[]) {
    it(`sends a single one to that phone between when it is more urgent than bulk: ${priority}`, async () => {
      const made = await bench({ segmentsPerSecond: 2 });
      await made.take({ ...long('a'), priority: 'bulk', to: PHONE });
      const link = await made.up();
      await run(made, [link], 3_000);
      await made.take({ text: '!', priority, to: PHONE });
      await run(made, [link], 12_000);
      assert.equal(leftOver(link).endsWith('!'), priority === 'bulk');
    });
  }
});

describe('Outbox that is stopped between two segments', () => {
  /** Resolves like what it waits for, so that a test sees whether it has. */
  function watched(waiting: Promise<void>): { isOver: boolean } {
    const seen = { isOver: false };
    void waiting.then(() => (seen.isOver = true));
    return seen;
  }

  /** What a next process sends of it when this one ends without the rest, and with what flag. */
  async function sentAgain(made: Bench): Promise<unknown> {
    await made.outbox.close();
    const next = await bench({ storage: made.storage, clock: made.clock });
    const link = await next.up(new FakeLink(30));
    await run(next, [link], 100);
    return [leftOver(link).length, next.results[0]?.possibleDuplicate];
  }

  it('waits for the rest of it, and begins nothing else', async () => {
    const made = await bench({}, 4);
    await made.take(long('a'));
    const link = await made.up();
    await made.take({ text: '!', priority: 'alarm' });
    const stop = watched(made.outbox.finishBegun(2_000));
    await run(made, [link], 150);
    assert.equal(stop.isOver, false);
    await run(made, [link], 200);
    assert.deepEqual([stop.isOver, leftOver(link)], [true, 'a'.repeat(20)]);
    await run(made, [link], 100);
    assert.deepEqual(
      made.results.map(({ outcome, possibleDuplicate }) => [outcome, possibleDuplicate]),
      [['accepted', false]],
    );
    assert.equal(made.outbox.counts.alarm, 1);
  });

  it('waits for what the rate allows', async () => {
    const made = await bench({ segmentsPerSecond: 10 });
    await made.take(long('a'));
    const link = await made.up();
    const stop = watched(made.outbox.finishBegun(2_000));
    await run(made, [link], 1_200);
    assert.deepEqual([stop.isOver, leftOver(link)], [true, 'a'.repeat(20)]);
  });

  it('does not wait when nothing has begun', async () => {
    const made = await bench({ segmentsPerSecond: 2 });
    await made.take(long('a'));
    await made.outbox.finishBegun(2_000);
    assert.equal(made.clock.pending, 0);
  });

  it('waits no longer than it has time, and sends the whole again, flagged, after an acceptance', async () => {
    const made = await bench({ segmentsPerSecond: 2 });
    await made.take(long('a'));
    const link = await made.up();
    const stop = watched(made.outbox.finishBegun(2_000));
    await run(made, [link], 1_900);
    assert.equal(stop.isOver, false);
    await run(made, [link], 100);
    assert.equal(stop.isOver, true);
    await run(made, [link], 1_000);
    const left = leftOver(link).length;
    assert.ok(left > 4 && left < 8, `${left}`);
    await made.down(link);
    assert.deepEqual(await sentAgain(made), [20, true]);
  });

  it('sends the whole again, flagged, when a segment was left without an answer', async () => {
    const made = await bench({}, 4);
    await made.take(long('a'));
    const link = await made.up();
    const stop = watched(made.outbox.finishBegun(2_000));
    await made.clock.advance(2_000);
    assert.equal(stop.isOver, true);
    for (const { settle } of link.submitted) settle(unanswered);
    await made.down(link);
    assert.deepEqual(await sentAgain(made), [20, true]);
  });

  it('sends the whole again, not flagged, when every segment was refused', async () => {
    const made = await bench({}, 4);
    await made.take(long('a'));
    const link = await made.up();
    const stop = watched(made.outbox.finishBegun(2_000));
    for (const { settle } of link.submitted) settle(refused(ESME_RSYSERR));
    await made.settled();
    assert.equal(stop.isOver, true);
    await made.down(link);
    await made.outbox.close();
    await made.clock.advance(10_000);
    assert.deepEqual(await sentAgain(made), [20, false]);
  });

  it('is over when the link is lost', async () => {
    const made = await bench({}, 4);
    await made.take(long('a'));
    const link = await made.up();
    const stop = watched(made.outbox.finishBegun(2_000));
    for (const { settle } of link.submitted) settle(unanswered);
    await made.down(link);
    assert.equal(stop.isOver, true);
    assert.deepEqual(await sentAgain(made), [20, true]);
  });
});
