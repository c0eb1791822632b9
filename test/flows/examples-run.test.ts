/** Every example that needs no other module, run on the simulator that it comes with. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { useNodeRed, type FlowNode } from '../support/node-red-flows.js';
import { click, namedNode, start } from './example.js';

const payload = (msg: Record<string, unknown>): Record<string, unknown> =>
  msg.payload as Record<string, unknown>;

describe('Example', () => {
  useNodeRed();

  it('1 sends an SMS that is accepted', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'delivered', 'accepted')).outcome, 'accepted');
  });

  it('1 shows the receipt', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'undeliverable', 'receipt')).delivered, false);
  });

  it('1 shows the answer of the recipient', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'the recipient answers', 'incoming SMS')).text, 'OK');
  });

  it('1 shows an SMS that the gateway refuses', async () => {
    const flow = await start(1);
    assert.equal(payload(await click(flow, 'refused', 'not accepted')).outcome, 'rejected');
  });

  it('1 shows the error of a msg that is no SMS', async () => {
    const flow = await start(1);
    const { error } = await click(flow, 'not a number', 'error');
    assert.equal((error as { code: string }).code, 'SMPP_MESSAGE');
  });

  it('2 sends an alarm in one segment', async () => {
    const flow = await start(2);
    const result = payload(await click(flow, '31.5 °C', 'accepted'));
    assert.deepEqual([result.segments, result.encoding, result.from], [1, 'gsm7', 'Coldstore']);
  });

  it('3 thanks for the answer to its question', async () => {
    const flow = await start(3);
    assert.equal(payload(await click(flow, 'ask', 'thanked')).correlation, 'thanks');
  });

  it('3 does not thank for the answer to its thanks', async () => {
    const flow = await start(3);
    const { inReplyTo } = payload(await click(flow, 'ask', 'any other SMS'));
    assert.equal((inReplyTo as { correlation: string }).correlation, 'thanks');
  });

  it('4 has the order in the receipt of its SMS', async () => {
    const flow = await start(4);
    assert.equal((await click(flow, 'arrives', 'delivered')).order, 'A-1001');
  });

  it('4 tells the shop when an SMS does not arrive', async () => {
    const flow = await start(4);
    const msg = await click(flow, 'does not arrive', 'the shop knows');
    assert.deepEqual([msg.order, payload(msg).to], ['A-1002', '4587654321']);
  });

  it('4 tells the shop when the number of the customer is none', async () => {
    const mistyped = (node: FlowNode): FlowNode =>
      node.name === 'arrives'
        ? {
            ...node,
            props: [
              { p: 'to', v: '12 34', vt: 'str' },
              { p: 'order', v: 'A-1001', vt: 'str' },
            ],
          }
        : node;
    const flow = await start(4, mistyped);
    assert.equal((await click(flow, 'arrives', 'the shop knows')).order, 'A-1001');
  });

  it('5 goes on to the next number after silence and after a failure', async () => {
    const flow = await start(5);
    const numbers: unknown[] = [];
    namedNode(flow, 'smpp-send', 'alarm').on('input', (msg) => {
      numbers.push((msg.payload as { to: string }).to);
      // The wait for a receipt is never shorter than the first minute after a start: here it is over at once.
      const overdue = { ...msg, payload: { state: 'NORECEIPT' } };
      if (numbers.length === 1) namedNode(flow, 'smpp-dlr', '').send([null, overdue]);
    });
    const reached = click(flow, 'alarm', 'a phone has it');
    assert.equal(payload(await reached).to, '4512345678');
    assert.deepEqual(numbers, ['4512345650', '4512345601', '4512345678']);
  });

  it('5 goes on to the next number after one that is none', async () => {
    const flow = await start(5, callingUp('12 34', '4512345678'));
    assert.equal(payload(await click(flow, 'alarm', 'a phone has it')).to, '4512345678');
  });

  it('5 says when there is nobody left', async () => {
    const flow = await start(5, callingUp('4512345601'));
    assert.equal((await click(flow, 'alarm', 'nobody was reached')).alarm, 'Pump 3 stopped');
  });

  it('6 takes OK for an acknowledgement of the alarm', async () => {
    const flow = await start(6);
    assert.equal(payload(await click(flow, 'alarm', 'acknowledged')).from, '4512345677');
  });

  it('6 answers STATUS to the phone that wrote it', async () => {
    const flow = await start(6);
    const { outcome, to, from } = payload(await click(flow, 'a phone writes STATUS', 'answered'));
    assert.deepEqual([outcome, to, from], ['accepted', '4512345677', '1245']);
  });

  it('6 sends no alarm to who wrote STOP, until START', async () => {
    const flow = await start(6);
    await click(flow, 'a phone writes STOP', 'answered');
    assert.equal((await click(flow, 'alarm', 'has said STOP')).to, '4512345677');
    await click(flow, 'a phone writes START', 'answered');
    assert.equal(payload(await click(flow, 'alarm', 'acknowledged')).text, 'OK');
  });

  it('6 does not answer what is no command', async () => {
    const flow = await start(6);
    const arrived = once(namedNode(flow, 'debug', 'no command'), 'input');
    namedNode(flow, 'smpp-receive', '').send({ payload: { from: '4512345678', to: '1245', text: '1 2' } });
    const [msg] = (await arrived) as [Record<string, unknown>];
    assert.equal(msg.command, undefined);
  });

  it('7 says what became of each row', async () => {
    const flow = await start(7);
    const { accepted, others } = payload(await click(flow, 'a list', 'summary')) as {
      accepted: number;
      others: { name: string; outcome: string }[];
    };
    assert.equal(accepted, 3);
    assert.deepEqual(others.map(({ name, outcome }) => [name, outcome]).sort(), [
      ['Carl', 'rejected'],
      ['Dorte', 'not sent'],
    ]);
  });

  it('7 shows the progress, up to the last row', async () => {
    const flow = await start(7);
    const shown: unknown[] = [];
    namedNode(flow, 'debug', 'progress').on('input', (msg) => shown.push(msg.payload));
    await click(flow, 'a list', 'summary');
    assert.deepEqual(shown, ['1 of 5', '2 of 5', '3 of 5', '4 of 5', '5 of 5']);
  });
});

/** Example 5 with these numbers to alarm, one after the other. */
function callingUp(...chain: string[]): (node: FlowNode) => FlowNode {
  const props = [{ p: 'payload' }, { p: 'chain', v: JSON.stringify(chain), vt: 'json' }];
  return (node) => (node.type === 'inject' ? { ...node, props } : node);
}
