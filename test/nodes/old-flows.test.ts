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
    [{ flash: 'yes' }, /flash: must be true or false/],
    [{ maxSegments: 'many' }, /maxSegments: must be a whole number from 1 to 255/],
    [{ toType: 'date' }, /toType: must be one of str, msg/],
    [{ priority: 'urgent' }, /label\.priority: .*alarm/],
  ];
  for (const [properties, says] of failing) {
    it(`fails the msg and names it: ${Object.keys(properties).join()}`, async () => {
      await startFlows(flow(send(properties)));
      receive('send', { to: TO, payload: 'Hello' });
      assert.match(((await next('caught')).error as { message: string }).message, says);
    });
  }

  const idle: [node: FlowNode, says: RegExp][] = [
    [dlr({ states: 'some' }), /label\.states: must be one of final, all/],
    [dlr({ per: 'part' }), /label\.per: must be one of message, segment/],
    [
      dlr({ noReceiptAfter: 'soon' }),
      /label\.noReceiptAfter: must be a number of minutes from 0, at most 4320/,
    ],
    [dlr({ noReceiptAfter: '${SMPP_TEST_NONE}' }), /label\.noReceiptAfter: .* SMPP_TEST_NONE has no value/],
    [dlr({ from: { send: true } }), /label\.from: must be a list of ids/],
    [receiver({ incomplete: 'keep' }), /label\.incomplete: must be one of emit, drop/],
    [receiver({ to: '${SMPP_TEST_NONE}' }), /label\.to: .* SMPP_TEST_NONE has no value/],
    [receiver({ to: 'abc' }), /label\.to: must be one phone number or short code, has letters/],
    [receiver({ to: '4511111111, 4522222222' }), /label\.to: must be one number: add a smpp-receive node/],
    [receiver({ to: '4511111111\n4522222222' }), /label\.to: must be one number/],
    [receiver({ to: ['4511111111'] }), /label\.to: must be one number/],
    [receiver({ to: '45111111112222222222' }), /label\.to: must be one .* has 20 digits/],
  ];
  for (const [node, says] of idle) {
    it(`shows it below the node and names it: ${String(says)}`, async () => {
      await startFlows(flow(send(), node));
      receive('send', { to: TO, payload: 'Hello' });
      await next('accepted');
      const { fill, text } = shownBelow(node.id) ?? {};
      assert.deepEqual(
        [fill, text],
        ['red', '@node-red-smpp/inmobile/inmobile-connection:inmobile-connection.status.simulated'],
      );
      assert.match(loggedBy(node.id, 'error').join(), says);
    });
  }
});
