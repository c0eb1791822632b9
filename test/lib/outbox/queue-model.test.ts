import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PRIORITIES } from '../../../lib/outbox/lanes.js';
import { Queue } from '../../../lib/outbox/queue.js';
import type { QueueItem } from '../../../lib/outbox/queue-item.js';
import { readSms } from '../../../lib/outbox/read-sms.js';
import { isLeaving, QueueModel, type ModelItem } from './queue-model.js';

const WALL = 1_700_000_000_000;
const LIFE_MS = 5_000;
const BOUNDS = { bodies: 6, bodiesAhead: 3, queueGaps: 4 };
const PHONES = ['4512345678', '4587654321', '4511223344'];

/** Chances of each step, and how it is done with numbers drawn for it. */
const STEPS: Readonly<
  Record<string, readonly [weight: number, step: (run: Run, one: number, other: number) => void]>
> = {
  add: [10, (run, one, other) => run.add(one, other)],
  store: [10, (run, one) => run.enter(one)],
  refuseToStore: [1, (run, one) => run.refuse(one)],
  pass: [6, (run, one) => run.pass(one % 400)],
  take: [8, (run, one) => run.take(one % 6)],
  takeOvertaking: [6, (run, one) => run.takeOvertaking(one % 4)],
  takeOut: [2, (run, one) => run.takeOut(one)],
  readAhead: [5, (run) => run.nextUnread()],
  readBack: [5, (run, one) => run.readBack(one)],
  markIsStored: [10, (run, one) => run.ready(one)],
  next: [8, (run, one) => run.next(one)],
  begin: [3, (run, one) => run.begin(one)],
  lastSegment: [2, (run, one) => run.lastSegment(one)],
  release: [5, (run, one, other) => run.release(one, other % 3 === 0 ? 1 + (other % 700) : 0)],
  hold: [2, (run, one) => run.hold(one)],
  free: [2, (run, one) => run.free(one)],
  settle: [6, (run, one) => run.settle(one)],
  linkLost: [1, (run) => run.giveBack()],
  expire: [2, (run) => run.expire()],
};

/** The queue and its model, side by side. */
class Run {
  readonly #queue = new Queue(BOUNDS);
  readonly #model = new QueueModel();
  #now = 1_000;
  #added = 0;

  get #times() {
    return { now: this.#now, wall: WALL + this.#now };
  }

