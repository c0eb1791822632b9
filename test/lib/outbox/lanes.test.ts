import assert from 'node:assert/strict';
import type { Priority } from '../../../lib/message.js';
import { goesBefore, Lanes, type Placed, type Standing } from '../../../lib/outbox/lanes.js';

interface Sms extends Placed {
  readonly name: string;
  isHere: boolean;
}

let order = 0;

function sms(name: string, priority: Priority, standing: Standing = 'fresh'): Sms {
  return { name, order: (order += 1), priority, standing, isHere: true };
}

function many(count: number, name: string, priority: Priority, standing?: Standing): Sms[] {
  return Array.from({ length: count }, () => sms(name, priority, standing));
}

/** Names in the order in which they go, when all are in line. */
function orderOf(all: readonly Sms[]): string {
  const lanes = new Lanes<Sms>(({ isHere }) => isHere);
  for (const each of all) lanes.add(each);
  const names: string[] = [];
  for (let next = lanes.peek(); next !== undefined; next = lanes.peek()) {
    lanes.shift(next);
    names.push(next.name);
  }
  return names.join(' ');
}

describe('The lanes of the queue', () => {
  it('give alarms first, then normal SMS, then bulk', () => {
    assert.equal(orderOf([sms('c', 'bulk'), sms('b', 'normal'), sms('a', 'alarm')]), 'a b c');
  });

  it('give those that were refused once after the others of their priority, but for one in five', () => {
    const once = many(2, 'once', 'normal', 'refusedOnce');
    assert.equal(orderOf([...once, ...many(6, 'x', 'normal')]), 'x x x x once x x once');
  });

  it('have those that were refused once take turns with others of a lower priority', () => {
    const once = many(2, 'once', 'alarm', 'refusedOnce');
    assert.equal(orderOf([...once, ...many(4, 'x', 'normal')]), 'x once x once x x');
  });

  it('give others of a higher priority before those that were refused once', () => {
    const once = many(1, 'once', 'bulk', 'refusedOnce');
    assert.equal(orderOf([...once, ...many(6, 'x', 'normal')]), 'x x x x x x once');
  });

  for (const priority of ['alarm', 'normal', 'bulk'] as const) {
    it(`give those of priority ${priority} that were refused again after all others, but for one in five`, () => {
      const again = many(3, 'again', priority, 'refusedAgain');
      const all = [...again, sms('o', 'bulk', 'refusedOnce'), ...many(8, 'x', 'bulk')];
      assert.equal(orderOf(all), 'x x x x again o x x x again x again');
    });

    it(`give an alarm before those of priority ${priority} that were refused again, at any time`, () => {
      const all = [...many(1, 'again', priority, 'refusedAgain'), ...many(12, 'a', 'alarm')];
      assert.equal(orderOf(all), `${'a '.repeat(12)}again`);
    });
  }

  it('give alarms first among those that were refused again', () => {
    const all = [
      sms('b', 'bulk', 'refusedAgain'),
      sms('n', 'normal', 'refusedAgain'),
      sms('a', 'alarm', 'refusedAgain'),
    ];
    assert.equal(orderOf(all), 'a n b');
  });

  it('are empty for a new SMS when none but those that were refused again are there', () => {
    const lanes = new Lanes<Sms>(() => true);
    lanes.add(sms('again', 'alarm', 'refusedAgain'));
    assert.equal(lanes.isEmptyDownTo('bulk'), true);
    assert.equal(lanes.peekOther(), undefined);
    assert.equal(lanes.peek()?.name, 'again');
  });

  it('let go of those that left, whatever their standing', () => {
    const lanes = new Lanes<Sms>(({ isHere }) => isHere, { queueGaps: 1 });
    const all = (['fresh', 'refusedOnce', 'refusedAgain'] as const).flatMap((standing) =>
      many(3, standing, 'normal', standing),
    );
    for (const each of all) lanes.add(each);
    for (const each of all) {
      each.isHere = false;
      lanes.left(each);
    }
    assert.equal(lanes.peek(), undefined);
  });

  it('agree on who goes first of two', () => {
    const ranked = [
      sms('a', 'alarm'),
      sms('b', 'alarm', 'refusedOnce'),
      sms('c', 'normal'),
      sms('d', 'bulk', 'refusedOnce'),
      sms('e', 'alarm', 'refusedAgain'),
      sms('f', 'normal', 'refusedAgain'),
    ];
    ranked.forEach((one, at) => {
      for (const other of ranked.slice(at + 1)) {
        assert.deepEqual(
          [goesBefore(one, other), goesBefore(other, one)],
          [true, false],
          `${one.name}${other.name}`,
        );
      }
    });
  });
});
