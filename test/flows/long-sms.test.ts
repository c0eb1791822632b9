/** The main job in one flow: a long SMS with emoji, from a msg over TLS to the gateway and back as a receipt. */
import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { connectionTo, dlr, ENDS, send, TAB } from '../nodes/flow.js';
import { next, receive, startFlows, stopFlows, useNodeRed, waitingAt } from '../support/node-red-flows.js';

const TO = '4512345678';
const TEXT = '👨‍👩‍👧‍👦 Vandstand 🌊 høj! '.repeat(40).slice(0, 498) + '😀';

describe('a flow with an SMS of 500 characters with emoji', () => {
  useNodeRed();
  let simulator: Simulator;

  before(async () => {
    simulator = await startSimulator({ receiptDelayMs: 0 });
    const { nodes, credentials } = connectionTo(simulator);
    await startFlows([TAB, ...nodes, send(), dlr(), ...ENDS], credentials);
  });

  after(async () => {
    await stopFlows();
    await simulator.stop();
  });

  it('arrives as its segments, and comes back as one result and one receipt', async () => {
    assert.equal(TEXT.length, 500);
    receive('send', { to: TO, payload: TEXT, order: 7 });
    const result = await next('accepted');
    const receipt = await next('receipt');
    // Whatever else the long SMS led to would come before the receipt of a second one.
    receive('send', { to: TO, payload: 'second' });
    const second = await next('receipt');

    assert.deepEqual(
      simulator.accepted.map(({ text }) => text),
      [TEXT, 'second'],
    );
    const sizes = simulator.segments.slice(0, -1).map(({ octets }) => octets.length);
    assert.equal(sizes.length, 9);
    assert.ok(sizes.every((size) => size <= 140));
    assert.deepEqual([result.payload.segments, result.payload.encoding, result.order], [9, 'ucs2', 7]);
    assert.deepEqual(receipt.payload.segments, { total: 9, delivered: 9, failed: 0 });
    assert.deepEqual(second.payload.segments, { total: 1, delivered: 1, failed: 0 });
    assert.deepEqual([waitingAt('receipt'), waitingAt('other')], [0, 0]);
  });
});
