import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node } from 'node-red';
import type { Gateway } from '../../../lib/gateway.js';
import type { DeliveryReceipt, InboundSms, SubmitResult } from '../../../lib/message.js';
import { EventFeed } from '../../../nodes/inmobile-connection/event-feed.js';
import { ResultDesk } from '../../../nodes/shared/result-desk.js';
import { FlowGate } from '../../../nodes/shared/flow-gate.js';
import { originTail, originText } from '../../../nodes/shared/origin.js';

type Take<T> = (event: T) => void | Promise<void>;

/** A gateway of which only the subscriptions exist. */
class FakeGateway {
  readonly sms = new Set<Take<InboundSms>>();
  readonly settled = new Set<Take<SubmitResult>>();
  readonly overdue = new Set<Take<DeliveryReceipt>>();

  onSms = (take: Take<InboundSms>) => this.#add(this.sms, take);
  onSettled = (take: Take<SubmitResult>) => this.#add(this.settled, take);
  onOverdue = (_afterMs: number, take: Take<DeliveryReceipt>) => this.#add(this.overdue, take);

  #add<T>(takers: Set<Take<T>>, take: Take<T>): () => void {
    takers.add(take);
    return () => takers.delete(take);
  }
}

const SMS = { from: '4512345678', text: 'Hello' } as InboundSms;
const RECEIPT = { messageId: 'm', state: 'NORECEIPT' } as DeliveryReceipt;
const resultOf = (node: string): SubmitResult =>
  ({
    id: 'i',
    outcome: 'accepted',
    correlation: originText('k', originTail({ node, msg: '{}' })),
  }) as unknown as SubmitResult;

