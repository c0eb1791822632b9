import assert from 'node:assert/strict';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { InboundSms } from '../../../lib/message.js';
import type { Activity, Feed } from '../../../nodes/shared/connection.js';
import {
  loggedBy,
  next,
  receive,
  shownBelow,
  startFlows,
  useNodeRed,
  waitingAt,
  type FlowNode,
} from '../../support/node-red-flows.js';
import { connection, ENDS, receiver, send, sink, TAB } from '../flow.js';

/** The simulated recipient of this number answers every SMS with OK. */
const ANSWERS = '4512345677';

function flow(properties: Readonly<Record<string, unknown>> = {}, ...others: FlowNode[]): FlowNode[] {
  return [TAB, connection(), send(), receiver(properties), ...ENDS, ...others];
}

describe('smpp-receive', () => {
  useNodeRed();

  it('emits an incoming SMS, with its sender as the topic', async () => {
    await startFlows(flow());
    receive('send', { to: ANSWERS, payload: 'Hello' });
    const { topic, payload } = await next('incoming');
    assert.equal(topic, ANSWERS);
    assert.deepEqual([payload.from, payload.text, payload.complete], [ANSWERS, 'OK', true]);
  });

  it('says which SMS of the flow it answers, with the correlation of the flow', async () => {
    await startFlows(flow());
    receive('send', { to: ANSWERS, payload: { text: 'Hello', correlation: { order: 7 } } });
    const result = (await next('accepted')).payload;
    const { inReplyTo } = (await next('incoming')).payload as { inReplyTo: Record<string, unknown> };
    assert.deepEqual([inReplyTo.id, inReplyTo.correlation], [result.id, { order: 7 }]);
  });

  it('emits each SMS to every node', async () => {
    const other = { ...receiver(), id: 'receiver2', wires: [['incoming2']] };
    await startFlows(flow({}, other, sink('incoming2')));
    receive('send', { to: ANSWERS, payload: 'Hello' });
    const both = await Promise.all([next('incoming'), next('incoming2')]);
    assert.deepEqual(
      both.map(({ payload }) => payload.text),
      ['OK', 'OK'],
    );
  });

  it('leaves SMS to other numbers than its own to others', async () => {
    const all = { ...receiver(), id: 'receiver2', wires: [['incoming2']] };
    await startFlows(flow({ to: '1245' }, all, sink('incoming2')));
    receive('send', { to: ANSWERS, payload: { text: 'Hello', from: '4511111111' } });
    await next('incoming2');
    assert.equal(waitingAt('incoming'), 0);
  });

  it('takes SMS to its own number, however that is written', async () => {
    await startFlows(flow({ to: '+45 11 11 11 11' }));
    receive('send', { to: ANSWERS, payload: { text: 'Hello', from: '4511111111' } });
    assert.equal((await next('incoming')).payload.to, '4511111111');
  });

  it('takes no SMS of all numbers when its own is a variable that is empty', async () => {
    process.env.SMPP_TEST_EMPTY = '';
    await startFlows(flow({ to: '${SMPP_TEST_EMPTY}' }));
    delete process.env.SMPP_TEST_EMPTY;
    assert.match(loggedBy('receiver', 'error').join(), /label\.to: .* SMPP_TEST_EMPTY has no value/);
    assert.equal(shownBelow('receiver')?.fill, 'red');
  });

  it('gives each flow an SMS of its own, which it may change', async () => {
    const emit = await feedFlow({});
    const sms = { ...SMS };
    emit(sms);
    Object.assign((await next('incoming')).payload, { text: 'changed' });
    assert.equal(sms.text, 'Hello');
  });

  it('emits an SMS of which parts are missing', async () => {
    const emit = await feedFlow({ incomplete: 'emit' });
    emit({ ...SMS, complete: false });
    assert.equal((await next('incoming')).payload.complete, false);
  });

  it('drops it when it is set so, and only it', async () => {
    const emit = await feedFlow({ incomplete: 'drop' });
    emit({ ...SMS, complete: false });
    emit(SMS);
    assert.equal((await next('incoming')).payload.complete, true);
  });
});

const SMS: InboundSms = {
  from: '4512345678',
  to: '1245',
  text: 'Hello',
  encoding: 'gsm7',
  dataCoding: 0,
  flash: false,
  segments: 2,
  complete: true,
  receivedAt: 0,
};

/** Parts are waited for for minutes: this connection lets the test say what came. */
async function feedFlow(properties: Readonly<Record<string, unknown>>): Promise<(sms: InboundSms) => void> {
  const listeners: ((sms: InboundSms) => void)[] = [];
  const feed: Partial<Feed> = {
    onSms: (listener) => {
      listeners.push(listener);
      return () => undefined;
    },
  };
  const activity: Activity = { note: () => undefined, noteSettings: () => undefined };
  const register = (RED: NodeAPI): void => {
    RED.nodes.registerType('test-connection', function (this: Node, def: NodeDef) {
      RED.nodes.createNode(this, def);
      Object.assign(this, { connection: { feed, join: () => activity, leave: () => undefined } });
    });
  };
  const config = { id: 'stub', type: 'test-connection', name: '' };
  await startFlows([TAB, config, receiver({ connection: 'stub', ...properties }), ...ENDS], {}, [register]);
  return (sms) => {
    for (const listener of listeners) listener(sms);
  };
}
