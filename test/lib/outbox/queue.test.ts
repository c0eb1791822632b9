import assert from 'node:assert/strict';
import type { OutboundSms } from '../../../lib/message.js';
import { Queue } from '../../../lib/outbox/queue.js';
import type { Body, QueueItem } from '../../../lib/outbox/queue-item.js';
import { readSms } from '../../../lib/outbox/read-sms.js';

const WALL = 1_700_000_000_000;
const at = (ms: number) => ({ wall: WALL + ms, now: 1_000 + ms });

let count = 0;
function body(changes: Partial<OutboundSms> = {}): Body {
  count += 1;
  return readSms({ to: '4512345678', from: 'Alarm', text: 'x', ...changes }, `sms-${count}`, WALL);
}
function added(queue: Queue, changes: Partial<OutboundSms> = {}): QueueItem {
  return entered(queue, body(changes));
}
function entered(queue: Queue, given: Body): QueueItem {
  const item = queue.add(given, undefined, at(0));
  queue.enter(item, WALL);
  return item;
}
/** Reads back what the queue wants to have. */
function readAhead(queue: Queue, given: Body): QueueItem[] {
  const items: QueueItem[] = [];
  for (let item = queue.nextUnread(); item; item = queue.nextUnread()) {
    queue.readBack(item, given);
    items.push(item);
  }
  return items;
}
/** Marks the next SMS, and has them leave. */
function submitted(queue: Queue, segmentsMax: number): QueueItem[] {
  for (const item of queue.take(segmentsMax, at(0))) queue.ready(item);
  const items: QueueItem[] = [];
  for (let item = queue.next(at(0).now); item; item = queue.next(at(0).now)) items.push(item);
  return items;
}
const ids = (items: readonly QueueItem[]) => items.map((item) => item.id);

