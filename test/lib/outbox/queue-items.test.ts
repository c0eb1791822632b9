import assert from 'node:assert/strict';

import { newItem, type QueueItem } from '../../../lib/outbox/queue-item.js';
import { QueueItems } from '../../../lib/outbox/queue-items.js';
import { readSms } from '../../../lib/outbox/read-sms.js';

const TIMES = { wall: 1_000, now: 1 };

function added(items: QueueItems, order: number): QueueItem {
  const { entry } = readSms({ to: '4512345678', from: 'Alarm', text: 'x' }, `sms-${order}`, TIMES.wall);
  const item = newItem({ entry, plan: undefined }, order, undefined, TIMES);
  items.add(item);
  return item;
}

const ids = (items: QueueItems): string[] => items.all().map(({ id }) => id);

describe('QueueItems', () => {
  it('has what came and has not left, in order', () => {
    const items = new QueueItems();
    const [, second] = [1, 2, 3].map((order) => added(items, order));
    items.remove(second!);
    assert.deepEqual([items.size, ids(items)], [2, ['sms-1', 'sms-3']]);
  });

  it('says whether it had what is removed', () => {
    const items = new QueueItems();
    const item = added(items, 1);
    assert.deepEqual([items.remove(item), items.remove(item)], [true, false]);
  });

  it('finds by id what came before the first question and after it', () => {
    const items = new QueueItems();
    const first = added(items, 1);
    assert.equal(items.get('sms-1'), first);
    assert.equal(items.get('sms-2'), undefined);
    const second = added(items, 2);
    assert.equal(items.get('sms-2'), second);
  });

  it('finds by id nothing that has left', () => {
    const items = new QueueItems();
    const item = added(items, 1);
    items.get('sms-1');
    items.remove(item);
    assert.equal(items.get('sms-1'), undefined);
  });

  it('keeps order and place while thousands come and go around one that stays', () => {
    const items = new QueueItems();
    const stays = added(items, 0);
    const others: QueueItem[] = [];
    for (let order = 1; order <= 5_000; order += 1) {
      others.push(added(items, order));
      if (order % 3 === 0) items.remove(others.splice(order % others.length, 1)[0]!);
      if (order % 2 === 0) items.remove(others.shift()!);
    }
    assert.deepEqual(ids(items), ['sms-0', ...others.map(({ id }) => id)]);
    assert.deepEqual(
      others.map((item) => items.remove(item)),
      others.map(() => true),
    );
    assert.deepEqual([items.size, items.all()], [1, [stays]]);
  });
});
