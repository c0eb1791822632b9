import assert from 'node:assert/strict';
import type { OutboundSms } from '../../../lib/message.js';
import { Queue } from '../../../lib/outbox/queue.js';
import type { QueueItem } from '../../../lib/outbox/queue-item.js';
import { listQueue } from '../../../lib/outbox/queue-list.js';
import { commandStatus } from '../../../lib/pdu/command-status.js';
import { readSms } from '../../../lib/outbox/read-sms.js';
import { memoryStorage } from '../../../lib/storage/memory-storage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { refused } from '../../support/fake-link.js';
import { bench, type Bench } from './outbox-bench.js';

const WALL = 1_700_000_000_000;
const NOW = { wall: WALL, now: 1_000 };
const ESME_RSYSERR = 0x08;

function queueOf(...list: Partial<OutboundSms>[]): Queue {
  const queue = new Queue();
  for (const [index, sms] of list.entries()) add(queue, `sms-${index}`, sms);
  return queue;
}

function add(queue: Queue, id: string, sms: Partial<OutboundSms>): void {
  const body = readSms({ to: '4512345678', from: 'Alarm', text: 'x', ...sms }, id, WALL);
  const item = queue.add(body, undefined, NOW);
  item.isStored = false; // so its body stays with it
  queue.enter(item, WALL);
}

/** Those of the queue that leave first, under way. */
function submit(queue: Queue, count: number): readonly QueueItem[] {
  const items = queue.take(count, NOW);
  for (const item of items) queue.ready(item);
  while (queue.next(NOW.now) !== undefined);
  return items;
}

describe('The list of the queue', () => {
  const clock = new FakeClock();
  const storage = memoryStorage(clock);
  async function idsOf(queue: Queue, max = 10): Promise<string[]> {
    return (await listQueue(queue.items, { storage, clock, refusal: commandStatus }, max)).map(
      ({ id }) => id,
    );
  }

  it('has the alarms, then the normal SMS, the bulk, and what is not due yet', async () => {
    const queue = queueOf(
      { sendAt: WALL + 1 },
      { priority: 'bulk' },
      {},
      { priority: 'alarm' },
      { priority: 'alarm' },
    );
    assert.deepEqual(await idsOf(queue), ['sms-3', 'sms-4', 'sms-2', 'sms-1', 'sms-0']);
  });

  it('has those under way before all others, and at their old place once they are back', async () => {
    const queue = queueOf({}, {}, { priority: 'alarm' });
    const taken = submit(queue, 2);
    assert.deepEqual(await idsOf(queue), ['sms-0', 'sms-2', 'sms-1']);
    for (const item of taken) queue.release(item, NOW.now);
    assert.deepEqual(await idsOf(queue), ['sms-2', 'sms-0', 'sms-1']);
  });

  it('has an SMS that is marked to leave next at its place in the line', async () => {
    const queue = queueOf({ priority: 'bulk' });
    queue.take(1, NOW);
    add(queue, 'sms-1', { priority: 'alarm' });
    assert.deepEqual(await idsOf(queue), ['sms-1', 'sms-0']);
  });

  it('has none that has its outcome', async () => {
    const queue = queueOf({}, {});
    for (const item of submit(queue, 1)) queue.settling(item);
    assert.deepEqual(await idsOf(queue), ['sms-1']);
  });

  it('has as many as asked for, and a hundred at most', async () => {
    const queue = queueOf(...Array.from({ length: 150 }, () => ({})));
    assert.equal((await idsOf(queue, 3)).length, 3);
    assert.equal((await idsOf(queue, Infinity)).length, 100);
  });
});

describe('The list of the outbox', () => {
  it('tells of an SMS all but its text, its sender and the middle of its number', async () => {
    const { take, outbox, clock } = await bench();
    const id = await take({ priority: 'alarm' });
    assert.deepEqual(await outbox.list(10), [
      {
        id,
        to: '45******78',
        priority: 'alarm',
        state: 'queued',
        segments: 1,
        attempts: 0,
        queuedAt: clock.wall(),
        expiresAt: clock.wall() + 86_400_000,
      },
    ]);
  });

  it('says when an SMS expires, though that counts from when it is due', async () => {
    const { take, outbox, clock } = await bench();
    await take({ sendAt: clock.wall() + 60_000, expiresAfterMs: 5_000 });
    assert.equal((await outbox.list(1))[0]?.expiresAt, clock.wall() + 65_000);
  });

  it('names the last refusal, also while it is under way again', async () => {
    const made = await bench();
    await made.take();
    const link = await made.up();
    for (const [index, status, name] of [
      [0, ESME_RSYSERR, 'ESME_RSYSERR'],
      [1, 0x400, '0x00000400'],
    ] as const) {
      link.at(index).settle(refused(status));
      await made.settled();
      assert.equal((await made.outbox.list(1))[0]?.lastStatus, name);
      await made.clock.advance(15_000);
      assert.equal((await made.outbox.list(1))[0]?.lastStatus, name);
    }
  });

  it('says when a scheduled SMS is due', async () => {
    const { take, outbox, clock } = await bench();
    const sendAt = clock.wall() + 60_000;
    await take({ sendAt });
    const [listed] = await outbox.list(10);
    assert.deepEqual([listed?.state, listed?.sendAt], ['scheduled', sendAt]);
  });

  it('says which SMS is under way, and which waits for its next attempt', async () => {
    const made = await bench();
    const link = await made.up();
    await made.take();
    await made.settled();
    assert.deepEqual(await statesOf(made), [['underWay', 1]]);
    link.at(0).settle(refused(ESME_RSYSERR));
    await made.settled();
    assert.deepEqual(await statesOf(made), [['retrying', 1]]);
  });

  it('reads back from storage what is beyond the room in memory', async () => {
    const { take, outbox } = await bench();
    for (let count = 0; count < 5_000; count += 1) await take({ priority: 'bulk' });
    const id = await take({ to: '4587654321', priority: 'alarm' });
    const [listed] = await outbox.list(1);
    assert.deepEqual([listed?.id, listed?.to], [id, '45******21']);
  });
});

async function statesOf({ outbox }: Bench): Promise<unknown> {
  return (await outbox.list(10)).map(({ state, attempts }) => [state, attempts]);
}