describe('EventFeed', () => {
  let events: EventEmitter;
  let gateway: FakeGateway;
  let feed: EventFeed;
  let unclaimed: SubmitResult[];
  let stays: boolean[];
  let isUsed: boolean;
  let results: ResultDesk;
  const node = (id: string): Node => ({ id, z: 'tab', wires: [[`after ${id}`]] }) as unknown as Node;
  const onSms = (listener: (sms: InboundSms) => void) => feed.onSms(listener, node('receive'));
  const onOverdue = (listener: (receipt: DeliveryReceipt) => unknown) =>
    feed.onOverdue(1_000, (receipt) => (listener(receipt) === 'later' ? 'later' : undefined), node('dlr'));
  const onSettled = (id: string, listener: () => void) => results.add(listener, node(id));
  const give = <T>(takers: Set<Take<T>>, event: T): Promise<unknown> =>
    Promise.all([...takers].map(async (take) => take(event)));
  /** A deploy takes more than one. */
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const stopFlows = (): boolean => events.emit('flows:stopping', { config: {} });
  const startFlows = (): boolean => events.emit('flows:started', { config: {} });

  beforeEach(() => {
    events = new EventEmitter();
    gateway = new FakeGateway();
    unclaimed = [];
    stays = [];
    isUsed = true;
    results = new ResultDesk();
    feed = new EventFeed({
      gate: new FlowGate(events),
      results,
      onFailure: (error) => assert.ifError(error),
      onUnclaimed: (result, doesStay) => {
        unclaimed.push(result);
        stays.push(doesStay);
      },
      isUsed: () => isUsed,
      isVolatile: () => false,
    });
    feed.attach(gateway as unknown as Gateway);
  });

  it('takes nothing before the flows run', () => {
    onSms(() => undefined);
    assert.equal(gateway.sms.size, 0);
  });

  it('gives what came during a deploy to the nodes that it made', async () => {
    const leave = onSms(() => assert.fail('the node is closed'));
    startFlows();
    stopFlows();
    leave();
    const taken = give(gateway.sms, SMS);
    const seen: InboundSms[] = [];
    onSms((sms) => seen.push(sms));
    startFlows();
    await taken;
    assert.deepEqual(seen, [SMS]);
  });

  it('leaves what came during a deploy to the gateway when nobody wants it afterwards', async () => {
    const leave = onSms(() => undefined);
    startFlows();
    stopFlows();
    leave();
    const taken = assert.rejects(give(gateway.sms, SMS), { code: 'SMPP_STOPPED' });
    startFlows();
    await taken;
    assert.equal(gateway.sms.size, 0);
  });

  it('leaves what came during a deploy to the gateway when that stops', async () => {
    onSms(() => undefined);
    startFlows();
    stopFlows();
    const taken = assert.rejects(give(gateway.sms, SMS), { code: 'SMPP_STOPPED' });
    feed.attach(undefined);
    await taken;
  });

  it('hands on what still comes while the gateway stops', async () => {
    const seen: InboundSms[] = [];
    onSms((sms) => seen.push(sms));
    startFlows();
    feed.ending();
    await give(gateway.sms, SMS);
    assert.deepEqual([seen, gateway.sms.size], [[SMS], 1]);
    feed.attach(undefined);
    assert.equal(gateway.sms.size, 0);
  });

  it('does not keep the gateway from stopping while flows are stopping', async () => {
    onSms(() => assert.fail('the flows do not run'));
    startFlows();
    stopFlows();
    const before = assert.rejects(give(gateway.sms, SMS), { code: 'SMPP_STOPPED' });
    feed.ending();
    await before;
    await assert.rejects(give(gateway.sms, SMS), { code: 'SMPP_STOPPED' });
  });

  it('keeps its subscription to missing receipts over deploys', async () => {
    let leave = onOverdue(() => assert.fail('the node is closed'));
    startFlows();
    const seen: DeliveryReceipt[] = [];
    for (let count = 0; count < 3; count += 1) {
      stopFlows();
      leave();
      leave = onOverdue((receipt) => seen.push(receipt));
      startFlows();
    }
    await give(gateway.overdue, RECEIPT);
    assert.deepEqual([seen.length, gateway.overdue.size], [1, 1]);
  });

  it('ends its subscription to missing receipts with the last node that wants them', () => {
    const leave = onOverdue(() => undefined);
    startFlows();
    leave();
    assert.equal(gateway.overdue.size, 0);
  });

  it('has taken an event once the next node could receive it, as Node-RED delivers in the next turn', async () => {
    let isReceived = false;
    onSms(() => setImmediate(() => (isReceived = true)));
    startFlows();
    await give(gateway.sms, SMS);
    assert.equal(isReceived, true);
  });

  describe('when a deploy comes before the next node could receive an event', () => {
    const deploys: [name: string, deploy: object, times: number][] = [
      ['a full one', { type: 'full' }, 2],
      ['one of its flow', { type: 'flows', diff: { flowChanged: ['tab'] } }, 2],
      ['one of the next node', { type: 'nodes', diff: { changed: ['after receive'] } }, 2],
      [
        'one of a flow in which it is linked to a change',
        { type: 'flows', diff: { linked: ['after receive'] } },
        2,
      ],
      ['one of another node', { type: 'nodes', diff: { changed: ['other'], linked: ['after receive'] } }, 1],
      ['one of another flow', { type: 'flows', diff: { flowChanged: ['other'] } }, 1],
    ];
    for (const [name, deploy, times] of deploys) {
      it(`hands it on ${times === 1 ? 'once' : 'once more'}: ${name}`, async () => {
        const seen: InboundSms[] = [];
        onSms((sms) => seen.push(sms));
        startFlows();
        const taken = give(gateway.sms, SMS);
        events.emit('flows:stopping', { config: {}, ...deploy });
        await turns();
        startFlows();
        await taken;
        assert.equal(seen.length, times);
      });
    }

    it('hands it on once more before what came during the deploy', async () => {
      const seen: string[] = [];
      const leave = onSms(() => undefined);
      startFlows();
      const sms = (text: string) => give(gateway.sms, { ...SMS, text });
      const taken = [sms('a'), sms('b')];
      await Promise.resolve(); // the next is delivered apart from them
      taken.push(sms('c'));
      events.emit('flows:stopping', { config: {}, type: 'full' });
      leave();
      taken.push(sms('d'));
      await turns();
      taken.push(sms('e'));
      onSms(({ text }) => seen.push(text));
      startFlows();
      await Promise.all(taken);
      assert.deepEqual(seen, ['a', 'b', 'c', 'd', 'e']);
    });

    it('hands on once more, of several events, only what the deploy has cut off', async () => {
      const seen: string[] = [];
      for (const id of ['one', 'two', 'three']) onSettled(id, () => seen.push(id));
      startFlows();
      const taken = ['one', 'two', 'three'].map((id) => give(gateway.settled, resultOf(id)));
      events.emit('flows:stopping', { config: {}, type: 'nodes', diff: { changed: ['after two'] } });
      await Promise.all([taken[0], taken[2]]);
      startFlows();
      await taken[1];
      assert.deepEqual(seen, ['one', 'two', 'three', 'two']);
    });
  });

  it('leaves to the gateway what a listener wants kept, unless another has it', async () => {
    const leave = onOverdue(() => 'later');
    startFlows();
    await assert.rejects(give(gateway.overdue, RECEIPT), { code: 'SMPP_STOPPED' });
    onOverdue(() => undefined);
    await give(gateway.overdue, RECEIPT);
    leave();
    await give(gateway.overdue, RECEIPT);
  });

  it('gives a result to the node that its SMS came from', async () => {
    const seen: string[] = [];
    onSettled('one', () => seen.push('one'));
    onSettled('two', () => seen.push('two'));
    startFlows();
    await give(gateway.settled, resultOf('two'));
    assert.deepEqual(seen, ['two']);
  });

  it('leaves a result whose node is gone to the gateway as long as the connection has no nodes, and tells of it', async () => {
    isUsed = false;
    startFlows();
    await assert.rejects(give(gateway.settled, resultOf('one')), { code: 'SMPP_STOPPED' });
    assert.deepEqual(stays, [true]);
  });

  it('tells of a result whose node is gone', async () => {
    onSettled('one', () => undefined)();
    startFlows();
    await give(gateway.settled, resultOf('one'));
    assert.deepEqual([unclaimed, stays], [[resultOf('one')], [false]]);
  });
});