describe('Queue', () => {
  it('gives alarms before normal SMS and those before bulk, in the order of taking in', () => {
    const queue = new Queue();
    const bulk = added(queue, { priority: 'bulk' });
    const first = added(queue);
    const second = added(queue);
    const alarm = added(queue, { priority: 'alarm' });
    assert.deepEqual(ids(queue.take(10, at(0))), ids([alarm, first, second, bulk]));
  });

  it('has what is marked leave in the same order, whatever came to be marked first', () => {
    const queue = new Queue();
    const bulk = added(queue, { priority: 'bulk' });
    const marked = queue.take(1, at(0));
    const alarm = added(queue, { priority: 'alarm' });
    marked.push(...queue.take(1, at(0)));
    for (const item of marked) queue.ready(item);
    assert.deepEqual(ids(submitted(queue, 0)), ids([alarm, bulk]));
  });

  it('gives those that go before what is marked', () => {
    const queue = new Queue();
    const items = [added(queue), added(queue), added(queue)];
    queue.take(2, at(0));
    assert.deepEqual(queue.takeOvertaking(10, at(0)), []);
    queue.release(items[0] as QueueItem, at(0).now);
    const alarm = added(queue, { priority: 'alarm' });
    assert.deepEqual(ids(queue.takeOvertaking(10, at(0))), ids([alarm, items[0] as QueueItem]));
  });

  it('takes an alarm however much is marked, and the next when that one has left', () => {
    const queue = new Queue();
    added(queue, { text: 'x'.repeat(400), priority: 'bulk' });
    for (const taken of queue.take(1, at(0))) queue.ready(taken);
    const alarms = [added(queue, { priority: 'alarm' }), added(queue, { priority: 'alarm' })];
    const [first] = queue.takeOvertaking(0, at(0));
    assert.equal(first?.id, alarms[0]?.id);
    assert.deepEqual(queue.takeOvertaking(0, at(0)), []);
    queue.ready(first!);
    assert.equal(queue.next(at(0).now)?.id, first?.id);
    assert.deepEqual(ids(queue.takeOvertaking(0, at(0))), ids(alarms.slice(1)));
  });

  it('gives what is marked but has not left as expired too, and nobody submits it then', () => {
    const queue = new Queue();
    const item = added(queue, { expiresAfterMs: 1_000 });
    for (const taken of queue.take(1, at(0))) queue.ready(taken);
    assert.equal(queue.next(at(1_000).now), undefined);
    assert.deepEqual(ids(queue.expired(at(1_000).now)), [item.id]);
  });

  it('counts the segments that are marked ahead', () => {
    const queue = new Queue();
    added(queue, { priority: 'alarm' });
    added(queue, { text: 'x'.repeat(400) });
    queue.take(4, at(0)).forEach((item) => queue.ready(item));
    assert.equal(queue.ahead, 4);
    submitted(queue, 0);
    assert.equal(queue.ahead, 0);
  });

  it('takes until the segments are used up; the last SMS may exceed them', () => {
    const queue = new Queue();
    added(queue, { text: 'x'.repeat(400) });
    added(queue);
    assert.equal(queue.take(2, at(0)).length, 1);
    assert.equal(queue.take(2, at(0)).length, 1);
  });

  it('puts what is released back at its old place', () => {
    const queue = new Queue();
    const items = [added(queue), added(queue), added(queue)];
    const [first, second] = queue.take(2, at(0));
    queue.release(second as QueueItem, at(0).now);
    queue.release(first as QueueItem, at(0).now);
    assert.deepEqual(ids(queue.take(10, at(0))), ids(items));
  });

  it('lets others overtake what waits for its next try', () => {
    const queue = new Queue();
    const first = added(queue);
    const second = added(queue);
    queue.take(1, at(0));
    queue.release(first, at(0).now, 5_000);
    assert.deepEqual(ids(queue.take(10, at(4_999))), [second.id]);
    assert.equal(queue.nextRetryAt, at(5_000).now);
    queue.wake(at(5_000));
    assert.deepEqual(ids(queue.take(10, at(5_000))), [first.id]);
  });

  it('keeps a scheduled SMS until its instant on the wall clock', () => {
    const queue = new Queue();
    const item = added(queue, { sendAt: WALL + 60_000 });
    assert.equal(queue.counts.scheduled, 1);
    assert.equal(queue.nextSendAt, WALL + 60_000);
    queue.wake(at(59_999));
    assert.deepEqual(queue.take(10, at(59_999)), []);
    queue.wake(at(60_000));
    readAhead(queue, body());
    assert.deepEqual(ids(queue.take(10, at(60_000))), [item.id]);
    assert.equal(queue.counts.scheduled, 0);
  });

  it('gives what has expired, but not what is under way', () => {
    const queue = new Queue();
    const waiting = added(queue, { expiresAfterMs: 1_000 });
    const underWay = added(queue, { expiresAfterMs: 1_000, priority: 'alarm' });
    submitted(queue, 1);
    assert.deepEqual(ids(queue.expired(at(1_000).now)), [waiting.id]);
    queue.release(underWay, at(1_001).now);
    assert.deepEqual(ids(queue.expired(at(1_001).now)), [waiting.id, underWay.id]);
  });

  it('expires nothing when the wall clock jumps while we run', () => {
    const queue = new Queue();
    added(queue, { expiresAfterMs: 60_000 });
    assert.deepEqual(queue.expired(at(0).now + 59_999), []);
  });

  it('gives an SMS of an earlier process its whole life at most, though the clock was set back', () => {
    const queue = new Queue();
    const none = { attempts: 0, unknowns: 0, possibleDuplicate: false, underWay: false };
    const item = queue.add(body({ expiresAfterMs: 60_000 }), none, { wall: WALL - 86_400_000, now: 0 });
    assert.equal(item.expiresAt, 60_000);
    assert.equal(item.recovered, true);
  });

  it('skips what was settled while it waited in line', () => {
    const queue = new Queue();
    const first = added(queue);
    const second = added(queue);
    queue.settling(first);
    queue.remove(first);
    assert.deepEqual(ids(queue.take(10, at(0))), [second.id]);
  });

  it('counts by priority, and what is under way', () => {
    const queue = new Queue();
    added(queue, { priority: 'alarm' });
    const normal = added(queue);
    submitted(queue, 1);
    assert.deepEqual(queue.counts, { alarm: 1, normal: 1, bulk: 0, scheduled: 0, underWay: 1 });
    queue.settling(normal);
    queue.remove(normal);
    assert.equal(queue.size, 1);
  });

  it('holds a bounded number of bodies, and an index of the rest', () => {
    const queue = new Queue();
    const shared = body();
    const items = Array.from({ length: 6_000 }, () => entered(queue, { ...shared }));
    assert.equal(items.filter((item) => item.body !== undefined).length, 5_000);
    assert.equal(queue.take(Infinity, at(0)).length, 5_000);
  });

  it('holds the bodies of those that go first, however many are taken in at once', () => {
    const queue = new Queue();
    const shared = body();
    const items = Array.from({ length: 6_000 }, () => queue.add({ ...shared }, undefined, at(0)));
    for (const item of items) queue.enter(item, WALL);
    assert.deepEqual(queue.take(Infinity, at(0)), items.slice(0, 5_000));
  });

  it('holds no body of what is scheduled', () => {
    const queue = new Queue();
    assert.equal(added(queue, { sendAt: WALL + 60_000 }).body, undefined);
  });

  it('wants a bounded number read ahead, the first in line', () => {
    const queue = new Queue();
    const shared = body();
    const items = Array.from({ length: 6_000 }, () => entered(queue, { ...shared }));
    assert.deepEqual(readAhead(queue, shared), items.slice(5_000, 5_064));
    const alarm = added(queue, { priority: 'alarm' });
    assert.deepEqual(readAhead(queue, shared), [alarm]);
  });

  it('has what is read back at its place in the line', () => {
    const queue = new Queue();
    const shared = body();
    const items = Array.from({ length: 5_000 }, () => entered(queue, { ...shared }));
    const unread = entered(queue, { ...shared });
    for (const item of items.slice(0, 100)) {
      queue.settling(item);
      queue.remove(item);
    }
    const behind = entered(queue, { ...shared });
    readAhead(queue, shared);
    assert.deepEqual(queue.take(Infinity, at(0)), [...items.slice(100), unread, behind]);
  });

  it('takes nothing back that ended while it was read', () => {
    const queue = new Queue();
    const due = added(queue, { sendAt: WALL + 60_000 });
    queue.wake(at(60_000));
    assert.equal(queue.nextUnread(), due);
    queue.settling(due);
    queue.readBack(due, body());
    assert.deepEqual(queue.take(10, at(60_000)), []);
  });

  it('stays in order over ten thousand SMS with releases in between', () => {
    const queue = new Queue();
    const shared = body();
    const given: string[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      entered(queue, { ...shared, entry: { ...shared.entry, id: `n-${index}` } });
    }
    for (let round = 0; given.length < 10_000; round += 1) {
      readAhead(queue, shared);
      const [first, ...rest] = queue.take(7, at(0));
      if (first === undefined) break;
      if (round % 3 === 0) queue.release(first, at(0).now);
      else given.push(first.id);
      // Those behind the released one go back as well, as when a link is lost.
      for (const item of rest) {
        if (round % 3 === 0) queue.release(item, at(0).now);
        else given.push(item.id);
      }
    }
    assert.deepEqual(
      given,
      Array.from({ length: 10_000 }, (_, index) => `n-${index}`),
    );
  });
});
