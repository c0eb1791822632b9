/** Flows that an older version saved or a hand wrote: each runs, or says which property to change. */
import assert from 'node:assert/strict';
import {
  loggedBy,
  next,
  receive,
  shownBelow,
  startFlows,
  useNodeRed,
  type FlowNode,
} from '../support/node-red-flows.js';
import { CATCH, connection, dlr, ENDS, ON_TAB, receiver, send, TAB } from './flow.js';

const TO = '4512345677';
const SENDER = { from: 'Demo', fromType: 'str' };

/** A node that has nothing but its type, its connection and its wires. */
function bare({ id, type, wires }: FlowNode, properties: Readonly<Record<string, unknown>> = {}): FlowNode {
  return { id, type, ...ON_TAB, connection: 'connection', wires, ...properties };
}

function flow(...nodes: FlowNode[]): FlowNode[] {
  return [TAB, connection(), ...nodes, ...ENDS, ...CATCH];
}

describe('A flow without the properties that have a default', () => {
  useNodeRed();

  it('sends, with the sender of the message', async () => {
    await startFlows(flow(bare(send())));
    receive('send', { to: TO, payload: { from: 'Demo', text: 'Hello' } });
    assert.equal((await next('accepted')).payload.outcome, 'accepted');
  });

  it('receives', async () => {
    await startFlows(flow(bare(send(), SENDER), bare(receiver())));
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal((await next('incoming')).payload.text, 'OK');
  });

  it('gets receipts', async () => {
    await startFlows(flow(bare(send(), SENDER), bare(dlr())));
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal((await next('receipt')).payload.state, 'DELIVRD');
  });

  it('has a connection', async () => {
    const old = { id: 'connection', type: 'inmobile-connection', gateway: 'simulator', storage: 'memory' };
    await startFlows([TAB, old, send(), ...ENDS, ...CATCH]);
    receive('send', { to: '12 34 56 78', payload: 'Hello' });
    assert.equal((await next('accepted')).payload.to, '4512345678');
  });
});

describe('A flow with other types than the form saves', () => {
  useNodeRed();

  const sent: [name: string, properties: Record<string, unknown>, shows: Record<string, unknown>][] = [
    ['a number for text', { to: 4512345678, toType: 'str' }, { to: '4512345678' }],
    ['numbers', { maxSegments: 2, expiresAfter: 30 }, { outcome: 'accepted' }],
    ['numbers as text', { maxSegments: '2', expiresAfter: '30' }, { outcome: 'accepted' }],
    ['truth values as text', { substitute: 'false' }, { encoding: 'ucs2' }],
    ['truth values', { substitute: true }, { encoding: 'gsm7' }],
  ];
  for (const [name, properties, shows] of sent) {
    it(`is read as it is meant: ${name}`, async () => {
      await startFlows(flow(send(properties)));
      receive('send', { to: TO, payload: 'Pump “3”' });
      const { payload } = await next('accepted');
      for (const [property, value] of Object.entries(shows)) assert.equal(payload[property], value);
    });
  }

  it('takes ids of smpp-send nodes as text', async () => {
    await startFlows(flow(send(), dlr({ from: 'other, send' })));
    receive('send', { to: TO, payload: 'Hello' });
    assert.equal((await next('receipt')).payload.delivered, true);
  });
});

describe('A flow with a value that is none', () => {
  useNodeRed();

  const failing: [properties: Record<string, unknown>, says: RegExp][] = [
    [{ flash: 'yes' }, /flash: it is true or false/],
    [{ maxSegments: 'many' }, /maxSegments: it is not a number/],
    [{ toType: 'date' }, /toType: it is one of str, msg/],
    [{ priority: 'urgent' }, /priority: .*alarm/],
  ];
  for (const [properties, says] of failing) {
    it(`fails the msg and names it: ${Object.keys(properties).join()}`, async () => {
      await startFlows(flow(send(properties)));
      receive('send', { to: TO, payload: 'Hello' });
      assert.match(((await next('caught')).error as { message: string }).message, says);
    });
  }

  const idle: [node: FlowNode, says: RegExp][] = [
    [dlr({ states: 'some' }), /states: it is one of final, all/],
    [dlr({ per: 'part' }), /per: it is one of message, segment/],
    [dlr({ noReceiptAfter: 'soon' }), /noReceiptAfter: it is a number of minutes/],
    [receiver({ incomplete: 'keep' }), /incomplete: it is one of emit, drop/],
  ];
  for (const [node, says] of idle) {
    it(`shows it below the node and names it: ${String(says)}`, async () => {
      await startFlows(flow(send(), node));
      receive('send', { to: TO, payload: 'Hello' });
      await next('accepted');
      const { fill, text } = shownBelow(node.id) ?? {};
      assert.deepEqual(
        [fill, text],
        ['red', '@node-red-smpp/inmobile/inmobile-connection:inmobile-connection.status.settings'],
      );
      assert.match(loggedBy(node.id, 'error').join(), says);
    });
  }
});
