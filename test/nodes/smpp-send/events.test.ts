/** What comes from another node of ours by a wire: a receipt, a result, an incoming SMS. */
import assert from 'node:assert/strict';
import { next, receive, startFlows, useNodeRed, type Message } from '../../support/node-red-flows.js';
import { CATCH, connection, dlr, ENDS, receiver, send, sink, TAB } from '../flow.js';

const OURS = '4551515151';
const UNDELIVERABLE = '4512345601';
const REFUSED = '4512345660';
const ANSWERS = '4512345677';
const OTHER = '4587654378';

describe('smpp-send, wired to another node', () => {
  useNodeRed();

  /** Sends an SMS, and gives what comes of the node that is wired to `from`. */
  async function sent(
    to: string,
    from: 'accepted' | 'other' | 'receipt' | 'incoming',
    properties: object,
  ): Promise<Message> {
    const wired = send({ id: 'second', from: 'Second', ...properties, wires: [['done'], ['done']] });
    const wires = (name: string): string[] => [name === from ? 'second' : name];
    const nodes = [
      send({ from: OURS, wires: [wires('accepted'), wires('other')] }),
      dlr({ from: ['send'], wires: [wires('receipt'), ['overdue']] }),
      receiver({ wires: [wires('incoming')] }),
    ];
    await startFlows([TAB, connection(), ...nodes, wired, sink('done'), ...ENDS, ...CATCH]);
    receive('send', { to, payload: 'Pump 3 stopped' });
    return next('done');
  }

  const TO_OTHER = { to: OTHER, toType: 'str' };
  const ITS_TEXT = { text: 'Nobody answers ☎', textType: 'str' };

  it('escalates a receipt to the number, from the sender and in the encoding of its form', async () => {
    const { payload } = await sent(UNDELIVERABLE, 'receipt', { ...TO_OTHER, ...ITS_TEXT });
    assert.deepEqual([payload.to, payload.from, payload.encoding], [OTHER, 'Second', 'ucs2']);
  });

  it('sends on what the gateway refused to the number of its form', async () => {
    const { payload } = await sent(REFUSED, 'other', { ...TO_OTHER, ...ITS_TEXT });
    assert.deepEqual([payload.to, payload.encoding], [OTHER, 'ucs2']);
  });

  it('forwards an incoming SMS to the number of its form', async () => {
    const { payload } = await sent(ANSWERS, 'incoming', TO_OTHER);
    assert.deepEqual([payload.to, payload.from], [OTHER, 'Second']);
  });

  it('answers an incoming SMS by its topic', async () => {
    const { payload } = await sent(ANSWERS, 'incoming', { to: 'topic', ...ITS_TEXT });
    assert.deepEqual([payload.to, payload.from], [ANSWERS, 'Second']);
  });

  const RECEIPT = {
    to: UNDELIVERABLE,
    from: OURS,
    messageId: 'ble',
    isFinal: true,
    encoding: 'gsm7',
    flash: true,
  };

  async function sentBy(properties: object, msg: Readonly<Record<string, unknown>>): Promise<Message> {
    await startFlows([TAB, connection(), send({ from: 'Alarm', ...properties }), ...ENDS, ...CATCH]);
    receive('send', msg);
    return next('accepted');
  }

  it('escalates to the recipient in the msg, which a new form asks for', async () => {
    const { payload } = await sentBy(ITS_TEXT, { to: OTHER, payload: RECEIPT });
    assert.equal(payload.to, OTHER);
  });

  it('escalates receipts that a Join node has collected', async () => {
    const { payload } = await sentBy({ ...TO_OTHER, ...ITS_TEXT }, { payload: [RECEIPT] });
    assert.deepEqual([payload.to, payload.encoding], [OTHER, 'ucs2']);
  });

  it('escalates a receipt to several recipients', async () => {
    const several = { to: '["4587654378","4587654379"]', toType: 'jsonata', ...ITS_TEXT };
    const { payload } = await sentBy(several, { payload: RECEIPT });
    assert.equal(payload.to, OTHER);
  });

  it('sends what a function has made of an incoming SMS', async () => {
    const incoming = { from: ANSWERS, to: OURS, encoding: 'gsm7', dataCoding: 0, complete: true };
    const { payload } = await sentBy({}, { payload: { ...incoming, to: ANSWERS, text: 'Tak ☎' } });
    assert.deepEqual([payload.to, payload.from, payload.encoding], [ANSWERS, 'Alarm', 'ucs2']);
  });

  it('takes what its form leaves open from the result', async () => {
    const { payload } = await sent(ANSWERS, 'accepted', { ...ITS_TEXT, from: '' });
    assert.deepEqual([payload.to, payload.from], [ANSWERS, OURS]);
  });
});