  add(kind: number, other: number): void {
    const sms = {
      to: PHONES[other % PHONES.length]!,
      from: 'Alarm',
      text: kind % 4 === 0 ? 'x'.repeat(400) : 'x',
      priority: PRIORITIES[kind % 3]!,
      expiresAfterMs: LIFE_MS,
      ...(other % 5 === 0 ? { sendAt: WALL + this.#now + (other % 1_000) } : {}),
    };
    const body = readSms(sms, `sms-${(this.#added += 1)}`, this.#times.wall);
    const hasRoom = this.#queue.hasRoomForBody;
    const item: QueueItem = this.#queue.add(body, undefined, this.#times);
    item.isStored = other % 2 === 0 || !hasRoom;
    const { expiresAt, sendAt } = item;
    const { to } = body.entry;
    this.#model.add({ item, state: 'storing', to, sendAt, notBefore: 0, expiresAt, isBegun: false });
  }

  enter(nth: number): void {
    const one = pick(this.#model.in('storing'), nth);
    if (one === undefined) return;
    this.#queue.enter(one.item, this.#times.wall);
    one.state = one.sendAt !== undefined && one.sendAt > this.#times.wall ? 'scheduled' : 'line';
  }

  refuse(nth: number): void {
    const one = pick(this.#model.in('storing'), nth);
    if (one === undefined) return;
    this.#queue.remove(one.item);
    this.#model.remove(one);
  }

  pass(ms: number): void {
    this.#now += ms;
    this.#queue.wake(this.#times);
    this.#model.wake(this.#now, this.#times.wall, LIFE_MS);
  }

  take(segmentsMax: number): void {
    const expected = this.#model.take(segmentsMax, this.#now);
    assert.deepEqual(ids(this.#queue.take(segmentsMax, this.#times)), ids(expected));
  }

  takeOvertaking(segmentsMax: number): void {
    const expected = this.#model.takeOvertaking(segmentsMax, this.#now);
    assert.deepEqual(ids(this.#queue.takeOvertaking(segmentsMax, this.#times)), ids(expected));
  }

  takeOut(nth: number): void {
    const line = this.#model
      .line(true)
      .filter((one) => one.expiresAt > this.#now && !this.#model.isPhoneTaken(one));
    const one = pick(line, nth);
    if (one === undefined) return;
    assert.equal(this.#queue.takeOut(one.item, this.#times), one.item);
    this.#model.mark(one);
  }

  nextUnread(): void {
    const [first] = this.#model.line(false);
    const item = this.#queue.nextUnread();
    if (item !== undefined) this.#model.of(item).state = 'reading';
    if (item === undefined) assert.ok(first === undefined || this.#model.line(true).length >= BOUNDS.bodies);
    else assert.equal(item, first?.item);
  }

  readBack(nth: number): void {
    const one = pick(this.#model.in('reading'), nth);
    if (one === undefined) return;
    const { to } = one;
    const { priority, id, segments } = one.item;
    const body = readSms({ to, from: 'Alarm', text: 'x'.repeat(segments > 1 ? 400 : 1), priority }, id, WALL);
    this.#queue.readBack(one.item, body);
    one.state = 'line';
  }

  ready(nth: number): void {
    const one = pick(this.#model.in('marking'), nth);
    if (one === undefined || !isLeaving(one.item)) return;
    this.#queue.ready(one.item);
    one.state = 'ready';
  }

  next(above: number): void {
    const priority = PRIORITIES[above % 6];
    const expected = this.#model.next(this.#now, priority);
    assert.equal(this.#queue.next(this.#now, priority)?.id, expected?.id);
    for (const item of this.#queue.takeTooEarly()) this.#release(this.#model.of(item), 0);
  }

  begin(nth: number): void {
    const long = this.#model
      .in('underWay')
      .filter((one) => one.item.segments > 1 && !this.#model.isPhoneTaken(one));
    const one = pick(long, nth);
    if (one === undefined || !isLeaving(one.item)) return;
    this.#queue.begun(one.item);
    one.isBegun = true;
  }

  lastSegment(nth: number): void {
    const one = pick(this.#model.in('underWay'), nth);
    if (one === undefined) return;
    this.#queue.lastSegmentLeft(one.item);
    this.#model.lastSegmentLeft(one);
  }

  release(nth: number, waitMs: number): void {
    const one = pick(this.#model.in('underWay', 'marking'), nth);
    if (one !== undefined) this.#release(one, waitMs);
  }

  hold(nth: number): void {
    const one = pick(this.#model.in('underWay'), nth);
    if (one === undefined) return;
    this.#queue.hold(one.item);
    this.#model.release(one, 0);
    one.state = 'held';
  }

  free(nth: number): void {
    const one = pick(this.#model.in('held'), nth);
    if (one === undefined) return;
    this.#queue.free(one.item);
    one.state = 'line';
  }

  settle(nth: number): void {
    const one = pick(
      this.#model.in(
        'scheduled',
        'line',
        'behind',
        'held',
        'reading',
        'marking',
        'ready',
        'passed',
        'underWay',
      ),
      nth,
    );
    if (one !== undefined) this.#settle(one);
  }

  giveBack(): void {
    const ready = this.#model.in('ready');
    assert.deepEqual(new Set(ids(this.#queue.takeReady())), new Set(ready.map(({ item }) => item.id)));
    for (const one of ready) this.#release(one, 0);
  }

  expire(): void {
    const expected = this.#model.expired(this.#now);
    assert.deepEqual(ids(this.#queue.expired(this.#now)), ids(expected.map(({ item }) => item)));
    for (const one of expected) this.#settle(one);
  }

  /** Whatever is done, these hold. */
  check(): void {
    const [queue, model] = [this.#queue, this.#model];
    assert.deepEqual(ids(queue.items), model.ids);
    assert.equal(queue.size, model.size);
    assert.equal(queue.ahead, model.ahead);
    const [scheduled, underWay] = [model.in('scheduled').length, model.in('underWay').length];
    const [alarm, normal, bulk] = PRIORITIES.map((priority) => model.count(priority));
    assert.deepEqual(queue.counts, { alarm, normal, bulk, scheduled, underWay });
    this.#checkBodies();
    this.#checkInstants();
  }

  /** Only those that are marked or under way have one for certain; the number of the others is bounded. */
  #checkBodies(): void {
    for (const { item } of this.#model.in('marking', 'ready', 'underWay')) assert.ok(item.body !== undefined);
    const droppable = this.#model.in('line', 'behind', 'held').filter(({ item }) => item.isStored);
    const held = droppable.filter(({ item }) => item.body !== undefined).length;
    assert.ok(held <= BOUNDS.bodies + BOUNDS.bodiesAhead + 1, `${held} bodies`);
  }

  /** An alarm that is set too early does no harm, one that is too late does. */
  #checkInstants(): void {
    const model = this.#model;
    const sendAt = Math.min(...model.in('scheduled').map((one) => one.sendAt ?? 0));
    assert.ok((this.#queue.nextSendAt ?? Infinity) <= sendAt);
    const waiting = model.in('line').filter(({ notBefore }) => notBefore > 0);
    const retryAt = Math.min(...waiting.map(({ notBefore }) => notBefore));
    assert.ok((this.#queue.nextRetryAt ?? Infinity) <= retryAt);
    const lines = [...model.line(true), ...model.line(false)];
    for (const { item } of lines) assert.equal(this.#queue.isFree(item.priority), false);
  }

  #release(one: ModelItem, waitMs: number): void {
    this.#queue.release(one.item, this.#now, waitMs);
    this.#model.release(one, waitMs === 0 ? 0 : this.#now + waitMs);
  }

  #settle(one: ModelItem): void {
    this.#queue.settling(one.item);
    this.#queue.remove(one.item);
    this.#model.lastSegmentLeft(one);
    this.#model.remove(one);
  }
}

function pick<T>(from: readonly T[], nth: number): T | undefined {
  return from[nth % from.length];
}

const ids = (items: readonly QueueItem[]): readonly string[] => items.map(({ id }) => id);

const step = fc.tuple(
  fc.oneof(...Object.entries(STEPS).map(([name, [weight]]) => ({ weight, arbitrary: fc.constant(name) }))),
  fc.nat(10_000),
  fc.nat(10_000),
);

describe('The queue, beside a plain list', () => {
  it('gives the same, whatever is done with it', () => {
    const steps = fc.array(step, { maxLength: 600, size: 'max' });
    fc.assert(
      fc.property(steps, (drawn) => {
        const run = new Run();
        for (const [name, one, other] of drawn) {
          STEPS[name]![1](run, one, other);
          run.check();
        }
      }),
      { numRuns: 100 },
    );
  }).timeout(60_000);
});
