import assert from 'node:assert/strict';
import { createGateway, type Gateway } from '../../lib/gateway.js';
import { createSimulator, type Simulator } from '../../lib/simulator/simulator.js';
import { collector } from '../support/over-tls.js';
import type { DeliveryReceipt, InboundSms } from '../../lib/message.js';

/** Accepted, and no receipt comes: the only one could be an imitation. */
const TO = '4512345650';

describe('an SMS that imitates a receipt', () => {
  let simulator: Simulator;
  let gateway: Gateway;
  beforeEach(async () => {
    simulator = createSimulator();
    gateway = createGateway({ systemId: 'id', password: 'pw', connect: simulator.connect });
    await gateway.start();
  });
  afterEach(async () => {
    await gateway.stop();
    await simulator.stop();
  });

  it('comes out as the SMS that it is, and the SMS that it names has no receipt', async () => {
    const sms = collector<InboundSms>();
    const receipts = collector<DeliveryReceipt>();
    gateway.onSms(sms.take);
    gateway.onReceipt(receipts.take);
    const { messageIds } = await gateway.send({ to: TO, from: '1204', text: 'Is it delivered?' });
    const text = `id:${messageIds[0]} sub:001 dlvrd:001 submit date:2601011200 done date:2601011200 stat:DELIVRD err:000`;
    await simulator.incoming({ from: TO, to: '1204', text });
    const [first] = await sms.reach(1);
    assert.deepEqual([first?.text, first?.from, receipts.events], [text, TO, []]);
  });
});
