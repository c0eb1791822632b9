import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { OutboundSms } from '../../../lib/message.js';
import { Queue } from '../../../lib/outbox/queue.js';
import type { LeavingItem, QueueItem } from '../../../lib/outbox/queue-item.js';
import { readSms } from '../../../lib/outbox/read-sms.js';

const NOW = { wall: 1_700_000_000_000, now: 1_000 };
const ADDED = 1_000;
/** So few that have left are not looked for. */
const STAY_MAX = 70;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How many of a thousand SMS are still held after they came to `stand` somewhere and ended there. */
async function heldAfterTheirEnd(
  sms: Partial<OutboundSms>,
  stand: (queue: Queue, items: readonly QueueItem[]) => void = () => undefined,
): Promise<number> {
  const queue = new Queue();
  const held = endedIn(queue, sms, stand);
  // A WeakRef holds until the turn in which it was made is over.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  assert.equal(queue.size, 0);
  return held.filter((ref) => ref.deref() !== undefined).length;
}

function endedIn(
  queue: Queue,
  sms: Partial<OutboundSms>,
  stand: (queue: Queue, items: readonly QueueItem[]) => void,
): readonly WeakRef<QueueItem>[] {
  const items = Array.from({ length: ADDED }, (_, index) => {
    const body = readSms({ to: '4512345678', from: 'Alarm', text: 'x', ...sms }, `sms-${index}`, NOW.wall);
    const item = queue.add(body, undefined, NOW);
    queue.enter(item, NOW.wall);
    return item;
  });
  stand(queue, items);
  for (const item of items) {
    queue.settling(item);
    queue.remove(item);
  }
  return items.map((item) => new WeakRef(item));
}

function marked(queue: Queue): LeavingItem[] {
  const items = queue.take(Infinity, NOW);
  for (const item of items) queue.ready(item);
  return items;
}

function submitted(queue: Queue): LeavingItem[] {
  const items = marked(queue);
  while (queue.next(NOW.now) !== undefined);
  return items;
}

describe('A queue of SMS that end before their turn', () => {
  it('holds none in line', async () => {
    assert.ok((await heldAfterTheirEnd({})) < STAY_MAX);
  });

  it('holds none that was scheduled', async () => {
    assert.ok((await heldAfterTheirEnd({ sendAt: NOW.wall + 60_000 })) < STAY_MAX);
  });

  it('holds none that is due and not read back', async () => {
    const held = await heldAfterTheirEnd({ sendAt: NOW.wall + 60_000 }, (queue) =>
      queue.wake({ ...NOW, wall: NOW.wall + 60_000 }),
    );
    assert.ok(held < STAY_MAX);
  });

  it('holds none that is marked', async () => {
    assert.ok((await heldAfterTheirEnd({ priority: 'bulk' }, (queue) => void marked(queue))) < STAY_MAX);
  });

  it('holds none that waits for its next try', async () => {
    const held = await heldAfterTheirEnd({}, (queue) => {
      for (const item of submitted(queue)) queue.release(item, NOW.now, 60_000);
    });
    assert.ok(held < STAY_MAX);
  });

  it('holds none that was back at its old place', async () => {
    const held = await heldAfterTheirEnd({}, (queue) => {
      for (const item of submitted(queue).reverse()) queue.release(item, NOW.now);
    });
    assert.ok(held < STAY_MAX);
  });
});
