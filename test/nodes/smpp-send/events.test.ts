/** What comes from another node of ours by a wire: a receipt, a result, an incoming SMS. */
import assert from 'node:assert/strict';
import { next, receive, startFlows, useNodeRed, type Message } from '../../support/node-red-flows.js';
import { CATCH, connection, dlr, ENDS, receiver, send, sink, TAB } from '../flow.js';

/** What the simulated gateway does with these numbers is in `lib/simulator/scenario.ts`. */
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

  it('sends to the same phone once more where its form says so, from the sender of before', async () => {
    const { payload } = await sent(ANSWERS, 'accepted', { ...ITS_TEXT, to: 'payload.to', from: '' });
    assert.deepEqual([payload.to, payload.from], [ANSWERS, OURS]);
  });

  async function refusedBy(properties: object, msg: Readonly<Record<string, unknown>>): Promise<string> {
    await startFlows([TAB, connection(), send({ from: 'Alarm', ...properties }), ...ENDS, ...CATCH]);
    receive('send', msg);
    const { code, message } = (await next('caught')).error as { code: string; message: string };
    assert.equal(code, 'SMPP_MESSAGE');
    return message;
  }

  const toTheSame: [name: string, properties: object, msg: Record<string, unknown>][] = [
    ['by a To that is in the msg still', ITS_TEXT, { to: '+45 12 34 56 01', payload: RECEIPT }],
    ['by a number in the form', { ...ITS_TEXT, to: UNDELIVERABLE, toType: 'str' }, { payload: RECEIPT }],
    ['several times', ITS_TEXT, { to: [UNDELIVERABLE, UNDELIVERABLE], payload: RECEIPT }],
    ['since nobody else is named', ITS_TEXT, { payload: RECEIPT }],
    [
      'for a result',
      ITS_TEXT,
      { to: REFUSED, payload: { to: REFUSED, messageIds: [], outcome: 'rejected' } },
    ],
  ];
  for (const [name, properties, msg] of toTheSame) {
    it(`does not escalate to the phone that did not answer: ${name}`, async () => {
      assert.match(
        await refusedBy(properties, msg),
        /name the next phone, or payload.to to send to the same/,
      );
    });
  }

  it('escalates to several of which one is the same', async () => {
    const { payload } = await sentBy(ITS_TEXT, { to: `${UNDELIVERABLE}, ${OTHER}`, payload: RECEIPT });
    assert.ok([UNDELIVERABLE, OTHER].includes(payload.to as string));
  });

  it('escalates with the text that was sent, where the msg has it', async () => {
    const msg = { to: OTHER, payload: RECEIPT, sms: { to: UNDELIVERABLE, from: OURS, text: 'Pumpe ☎' } };
    const { payload } = await sentBy({}, msg);
    assert.deepEqual([payload.to, payload.encoding], [OTHER, 'ucs2']);
  });

  for (const sms of [undefined, {}, { text: ' ' }]) {
    it(`does not escalate without a text, and says what to do: ${JSON.stringify(sms)}`, async () => {
      assert.match(
        await refusedBy({}, { to: OTHER, payload: RECEIPT, sms }),
        /label\.text \(msg\.payload\): must be given: write the text in the form, .*; msg\.sms\.text, .* is missing/,
      );
    });
  }

  const ALARM = { raisedAt: 1, told: [], text: ' ' };
  for (const [name, payload] of Object.entries({ RECEIPT, INCOMING: () => INCOMING, ALARM })) {
    it(`says that a property is written wrongly: ${name}`, async () => {
      const event = typeof payload === 'function' ? payload() : payload;
      const slip = { to: OTHER, payload: { ...event, prority: 'alarm' } };
      assert.match(await refusedBy(ITS_TEXT, slip), /prority: must be written priority/);
    });
  }

  it('does not send an alarm without a text', async () => {
    assert.match(
      await refusedBy({}, { to: OTHER, payload: ALARM }),
      /label\.text .*: must be given: [^;]*has it$/,
    );
  });

  const INCOMING = { from: ANSWERS, to: OURS, text: 'OK ☎', encoding: 'gsm7', dataCoding: 0, complete: true };

  it('answers an incoming SMS, from the number that it came to', async () => {
    const { payload } = await sentBy({ ...ITS_TEXT, from: '' }, { payload: INCOMING });
    assert.deepEqual([payload.to, payload.from], [ANSWERS, OURS]);
  });

  it('answers it where To gives no number, such as an address of an e-mail', async () => {
    const { payload } = await sentBy(ITS_TEXT, { to: 'a@example.com', payload: INCOMING });
    assert.equal(payload.to, ANSWERS);
  });

  it('answers it with its own text where the form names that', async () => {
    const { payload } = await sentBy({ text: 'payload.text' }, { payload: INCOMING });
    assert.deepEqual([payload.to, payload.encoding], [ANSWERS, 'ucs2']);
  });

  for (const to of [undefined, ANSWERS]) {
    it(`does not send it back by itself, to ${String(to)}`, async () => {
      assert.match(await refusedBy({}, { to, payload: INCOMING }), /text.*would only be sent back/);
    });
  }
});
